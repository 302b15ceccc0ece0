"""`--filter 'model.width>=32'`: which runs are looked at."""

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner.config.dotted import flat
from runner.errors import ConfigError, did_you_mean
from runner.runs import circumstances
from runner.runs.reader import Run

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "==": operator.eq,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
EXPRESSION = re.compile(r"^\s*([\w.]+)\s*(>=|<=|!=|==|=|>|<)\s*(.*?)\s*$")


@dataclass(frozen=True)
class Filter:
    """A key of config or circumstances, `status`, `epochs`, `best_epoch` or a metric at the best epoch, and a test."""

    text: str
    key: str
    holds: Callable[[Any, Any], bool]
    value: Any

    def admits(self, run: Run) -> bool:
        """Whether a run passes; one that has no such key does not."""
        known = known_values(run)
        if self.key not in known:
            return False
        try:
            return self.holds(known[self.key], self.value)
        except TypeError:  # text against a number
            return False


def parse(text: str) -> Filter:
    """Raises ConfigError where the text is no filter."""
    match = EXPRESSION.match(text)
    if not match or match[3][:1] in ("<", ">", "="):
        raise ConfigError([f"--filter must be a key, one of {' '.join(OPERATORS)}, and a value; got {text}"])
    key, sign, value = match.groups()
    return Filter(text, key, OPERATORS[sign], _value(value))


def chosen(runs: list[Run], filters: list[Filter]) -> list[Run]:
    """The runs that pass all filters. Raises ConfigError for a key that no run has."""
    known = {key for run in runs for key in known_values(run)}
    problems = [
        f"--filter {each.text}: no run has the key {each.key}{did_you_mean(each.key, sorted(known))}"
        for each in filters
        if each.key not in known
    ]
    if problems:
        raise ConfigError(problems)
    return [run for run in runs if all(each.admits(run) for each in filters)]


def known_values(run: Run) -> dict[str, Any]:
    """What filters look at."""
    record = run.record
    return {
        **dict(flat(record["config"])),
        **circumstances.of(run),
        "dataset.source": (record["dataset"] or {}).get("source"),  # what it was, where the config says auto
        **run.best,
        "status": run.status,
        "epochs": record["epochs"],
        "best_epoch": record["best_epoch"],
        "updates": run.updates,
        "seconds": run.seconds,
    }


def _value(text: str) -> Any:
    """As JSON reads it (32, 0.1, true, null, [64,32]), else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip("'\"")
