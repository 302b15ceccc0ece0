"""The effect of a key on the monitored value: settings that differ in that key alone, joined by a line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runner.compare.grouping import Setting, Table, choices
from runner.compare.labels import ordered
from runner.formatting import shown


@dataclass(frozen=True)
class Line:
    """Settings with the same choice of the other keys, ordered by the key's values; `name` is that choice in words."""

    name: str
    settings: list[Setting]


@dataclass(frozen=True)
class Effect:
    """A key and what it does.

    values  of the settings joined, each once: numbers by size, then the rest by its text
    lines   that of the best setting first, each of at least two values
    """

    key: str
    values: list[Any]
    lines: list[Line]

    def place(self, setting: Setting) -> int:
        """The index of a setting's value in `values`."""
        return self._places[shown(setting.values[self.key])]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {shown(value): place for place, value in enumerate(self.values)}


def effects(table: Table) -> Iterator[Effect]:
    """The effect of each key of a table in which settings differ that agree in all others.

    In the effect of a choice, keys that only one choice has do not
    divide its line: for optimizer.name, sgd with two values of optimizer.momentum is two points of one line, joined to
    the point of adam, which has no momentum.
    """
    everywhere = set.intersection(*(set(setting.values) for setting in table.settings))
    for key in table.keys:
        having = [setting for setting in table.settings if key in setting.values]
        others = [other for other in table.keys if other != key and (other in everywhere or key not in choices(other))]
        effect = _effect(key, others, having)
        if effect.lines:
            yield effect


def _effect(key: str, others: list[str], settings: Sequence[Setting]) -> Effect:
    lines: dict[str, list[Setting]] = {}
    for setting in settings:
        lines.setdefault(_name(setting, others), []).append(setting)
    joined = {name: found for name, found in lines.items() if len({shown(each.values[key]) for each in found}) > 1}
    values = ordered(setting.values[key] for found in joined.values() for setting in found)
    places = {shown(value): place for place, value in enumerate(values)}

    def order(setting: Setting) -> int:
        return places[shown(setting.values[key])]

    return Effect(key, values, [Line(name, sorted(found, key=order)) for name, found in joined.items()])


def _name(setting: Setting, keys: list[str]) -> str:
    return " ".join(f"{key}={shown(setting.values[key])}" for key in keys if key in setting.values)
