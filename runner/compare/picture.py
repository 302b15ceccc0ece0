"""A comparison as one picture: for each table its settings in order, their learning curves, the effects of keys."""

import re
from collections.abc import Sequence

from matplotlib.figure import Figure

from runner.compare import comparison as comparison_of
from runner.compare import curve_plot, effect_plot, interval_plot, wording
from runner.compare.comparison import MOST, Judged
from runner.runs.palette import QUIET
from runner.runs.plot_style import SIZE, SMALL, in_style, rendered
from runner.runs.sheet import Block, blank, sheet, text

BETWEEN, TABLES = 0.16, 0.35  # blank between the parts of a table, and between tables, in inches


@in_style
def comparison(tables: Sequence[Judged], form: str = "png") -> bytes:
    """A picture of at least one table, as PNG, PDF or SVG."""
    return rendered(picture(tables), form)


@in_style
def picture(tables: Sequence[Judged]) -> Figure:
    """For each table intervals, curves and effects, each with a heading."""
    found: list[Block] = []
    for judged in tables:
        found += [blank(TABLES), *_table(judged)] if found else _table(judged)
    return sheet(found)


def _table(whole: Judged) -> list[Block]:
    headline, rest = _headline(whole)
    judged = whole.the_best(MOST)
    found = [
        text(headline, SIZE + 1, weight="bold"),
        blank(0.03),
        text(rest, SIZE),
        text(judged.table.title, SMALL, colour=QUIET),
        *([text(comparison_of.not_shown(whole), SMALL, colour=QUIET)] if judged is not whole else []),
    ]
    if interval_plot.is_drawn(judged):
        found += [blank(BETWEEN), *interval_plot.blocks(judged)]
    found += [blank(BETWEEN), *_heading("Learning curves"), *curve_plot.blocks(judged)]
    effects = effect_plot.blocks(judged)
    if effects:
        found += [blank(BETWEEN), *_heading("Effect of each key"), *effects]
    return found


def _heading(words: str) -> list[Block]:
    return [text(words, SIZE, weight="bold"), blank(0.06)]


def _headline(judged: Judged) -> tuple[str, str]:
    """The answer: what it says, and the figures that follow it."""
    answer = wording.answer(judged)[0]
    headline, *rest = re.split("[:;] ", answer, maxsplit=1)
    is_name = "=" in headline.partition(" ")[0]
    return headline if is_name else headline[:1].upper() + headline[1:], "".join(rest)
