"""The report's Bokeh models: the table of runs, the curves, the effects."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.compare.effects import Effect, is_number
from runner.compare.grouping import Setting, Table
from runner.compare.report.view import LINES, Field, View, clean, escaped
from runner.formatting import shown

if TYPE_CHECKING:
    from bokeh.model import Model
    from bokeh.models import Column, ColumnDataSource
    from bokeh.models.widgets.tables import DataTable
    from bokeh.plotting import figure

Columns = dict[str, Any]  # of Bokeh's ColumnDataSource: lists of one length
SPACED = 8  # most values of a number that are drawn at equal distances; more are drawn on a scale
NAMED_VALUES = 20  # most values of a key that its axis names
MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle")  # as in report.js


def plots(views: list[View]) -> tuple[list[str], dict[str, str]]:
    """Bokeh's scripts, and for each plot and table by name the HTML element that it is drawn into."""
    from bokeh.document import Document
    from bokeh.embed import components
    from bokeh.resources import Resources

    found = models(views)
    document = Document()
    for model in found.values():
        document.add_root(model)
    script, placed = components(found, wrap_script=False)
    inline = Resources(mode="inline", components=["bokeh", "bokeh-widgets", "bokeh-tables"], log_level="error")
    return [*inline.js_raw, script], placed


def models(views: list[View]) -> "dict[str, Model]":
    """Bokeh's models by name: `t0-table`, `t0-curves`, `t0-effect0`."""
    found: dict[str, Model] = {}
    for view in views:
        found[f"{view.prefix}-table"] = _data_table(view)
        found[f"{view.prefix}-curves"] = _curves(view.prefix)
        for place, effect in enumerate(view.effects):
            found[f"{view.prefix}-effect{place}"] = _effect_plot(f"{view.prefix}-effect{place}", effect, view.table)
    return found


def _data_table(view: View) -> "DataTable":
    from bokeh.models import BooleanFilter, CDSView, ColumnDataSource, InlineStyleSheet
    from bokeh.models.widgets.tables import DataTable, TableColumn

    data: Columns = {f"f{place}": field.values for place, field in enumerate(view.fields)}
    columns = [
        TableColumn(field=f"f{place}", title=escaped(field.title), width=field.width, formatter=_formatter(field))
        for place, field in enumerate(view.fields)
    ]
    numbers = [place for place, field in enumerate(view.fields) if field.is_number]
    to_the_right = "".join(f".slick-header-column:nth-child({place + 2}) {{ text-align: right; }}" for place in numbers)
    passing = BooleanFilter(booleans=[True] * len(view.runs), name=f"{view.prefix}-passing")
    return DataTable(
        source=ColumnDataSource(data, name=f"{view.prefix}-runs"),
        view=CDSView(filter=passing),
        columns=columns,
        selectable="checkbox",
        index_position=None,
        autosize_mode="none",
        reorderable=False,
        sizing_mode="stretch_width",
        height=min(420, 34 + 30 * len(view.runs) + 18),
        row_height=30,
        stylesheets=[InlineStyleSheet(css=TABLE_STYLE + to_the_right)],
    )


# The table is a shadow tree, which the page's style sheet does not reach; its colours do.
TABLE_STYLE = """
:host { font: inherit; }
.slick-grid, .slick-viewport, .slick-header, .slick-header-columns { background: var(--page); color: var(--text); }
.slick-header.slick-header { border-bottom: 1px solid var(--edge); }
.slick-header-column.slick-header-column { background: var(--shade); color: var(--text); font-weight: 600; }
.slick-row.slick-row, .slick-row.slick-row .slick-cell { background: var(--page); color: var(--text); }
.slick-row.slick-row .slick-cell.selected, .slick-row.slick-row:hover .slick-cell { background: var(--picked); }
.slick-cell.slick-cell, .slick-header-column.slick-header-column {
  border-width: 0 0 1px; border-style: solid; border-color: var(--edge); font-size: 0.88rem; padding: 0 12px 0 4px;
}
.slick-cell.slick-cell { line-height: 29px; }
.slick-cell:first-child { padding-right: 0 !important; }
.slick-header-column:first-child { text-overflow: clip; }
.slick-header-column.slick-header-column { padding: 4px 12px 4px 4px; }
.slick-header-column .slick-column-name { float: none; }
.slick-header-column .slick-sort-indicator { position: absolute; right: 2px; top: 9px; margin: 0; float: none; }
"""


def _formatter(field: Field) -> Any:
    from bokeh.models.widgets.tables import NumberFormatter, StringFormatter

    if field.form:
        return NumberFormatter(format=field.form, text_align="right", nan_format="")
    return StringFormatter(text_align="right" if field.is_number else "left")


def _curves(prefix: str) -> "Column":
    """Two plots of the same curves, linear and log, one of them visible; report.js fills them."""
    from bokeh.layouts import column
    from bokeh.models import ColumnDataSource

    lines: Columns = {"xs": [[1]], "ys": [[1]], "color": ["gray"], "width": [1]}
    points: Columns = {name: [1] for name in ("x", "y", "run", "metric", "epoch", "updates", "seconds")}
    marks: Columns = {"x": [1], "y": [1], "color": ["gray"], "marker": ["circle"]}
    columns = {"training": lines, "validation": lines, "points": points, "marks": marks}
    sources = {part: ColumnDataSource(data, name=f"{prefix}-{part}") for part, data in columns.items()}
    plots = [_curve_plot(f"{prefix}-{scale}", scale, sources) for scale in ("linear", "log")]
    return column(plots, sizing_mode="stretch_width")


def _curve_plot(name: str, scale: str, sources: dict[str, "ColumnDataSource"]) -> "figure":
    tooltips = [("run", "@run"), ("metric", "@metric"), ("value", "@y{0.0000}"), ("epoch", "@epoch")]
    tooltips += [("updates", "@updates{0,0}"), ("seconds", "@seconds{0.0}")]
    plot = _figure(name, "epoch", "value", 420, tooltips, y_axis_type=scale, visible=scale == "linear")
    training, validation = sources["training"], sources["validation"]
    plot.multi_line("xs", "ys", source=training, line_color="color", line_width=1.2, line_dash=[6, 4])
    plot.multi_line("xs", "ys", source=validation, line_color="color", line_width="width")
    plot.scatter("x", "y", source=sources["marks"], marker="marker", size=9, color="color")
    hit = plot.scatter("x", "y", source=sources["points"], size=9, alpha=0)
    plot.hover.renderers = [hit]
    return plot


def _figure(name: str, along: str, up: str, height: int, tooltips: list[tuple[str, str]], **named: Any) -> "figure":
    from bokeh.models import HoverTool, PlainText
    from bokeh.plotting import figure

    hover = HoverTool(tooltips=tooltips, limit=2)
    plot = figure(
        name=name,
        height=height,
        sizing_mode="stretch_width",
        tools=["box_zoom", "pan", "reset", "save", hover],
        toolbar_location="above",
        min_border_right=12,
        border_fill_color=None,  # a colour would leave a hairline at the edge
        outline_line_color=None,
        **named,
    )
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    plot.xaxis.axis_label, plot.yaxis.axis_label = (
        PlainText(text=clean(along)),
        PlainText(text=clean(up)),
    )
    for axis in (plot.xaxis, plot.yaxis):
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "13px"
    return plot


def _effect_plot(name: str, effect: Effect, table: Table) -> "figure":
    from bokeh.models import ColumnDataSource

    scaled = len(effect.values) > SPACED and all(map(is_number, effect.values))
    log = scaled and effect.values[0] > 0 and effect.values[-1] / effect.values[0] >= 20
    tooltips = [("", "@setting"), ("mean", "@y{0.0000}"), ("spread", "@spread"), ("seeds", "@seeds")]
    plot = _figure(name, effect.key, table.monitor.name, 300, tooltips, x_axis_type="log" if log else "linear")
    sources = {
        part: ColumnDataSource({**data, "color": ["#0072B2"] * len(data["style"])}, name=f"{name}-{part}")
        for part, data in _effect_data(_dots(effect, scaled), table).items()
    }
    plot.multi_line("xs", "ys", source=sources["lines"], line_color="color", line_width=1.8)
    plot.segment("x", "low", "x", "high", source=sources["whiskers"], line_color="color", line_width=1.5)
    for end in ("low", "high"):
        plot.scatter("x", end, source=sources["whiskers"], marker="dash", size=9, line_color="color", line_width=1.5)
    means = plot.scatter("x", "y", source=sources["points"], marker="marker", size="size", color="color")
    plot.hover.renderers = [means]
    if not scaled:
        _name_ticks(plot, [shown(each) for each in effect.values])
    return plot


@dataclass(frozen=True)
class Dot:
    """A setting in an effect plot: its place along the key's values, and the style of its line (-1: none)."""

    x: float
    setting: Setting
    style: int

    @property
    def ends(self) -> tuple[float, float] | None:
        """The ends of its whisker; None with a single seed."""
        mean, spread = self.setting.mean, self.setting.deviation
        return None if spread is None else (mean - spread, mean + spread)


def _dots(effect: Effect, scaled: bool) -> list[list[Dot]]:
    """A row of dots for each line; the lines are drawn side by side, so that no whisker hides another."""
    count = min(len(effect.lines), LINES)
    rows = []
    for place, line in enumerate(effect.lines):
        style = (place if place < LINES else -1) if effect.joins else 0
        aside = (place - (count - 1) / 2) * min(0.08, 0.6 / count) if place < LINES and not scaled else 0.0
        places = [effect.place(each) for each in line.settings]
        xs = [effect.values[each] if scaled else each for each in places]
        rows.append([Dot(x + aside, each, style) for x, each in zip(xs, line.settings, strict=True)])
    return rows


def _effect_data(rows: list[list[Dot]], table: Table) -> dict[str, Columns]:
    """The columns of the sources for lines, points and whiskers."""
    dots = [dot for row in rows for dot in row]
    spread = [(dot, dot.ends) for dot in dots if dot.ends and dot.style >= 0]
    return {
        "lines": {
            "xs": [[dot.x for dot in row] for row in rows],
            "ys": [[dot.setting.mean for dot in row] for row in rows],
            "style": [row[0].style for row in rows],
        },
        "points": {
            "x": [dot.x for dot in dots],
            "y": [dot.setting.mean for dot in dots],
            "style": [dot.style for dot in dots],
            "marker": [MARKERS[max(dot.style, 0) % len(MARKERS)] for dot in dots],
            "size": [9 if dot.style >= 0 else 4 for dot in dots],
            "setting": [clean(table.name(dot.setting)) for dot in dots],
            "spread": [f"{dot.setting.deviation:.4f}" if dot.ends else "unknown" for dot in dots],
            "seeds": [len(dot.setting.results) for dot in dots],
        },
        "whiskers": {
            "x": [dot.x for dot, _ in spread],
            "low": [ends[0] for _, ends in spread],
            "high": [ends[1] for _, ends in spread],
            "style": [dot.style for dot, _ in spread],
        },
    }


def _name_ticks(plot: "figure", names: list[str]) -> None:
    """Names at 0, 1, 2, …; long ones are cut, and slanted where they would not fit side by side."""
    from bokeh.models import FixedTicker, PlainText, Range1d

    plot.x_range = Range1d(start=-0.5, end=len(names) - 0.5)
    step = math.ceil(len(names) / NAMED_VALUES)
    cut = [name if len(name) <= 18 else f"{name[:17]}…" for name in map(clean, names)]
    plot.xaxis.ticker = FixedTicker(ticks=list(range(0, len(names), step)), minor_ticks=[])
    plot.xaxis.major_label_overrides = {place: PlainText(text=name) for place, name in enumerate(cut)}
    plot.xgrid.ticker = plot.xaxis.ticker
    if sum(map(len, cut)) > 32:
        plot.xaxis.major_label_orientation = math.pi / 5
