"""Runs grouped for a comparison: by their data, then by all that decides their numbers but the seed."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev
from typing import Any

from runner.config.dotted import flat
from runner.config.schema import NEVER_DECIDING
from runner.formatting import shown
from runner.runs import circumstances
from runner.runs.reader import Run

# What decides no number of a run, or stands in its data; runs that differ in their seed alone are one setting.
ASIDE = NEVER_DECIDING | {"seed"}
SPLIT, FROM = "training.validation_split", "training.validation_from"


@dataclass(frozen=True)
class Setting:
    """Runs that differ in nothing but their seed, a run a seed, by seed.

    `values` is their config, flat, and the circumstances: code, versions, machine.
    `every` has the repeated ones too, which do not count.
    """

    values: dict[str, Any]
    runs: list[Run]
    every: list[Run]

    @property
    def seeds(self) -> list[int]:
        return [run.record["seed"] for run in self.runs]

    @cached_property
    def results(self) -> list[float]:
        """The monitored metric at each run's best epoch."""
        return [run.monitored for run in self.runs if run.monitored is not None]

    @property
    def mean(self) -> float:
        return fmean(self.results)

    @property
    def deviation(self) -> float | None:
        """The standard deviation over the seeds; None for a single one."""
        return stdev(self.results) if len(self.results) > 1 else None

    def training_at_best(self, column: str) -> float | None:
        """The mean over the seeds of a training column at each run's best epoch; None where no value is finite."""
        values = [value for value in (run.training_at_best(column) for run in self.runs) if math.isfinite(value)]
        return fmean(values) if values else None

    @property
    def updates(self) -> float:
        return fmean(run.updates for run in self.runs)

    @property
    def seconds(self) -> float:
        return fmean(run.seconds for run in self.runs)


@dataclass(frozen=True)
class Table:
    """Settings on the same data with the same monitor, the best first; `keys` are those in which they differ."""

    title: str
    monitor: str
    direction: str
    validation: int
    keys: list[str]
    settings: list[Setting]

    @property
    def training(self) -> str:
        """The monitor's counterpart on the training examples; the monitor itself without validation."""
        return self.monitor.removeprefix("val_")

    def name(self, setting: Setting, other: Setting | None = None) -> str:
        """What sets it apart, as words of the command line; from one other setting, where it is given."""
        apart = [key for key in self.keys if not other or setting.values.get(key) != other.values.get(key)]
        return " ".join(f"{key}={shown(setting.values.get(key))}" for key in apart) or "the only setting"

    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.direction == "max" else -1


@dataclass(frozen=True)
class Data:
    """What runs must have in common to be compared: data, the examples held out, and what chooses the best epoch."""

    name: str
    source: str
    fingerprint: str
    train: int
    validation: int
    held_out: str | None  # which examples, validation_from; None without validation
    monitor: str
    direction: str


def tables(runs: Iterable[Run]) -> list[Table]:
    """A table for each data set, of its completed runs; other data or another monitor does not compare."""
    groups: dict[Data, list[Run]] = defaultdict(list)
    for run in runs:
        groups[_data(run)].append(run)
    titles = [_title(data, groups) for data in groups]
    return [_table(title, data, group) for title, (data, group) in zip(titles, groups.items(), strict=True)]


def _data(run: Run) -> Data:
    record, values = run.record["dataset"], _values(run)
    about = {key: record[key] for key in ("name", "source", "fingerprint", "train", "validation")}
    monitor, direction = run.record["monitor"], run.record["monitor_direction"]
    return Data(**about, held_out=values.get(FROM), monitor=monitor, direction=direction)


def _title(data: Data, groups: dict[Data, list[Run]]) -> str:
    """Data sets of one name are told apart by what differs in their config, else by their fingerprints."""
    of_name = {other: runs for other, runs in groups.items() if (other.name, other.source) == (data.name, data.source)}
    alike = {other.fingerprint: _data_config(runs[0]) for other, runs in of_name.items()}
    mine = alike[data.fingerprint]
    words = [
        f"{each}={shown(value)}"
        for each, value in mine.items()
        if any(other.get(each) != value for other in alike.values())
    ]
    which = " ".join([data.name, *words])
    hidden = len(alike) > 1 and sum(other == mine for other in alike.values()) > 1
    source = f"{data.source}, {data.fingerprint[:8]}" if hidden else data.source
    examples = f"{data.train:,} to train on, {data.validation:,} for validation"
    if data.held_out and len({other.held_out for other in of_name} - {None}) > 1:
        examples += f" ({FROM}={data.held_out})"
    return f"{which} ({source}): {examples}; by {data.monitor}"


def _data_config(run: Run) -> dict[str, Any]:
    return {key: value for key, value in _values(run).items() if key.startswith("dataset.")}


def _table(title: str, data: Data, group: list[Run]) -> Table:
    found = [_setting(runs) for runs in _alike(group)]
    known = dict.fromkeys(name for setting in found for name in setting.values)
    differing = [name for name in known if _differs(name, found)]
    sign = 1 if data.direction == "max" else -1
    ranked = sorted(found, key=lambda setting: (-sign * setting.mean, str(setting.runs[0].folder)))
    return Table(title, data.monitor, data.direction, data.validation, differing, ranked)


def _differs(key: str, found: list[Setting]) -> bool:
    """Whether settings differ in a key; one that only another choice has says no more than the choice."""
    chosen = any(len({_text(setting.values.get(choice)) for setting in found}) > 1 for choice in _choices(key))
    values = {_text(setting.values.get(key)) for setting in found if not chosen or setting.values.get(key) is not None}
    return len(values) > 1


def _choices(key: str) -> list[str]:
    """The keys that decide whether a setting has a key at all: its group's name, or how old its record is."""
    group = key.partition(".")[0]
    choices = {"plugins": ["plugins", "numerics"], "environment": ["numerics"]}.get(group, [f"{group}.name"])
    return [choice for choice in choices if choice != key]


def _alike(group: list[Run]) -> Iterable[list[Run]]:
    alike: dict[str, list[Run]] = defaultdict(list)
    for run in group:
        given = {key: value for key, value in _values(run).items() if value is not None}
        alike[_text(given)].append(run)
    return alike.values()


def _values(run: Run) -> dict[str, Any]:
    """The config and the circumstances; how many are held out as their count, whether written so or as a share."""
    values = {key: value for key, value in flat(run.record["config"]) if key not in ASIDE}
    count = run.record["dataset"]["validation"]
    if SPLIT in values:
        values[SPLIT] = count
    if not count:
        values.pop(FROM, None)
    return {**values, **circumstances.of(run)}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _setting(runs: list[Run]) -> Setting:
    """A seed that was trained twice counts once: its longest run, of equals the newest."""
    by_seed: dict[int, Run] = {}
    for run in sorted(runs, key=lambda run: (run.record["epochs"], run.recorded_at)):
        by_seed[run.record["seed"]] = run
    return Setting(_values(runs[0]), [by_seed[seed] for seed in sorted(by_seed)], runs)


def effect_values(table: Table, key: str) -> list[str]:
    """The values that a key has in a table, as text: numbers by size, then the rest in the order of the table."""
    values = {shown(setting.values.get(key)): setting.values.get(key) for setting in table.settings}

    def order(text: str) -> tuple[int, float]:
        value = values[text]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return (1, 0.0)
        return (0, float(value))

    return sorted(values, key=order)


def effects(table: Table, key: str) -> list[list[Setting]]:
    """The settings that differ in nothing but a key, in the order of its values: a line for each of the others."""
    order = effect_values(table, key)
    lines: dict[str, list[Setting]] = defaultdict(list)
    for setting in table.settings:
        rest = {name: setting.values.get(name) for name in table.keys if name != key}
        lines[_text(rest)].append(setting)
    return [sorted(line, key=lambda each: order.index(shown(each.values.get(key)))) for line in lines.values()]
