"""How learning curves are divided: one panel, or small multiples by the values of a key, and colours by another's."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runner.compare.grouping import Setting, Table
from runner.compare.labels import by_values, is_number, ordered, short_keys, short_name
from runner.formatting import shown
from runner.runs import palette

TOGETHER = 6  # most settings that one panel holds without a division
PANELS = 12  # most panels
COLOURS = len(palette.CATEGORIES)


@dataclass(frozen=True)
class Curve:
    """A learning curve, with the place of its colour among `Facets.colours`."""

    setting: Setting
    place: int


@dataclass(frozen=True)
class Facets:
    """Panels with their titles and curves, and what the colours mean.

    by      what the colours are the values of; empty where they are settings
    labels  of the colours, in their order
    scaled  whether the labels are numbers
    left    how many curves are not drawn, as the same panel and colour has a better one
    """

    panels: dict[str, list[Curve]]
    by: str
    labels: list[str]
    scaled: bool
    left: int = 0

    @property
    def colours(self) -> list[str]:
        return palette.scale(len(self.labels)) if self.scaled else palette.categories(len(self.labels))

    @property
    def markers(self) -> list[str]:
        """By which colours are told apart in grey; of a scale, the tone tells."""
        if self.scaled:
            return ["o"] * len(self.labels)
        return [palette.MARKERS[place % COLOURS] for place in range(len(self.labels))]


def facets(table: Table) -> Facets:
    """The division of a table's curves."""
    found = list(table.curves.values())
    keys = [key for key in table.telling_keys if len(_values(found, key)) > 1]
    if len(keys) == 1 and (len(found) <= TOGETHER or _is_scale(found, keys[0])):
        return _by_colour(table, found, keys[0])
    if len(found) <= TOGETHER:
        labels = by_values(found, keys)
        curves = [Curve(setting, place) for place, setting in enumerate(labels)]
        return Facets({"": curves}, "", [short_name(table, each, keys) for each in labels], scaled=False)
    pairs = [
        (panel, colour)
        for panel, colour in itertools.permutations(keys, 2)
        if len(_values(found, panel)) <= PANELS and (_is_scale(found, colour) or len(_values(found, colour)) <= COLOURS)
    ]
    if pairs:
        return _by_two(table, found, *min(pairs, key=lambda pair: _cost(found, *pair)))
    scale = next((key for key in keys if _is_scale(found, key)), None)
    return _by_colour(table, found, scale) if scale else _one_each(table, found, keys)


def _values(settings: Sequence[Setting], key: str) -> list[Any]:
    return ordered(setting.values.get(key) for setting in settings)


def _is_scale(settings: Sequence[Setting], key: str) -> bool:
    return all(is_number(value) for value in _values(settings, key))


def _cost(settings: Sequence[Setting], panel: str, colour: str) -> tuple[int, bool, int]:
    """Few curves that are not drawn, names before numbers as panels, and few panels."""
    drawn = {(shown(each.values.get(panel)), shown(each.values.get(colour))) for each in settings}
    return len(settings) - len(drawn), _is_scale(settings, panel), len(_values(settings, panel))


def _by_colour(table: Table, settings: list[Setting], key: str) -> Facets:
    values = [shown(value) for value in _values(settings, key)]
    curves = [Curve(each, values.index(shown(each.values.get(key)))) for each in by_values(settings, [key])]
    return Facets({"": curves}, short_keys(table)[key], values, _is_scale(settings, key))


def _by_two(table: Table, settings: list[Setting], panel: str, colour: str) -> Facets:
    """Of several settings with the same panel and colour, the best one is drawn: the table has it first."""
    values, short = [shown(value) for value in _values(settings, colour)], short_keys(table)[panel]
    ranked = sorted(settings, key=table.settings.index)
    panels: dict[str, list[Curve]] = {}
    for value in map(shown, _values(settings, panel)):
        best: dict[str, Setting] = {}
        for setting in (each for each in ranked if shown(each.values.get(panel)) == value):
            best.setdefault(shown(setting.values.get(colour)), setting)
        panels[f"{short} {value}"] = [Curve(best[each], place) for place, each in enumerate(values) if each in best]
    left = len(settings) - sum(map(len, panels.values()))
    return Facets(panels, short_keys(table)[colour], values, _is_scale(settings, colour), left)


def _one_each(table: Table, settings: list[Setting], keys: list[str]) -> Facets:
    """A panel for each of the best settings."""
    chosen = sorted(settings, key=table.settings.index)[:PANELS]
    panels = {short_name(table, each, keys): [Curve(each, 0)] for each in by_values(chosen, keys)}
    return Facets(panels, "", [""], scaled=False, left=len(settings) - len(chosen))
