"""What the report shows of a table, before it is HTML or a plot: curves, colours, names."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

from runner.compare import comparison
from runner.compare.comparison import MOST, Judged
from runner.compare.epochs import Epochs, epochs
from runner.compare.facets import Facets, facets
from runner.compare.grouping import EPOCHS, Setting, Table, is_cut
from runner.compare.labels import short_keys
from runner.compare.significance import Verdict
from runner.formatting import shown
from runner.runs.reader import Run


@dataclass(frozen=True)
class View:
    """A table with what the page shows of it.

    prefix  of the ids of its HTML elements, such as `t0`
    whole   all settings, of which the answer speaks; `judged` are those that are shown
    names   the name of each run's folder
    """

    prefix: str
    whole: Judged
    names: dict[Path, str]

    @cached_property
    def judged(self) -> Judged:
        """The best settings, with the reference among them."""
        return self.whole.the_best(MOST)

    @property
    def not_shown(self) -> str:
        """Which settings are shown, in words; empty where all are."""
        return comparison.not_shown(self.whole)

    @property
    def table(self) -> Table:
        return self.judged.table

    @cached_property
    def keys(self) -> dict[str, str]:
        """The keys that tell the settings apart, each with its heading: without its group where that is clear."""
        short = short_keys(self.whole.table)
        return {key: short[key] for key in self.whole.table.telling_keys}

    def short(self, setting: Setting) -> str:
        """What sets a setting apart, in the words of the headings."""
        return " ".join(f"{name}={value_of(setting, key)}" for key, name in self.keys.items()) or "the only setting"

    def short_curve(self, curve: Setting) -> str:
        """What sets a learning curve apart; the number of epochs does not, where it only cuts the curve."""
        if all(each is curve for each, of in self.curve_of.items() if of is curve):
            return self.short(curve)
        keys = [(key, name) for key, name in self.keys.items() if key != EPOCHS]
        return " ".join(f"{name}={value_of(curve, key)}" for key, name in keys) or "the learning curve"

    @cached_property
    def curves(self) -> dict[str, Setting]:
        """The learning curves by name, that of the best setting first."""
        return self.table.curves

    @cached_property
    def curve_of(self) -> dict[Setting, Setting]:
        """For each setting the setting whose curve it is: its own, or the longest one that it is a cut of."""
        settings = self.table.settings
        if EPOCHS not in self.table.keys:
            return dict(zip(settings, settings, strict=True))
        found = list(self.curves.values())
        return {each: next(curve for curve in found if curve is each or is_cut(curve, each)) for each in settings}

    @cached_property
    def places(self) -> dict[Setting, int]:
        """The index of each learning curve among `curves`."""
        return {curve: place for place, curve in enumerate(self.curves.values())}

    @cached_property
    def epochs(self) -> dict[Setting, Epochs]:
        """For each learning curve how many epochs it needs."""
        return {curve: epochs(curve) for curve in self.curves.values()}

    @cached_property
    def errors(self) -> dict[Setting, float | None]:
        """The standard error of each setting's mean; None where it is unknown."""
        return {setting: comparison.error(setting) for setting in self.table.settings}

    @cached_property
    def verdicts(self) -> dict[Setting, Verdict]:
        return dict(self.judged.verdicts)

    @cached_property
    def as_good(self) -> list[Setting]:
        """The settings that cannot be told from the best, as far as their noise is known."""
        return [setting for setting in self.judged.as_good if self.errors[setting] is not None]

    def kind(self, setting: Setting) -> str:
        """The CSS class of a setting: `told` where it is told from the best, `good` where it is not, or not tested."""
        curves = self.curve_of[setting], self.curve_of[self.judged.best]
        return "good" if setting in self.judged.good or curves[0] is curves[1] else "told"

    @cached_property
    def facets(self) -> Facets:
        """How the learning curves are divided, as in the picture."""
        return facets(self.table)

    @cached_property
    def colours(self) -> dict[Setting, str]:
        """The CSS colour of each setting, that of its learning curve."""
        divided = [*self.facets.panels.values(), *self.facets.left.values()]
        places = {curve.setting: curve.place for curves in divided for curve in curves}
        return {setting: self.colour(places[curve]) for setting, curve in self.curve_of.items()}

    def colour(self, place: int) -> str:
        """The CSS colour of a label of `facets`: numbers have shades in their order, a name one of its own."""
        count = len(self.facets.labels)
        return _shade(place, count) if self.facets.scaled and count > 1 else f"var(--s{place})"


def _shade(place: int, count: int) -> str:
    """A colour between the three of --r0, --r1 and --r2."""
    percent = round(200 * place / (count - 1))
    first = min(percent // 100, 1)
    return f"color-mix(in oklab, var(--r{first}), var(--r{first + 1}) {percent - 100 * first}%)"


def escaped(value: object) -> str:
    """A value as HTML that shows its text."""
    return escape(clean(str(value))).replace("\r", "&#13;")  # which a browser would take for the end of a line


def clean(text: str) -> str:
    """Text that UTF-8 can encode: a file name of other bytes gets `?` for them."""
    return text.encode("utf-8", "replace").decode()


def text_of(value: object) -> str:
    """A value of the config as text."""
    return clean(shown(value))


def value_of(setting: Setting, key: str) -> str:
    """What a setting has for a key, as text; a dash where it has no such key, as adam has no momentum."""
    return text_of(setting.values[key]) if key in setting.values else "–"


def short_names(runs: Sequence[Run]) -> dict[Path, str]:
    """Each run's folder relative to the innermost folder that holds all of them."""
    full = {run.folder: Path(os.path.abspath(run.folder)) for run in runs}
    base = os.path.commonpath([folder.parent for folder in full.values()]) if full else ""
    return {folder: clean(path.relative_to(base).as_posix()) for folder, path in full.items()}
