"""What a comparison says, before any of it is shown: tables, verdicts, how each setting overfits, what is left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from runner.compare import grouping as settings
from runner.compare.grouping import Setting, Table
from runner.compare.significance import Sample, Verdict, verdicts
from runner.runs import circumstances
from runner.runs.reader import Run
from runner.runs.status import COMPLETED


@dataclass(frozen=True)
class Judged:
    """A table, the setting that the others are held against, and for each other its verdict, in the table's order."""

    table: Table
    reference: Setting
    chosen: bool
    verdicts: list[tuple[Setting, Verdict]]


@dataclass(frozen=True)
class Comparison:
    """Tables by data; `left_out` are the runs that did not complete, or not as one training; never mixed in."""

    tables: list[Judged]
    left_out: list[Run]

    @property
    def runs(self) -> list[Run]:
        """All of them, those left out too."""
        compared = [run for judged in self.tables for setting in judged.table.settings for run in setting.every]
        return [*compared, *self.left_out]


@dataclass(frozen=True)
class Overfitting:
    """Medians over the seeds. `rises_from` is the epoch from which validation loss only rises, None where the last
    epoch does not; `saved_epochs` and `saved_seconds` are what stopping at the best epoch saves."""

    best_epoch: float
    epochs: float
    rises_from: float | None
    saved_epochs: float
    saved_seconds: float


def compare(runs: Iterable[Run], reference: Path | None = None) -> Comparison:
    """Group the runs and judge each setting against the best of its table, or against that of the reference run."""
    found = list(runs)
    completed = [run for run in found if counts(run)]
    wanted = reference.resolve() if reference else None
    named = [run for run in completed if wanted and run.folder.resolve() == wanted]
    tables = [_judged(table, named) for table in settings.tables(completed)]
    return Comparison(tables, [run for run in found if not counts(run)])


def counts(run: Run) -> bool:
    """Whether a run has a result that is of one training."""
    return run.status == COMPLETED and run.monitored is not None and not circumstances.mixed(run)


def _judged(table: Table, wanted: list[Run]) -> Judged:
    named = [each for each in table.settings if any(run in each.every for run in wanted)]
    against = named[0] if named else table.settings[0]
    others = [each for each in table.settings if each is not against]
    found = verdicts(_sample(table, against), [_sample(table, each) for each in others], table.sign(), not named)
    return Judged(table, against, not named, list(zip(others, found, strict=True)))


def _sample(table: Table, setting: Setting) -> Sample:
    results = dict(zip(setting.seeds, setting.results, strict=True))
    examples = table.validation if table.monitor.startswith("val_") else 0
    return Sample(results, table.training, examples)


def overfitting(runs: Sequence[Run]) -> Overfitting:
    """How the runs of a setting overfit."""
    rises = [rise for rise in map(rises_from, runs) if rise is not None]
    return Overfitting(
        best_epoch=median(run.record["best_epoch"] for run in runs),
        epochs=median(run.record["epochs"] for run in runs),
        rises_from=median(rises) if len(rises) * 2 > len(runs) else None,
        saved_epochs=median(run.record["epochs"] - run.record["best_epoch"] for run in runs),
        saved_seconds=median(sum(row["seconds"] for row in run.timings[run.record["best_epoch"] :]) for run in runs),
    )


def rises_from(run: Run) -> int | None:
    """The epoch from which validation loss only rises.

    Of 0.5, 0.3, 0.4, 0.6 it is 2; of 0.5, 0.3, 0.4, 0.4 there is none, nor of a single epoch or without validation.
    """
    losses = [row["val_loss"] for row in run.metrics if "val_loss" in row]
    epoch = len(losses)
    while epoch > 1 and losses[epoch - 1] > losses[epoch - 2]:
        epoch -= 1
    return epoch if epoch < len(losses) else None


def row(table: Table, setting: Setting) -> dict[str, Any]:
    """What a table shows of a setting: means over its seeds, epochs as medians; what does not apply is absent."""
    overfit = overfitting(setting.runs)
    shown: dict[str, Any] = {key: setting.values.get(key) for key in table.keys}
    shown |= {"seeds": len(setting.runs), table.monitor: setting.mean, "deviation": setting.deviation}
    training = setting.training_at_best(table.training)
    if table.training != table.monitor and training is not None:
        shown |= {table.training: training, "gap": table.sign() * (training - setting.mean)}
    return shown | {
        "best_epoch": overfit.best_epoch,
        "epochs": overfit.epochs,
        "updates": setting.updates,
        "seconds": setting.seconds,
        "rises_from": overfit.rises_from,
        "saved_epochs": overfit.saved_epochs,
        "saved_seconds": overfit.saved_seconds,
        "folder": str(max(setting.runs, key=lambda run: table.sign() * (run.monitored or 0.0)).folder),
    }


def best_run(table: Table) -> tuple[Run, Setting]:
    """The run with the best result of all, and its setting; of equal ones that of the better setting."""
    best = table.sign() * max(table.sign() * result for setting in table.settings for result in setting.results)
    return next((run, setting) for setting in table.settings for run in setting.runs if run.monitored == best)
