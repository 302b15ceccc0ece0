"""The effect of a key on the monitored value: the settings by its values, a line for each choice of the other keys."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runner.compare.grouping import Setting, Table, choices
from runner.formatting import shown


@dataclass(frozen=True)
class Line:
    """Settings with the same choice of the other keys, ordered by the key's values; `name` is that choice in words."""

    name: str
    settings: list[Setting]


@dataclass(frozen=True)
class Effect:
    """A key and what it does.

    values  of all settings that have the key, each once: numbers by size, then the rest by its text
    lines   that of the best setting first
    """

    key: str
    values: list[Any]
    lines: list[Line]

    @property
    def joins(self) -> bool:
        """Whether some settings differ in this key alone."""
        return any(len(line.settings) > 1 for line in self.lines)

    def place(self, setting: Setting) -> int:
        """The index of a setting's value in `values`."""
        return self._places[shown(setting.values[self.key])]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {shown(value): place for place, value in enumerate(self.values)}


def effects(table: Table) -> Iterator[Effect]:
    """The effect of each key of a table that has at least two values, over the settings that have the key.

    In the effect of a choice, keys that only one choice has do not divide its line: for optimizer.name, sgd with two
    values of optimizer.momentum is two points of one line, joined to the point of adam, which has no momentum.
    """
    everywhere = set.intersection(*(set(setting.values) for setting in table.settings))
    for key in table.keys:
        having = [setting for setting in table.settings if key in setting.values]
        others = [other for other in table.keys if other != key and (other in everywhere or key not in choices(other))]
        effect = _effect(key, others, having)
        if len(effect.values) > 1:
            yield effect


def _effect(key: str, others: list[str], settings: list[Setting]) -> Effect:
    values = _ordered(setting.values[key] for setting in settings)
    places = {shown(value): place for place, value in enumerate(values)}
    lines: dict[str, list[Setting]] = {}
    for setting in sorted(settings, key=lambda setting: places[shown(setting.values[key])]):
        lines.setdefault(_name(setting, others), []).append(setting)
    names = dict.fromkeys(_name(setting, others) for setting in settings)
    return Effect(key, values, [Line(name, lines[name]) for name in names])


def _name(setting: Setting, keys: list[str]) -> str:
    return " ".join(f"{key}={shown(setting.values[key])}" for key in keys if key in setting.values)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ordered(values: Iterable[Any]) -> list[Any]:
    """Each value once: numbers by size, then the rest by its text."""
    unique = {shown(value): value for value in values}
    numbers = sorted(value for value in unique.values() if is_number(value))
    return [*numbers, *(value for text, value in sorted(unique.items()) if not is_number(value))]
