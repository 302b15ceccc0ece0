"""What the report shows of a comparison, before any of it is HTML or a plot: columns, effects, names."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

from runner.compare.grouping import Setting, Table
from runner.formatting import shown
from runner.runs.reader import Run

LINES = 6  # lines of an effect that have a colour and a name
EFFECTS = 12  # plots of a table


@dataclass(frozen=True)
class Field:
    """A column of the table of runs: the value that it is sorted by and the text that is shown, for each run."""

    title: str
    values: list[Any]
    texts: list[str]
    form: str | None = None  # Bokeh's format of a number

    @cached_property
    def is_number(self) -> bool:
        return all(isinstance(value, int | float) for value in self.values)

    @property
    def width(self) -> int:
        """Pixels that show the longest text, within reason."""
        return min(320, 34 + 8 * max(map(len, [self.title, *self.texts])))


@dataclass(frozen=True)
class Effect:
    """What a key does to the monitored value: its values, and a line for each choice of the other keys."""

    key: str
    values: list[Any]
    lines: list[tuple[str, list[Setting]]]

    @property
    def joins(self) -> bool:
        """Whether some settings differ in this key alone."""
        return any(len(settings) > 1 for _, settings in self.lines)


@dataclass(frozen=True)
class View:
    """A table of the comparison with all that the page shows of it; its models are named with this prefix."""

    prefix: str
    table: Table
    runs: list[Run]
    setting_of: list[int]
    fields: list[Field]
    effects: list[Effect]


def text(value: object) -> str:
    """Text as HTML shows it; what no encoding knows, as a name of bytes that are not UTF-8 has it, becomes `?`."""
    return escape(clean(str(value)))


def clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def names(runs: Sequence[Run]) -> dict[Path, str]:
    """Folders as short as they are unique: from the folder that all are in."""
    full = {run.folder: Path(os.path.abspath(run.folder)) for run in runs}
    base = os.path.commonpath([folder.parent for folder in full.values()]) if full else ""
    return {folder: clean(path.relative_to(base).as_posix()) for folder, path in full.items()}


def view(prefix: str, table: Table, names: dict[Path, str]) -> View:
    placed = [(place, run) for place, setting in enumerate(table.settings) for run in setting.runs]
    placed.sort(key=lambda each: each[1].rank)
    runs = [run for _, run in placed]
    of = [place for place, _ in placed]
    fields = list(_fields(table, runs, [table.settings[place] for place in of], names))
    return View(prefix, table, runs, of, fields, list(islice(_effects(table), EFFECTS)))


def _fields(table: Table, runs: list[Run], settings: list[Setting], names: dict[Path, str]) -> Iterator[Field]:
    yield _words("run", [names[run.folder] for run in runs])
    for key in table.keys:
        yield _of_key(key, [setting.values.get(key, "") for setting in settings])
    yield _words("seed", [run.record["seed"] for run in runs])
    yield _words("best epoch", [run.record["best_epoch"] for run in runs])
    monitored = [run.best[table.monitor] for run in runs]
    yield _number(table.monitor, monitored, "0.0000")
    if table.training != table.monitor:
        training = [run.training_at_best(table.training) for run in runs]
        gaps = [table.sign() * (other - value) for other, value in zip(training, monitored, strict=True)]
        yield _number(table.training, training, "0.0000")
        yield _number("gap", gaps, "0.0000")
    yield _number("updates", [run.updates for run in runs], "0,0")
    yield _number("seconds", [run.seconds for run in runs], "0.0")
    yield _words("status", [run.status for run in runs])


def _words(title: str, values: list[Any]) -> Field:
    return Field(title, values, [clean(str(value)) for value in values])


def _of_key(key: str, values: list[Any]) -> Field:
    """Numbers stay numbers, to be sorted as such; all else is text."""
    texts = [clean(shown(value)) if value != "" else "" for value in values]
    numbers = all(is_number(value) and abs(value) < 2**53 for value in values)
    return Field(key, values if numbers else texts, texts)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(title: str, values: list[Any], form: str) -> Field:
    style = {"0.0000": ".4f", "0,0": ",", "0.0": ".1f"}[form]
    return Field(title, values, [format(value, style) for value in values], form)


def _effects(table: Table) -> Iterator[Effect]:
    """An effect for each key that has several values; a key that not all settings know goes with its group's name."""
    everywhere = set.intersection(*(set(setting.values) for setting in table.settings))
    for key in table.keys:
        having = [setting for setting in table.settings if key in setting.values]
        values = _ordered([setting.values[key] for setting in having])
        if len(values) < 2:
            continue
        group = key.removesuffix("name") if key.endswith(".name") else None
        others = [each for each in table.keys if each != key]
        others = [each for each in others if each in everywhere or not (group and each.startswith(group))]
        lines: dict[str, list[Setting]] = {}
        for setting in having:
            words = [f"{each}={shown(setting.values[each])}" for each in others if each in setting.values]
            lines.setdefault(" ".join(words), []).append(setting)
        yield Effect(key, values, list(lines.items()))


def _ordered(values: Iterable[Any]) -> list[Any]:
    """Each value once: numbers by size, all else by its text."""
    unique = list({shown(value): value for value in values}.values())
    return sorted(unique) if all(map(is_number, unique)) else sorted(unique, key=shown)
