"""How learning curves are divided: one panel, or small multiples by the values of a key, and colours by another's."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runner.compare.grouping import Setting, Table
from runner.compare.labels import by_values, is_number, ordered, short_keys, short_name
from runner.formatting import shown
from runner.runs import palette

TOGETHER = 6  # most settings that one panel holds without a division
PANELS = 12  # most panels
CLEAR = 6  # most curves of a panel of which bands and single seeds are drawn
LEGEND = 12  # most values of a number that a legend names, and most curves of a panel of which each is marked
SEEDS = 100  # most seeds of a curve that are drawn one by one
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
    left    the curves that are not drawn, by the panel that each belongs to: better ones are drawn
    """

    panels: dict[str, list[Curve]]
    by: str
    labels: list[str]
    scaled: bool
    left: dict[str, list[Curve]] = field(default_factory=dict)

    @property
    def colours(self) -> list[str]:
        return palette.scale(len(self.labels)) if self.scaled else palette.categories(len(self.labels))

    @property
    def markers(self) -> list[str]:
        """By which colours are told apart in grey; of a scale, the tone tells."""
        if self.scaled:
            return ["o"] * len(self.labels)
        return [palette.MARKERS[place % COLOURS] for place in range(len(self.labels))]

    @property
    def named(self) -> list[int]:
        """The places of the labels that a legend names: all, or some of very many numbers, first to last."""
        count = len(self.labels)
        return list(range(count)) if count <= LEGEND else np.linspace(0, count - 1, 6).round().astype(int).tolist()

    @property
    def left_in_words(self) -> str:
        """How many curves are not drawn, and why; empty where all are."""
        count = sum(map(len, self.left.values()))
        drawn = "the best of their panel and colour" if self.by else "the best"
        return f"{count} more curves are not drawn: those drawn are {drawn}." if count else ""


def single_seeds(settings: Sequence[Setting]) -> str:
    """The seeds, or folds, that are drawn one by one, in words."""
    first = f"the first {SEEDS} " if any(len(each.runs) > SEEDS for each in settings) else "single "
    return f"{first}{settings[0].repeated}s"


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
    left: dict[str, list[Curve]] = {}
    for value in map(shown, _values(settings, panel)):
        best: dict[int, Curve] = {}
        for setting in (each for each in ranked if shown(each.values.get(panel)) == value):
            curve = Curve(setting, values.index(shown(setting.values.get(colour))))
            if best.setdefault(curve.place, curve) is not curve:
                left.setdefault(f"{short} {value}", []).append(curve)
        panels[f"{short} {value}"] = [best[place] for place in sorted(best)]
    return Facets(panels, short_keys(table)[colour], values, _is_scale(settings, colour), left)


def _one_each(table: Table, settings: list[Setting], keys: list[str]) -> Facets:
    """A panel for each of the best settings."""
    ranked = sorted(settings, key=table.settings.index)
    panels, left = (
        {short_name(table, each, keys): [Curve(each, 0)] for each in by_values(part, keys)}
        for part in (ranked[:PANELS], ranked[PANELS:])
    )
    return Facets(panels, "", [""], False, left)
