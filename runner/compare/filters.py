"""`--filter 'model.width>=32'`: which runs are compared."""

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
    """A test of one value of a run; `key` is one of those of `known_values`."""

    text: str
    key: str
    holds: Callable[[Any, Any], bool]
    value: Any

    def admits(self, run: Run) -> bool:
        """Whether a run passes; a run without the key does not."""
        known = known_values(run)
        if self.key not in known:
            return False
        try:
            return self.holds(known[self.key], self.value)
        except TypeError:  # text compared with a number
            return False


def parse(text: str) -> Filter:
    """The filter that a text means. Raises ConfigError where it is none."""
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
    """What a filter can test, by key: config, circumstances, metrics at the best epoch, status and totals."""
    record = run.record
    return {
        **dict(flat(record["config"])),
        **circumstances.of(run.record),
        "dataset.source": (record["dataset"] or {}).get("source"),  # where the config says auto, what was used
        **run.best,
        "status": run.status,
        "epochs": record["epochs"],
        "best_epoch": record["best_epoch"],
        "updates": run.updates,
        "seconds": run.seconds,
    }


def _value(text: str) -> Any:
    """The value that JSON reads (32, 0.1, true, null, [64,32]), else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip("'\"")
