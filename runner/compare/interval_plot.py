"""The settings in the order of their value, each with one standard error: which can be told from the best?"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from runner.compare.answers import is_share
from runner.compare.comparison import Judged
from runner.compare.grouping import Setting, is_cut
from runner.compare.labels import is_number, short_keys
from runner.formatting import number, shown
from runner.runs.palette import BEST, QUIET, RULE, TEXT, TOLD
from runner.runs.plot_style import SMALL, WIDTH, breadth, limits, plain, shortened, titled
from runner.runs.sheet import EDGE, Block, blank, legend, place, text

NAMED = 40  # most settings that have a row of their own
ROW = 0.185  # inches of a row
WORDS, COLUMN = 3.1, 1.3  # widest names of a setting, and widest column of them, in inches
APART = 0.16  # blank between columns
LONGEST = 8  # times the better half of the settings, an axis of values
FEW = 3  # most settings that are all within the axis
RANKS = 1.5  # height of the plot of all settings by rank

FILLED: dict[str, Any] = {"marker": "o", "markersize": 4.6, "color": BEST, "markerfacecolor": BEST}
HOLLOW: dict[str, Any] = {"marker": "o", "markersize": 4.6, "color": TOLD, "markerfacecolor": "white"}
SEED: dict[str, Any] = {
    "marker": "o",
    "markersize": 2.4,
    "linestyle": "",
    "color": QUIET,
    "alpha": 0.45,
    "markeredgewidth": 0,
}
COMMONEST: dict[str, Any] = {"color": TEXT, "linestyle": (0, (4, 2)), "linewidth": 0.9}
CUT: dict[str, Any] = {"marker": "D", "markersize": 4.0, "color": TOLD, "markerfacecolor": "white"}
REFERENCE: dict[str, Any] = {"color": BEST, "linestyle": (0, (1, 1.5)), "linewidth": 0.9}


def blocks(judged: Judged) -> list[Block]:
    """The interval plot of a table with at least two settings; with many of them also all of them by rank."""
    table = judged.table
    drawn = table.settings[:NAMED]
    ends = axis(judged, drawn)
    found = [
        legend(*_legend(judged, ends)),
        blank(0.04),
        _rows(judged, drawn, ends),
        text(_caption(judged, drawn, ends), SMALL, colour=QUIET),
    ]
    if len(drawn) < len(table.settings):
        found += [blank(0.15), _by_rank(judged)]
    return found


def interval(judged: Judged, setting: Setting) -> tuple[float, float]:
    """One standard error to both sides of a setting's value; no width where no error is known."""
    error = row(judged, setting)["standard_error"] or 0.0
    return setting.mean - error, setting.mean + error


def row(judged: Judged, setting: Setting) -> dict[str, Any]:
    return judged.row(setting)


def axis(judged: Judged, settings: Sequence[Setting]) -> tuple[float, float]:
    """The ends of an axis of values of settings, which are given the best first.

    A few are all within it, of many those that do not flatten the better half.
    """
    every = [_extent(judged, setting) for setting in settings]
    better = every if len(every) <= FEW else every[: -(-len(every) // 2)]
    found = limits(np.ravel(every), np.ravel(better), judged.table.monitor.sign, LONGEST)
    assert found is not None  # what is compared has a finite value
    return found


def _extent(judged: Judged, setting: Setting) -> tuple[float, float]:
    """From the lowest to the highest of what a row shows."""
    shown_values = [*interval(judged, setting), *setting.results]
    return min(shown_values), max(shown_values)


def _legend(judged: Judged, ends: tuple[float, float]) -> tuple[list[str], list[Line2D]]:
    table, entries = judged.table, {}
    entries["the best and those not told from it"] = Line2D([], [], linewidth=1.4, **FILLED)
    styles = [_style(judged, setting) for setting in table.settings]
    if HOLLOW in styles:
        entries["worse"] = Line2D([], [], linewidth=1.4, **HOLLOW)
    if CUT in styles:
        entries["the best one's curve, cut elsewhere"] = Line2D([], [], linewidth=1.4, **CUT)
    if any(len(setting.runs) > 1 for setting in table.settings):
        entries[f"single {table.settings[0].repeated}s"] = Line2D([], [], **SEED)
    if _commonest(judged, ends) is not None:
        entries["commonest class"] = Line2D([], [], **COMMONEST)
    if not judged.chosen:
        entries["the reference"] = Line2D([], [], **REFERENCE)
    return [*entries], [*entries.values()]


def _commonest(judged: Judged, ends: tuple[float, float]) -> float | None:
    """The share of the commonest class, where it is a value of the axis and within it."""
    share = judged.table.commonest
    return share if share is not None and is_share(judged.best) and ends[0] < share < ends[1] else None


def _rows(judged: Judged, settings: list[Setting], ends: tuple[float, float]) -> Block:
    columns = _columns(judged, settings)
    lefts = np.cumsum([0.0, *(width + APART for _, _, width in columns)]) + EDGE
    written = [_value(judged, setting) for setting in settings]
    right = max(map(breadth, written))
    left = float(lefts[-1]) + 0.06
    height = ROW * len(settings)

    def draw(figure: Figure, top: float) -> None:
        axes = place(figure, left, top - 0.2, WIDTH - left - right - 0.1 - EDGE, height)
        _intervals(axes, judged, settings, ends)
        high = figure.get_figheight()
        for (head, cells, width), start in zip(columns, lefts, strict=False):
            aligned = all(is_number(cell) or cell is None for cell in cells)
            x, side = (start + width, "right") if aligned else (start, "left")
            figure.text(x / WIDTH, (top - 0.13) / high, plain(head), size=SMALL, color=QUIET, ha=side)
            for line, cell in enumerate(cells):
                y = (top - 0.2 - ROW * (line + 0.5)) / high
                words = "" if cell is None else shortened(shown(cell), width)
                colour = TEXT if settings[line] in judged.good else QUIET
                figure.text(x / WIDTH, y, plain(words), color=colour, ha=side, va="center_baseline")
        end = 1 - EDGE / WIDTH
        figure.text(end, (top - 0.13) / high, plain(judged.table.monitor.name), size=SMALL, color=QUIET, ha="right")
        for line, words in enumerate(written):
            colour = TEXT if settings[line] in judged.good else QUIET
            y = (top - 0.2 - ROW * (line + 0.5)) / high
            figure.text(end, y, words, color=colour, ha="right", va="center_baseline")

    return Block(height + 0.2 + 0.42, draw)


def _columns(judged: Judged, settings: list[Setting]) -> list[tuple[str, list[Any], float]]:
    """For each key that tells the settings, as far as there is room: its heading, values and width in inches."""
    found: list[tuple[str, list[Any], float]] = []
    used = 0.0
    for key in _keys(judged):
        head = short_keys(judged.table)[key]
        cells = [setting.values.get(key) for setting in settings]
        widest = max(breadth(head, SMALL), *(breadth(shown(cell)) for cell in cells if cell is not None))
        width = min(widest, COLUMN)
        if found and used + width > WORDS:
            break
        found.append((shortened(head, width, SMALL), cells, width))
        used += width + APART
    return found


def _keys(judged: Judged) -> list[str]:
    return judged.table.telling_keys


def _value(judged: Judged, setting: Setting) -> str:
    error = row(judged, setting)["standard_error"]
    return number(setting.mean) if error is None else f"{number(setting.mean)} ± {number(error)}"


def _intervals(axes: Axes, judged: Judged, settings: list[Setting], ends: tuple[float, float]) -> None:
    """A line for each setting, the best at the top; what lies outside the axis is an arrow at its end."""
    for line, setting in enumerate(settings):
        axes.axhline(line, color=RULE, linewidth=0.5, zorder=0)
        style = _style(judged, setting)
        if len(setting.runs) > 1:
            axes.plot(setting.results, [line] * len(setting.runs), zorder=2, **SEED)
        low, high = interval(judged, setting)
        axes.plot([low, high], [line, line], color=style["color"], linewidth=1.4, zorder=3)
        axes.plot([setting.mean], [line], zorder=4, **style)
        if not ends[0] <= setting.mean <= ends[1]:
            below = setting.mean < ends[0]
            end, marker = (ends[0], "<") if below else (ends[1], ">")
            axes.plot([end], [line], marker=marker, color=style["color"], markersize=4.5, clip_on=False, zorder=4)
    if (share := _commonest(judged, ends)) is not None:
        axes.axvline(share, zorder=1, **COMMONEST)
    if not judged.chosen:
        axes.axvline(judged.reference.mean, zorder=1, **REFERENCE)
    axes.set_xlim(*ends)
    axes.set_ylim(len(settings) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(plain(judged.table.monitor.name), labelpad=2)
    axes.set_label("intervals")


def _style(judged: Judged, setting: Setting) -> dict[str, Any]:
    if setting in judged.good:
        return FILLED
    return CUT if is_cut(setting, judged.best) else HOLLOW


def _caption(judged: Judged, settings: list[Setting], ends: tuple[float, float]) -> str:
    """What the signs mean, and what is not shown."""
    covers = sorted({each for _, found in judged.verdicts for each in found.covers}, reverse=True)
    known = any(each["standard_error"] is not None for each in judged.rows)
    over = f" over {' and '.join(covers)}" if covers else ""
    said = [f"Lines: ± one standard error{over}." if known else "No standard error is known: one seed each."]
    outside = sum(not ends[0] <= setting.mean <= ends[1] for setting in settings)
    if outside:
        said.append(f"Arrows: {outside} beyond the axis, which the better half sets.")
    hidden = _keys(judged)[len(_columns(judged, settings)) :]
    if hidden:
        said.append(f"No room for {', '.join(hidden)}.")
    tied = [key for key in judged.table.keys if key not in judged.table.telling_keys]
    if tied:
        said.append(f"Not shown, as keys shown tell it: {', '.join(tied)}.")
    return " ".join(said)


def _by_rank(judged: Judged) -> Block:
    """All settings by rank, the best first."""
    settings = judged.table.settings
    values = [setting.mean for setting in settings]
    ends = limits(values, values[: -(-len(values) // 2)], judged.table.monitor.sign, LONGEST)
    assert ends is not None
    good = [setting in judged.good for setting in settings]

    def draw(figure: Figure, top: float) -> None:
        axes = place(figure, 0.55, top - 0.25, WIDTH - 0.55 - EDGE, RANKS)
        bars = np.array([interval(judged, setting) for setting in settings])
        ranks = np.arange(1, len(settings) + 1)
        for chosen, colour in ((False, TOLD), (True, BEST)):
            mine = np.array([each is chosen for each in good])
            axes.vlines(ranks[mine], bars[mine, 0], bars[mine, 1], color=colour, linewidth=0.7, alpha=0.6)
            axes.plot(ranks[mine], np.array(values)[mine], ".", markersize=2.5, color=colour)
        titled(axes, f"all {len(settings)} settings by rank: {judged.table.monitor.name}", x="rank")
        axes.set_xlim(0, len(settings) + 1)
        axes.set_ylim(*ends)
        axes.set_label("ranks")

    below = sum(not ends[0] <= value <= ends[1] for value in values)
    said = f"{below} of {len(settings)} lie beyond the axis; the rows above are the best {NAMED}" if below else ""
    height = RANKS + 0.25 + 0.42
    note = text(said, SMALL, colour=QUIET)

    def both(figure: Figure, top: float) -> None:
        draw(figure, top)
        note.draw(figure, top - height)

    return Block(height + note.height, both)


def is_drawn(judged: Judged) -> bool:
    """Whether there is anything to put in order."""
    return len(judged.table.settings) > 1 and all(math.isfinite(setting.mean) for setting in judged.table.settings)
