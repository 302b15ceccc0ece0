"""The effects of keys: lines that join settings which differ in that key alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runner.compare.comparison import Judged
from runner.compare.effects import Effect, Line, effects
from runner.compare.grouping import Setting
from runner.compare.interval_plot import axis, row
from runner.compare.labels import by_values, is_number, short_keys, short_name
from runner.formatting import shown
from runner.runs import palette
from runner.runs.palette import BEST, QUIET, RULE
from runner.runs.plot_style import SMALL, WIDTH, breadth, log_scale, plain, shortened, titled
from runner.runs.sheet import EDGE, Block, place, text

PANELS = 6  # most effects of a table
COLUMNS = 2  # side by side
NAMES, NUMBERS = 6, 12  # most lines that have a colour and a name, where those are names and where they are numbers
TICKS = 12  # most values that an axis names
WIDE = 20  # ratio of the largest to the smallest value from which a scale is logarithmic
LEFT, GAP, RIGHT = 0.55, 0.55, 1.25  # inches before the axes, between them, and of the names of lines behind them
HEIGHT = 1.6


@dataclass(frozen=True)
class Panel:
    """An effect as it is drawn."""

    judged: Judged
    effect: Effect

    @cached_property
    def keys(self) -> list[str]:
        """The keys that tell the lines apart."""
        heads = [line.settings[0] for line in self.effect.lines]
        return [
            key
            for key in self.judged.table.telling_keys
            if key != self.effect.key and len({shown(head.values.get(key)) for head in heads}) > 1
        ]

    @cached_property
    def lines(self) -> list[Line]:
        """In the order of the values of those keys."""
        of = {line.settings[0]: line for line in self.effect.lines}
        return [of[head] for head in by_values(list(of), self.keys)]

    @property
    def is_toned(self) -> bool:
        """Whether the lines are those of one number."""
        return len(self.keys) == 1 and all(is_number(line.settings[0].values.get(self.keys[0])) for line in self.lines)

    @property
    def is_named(self) -> bool:
        """Whether the lines are so few that each has a colour and a name."""
        return len(self.lines) <= (NUMBERS if self.is_toned else NAMES)

    @property
    def is_scaled(self) -> bool:
        """Whether the key's values are too many to be named, and are numbers, which have a scale."""
        return len(self.effect.values) > TICKS and all(map(is_number, self.effect.values))

    @property
    def colours(self) -> list[str]:
        """Those of the lines; of many the best is blue, the effect has it first."""
        if not self.is_named:
            return [BEST if line is self.effect.lines[0] else RULE for line in self.lines]
        return palette.scale(len(self.lines)) if self.is_toned else palette.categories(len(self.lines))

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Of the axis, which the worse half of the settings does not set."""
        settings = {setting for line in self.lines for setting in line.settings}
        return axis(self.judged, [each for each in self.judged.table.settings if each in settings])

    @property
    def leaves_axis(self) -> bool:
        """Whether a value lies outside the axis."""
        means = [setting.mean for line in self.lines for setting in line.settings]
        return any(not self.ends[0] <= mean <= self.ends[1] for mean in means)


def blocks(judged: Judged) -> list[Block]:
    """A panel for each of the first keys that have an effect."""
    found = [Panel(judged, effect) for effect in islice(filter(_says_more, effects(judged.table)), PANELS)]
    said = ["Lines join settings that differ in that key alone."]
    if any(panel.is_named for panel in found) and any(each["standard_error"] is not None for each in judged.rows):
        said.append("Bars are ± one standard error.")
    if any(not panel.is_named for panel in found):
        said.append("Of very many lines the best is blue.")
    if any(panel.leaves_axis for panel in found):
        said.append("Lines that leave their axis end at values far worse.")
    tied = [key for key in judged.table.keys if key not in judged.table.telling_keys]
    if tied:
        said.append(f"Not shown, as keys shown tell it: {', '.join(tied)}.")
    rows = [_row(found[start : start + COLUMNS]) for start in range(0, len(found), COLUMNS)]
    return [*rows, text(" ".join(said), SMALL, colour=QUIET)] if found else []


def _says_more(effect: Effect) -> bool:
    """Whether there is more to see than in the plot of the settings in order."""
    return len(effect.lines) > 1 or len(effect.values) > 2


def _row(found: Sequence[Panel]) -> Block:
    whole = (WIDTH - LEFT - EDGE - GAP * (COLUMNS - 1)) / COLUMNS
    widths = [whole - (RIGHT if panel.is_named and len(panel.lines) > 1 else 0.0) for panel in found]
    aslant = any(_touch(panel, width) for panel, width in zip(found, widths, strict=True))

    def draw(figure: Figure, top: float) -> None:
        for number, (panel, width) in enumerate(zip(found, widths, strict=True)):
            axes = place(figure, LEFT + number * (whole + GAP), top - 0.24, width, HEIGHT)
            titled(axes, shortened(f"{panel.judged.table.monitor.name} by {panel.effect.key}", whole), x="")
            _lines(axes, panel)
            _name_values(axes, panel, width)
            _name_lines(axes, panel)

    return Block(HEIGHT + 0.24 + (0.62 if aslant else 0.36), draw)


def _lines(axes: Axes, panel: Panel) -> None:
    effect, count = panel.effect, len(panel.lines)
    shift = 0.12 / max(1, count - 1) if panel.is_named and not panel.is_scaled else 0.0
    for number, (line, colour) in enumerate(zip(panel.lines, panel.colours, strict=True)):
        offset = shift * (number - (count - 1) / 2)
        scaled = panel.is_scaled
        places = [each.values[effect.key] if scaled else effect.place(each) + offset for each in line.settings]
        errors = [row(panel.judged, each)["standard_error"] or 0.0 for each in line.settings]
        axes.errorbar(
            places, [each.mean for each in line.settings], errors if panel.is_named else None, color=colour,
            marker=palette.MARKERS[number % len(palette.MARKERS)] if panel.is_named else "", markersize=3.6,
            linewidth=1.1, elinewidth=0.8, zorder=2 if colour == RULE else 3, label=line.name,
        )  # fmt: skip
    axes.set_label(effect.key)
    axes.set_ylim(*panel.ends)


def _name_values(axes: Axes, panel: Panel, width: float) -> None:
    """The values below the axis: all, or a scale; aslant where they would touch one another."""
    values = panel.effect.values
    if panel.is_scaled:
        if values[0] > 0 and values[-1] > WIDE * values[0]:
            log_scale(axes, values[0], values[-1])
        return
    places = range(0, len(values), -(-len(values) // TICKS))
    axes.set_xticks(places, [plain(shortened(shown(values[each]), 0.9, SMALL)) for each in places])
    axes.set_xlim(-0.4, len(values) - 0.6)
    if _touch(panel, width):
        for label in axes.get_xticklabels():
            label.set(rotation=40, ha="right", rotation_mode="anchor")


def _touch(panel: Panel, width: float) -> bool:
    values = [shown(value) for value in panel.effect.values]
    named = values[:: -(-len(values) // TICKS)]
    return not panel.is_scaled and max(breadth(each, SMALL) for each in named) > 0.9 * width / len(named)


def _name_lines(axes: Axes, panel: Panel) -> None:
    """The name of each line at its end, apart from the others."""
    if len(panel.lines) < 2 or not panel.is_named:
        return
    low, high = axes.get_ylim()
    last = [line.settings[-1].mean for line in panel.lines]
    order = sorted(range(len(last)), key=last.__getitem__)
    need = 1.25 * SMALL / 72 / HEIGHT * (high - low)
    wanted = [min(max(last[number], low), high) for number in order]
    for number, y in zip(order, apart(wanted, need, high - need / 2), strict=True):
        words = shortened(_line_name(panel, panel.lines[number].settings[0]), RIGHT - 0.02, SMALL)
        axes.annotate(
            plain(words), (1.03, y), xycoords=("axes fraction", "data"), size=SMALL, color=panel.colours[number],
            va="center", annotation_clip=False,
        )  # fmt: skip


def _line_name(panel: Panel, setting: Setting) -> str:
    table, keys = panel.judged.table, panel.keys
    if len(keys) == 1:  # said too where it is null
        return f"{short_keys(table)[keys[0]]} {shown(setting.values.get(keys[0]))}"
    return short_name(table, setting, keys)


def apart(places: Sequence[float], need: float, high: float) -> list[float]:
    """Rising places moved up until they are `need` apart, then down where they have come above `high`."""
    found: list[float] = []
    for wanted in places:
        found.append(max(wanted, found[-1] + need) if found else wanted)
    for number in reversed(range(len(found))):
        found[number] = min(found[number], high)
        high = found[number] - need
    return found
