"""The learning curves of settings: means over the seeds with a band, the chosen epoch and those as good as it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from runner.compare import comparison
from runner.compare.comparison import Judged
from runner.compare.facets import CLEAR, LEGEND, SEEDS, Curve, Facets, facets, single_seeds
from runner.compare.grouping import Setting
from runner.compare.interval_plot import row
from runner.compare.labels import short_name
from runner.compare.sample import Array
from runner.runs.palette import QUIET
from runner.runs.plot_style import SIZE, SMALL, WIDTH, epoch_ticks, limits, log_scale, shortened, titled
from runner.runs.sheet import EDGE, Block, blank, legend, place, text

LEFT, GAP = 0.55, 0.55  # inches before the axes, and between them where each has numbers of its own
MANY = 4  # most small multiples in a row
WIDE = 4  # ratio of the most to the fewest updates (or seconds) from which their axis is logarithmic
LINE, GOOD, THIN = 1.0, 2.2, 0.5  # widths of a mean, of its epochs as good as the chosen one, of a single seed


Ends = dict[str, tuple[float, float] | None]  # of the axis of each column


@dataclass(frozen=True)
class Panel:
    """Axes: a column of metrics.csv along epochs, updates or seconds, of some of the curves."""

    title: str
    column: str
    along: str
    curves: list[Curve]


@dataclass(frozen=True)
class Row:
    """Panels side by side; `heading` is what small multiples have in common."""

    heading: str
    panels: list[Panel]


def blocks(judged: Judged) -> list[Block]:
    """The legend, the panels, and what their signs mean."""
    division = facets(judged.table)
    rows = list(_rows(judged, division))
    ends = _ends(judged, division)
    said = text(_caption(judged, division, ends, rows), SMALL, colour=QUIET)
    entries = [legend(*_legend(division), division.by)] if len(division.labels) > 1 else []
    found = [*entries, blank(0.05)]
    for each in rows:
        found += [text(each.heading, SIZE, colour=QUIET), _row(judged, division, ends, each.panels)]
    return [*found, said]


def _rows(judged: Judged, division: Facets) -> Iterator[Row]:
    """Monitor and loss by epoch, and the monitor also by what epochs cost: updates and time."""
    monitor = judged.table.monitor
    wanted = [(monitor.name, "epoch"), (monitor.loss, "epoch"), (monitor.name, "updates"), (monitor.name, "seconds")]
    wanted = list(dict.fromkeys(wanted))
    if len(division.panels) == 1:
        [curves] = division.panels.values()
        panels = [Panel(_title(column, along), column, along, curves) for column, along in wanted]
        yield from (Row("", panels[start : start + 2]) for start in range(0, len(panels), 2))
        return
    if len(division.panels) > MANY:
        wanted = wanted[:1]
    for column, along in wanted:
        if along != "updates":
            multiples = [Panel(title, column, along, curves) for title, curves in division.panels.items()]
            for start in range(0, len(multiples), MANY):
                yield Row(_title(column, along) if not start else "", multiples[start : start + MANY])


def _title(column: str, along: str) -> str:
    return {"epoch": column, "updates": f"{column} by updates", "seconds": f"{column} by training time"}[along]


def _legend(division: Facets) -> tuple[list[str], list[Line2D]]:
    """An entry for each colour that is named."""
    handles = [
        Line2D([], [], color=division.colours[each], marker=division.markers[each], markersize=4, linewidth=1.6)
        for each in division.named
    ]
    return [division.labels[each] for each in division.named], handles


def _row(judged: Judged, division: Facets, ends: Ends, panels: list[Panel]) -> Block:
    """Panels side by side: small multiples share their axis, others have each its own."""
    shared = len(division.panels) > 1
    columns = max(min(MANY, len(division.panels)), 2)
    gap = 0.14 if shared else GAP
    width = (WIDTH - LEFT - EDGE - gap * (columns - 1)) / columns
    height = min(1.75, 1.05 * width)

    def draw(figure: Figure, top: float) -> None:
        for number, panel in enumerate(panels):
            axes = place(figure, LEFT + number * (width + gap), top - 0.24, width, height)
            _panel(axes, judged, division, ends, panel)
            if shared and number:
                axes.tick_params(labelleft=False)

    return Block(height + 0.24 + 0.42, draw)


def _panel(axes: Axes, judged: Judged, division: Facets, ends: Ends, panel: Panel) -> None:
    width = axes.get_position().width * WIDTH
    clear = len(panel.curves) <= CLEAR
    for curve in panel.curves:
        colour, marker = division.colours[curve.place], division.markers[curve.place]
        _curve(axes, judged, curve.setting, panel, colour, marker, clear)
    titled(axes, shortened(panel.title, width), x="seconds" if panel.along == "seconds" else panel.along)
    if reach := ends[panel.column]:
        axes.set_ylim(*reach)
    if panel.along == "epoch":
        last = max(len(curve.setting.curve) for each in division.panels.values() for curve in each)
        best = max(panel.curves, key=lambda curve: judged.table.monitor.sign * curve.setting.mean).setting
        epoch_ticks(axes, last, row(judged, best)["chosen_epoch"])
        return
    every = [_costs(setting, panel.along) for setting in _drawn(division)]
    costs, low = [each[-1] for each in every], min(each[0] for each in every)
    if max(costs) > WIDE * min(costs):
        log_scale(axes, low, max(costs))
        axes.set_xlim(0.9 * low, 1.1 * max(costs))
    else:
        axes.set_xlim(0, 1.03 * max(costs))


def _curve(axes: Axes, judged: Judged, setting: Setting, panel: Panel, colour: str, marker: str, clear: bool) -> None:
    values = seeds(setting, panel.column)
    mean, count = values.mean(axis=0), len(values)
    along = _costs(setting, panel.along)
    if clear and count > 1:
        for seed in values[:SEEDS]:
            axes.plot(along, seed, color=colour, linewidth=THIN, alpha=0.45, zorder=2)
        error = values.std(axis=0, ddof=1) / np.sqrt(count)
        axes.fill_between(along, mean - error, mean + error, color=colour, alpha=0.16, linewidth=0, zorder=1)
    axes.plot(along, mean, color=colour, linewidth=LINE, zorder=3, label=short_name(judged.table, setting))
    found = row(judged, setting)
    first, last = found["epochs_as_good"] or (1, 1)
    if clear and first < last:
        axes.plot(along[first - 1 : last], mean[first - 1 : last], color=colour, linewidth=GOOD, zorder=3)
    if len(panel.curves) > LEGEND:
        return
    chosen = found["chosen_epoch"] - 1
    size = 4.6 if clear else 3.6
    axes.plot(
        [along[chosen]], [mean[chosen]], marker=marker, markersize=size, color=colour, markeredgecolor="white",
        markeredgewidth=0.6, zorder=4,
    )  # fmt: skip


def seeds(setting: Setting, column: str) -> Array:
    """A column of the runs of a setting, float64 [seeds, epochs], as far as all of them were trained."""
    epochs = len(setting.curve)
    return np.array([[each[column] for each in run.metrics[:epochs]] for run in setting.runs])


def _costs(setting: Setting, along: str) -> Array:
    """What each epoch has cost until its end, on the mean over the seeds, float64 [epochs]."""
    return np.array([run.along(along)[: len(setting.curve)] for run in setting.runs]).mean(axis=0)


def _ends(judged: Judged, division: Facets) -> Ends:
    """The ends of the axes. The worse half of the settings, first epochs and dead networks do not set them."""
    settings, monitor = sorted(_drawn(division), key=judged.table.settings.index), judged.table.monitor
    dead = comparison.unlearned(judged.table)
    alive = [setting for setting in settings if setting not in dead] or settings
    better = alive[: -(-len(alive) // 2)]
    found: Ends = {}
    for column in (monitor.name, monitor.loss):
        sign = monitor.sign if column == monitor.name else -1
        core = [seeds(setting, column).mean(axis=0)[len(setting.curve) > 1 :] for setting in better]
        every = [seeds(setting, column).mean(axis=0) for setting in alive]
        clear = [seeds(setting, column).ravel() for setting in better if len(settings) <= CLEAR]
        highest = [np.max(sign * values, initial=-np.inf, where=np.isfinite(values)) * sign for values in clear]
        found[column] = limits(np.concatenate([*every, highest]), np.concatenate(core), sign)
    return found


def _drawn(division: Facets) -> list[Setting]:
    return [curve.setting for curves in division.panels.values() for curve in curves]


def _caption(judged: Judged, division: Facets, ends: Ends, rows: list[Row]) -> str:
    """What the signs mean, and what is not shown."""
    settings = _drawn(division)
    clear = any(len(curves) <= CLEAR for curves in division.panels.values())
    several = clear and any(len(setting.runs) > 1 for setting in settings)
    one = settings[0].repeated
    band = f"the band is ± one standard error over the {one}s, thin lines are {single_seeds(settings)}; "
    known = clear and any(row(judged, each)["epochs_as_good"] for each in settings)
    good = ", thick the epochs that cannot be told from it" if known else ""
    said = [
        f"Lines are means over the {one}s; {band if several else ''}"
        if any(len(each.runs) > 1 for each in settings)
        else ""
    ]
    if any(len(curves) <= LEGEND for curves in division.panels.values()):
        said.append(f"marked is the chosen epoch{good}.")
    said.append(division.left_in_words)
    columns = dict.fromkeys(panel.column for each in rows for panel in each.panels)
    said += _outside(judged, division, {column: ends[column] for column in columns})
    words = " ".join(filter(None, said))
    return words[:1].upper() + words[1:]


def _outside(judged: Judged, division: Facets, ends: Ends) -> Iterator[str]:
    """For each column the curves that are cut off, or how many there are."""
    for column, reach in ends.items():
        if reach is None:
            continue
        parts = [part for setting in _drawn(division) if (part := _cut(judged, setting, column, reach))]
        if parts:
            named = ", ".join(parts) if len(parts) <= 2 else f"{len(parts)} curves in part or whole"
            yield f"Outside the axis of {column}: {named}."


def _cut(judged: Judged, setting: Setting, column: str, ends: tuple[float, float]) -> str:
    """A setting and which epochs of it lie outside the axis; empty where none does."""
    mean = seeds(setting, column).mean(axis=0)
    outside = np.flatnonzero(~((mean >= ends[0]) & (mean <= ends[1]))) + 1
    name = short_name(judged.table, setting)
    if len(outside) in (0, len(mean)):
        return name if len(outside) else ""
    if len(outside) == 1:
        return f"epoch {outside[0]} of {name}"
    return f"{len(outside)} epochs of {name}"
