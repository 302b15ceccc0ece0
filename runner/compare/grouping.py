"""Runs grouped for a comparison: by their data and monitor, then by all that decides their numbers but the seed."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev
from typing import Any, Literal

from runner.compare import data
from runner.compare.data import Data, values_of, words_of
from runner.config.monitor import Monitor
from runner.formatting import one_line
from runner.runs.reader import Run

EPOCHS, SCHEDULE = "training.epochs", "optimizer.schedule"

# Where settings are judged: after the last epoch, after the chosen one of each setting, or after this one, from 1.
At = Literal["last", "chosen"] | int


Repeat = tuple[int, int]  # the fold, 0 without cross-validation, and the seed


def repeat(run: Run) -> Repeat:
    return (run.record["config"]["training"].get("fold") or 0, run.record["seed"])


@dataclass(frozen=True, eq=False)
class Setting:
    """Runs that differ in nothing but their seed, or fold: one run per seed and fold, ordered by both.

    values  the config by dotted keys, and the circumstances: code, versions, machine
    every   also the runs of a repeated seed, which do not count
    at      where its runs are judged
    """

    values: dict[str, Any]
    runs: list[Run]
    every: list[Run]
    monitor: Monitor
    at: At

    @property
    def seeds(self) -> list[int]:
        """The seed of each run; in cross-validation one seed has a run for each fold."""
        return [run.record["seed"] for run in self.runs]

    @property
    def repeats(self) -> list[Repeat]:
        """What tells the runs apart."""
        return [repeat(run) for run in self.runs]

    @property
    def folds(self) -> int:
        """Number of folds that are held out in turn; 0 without cross-validation."""
        return len({fold for fold, _ in self.repeats if fold})

    @property
    def repeated(self) -> str:
        """What its runs are, in a word: a seed or a fold each."""
        return "fold" if self.folds else "seed"

    @property
    def overlap(self) -> float:
        """Validation by training examples where the runs are folds, which share most of what they train on; else 0."""
        data = self.runs[0].record["dataset"]
        return data["validation"] / data["train"] if self.folds else 0.0

    @cached_property
    def curve(self) -> list[float]:
        """The mean over the seeds of the monitored value, epoch by epoch, as far as all of them were trained."""
        return mean_of(self.runs, self.monitor.name)

    @cached_property
    def chosen_epoch(self) -> int:
        """The best epoch of the curve, one for all seeds; of equals that of the lower loss, then the earlier one."""
        curve, losses = self.curve, mean_of(self.runs, self.monitor.loss)
        finite = [epoch for epoch, value in enumerate(curve, 1) if math.isfinite(value)]

        def order(epoch: int) -> tuple[float, float, int]:
            return (-self.monitor.sign * curve[epoch - 1], losses[epoch - 1], epoch)

        return min(finite, key=order, default=len(curve))

    def epoch(self, run: Run) -> int:
        """The epoch after which a run of the setting is judged."""
        if self.at == "chosen":
            return min(self.chosen_epoch, len(run.metrics))
        return len(run.metrics) if self.at == "last" else self.at

    def result(self, run: Run) -> float:
        """The monitored value of a run where it is judged."""
        return run.metrics[self.epoch(run) - 1][self.monitor.name]

    @cached_property
    def results(self) -> list[float]:
        """The result of each run, in the order of `runs`."""
        return [self.result(run) for run in self.runs]

    @property
    def mean(self) -> float:
        return fmean(self.results)

    @property
    def deviation(self) -> float | None:
        """The standard deviation over the seeds; None with a single seed."""
        return stdev(self.results) if len(self.results) > 1 else None

    def training_at_best(self, column: str) -> float | None:
        """A training column at each run's best epoch, averaged over the seeds; None where no value is finite."""
        values = [value for value in (run.training_at_best(column) for run in self.runs) if math.isfinite(value)]
        return fmean(values) if values else None

    @property
    def updates(self) -> float:
        return fmean(run.updates for run in self.runs)

    @property
    def seconds(self) -> float:
        return fmean(run.seconds for run in self.runs)

    @property
    def seconds_until_judged(self) -> float:
        """Of training, to the end of the epoch after which the setting is judged."""
        return fmean(run.along("seconds")[self.epoch(run) - 1] for run in self.runs)


def mean_of(runs: Sequence[Run], column: str) -> list[float]:
    """The mean of a column over runs, epoch by epoch, as far as all of them were trained."""
    return [fmean(row[column] for row in rows) for rows in zip(*(run.metrics for run in runs), strict=False)]


@dataclass(frozen=True, eq=False)
class Table:
    """Settings on the same data with the same monitor, the best first.

    about      the data and how it is divided
    commonest  the share of the commonest class among the validation examples; None where it is not recorded
    named      the name of that class; empty where it is not recorded
    keys       the dotted keys in which the settings differ
    at         where the settings are judged
    """

    about: str
    commonest: float | None
    named: str
    monitor: Monitor
    keys: list[str]
    settings: list[Setting]
    at: At

    @property
    def title(self) -> str:
        common = "" if self.commonest is None else f", {self.commonest_class} {self.commonest:.4f} of them"
        return f"{self.about}{common}; by {self.rule}"

    @property
    def commonest_class(self) -> str:
        """That of the validation examples, in words, by name where that is recorded."""
        return f"the commonest class ({one_line(self.named, 40)})" if self.named else "the commonest class"

    @property
    def rule(self) -> str:
        """The value by which the settings are judged, in words."""
        where = {"last": "after the last epoch", "chosen": "at the best epoch of each setting"}
        return f"{self.monitor.name} {where[self.at] if isinstance(self.at, str) else f'after epoch {self.at}'}"

    @cached_property
    def telling_keys(self) -> list[str]:
        """The keys without those whose value follows from an earlier one's, as the width from the depth in pairs."""
        found: list[str] = []
        for key in self.keys:
            if not any(self._follows(key, earlier) for earlier in found):
                found.append(key)
        return found

    def _follows(self, key: str, earlier: str) -> bool:
        values = {_json([each.values.get(earlier), each.values.get(key)]) for each in self.settings}
        return len(values) == len({_json(each.values.get(earlier)) for each in self.settings})

    def name(self, setting: Setting, other: Setting | None = None) -> str:
        """What sets a setting apart from all others, or from one other, as words of the command line."""
        apart = [key for key in self.keys if not other or setting.values.get(key) != other.values.get(key)]
        return words_of(setting.values, apart) or "the only setting"

    @cached_property
    def curves(self) -> dict[str, Setting]:
        """The learning curves by name: of settings that are one curve, cut at different epochs, the longest."""
        cuts: dict[str, list[Setting]] = defaultdict(list)
        for setting in self.settings:
            cuts[_curve_of(setting)].append(setting)
        found = {}
        for setting in self.settings:
            of_curve = cuts[_curve_of(setting)]
            if setting is max(of_curve, key=_length):
                keys = [key for key in self.keys if key != EPOCHS or len(of_curve) == 1]
                found[words_of(setting.values, keys) or "the only setting"] = setting
        return found


def _length(setting: Setting) -> tuple[int, int]:
    """Orders cuts of one curve; two that early stopping has ended after the same epoch by what was asked for."""
    return len(setting.curve), setting.values[EPOCHS]


def tables(runs: Iterable[Run], at: At | None = None) -> list[Table]:
    """Completed runs as one table for each data set and monitor.

    Settings are judged `at` a place; by default after the last epoch where they differ in the number of epochs, for
    that is what was asked and what model.keras holds, else each after its chosen epoch.
    """
    groups = data.groups(runs)
    titles = [data.title(each, groups) for each in groups]
    return [_table(title, each, group, at) for title, (each, group) in zip(titles, groups.items(), strict=True)]


def _table(title: str, of: Data, group: list[Run], asked: At | None) -> Table:
    alike = list(_alike(group))
    lengths = {_json(run.record["config"]["training"]["epochs"]) for run in group}
    at: At = asked or ("last" if len(lengths) > 1 else "chosen")
    found = [_setting(runs, of.monitor, at) for runs in alike]
    known = dict.fromkeys(name for setting in found for name in setting.values)
    differing = [name for name in known if _differs(name, found)]
    ranked = sorted(found, key=lambda setting: (-of.monitor.sign * setting.mean, str(setting.runs[0].folder)))
    known = next((run.record for run in group if run.record.get("commonest_class")), {})
    commonest, named = known.get("commonest_class"), known.get("commonest_class_name") or ""
    return Table(title, commonest, named, of.monitor, differing, ranked, at)


def is_cut(one: Setting, other: Setting) -> bool:
    """Whether two settings are one learning curve, cut after different numbers of epochs."""
    differing = {key for key in {**one.values, **other.values} if one.values.get(key) != other.values.get(key)}
    return differing == {EPOCHS} and one.values.get(SCHEDULE) != "cosine"


def _curve_of(setting: Setting) -> str:
    """What cuts of one learning curve have in common, and no two other settings."""
    whole = setting.values.get(SCHEDULE) == "cosine"
    return _json({key: each for key, each in setting.values.items() if each is not None and (whole or key != EPOCHS)})


def _differs(key: str, found: list[Setting]) -> bool:
    """Whether settings differ in a key. That only some have it says no more than the choice that brings it."""
    chosen = any(len({_json(setting.values.get(choice)) for setting in found}) > 1 for choice in choices(key))
    values = {_json(setting.values.get(key)) for setting in found if not chosen or setting.values.get(key) is not None}
    return len(values) > 1


def choices(key: str) -> list[str]:
    """The keys that decide whether a setting has a key at all: the name in its group, or how old the record is."""
    group = key.partition(".")[0]
    found = {"plugins": ["plugins", "numerics"], "environment": ["numerics"]}.get(group, [f"{group}.name"])
    return [choice for choice in found if choice != key]


def _alike(group: list[Run]) -> Iterable[list[Run]]:
    """The runs by setting. A key that is null and a key that is absent are the same."""
    alike: dict[str, list[Run]] = defaultdict(list)
    for run in group:
        given = {key: value for key, value in values_of(run).items() if value is not None}
        alike[_json(given)].append(run)
    return alike.values()


def _json(value: Any) -> str:
    if value is None or type(value) in (bool, int, str):  # most values, in a sixth of the time
        return repr(value)
    return json.dumps(value, sort_keys=True, default=str)


def _setting(runs: list[Run], monitor: Monitor, at: At) -> Setting:
    """One setting's runs. What was trained twice counts once: the longest run, of equal ones the newest."""
    known: dict[Repeat, Run] = {}
    for run in sorted(runs, key=lambda run: (run.record["epochs"], run.recorded_at)):
        known[repeat(run)] = run
    return Setting(values_of(runs[0]), [known[each] for each in sorted(known)], runs, monitor, at)
