"""What the report shows of a table, before it is HTML or a plot: runs, columns, effects, names."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

from runner.compare.effects import Effect, effects, is_number
from runner.compare.grouping import Setting, Table
from runner.formatting import shown
from runner.runs.reader import Run

LINES = 6  # most lines of an effect that have a colour and a name
EFFECTS = 12  # most effects of a table


@dataclass(frozen=True)
class Field:
    """A column of the table of runs.

    values  what the column is sorted by, one for each run
    texts   what is shown, one for each run
    form    Bokeh's format, such as `0.0000`; None for values that are shown as their texts
    """

    title: str
    values: list[Any]
    texts: list[str]
    form: str | None = None

    @cached_property
    def is_number(self) -> bool:
        return all(isinstance(value, int | float) for value in self.values)

    @property
    def width(self) -> int:
        """Pixels: room for the longest text, at most 320."""
        return min(320, 34 + 8 * max(map(len, [self.title, *self.texts])))


@dataclass(frozen=True)
class View:
    """A table with what the page shows of it.

    prefix      of the names of its HTML elements and Bokeh models, such as `t0`
    runs        the best first
    setting_of  for each run the index of its setting in the table
    """

    prefix: str
    table: Table
    runs: list[Run]
    setting_of: list[int]
    fields: list[Field]
    effects: list[Effect]


def escaped(value: object) -> str:
    """A value as HTML that shows its text."""
    return escape(clean(str(value)))


def clean(text: str) -> str:
    """Text that UTF-8 can encode: a file name of other bytes gets `?` for them."""
    return text.encode("utf-8", "replace").decode()


def short_names(runs: Sequence[Run]) -> dict[Path, str]:
    """Each run's folder relative to the innermost folder that holds all of them."""
    full = {run.folder: Path(os.path.abspath(run.folder)) for run in runs}
    base = os.path.commonpath([folder.parent for folder in full.values()]) if full else ""
    return {folder: clean(path.relative_to(base).as_posix()) for folder, path in full.items()}


def view_of(prefix: str, table: Table, names: dict[Path, str]) -> View:
    placed = [(place, run) for place, setting in enumerate(table.settings) for run in setting.runs]
    placed.sort(key=lambda each: -table.monitor.sign * table.settings[each[0]].result(each[1]))
    runs = [run for _, run in placed]
    setting_of = [place for place, _ in placed]
    fields = list(_fields(table, runs, [table.settings[place] for place in setting_of], names))
    return View(prefix, table, runs, setting_of, fields, list(islice(effects(table), EFFECTS)))


def _fields(table: Table, runs: list[Run], settings: list[Setting], names: dict[Path, str]) -> Iterator[Field]:
    yield _words("run", [names[run.folder] for run in runs])
    for key in table.keys:
        yield _of_key(key, [setting.values.get(key, "") for setting in settings])
    yield _words("seed", [run.record["seed"] for run in runs])
    yield _words("epoch", [setting.epoch(run) for setting, run in zip(settings, runs, strict=True)])
    monitor, counterpart = table.monitor, table.monitor.training_counterpart
    results = [setting.result(run) for setting, run in zip(settings, runs, strict=True)]
    yield _number(monitor.name, results, "0.0000")
    if monitor.is_of_validation and table.at == "chosen":
        training = [run.training_at_best(counterpart) for run in runs]
        gaps = [monitor.sign * (other - run.best[monitor.name]) for other, run in zip(training, runs, strict=True)]
        yield _number("gap", gaps, "0.0000")
    yield _number("updates", [run.updates for run in runs], "0,0")
    yield _number("seconds", [run.seconds for run in runs], "0.0")
    yield _words("status", [run.status for run in runs])


def _words(title: str, values: list[Any]) -> Field:
    return Field(title, values, [clean(str(value)) for value in values])


def _of_key(key: str, values: list[Any]) -> Field:
    """A key's column, sorted as numbers where all values are numbers, else as text."""
    texts = [clean(shown(value)) if value != "" else "" for value in values]
    numbers = all(is_number(value) and abs(value) < 2**53 for value in values)
    return Field(key, values if numbers else texts, texts)


def _number(title: str, values: list[Any], form: str) -> Field:
    style = {"0.0000": ".4f", "0,0": ",", "0.0": ".1f"}[form]
    return Field(title, values, [format(value, style) for value in values], form)
