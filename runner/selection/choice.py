"""Which setting, after how many epochs: the best of a comparison, by the rule of compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from runner.compare import comparison, wording
from runner.compare.answers import epoch_luck
from runner.compare.comparison import Comparison, Judged
from runner.compare.data import words_of
from runner.compare.grouping import EPOCHS, Setting, is_cut
from runner.config.conditions import Condition
from runner.errors import ConfigError
from runner.formatting import counted, number


@dataclass(frozen=True)
class Choice:
    """A setting of a comparison, and the number of epochs that it is judged after."""

    judged: Judged
    setting: Setting
    conditions: tuple[str, ...]

    @property
    def is_best(self) -> bool:
        """Whether it is the setting that validation chooses, among all that were compared."""
        return self.setting is self.judged.best

    @property
    def epochs(self) -> int:
        """Number of epochs: the chosen one of the mean curve, or that of the last epoch; of several the median."""
        return round(median(map(self.setting.epoch, self.setting.runs)))

    @property
    def updates(self) -> float:
        """Mean number of optimizer steps until then."""
        runs = self.setting.runs
        return fmean(sum(row["updates"] for row in run.timings[: self.epochs]) for run in runs)

    @property
    def longest(self) -> int:
        """Number of epochs of the longest run of the setting, and of those that are the same curve."""
        table = self.judged.table
        curves = [each for each in table.settings if each is self.setting or is_cut(each, self.setting)]
        return max(len(run.metrics) for each in curves for run in each.runs)

    @property
    def luck(self) -> float | None:
        """By how much the value is expected to be too good for having been chosen; None where no noise is known."""
        if self.is_best:
            return self.judged.luck
        return epoch_luck(self.setting) if len(self.setting.runs) > 1 else None

    @property
    def name(self) -> str:
        """What sets the setting apart but its number of epochs; empty where nothing does."""
        return words_of(self.setting.values, [key for key in self.judged.table.keys if key != EPOCHS])

    def entries(self) -> dict[str, Any]:
        """What choice.json tells of it."""
        table, setting = self.judged.table, self.setting
        return {
            "compared": {
                "data": table.about,
                "settings": len(table.settings),
                "runs": sum(len(each.runs) for each in table.settings),
            },
            "rule": f"the best mean {table.rule}",
            "chosen_by": "validation" if self.is_best else "--select",
            "selected_by": list(self.conditions),
            "best": table.name(self.judged.best),
            "setting": {key: setting.values.get(key) for key in table.keys},
            "runs": [str(run.folder) for run in setting.runs],
            "monitor": table.monitor.name,
            "monitor_direction": table.monitor.direction,
            "judged_at": table.at,
            "value": setting.mean,
            "standard_error": comparison.error(setting),
            "luck": self.luck,
            "not_told_from_best": [table.name(each) for each in self.judged.as_good],
            "chosen_epochs": self.epochs,
            "longest_epochs": self.longest,
        }

    def lines(self) -> list[str]:
        """The choice and its grounds, in words."""
        table, setting = self.judged.table, self.setting
        error = comparison.error(setting)
        spread = "" if error is None else f" ± {number(error)}"
        who = "by validation" if self.is_best else f"by --select, not by validation, whose best is {self._best()}"
        chosen = f"chosen {who}: {', '.join(filter(None, [self.name, counted(self.epochs, 'epoch')]))}"
        lines = [table.title, *wording.answer(self.judged)] if self.is_best else [table.title]
        return [*lines, f"{chosen}; {table.monitor.name} {number(setting.mean)}{spread}, {self._runs()}"]

    def _runs(self) -> str:
        """What the value is a mean of."""
        seeds, folds = len(set(self.setting.seeds)), self.setting.folds
        if len(self.setting.runs) == 1:
            return "a single seed"
        of_folds = [counted(folds, "fold")] if folds else []
        of_seeds = [counted(seeds, "seed")] if seeds > 1 or not folds else []
        return f"mean of {' with '.join([*of_folds, *of_seeds])}"

    def _best(self) -> str:
        best = self.judged.best
        return f"{self.judged.table.name(best)} ({number(best.mean)})"


def choose(found: Comparison, conditions: Sequence[Condition]) -> Choice:
    """The best setting of a comparison, of those for which all conditions hold.

    Raises ConfigError where there is none, where more than one table has one, or without validation.
    """
    if not found.tables:
        raise ConfigError(["no completed run to choose from: train one with python -m runner, or resume those begun"])
    _refuse_unknown(found, conditions)
    fitting = [
        (judged, [each for each in judged.table.settings if all(test.holds(each.values) for test in conditions)])
        for judged in found.tables
    ]
    fitting = [(judged, settings) for judged, settings in fitting if settings]
    if not fitting:
        raise ConfigError([f"--select {_joined(conditions)}: no setting passes"])
    if len(fitting) > 1:
        titles = "; ".join(judged.table.about for judged, _ in fitting)
        raise ConfigError(
            [f"final chooses among runs on the same data; got {titles}: give the folders of one, or use --select"]
        )
    judged, settings = fitting[0]
    if not judged.table.monitor.is_of_validation:
        raise ConfigError(
            [
                f"final chooses by validation; got {judged.table.about}, by {judged.table.monitor.name}: "
                "train with training.validation_split above 0"
            ]
        )
    return Choice(judged, settings[0], tuple(each.text for each in conditions))


def _refuse_unknown(found: Comparison, conditions: Sequence[Condition]) -> None:
    known = {key for judged in found.tables for each in judged.table.settings for key in each.values}
    problems = [
        f"--select {each.text}: no setting has the key {key}" for each in conditions for key in each.unknown(known)
    ]
    if problems:
        raise ConfigError(problems)


def _joined(conditions: Sequence[Condition]) -> str:
    return " and ".join(each.text for each in conditions)
