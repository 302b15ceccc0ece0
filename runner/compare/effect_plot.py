"""The effects of keys: lines that join settings which differ in that key alone."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runner.compare.comparison import Judged
from runner.compare.effects import Effect, effects
from runner.compare.grouping import Setting
from runner.compare.interval_plot import FEW, interval, row
from runner.compare.labels import by_values, is_number, short_keys, short_name
from runner.formatting import shown
from runner.runs import palette
from runner.runs.palette import BEST, QUIET
from runner.runs.plot_style import SIZE, SMALL, WIDTH, breadth, limits, plain, shortened, titled
from runner.runs.sheet import EDGE, Block, place, text

PANELS = 6  # most effects of a table
COLUMNS = 2  # side by side
COLOURED = 6  # most lines of an effect that have a colour and a name
TICKS = 12  # most values that an axis names
LEFT, GAP, RIGHT = 0.5, 0.35, 1.15  # inches before the axes, between them, and of the names of lines behind them
HEIGHT = 1.5


def blocks(judged: Judged) -> list[Block]:
    """A panel for each of the first keys that have an effect."""
    found = list(islice((effect for effect in effects(judged.table) if _says_more(effect)), PANELS))
    said = "Lines join settings that differ in that key alone; bars are ± one standard error."
    if any(len(effect.lines) > COLOURED for effect in found):
        said += " Of many lines the best is blue."
    if any(_leaves(judged, effect) for effect in found):
        said += " Lines that leave their axis end at values far worse."
    tied = [key for key in judged.table.keys if key not in judged.table.telling_keys]
    if tied:
        said += f" {', '.join(tied)}: differ too, as the keys shown do."
    rows = [_row(judged, found[start : start + COLUMNS]) for start in range(0, len(found), COLUMNS)]
    return [*rows, text(said, SMALL, colour=QUIET)] if found else []


def _says_more(effect: Effect) -> bool:
    """Whether there is more to see than in the plot of the settings in order."""
    return len(effect.lines) > 1 or len(effect.values) > 2


def _row(judged: Judged, found: Sequence[Effect]) -> Block:
    width = (WIDTH - LEFT - EDGE - GAP * (COLUMNS - 1) - RIGHT * COLUMNS) / COLUMNS

    def draw(figure: Figure, top: float) -> None:
        for number, effect in enumerate(found):
            axes = place(figure, LEFT + number * (width + GAP + RIGHT), top - 0.24, width, HEIGHT)
            _panel(axes, judged, effect, width)

    aslant = any(_touch([shown(value) for value in effect.values], width) for effect in found)
    return Block(HEIGHT + 0.24 + (0.6 if aslant else 0.32), draw)


def _panel(axes: Axes, judged: Judged, effect: Effect, width: float) -> None:
    lines, keys = _in_order(judged, effect)
    colours = _colours(lines, keys)
    shift = 0.12 / max(1, len(lines) - 1) if len(lines) <= COLOURED else 0.0
    best = effect.lines[0]
    for number, (line, colour) in enumerate(zip(lines, colours, strict=True)):
        marker = palette.MARKERS[number % len(palette.MARKERS)] if len(lines) <= COLOURED else "o"
        offset = shift * (number - (len(lines) - 1) / 2)
        places = [effect.place(setting) + offset for setting in line]
        means = [setting.mean for setting in line]
        errors = [row(judged, setting)["standard_error"] or 0.0 for setting in line]
        axes.errorbar(
            places, means, errors, color=colour, marker=marker, markersize=3.6, linewidth=1.1, elinewidth=0.8,
            zorder=4 if line is best.settings else 3, label=next(e.name for e in effect.lines if e.settings is line),
        )  # fmt: skip
    values = [shown(value) for value in effect.values]
    titled(axes, shortened(f"{judged.table.monitor.name} by {effect.key}", width + RIGHT), x="")
    _name_values(axes, values, width)
    axes.set_label(effect.key)
    ends = _ends(judged, lines)
    if ends:
        axes.set_ylim(*ends)
    if len(lines) <= COLOURED:
        _name_lines(axes, judged, lines, keys, colours)


def _ends(judged: Judged, lines: Sequence[Sequence[Setting]]) -> tuple[float, float] | None:
    """The ends of the axis, which the worse half of the settings does not set."""
    settings = sorted({setting for line in lines for setting in line}, key=judged.table.settings.index)
    every = [interval(judged, setting) for setting in settings]
    better = every if len(every) <= FEW else every[: -(-len(every) // 2)]
    return limits(np.ravel(every), np.ravel(better), judged.table.monitor.sign)


def _leaves(judged: Judged, effect: Effect) -> bool:
    """Whether a value lies outside the axis."""
    lines = [line.settings for line in effect.lines]
    ends = _ends(judged, lines)
    return ends is not None and any(not ends[0] <= each.mean <= ends[1] for line in lines for each in line)


def _in_order(judged: Judged, effect: Effect) -> tuple[list[list[Setting]], list[str]]:
    """The lines in the order of the values of the keys that tell them apart, and those keys."""
    firsts = {id(line.settings[0]): line.settings for line in effect.lines}
    heads = [line.settings[0] for line in effect.lines]
    keys = [
        key
        for key in judged.table.telling_keys
        if key != effect.key and len({shown(head.values.get(key)) for head in heads}) > 1
    ]
    return [firsts[id(head)] for head in by_values(heads, keys)], keys


def _colours(lines: Sequence[Sequence[Setting]], keys: Sequence[str]) -> list[str]:
    if len(keys) == 1 and all(is_number(line[0].values.get(keys[0])) for line in lines):
        return palette.scale(len(lines))
    if len(lines) <= COLOURED:
        return palette.categories(len(lines))
    best = max(lines, key=lambda line: line[0].monitor.sign * max(each.monitor.sign * each.mean for each in line))
    return [BEST if line is best else palette.RULE for line in lines]


def _name_values(axes: Axes, values: list[str], width: float) -> None:
    """The values below the axis: all or some, aslant where they would touch one another."""
    step = -(-len(values) // TICKS)
    axes.set_xticks(range(0, len(values), step), [plain(shortened(value, 0.9, SMALL)) for value in values[::step]])
    axes.set_xlim(-0.4, len(values) - 0.6)
    if _touch(values, width):
        for label in axes.get_xticklabels():
            label.set(rotation=25, ha="right", rotation_mode="anchor")


def _touch(values: list[str], width: float) -> bool:
    named = values[:: -(-len(values) // TICKS)]
    return max(breadth(value, SMALL) for value in named) > 0.9 * width / len(named)


def _name_lines(
    axes: Axes, judged: Judged, lines: Sequence[Sequence[Setting]], keys: Sequence[str], colours: Sequence[str]
) -> None:
    """The name of each line at its end, apart from the others."""
    if len(lines) < 2:
        return
    short = short_keys(judged.table)
    low, high = axes.get_ylim()
    ends = sorted(range(len(lines)), key=lambda number: lines[number][-1].mean)
    need = 1.2 * SIZE / 72 / HEIGHT * (high - low)
    wanted = [min(max(lines[number][-1].mean, low), high) for number in ends]
    for number, y in zip(ends, apart(wanted, need, low, high), strict=True):
        setting = lines[number][0]
        name = short_name(judged.table, setting, keys) if len(keys) > 1 else shown(setting.values.get(keys[0]))
        words = f"{short[keys[0]]} {name}" if len(keys) == 1 else name
        axes.annotate(
            plain(shortened(words, RIGHT - 0.05, SMALL)), (1.02, y), xycoords=("axes fraction", "data"), size=SMALL,
            color=colours[number], va="center", annotation_clip=False,
        )  # fmt: skip


def apart(places: Sequence[float], need: float, low: float, high: float) -> list[float]:
    """Rising places moved as little as a pass up and a pass down take until they are `need` apart, within the ends."""
    found: list[float] = []
    for place_ in places:
        found.append(max(place_, found[-1] + need if found else low))
    excess = found[-1] - high
    for number in range(len(found) - 1, -1, -1):
        limit = high if number == len(found) - 1 else found[number + 1] - need
        found[number] = min(found[number], limit) if excess > 0 else found[number]
    return found
