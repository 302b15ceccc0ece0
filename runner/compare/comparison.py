"""What a comparison finds, before any of it is shown: tables, verdicts, the best of each, what is left out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean, median
from typing import Any

from runner.compare import grouping
from runner.compare.answers import is_share, tested
from runner.compare.epochs import epochs
from runner.compare.grouping import At, Setting, Table, is_cut
from runner.compare.luck import luck
from runner.compare.sample import Sample, standard_error
from runner.compare.significance import MARGIN, Verdict, verdicts
from runner.errors import ConfigError
from runner.formatting import shown
from runner.runs import circumstances
from runner.runs.reader import Run
from runner.runs.status import COMPLETED

MOST = 500  # most settings that the terminal, the page and the picture show


@dataclass(frozen=True)
class Judged:
    """A table, the setting that all others are compared with, and a verdict on each of them, in the table's order.

    Cuts of one learning curve have no verdict between them.

    chosen   whether the reference is the best setting, chosen by its results, and not one that the user named
    margin   the difference below which settings are practically the same; None where none is too small to matter
    as_good  the best setting and those that cannot be told from it, in the table's order
    """

    table: Table
    reference: Setting
    chosen: bool
    margin: float | None
    verdicts: list[tuple[Setting, Verdict]]
    as_good: list[Setting]

    @property
    def best(self) -> Setting:
        return self.table.settings[0]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row for each setting, in the table's order."""
        return [self.row(setting) for setting in self.table.settings]

    def row(self, setting: Setting) -> dict[str, Any]:
        """The row of a setting; a millisecond or more, so that of thousands only what is shown is worked out."""
        if setting not in self._rows:
            self._rows[setting] = _row(self, setting)
        return self._rows[setting]

    @cached_property
    def _rows(self) -> dict[Setting, dict[str, Any]]:
        return {}

    @cached_property
    def good(self) -> frozenset[Setting]:
        """The settings of `as_good`, to look one up."""
        return frozenset(self.as_good)

    def the_best(self, most: int) -> "Judged":
        """The table with the best settings alone, and with the reference, which is what a page or a picture holds."""
        settings = self.table.settings
        if len(settings) <= most:
            return self
        kept = settings[:most] if self.reference in settings[:most] else [*settings[: most - 1], self.reference]
        known = set(kept)
        return replace(
            self,
            table=replace(self.table, settings=kept),
            verdicts=[(setting, found) for setting, found in self.verdicts if setting in known],
            as_good=[setting for setting in self.as_good if setting in known],
        )

    @cached_property
    def luck(self) -> float | None:
        """By how much the best value is expected to be too good; None where no noise is known."""
        return luck(self.as_good)


@dataclass(frozen=True)
class Comparison:
    """A table for each data set and monitor. `left_out` are the runs without a result of one whole training."""

    tables: list[Judged]
    left_out: list[Run]

    @property
    def runs(self) -> list[Run]:
        """All runs, including those left out and the repeated ones."""
        compared = [run for judged in self.tables for setting in judged.table.settings for run in setting.every]
        return [*compared, *self.left_out]


@dataclass(frozen=True)
class Overfitting:
    """How a setting overfits: its chosen epoch, and medians over its seeds.

    rises_from     the epoch from which validation loss only rises; None where it does not rise in the last epoch
    saved_epochs   epochs that stopping at the chosen one saves
    saved_seconds  seconds of training that stopping at the chosen epoch saves
    """

    chosen_epoch: int
    epochs: float
    rises_from: float | None
    saved_epochs: float
    saved_seconds: float


def compare(
    runs: Iterable[Run], reference: Path | None = None, at: At | None = None, margin: float | None = None
) -> Comparison:
    """Group runs, and judge each setting against the best one of its table, or against that of the reference run.

    `reference` is the folder of one of the runs, `at` where settings are judged, by default as grouping.tables says,
    `margin` a difference that is too small to matter, by default 0.005 of a share of right answers.
    Raises ConfigError where runs do not have the epoch to be judged at.
    """
    found = list(runs)
    completed = [run for run in found if counts(run)]
    wanted = reference.resolve() if reference else None
    named = [run for run in completed if wanted and run.folder.resolve() == wanted]
    _refuse_short(completed, at)
    tables = [_judged(table, named, margin) for table in grouping.tables(completed, at)]
    return Comparison(tables, [run for run in found if not counts(run)])


def _refuse_short(runs: Sequence[Run], at: At | None) -> None:
    shortest = min((len(run.metrics) for run in runs), default=0)
    if isinstance(at, int) and runs and at > shortest:
        raise ConfigError(
            [
                f"--at must be last, chosen, or at most the {shortest} epochs of the shortest run compared; got {at}: "
                f"leave shorter runs out with --filter 'epochs>={at}'"
            ]
        )


def counts(run: Run) -> bool:
    """Whether a run takes part in a comparison: it is completed, with a result of one whole training."""
    is_number = run.monitored is not None and math.isfinite(run.last[run.monitor.name])
    return run.status == COMPLETED and is_number and not circumstances.mixed(run.record)


def _judged(table: Table, wanted: list[Run], margin: float | None) -> Judged:
    best = table.settings[0]
    if margin is None and is_share(best):
        margin = MARGIN
    samples = {id(setting): tested(setting) for setting in table.settings}
    named = [each for each in table.settings if any(run in each.every for run in wanted)]
    against_best = _verdicts(table, best, samples, chosen=True, margin=margin)
    as_good = [best, *(setting for setting, found in against_best if found.outcome != "worse")]
    if not named:
        return Judged(table, best, True, margin, against_best, as_good)
    found = _verdicts(table, named[0], samples, chosen=False, margin=margin)
    return Judged(table, named[0], False, margin, found, as_good)


def _verdicts(
    table: Table, reference: Setting, samples: dict[int, Sample], *, chosen: bool, margin: float | None
) -> list[tuple[Setting, Verdict]]:
    others = [each for each in table.settings if each is not reference and not is_cut(each, reference)]
    given = [samples[id(each)] for each in others]
    found = verdicts(samples[id(reference)], given, sign=table.monitor.sign, chosen=chosen, margin=margin)
    return list(zip(others, found, strict=True))


def overfitting(setting: Setting) -> Overfitting:
    """How the runs of a setting overfit."""
    runs, chosen = setting.runs, setting.chosen_epoch
    rises = [rise for rise in map(rises_from, runs) if rise is not None]
    return Overfitting(
        chosen_epoch=chosen,
        epochs=median(run.record["epochs"] for run in runs),
        rises_from=median(rises) if len(rises) * 2 > len(runs) else None,
        saved_epochs=median(run.record["epochs"] - chosen for run in runs),
        saved_seconds=median(sum(row["seconds"] for row in run.timings[chosen:]) for run in runs),
    )


def rises_from(run: Run) -> int | None:
    """The epoch from which validation loss only rises.

    It is 2 for 0.5, 0.3, 0.4, 0.6; None for 0.5, 0.3, 0.4, 0.4, for a single epoch and without validation.
    """
    losses = [row["val_loss"] for row in run.metrics if "val_loss" in row]
    epoch = len(losses)
    while epoch > 1 and losses[epoch - 1] > losses[epoch - 2]:
        epoch -= 1
    return epoch if epoch < len(losses) else None


def _row(judged: Judged, setting: Setting) -> dict[str, Any]:
    """A table's row for a setting, by column: means over the seeds, epochs as medians.

    Columns that do not apply are absent: `gap` and the training metric without validation, for example.
    """
    table = judged.table
    overfit, monitor, needed = overfitting(setting), table.monitor, epochs(setting)
    found: dict[str, Any] = {key: setting.values.get(key) for key in table.keys}
    found |= {"seeds": len(set(setting.seeds)), monitor.name: setting.mean, "deviation": setting.deviation}
    found |= {"folds": setting.folds} if setting.folds else {}
    found |= {"standard_error": error(setting), "not_told_from_best": setting in judged.good}
    training = setting.training_at_best(monitor.training_counterpart)
    if monitor.is_of_validation and training is not None:
        best = fmean(run.monitored or 0.0 for run in setting.runs)  # where the training examples were evaluated
        found |= {monitor.training_counterpart: training, "gap": monitor.sign * (training - best)}
    return found | {
        "epoch": median(map(setting.epoch, setting.runs)),
        "chosen_epoch": needed.chosen,
        "epochs_as_good": None if needed.as_good is None else list(needed.as_good),
        "fewest_epochs": needed.fewest,
        "best_epoch": median(run.record["best_epoch"] for run in setting.runs),
        "epochs": overfit.epochs,
        "updates": setting.updates,
        "seconds": setting.seconds,
        "rises_from": overfit.rises_from,
        "saved_epochs": overfit.saved_epochs,
        "saved_seconds": overfit.saved_seconds,
        "folder": str(max(setting.runs, key=lambda run: monitor.sign * setting.result(run)).folder),
    }


def not_shown(judged: Judged) -> str:
    """Which settings are shown where not all are, in words; empty where all are."""
    count = len(judged.table.settings)
    if count <= MOST:
        return ""
    return f"Shown are the best {MOST} of {count:,} settings: compare --csv FILE writes all, --filter chooses others."


def unlearned(table: Table) -> list[Setting]:
    """The settings whose share of right answers is not shown to be above that of the commonest class."""
    if table.commonest is None or not is_share(table.settings[0]):
        return []
    return [each for each in table.settings if each.mean - 2 * (error(each) or 0.0) <= table.commonest]


def error(setting: Setting) -> float | None:
    """The standard error of a setting's mean, over its seeds and the validation examples as far as they are known."""
    return standard_error(tested(setting))


def results(found: Comparison) -> list[tuple[Run, float, int]]:
    """Each run that is compared, with the value and the epoch by which it is judged, the best of a table first."""
    judged = []
    for table in (each.table for each in found.tables):
        of_table = [
            (run, setting.result(run), setting.epoch(run)) for setting in table.settings for run in setting.every
        ]
        judged += sorted(of_table, key=lambda each: (-table.monitor.sign * each[1], str(each[0].folder)))
    return judged


@dataclass(frozen=True)
class Sort:
    """The column, or key of the config, by which a table's rows are ordered."""

    column: str
    descending: bool = False


def rows(judged: Judged, sort: Sort | None = None, top: int | None = None) -> list[dict[str, Any]]:
    """The first `top` rows of a table, the best first or as sorted; rows without a value to sort by come last.

    Each row also has the keys of the config in which the settings do not differ.
    """
    settings = judged.table.settings if sort else judged.table.settings[:top]
    found = [{**each.values, **judged.row(each)} for each in settings]
    if sort:
        known = [each for each in found if each.get(sort.column) is not None]
        known.sort(key=lambda each: _order(each[sort.column]), reverse=sort.descending)
        found = known + [each for each in found if each.get(sort.column) is None]
    return found[:top]


def _order(value: Any) -> tuple[int, Any]:
    """Numbers, then text."""
    return (0, value) if isinstance(value, int | float) else (1, shown(value))


def best_run(table: Table) -> tuple[Run, Setting]:
    """The run with the best result of all, and its setting; of equal runs the one of the better setting."""
    best = table.monitor.sign * max(table.monitor.sign * value for each in table.settings for value in each.results)
    return next((run, setting) for setting in table.settings for run in setting.runs if setting.result(run) == best)
