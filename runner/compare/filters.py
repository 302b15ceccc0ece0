"""`--filter 'model.width>=32'`: which runs are compared."""

from typing import Any

from runner.config import conditions
from runner.config.conditions import Condition
from runner.errors import ConfigError
from runner.runs import circumstances
from runner.runs.reader import Run


def parse(text: str) -> Condition:
    """The filter that a text means. Raises ConfigError where it is none."""
    return conditions.parse(text, "--filter")


def chosen(runs: list[Run], filters: list[Condition]) -> list[Run]:
    """The runs that pass all filters. Raises ConfigError for a key that no run has."""
    values = [known_values(run) for run in runs]
    known = {key for each in values for key in each}
    problems = [f"--filter {each.text}: no run has the key {key}" for each in filters for key in each.unknown(known)]
    if problems:
        raise ConfigError(problems)
    return [run for run, own in zip(runs, values, strict=True) if all(each.holds(own) for each in filters)]


def known_values(run: Run) -> dict[str, Any]:
    """What a filter can test, by key: config, circumstances, metrics at the best epoch, status and totals."""
    record = run.record
    return {
        **run.config,
        **circumstances.of(run.record),
        "dataset.source": (record["dataset"] or {}).get("source"),  # where the config says auto, what was used
        **run.best,
        "status": run.status,
        "epochs": record["epochs"],
        "best_epoch": record["best_epoch"],
        "updates": run.updates,
        "seconds": run.seconds,
    }
