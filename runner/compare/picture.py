"""A comparison as one picture: curves of its settings, and the effects of keys."""

from collections.abc import Sequence
from itertools import islice

from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from runner.compare.effects import Effect, effects
from runner.compare.grouping import Table
from runner.formatting import shown
from runner.runs.plot_style import NAMED, label_axes, legend_columns, new_figure, plain, png, style

PANELS = 4  # most effects of a table, side by side
WIDE = 4  # ratio of the most to the fewest updates (or seconds) from which their axis is logarithmic


def comparison(tables: Sequence[Table]) -> bytes:
    """A PNG of at least one table."""
    return png(picture(tables))


def picture(tables: Sequence[Table]) -> Figure:
    """For each table the curves of its settings, and the effects of the first keys that vary."""
    parts = [(table, list(islice(effects(table), PANELS))) for table in tables]
    heights = [[7.0 + 0.2 * min(len(table.settings), NAMED), *([3.8] if found else [])] for table, found in parts]
    figure = new_figure(11.2, sum(map(sum, heights)))
    drawn = figure.subfigures(len(tables), 1, height_ratios=[sum(height) for height in heights], squeeze=False)[:, 0]
    for part, (table, found), height in zip(drawn, parts, heights, strict=True):
        part.suptitle(plain(table.title), fontsize=11)
        upper, *lower = part.subfigures(len(height), 1, height_ratios=height, squeeze=False)[:, 0]
        _curves(upper, table)
        if lower:
            _effects(lower[0], found, table)
    return figure


def _curves(figure: SubFigure, table: Table) -> None:
    """A line for each run, in the style of its setting; also by updates and seconds, as epochs differ in both."""
    monitor = table.monitor
    panels = [(monitor.loss, "epoch"), (monitor.name, "epoch"), (monitor.name, "updates"), (monitor.name, "seconds")]
    for axes, (column, along) in zip(figure.subplots(2, 2).flat, panels, strict=True):
        for number, setting in reversed(list(enumerate(table.settings))):
            for run in setting.runs:
                values = [row[column] for row in run.metrics if column in row]
                places = run.along(along)[: len(values)]
                axes.plot(places, values, marker="o" if len(values) == 1 else "", alpha=0.8, **style(number))
        label_axes(axes, column, along)
        ends = [run.along(along)[-1] for setting in table.settings for run in setting.runs]
        if along != "epoch" and max(ends) > WIDE * min(ends):
            axes.set_xscale("log")
    named = table.settings[:NAMED]
    handles = [Line2D([], [], **style(number)) for number in range(len(named))]
    names = [plain(table.name(setting)) for setting in named]
    figure.legend(handles, names, loc="outside lower center", ncols=legend_columns(names), frameon=False, fontsize=8)


def _effects(figure: SubFigure, found: Sequence[Effect], table: Table) -> None:
    """The result by the values of each key; bars are the standard deviation over seeds."""
    panels = figure.subplots(1, len(found), squeeze=False, sharey=True)[0]
    for axes, effect in zip(panels, found, strict=True):
        for number, line in enumerate(effect.lines):
            places = [effect.place(setting) for setting in line.settings]
            means = [setting.mean for setting in line.settings]
            spread = [setting.deviation or 0.0 for setting in line.settings]
            axes.errorbar(places, means, spread, marker="o", capsize=3, label=plain(line.name), **style(number))
        values = [shown(value) for value in effect.values]
        axes.set_xticks(range(len(values)), map(plain, values), rotation=30 if max(map(len, values)) > 8 else 0)
        axes.set_xlabel(plain(effect.key))
        axes.grid(alpha=0.25)
        if 1 < len(effect.lines) <= NAMED // 2:
            axes.legend(fontsize=8, frameon=False)
    panels[0].set_ylabel(table.monitor.name)
