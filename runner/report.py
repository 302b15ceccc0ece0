"""A comparison as one HTML page that opens offline: tables, curves, effects, configs. Reads records only.

What a record says is text here, never markup: `_text` puts it into HTML, PlainText into Bokeh's plots.
"""

import base64
import hashlib
import json
import math
import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.comparison import Comparison
from runner.config import shown
from runner.recorded import COMPLETED, CRASHED, RUNNING, Run, flat
from runner.settings import Setting, Table

if TYPE_CHECKING:
    from bokeh.models import Column, ColumnDataSource
    from bokeh.models.widgets.tables import DataTable
    from bokeh.plotting import figure

Columns = dict[str, Any]  # of Bokeh's ColumnDataSource: a list each, of one length

DRAWN = 50  # runs whose curves stand in a plot at once
NAMED = 12  # runs or settings among them that have a colour and a name
LINES = 6  # lines of an effect that have a colour and a name
OWN = 8  # runs that are few enough for a style each; more have that of their setting
SPACED = 8  # values of a number that stand side by side; more stand on a scale
SHOWN_VALUES = 20  # of a key, that have a name in its plot
EFFECTS = 12  # plots of a table
POINTS = 50_000  # epochs of all runs of a table together; of more, evenly spaced ones are kept
MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle")  # as in report.js


@dataclass(frozen=True)
class Field:
    """A column of the table of runs: the value that it is sorted by and the text that is shown, for each run."""

    title: str
    values: list[Any]
    texts: list[str]
    form: str | None = None  # Bokeh's format of a number

    @cached_property
    def is_number(self) -> bool:
        return all(isinstance(value, int | float) for value in self.values)

    @property
    def width(self) -> int:
        """Pixels that show the longest text, within reason."""
        return min(320, 34 + 8 * max(map(len, [self.title, *self.texts])))


@dataclass(frozen=True)
class Effect:
    """What a key does to the monitored value: its values, and a line for each choice of the other keys."""

    key: str
    values: list[Any]
    lines: list[tuple[str, list[Setting]]]

    @property
    def joins(self) -> bool:
        """Whether some settings differ in this key alone."""
        return any(len(settings) > 1 for _, settings in self.lines)


@dataclass(frozen=True)
class View:
    """A table of the comparison with all that the page shows of it; its models are named with this prefix."""

    prefix: str
    table: Table
    runs: list[Run]
    setting_of: list[int]
    fields: list[Field]
    effects: list[Effect]


def page(comparison: Comparison, *, command: str, sentences: list[str]) -> str:
    """The page; `command` is what makes it again, `sentences` are the verdict in words."""
    everyone = [run for judged in comparison.tables for each in judged.table.settings for run in each.runs]
    names = _names([*everyone, *comparison.left_out])
    views = [_view(f"t{place}", judged.table, names) for place, judged in enumerate(comparison.tables)]
    heading = f"Comparison of {len(everyone):,} {'run' if len(everyone) == 1 else 'runs'}"
    scripts, placed = _plots(views) if views else ([], {})
    body = [
        f"<main><h1>{heading}</h1>",
        _verdict(sentences),
        *(_section(view, names, placed) for view in views),
        _left_out(comparison.left_out, names),
        f"<h2>Make this page again</h2><pre><code>{_text(command)}</code></pre></main>",
    ]
    return _document(heading, body, [*scripts, _asset("report.js")] if views else [], _payload(views, names))


def _document(heading: str, body: list[str], scripts: list[str], payload: str) -> str:
    """The parts as one page. Its policy runs these very scripts alone, and fetches nothing."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    policy = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{heading}</title><style>{_asset('report.css')}</style></head><body>",
        *body,
        f'<script type="application/json" id="report-data">{payload}</script>',
        *(f"<script>{script}</script>" for script in scripts),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _text(value: object) -> str:
    """Text as HTML shows it; what no encoding knows, as a name of bytes that are not UTF-8 has it, becomes `?`."""
    return escape(_clean(str(value)))


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _names(runs: Sequence[Run]) -> dict[Path, str]:
    """Folders as short as they are unique: from the folder that all are in."""
    full = {run.folder: Path(os.path.abspath(run.folder)) for run in runs}
    base = os.path.commonpath([folder.parent for folder in full.values()]) if full else ""
    return {folder: _clean(path.relative_to(base).as_posix()) for folder, path in full.items()}


# What a table shows ------------------------------------------------------------------------------------------------


def _view(prefix: str, table: Table, names: dict[Path, str]) -> View:
    placed = [(place, run) for place, setting in enumerate(table.settings) for run in setting.runs]
    placed.sort(key=lambda each: each[1].rank)
    runs = [run for _, run in placed]
    of = [place for place, _ in placed]
    fields = list(_fields(table, runs, [table.settings[place] for place in of], names))
    return View(prefix, table, runs, of, fields, list(islice(_effects(table), EFFECTS)))


def _fields(table: Table, runs: list[Run], settings: list[Setting], names: dict[Path, str]) -> Iterator[Field]:
    yield _words("run", [names[run.folder] for run in runs])
    for key in table.keys:
        yield _of_key(key, [setting.values.get(key, "") for setting in settings])
    yield _words("seed", [run.record["seed"] for run in runs])
    yield _words("best epoch", [run.record["best_epoch"] for run in runs])
    monitored = [run.best[table.monitor] for run in runs]
    yield _number(table.monitor, monitored, "0.0000")
    if table.training != table.monitor:
        training = [run.best.get(table.training, math.nan) for run in runs]
        gaps = [table.sign() * (other - value) for other, value in zip(training, monitored, strict=True)]
        yield _number(table.training, training, "0.0000")
        yield _number("gap", gaps, "0.0000")
    yield _number("updates", [run.updates for run in runs], "0,0")
    yield _number("seconds", [run.seconds for run in runs], "0.0")
    yield _words("status", [run.status for run in runs])


def _words(title: str, values: list[Any]) -> Field:
    return Field(title, values, [_clean(str(value)) for value in values])


def _of_key(key: str, values: list[Any]) -> Field:
    """Numbers stay numbers, to be sorted as such; all else is text."""
    texts = [_clean(shown(value)) if value != "" else "" for value in values]
    numbers = all(_is_number(value) and abs(value) < 2**53 for value in values)
    return Field(key, values if numbers else texts, texts)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(title: str, values: list[Any], form: str) -> Field:
    style = {"0.0000": ".4f", "0,0": ",", "0.0": ".1f"}[form]
    return Field(title, values, [format(value, style) for value in values], form)


def _effects(table: Table) -> Iterator[Effect]:
    """An effect for each key that has several values; a key that not all settings know goes with its group's name."""
    everywhere = set.intersection(*(set(setting.values) for setting in table.settings))
    for key in table.keys:
        having = [setting for setting in table.settings if key in setting.values]
        values = _ordered([setting.values[key] for setting in having])
        if len(values) < 2:
            continue
        group = key.removesuffix("name") if key.endswith(".name") else None
        others = [each for each in table.keys if each != key]
        others = [each for each in others if each in everywhere or not (group and each.startswith(group))]
        lines: dict[str, list[Setting]] = {}
        for setting in having:
            words = [f"{each}={shown(setting.values[each])}" for each in others if each in setting.values]
            lines.setdefault(" ".join(words), []).append(setting)
        yield Effect(key, values, list(lines.items()))


def _ordered(values: Iterable[Any]) -> list[Any]:
    """Each value once: numbers by size, all else by its text."""
    unique = list({shown(value): value for value in values}.values())
    return sorted(unique) if all(map(_is_number, unique)) else sorted(unique, key=shown)


# HTML --------------------------------------------------------------------------------------------------------------


def _verdict(sentences: list[str]) -> str:
    items = "".join(f"<li>{_text(sentence)}</li>" for sentence in sentences)
    return f'<h2>Verdict</h2><ul class="verdict">{items}</ul>' if items else ""


def _section(view: View, names: dict[Path, str], placed: dict[str, str]) -> str:
    prefix = view.prefix
    effects = "".join(_effect_figure(view, place, placed) for place in range(len(view.effects)))
    thinned = f" One epoch in {_step(view.runs)} is drawn." if _step(view.runs) > 1 else ""
    return "\n".join(
        [
            f'<section aria-labelledby="{prefix}-title"><h2 id="{prefix}-title">{_text(view.table.title)}</h2>',
            f"<h3>Runs</h3>{_filter(prefix)}<div class=plot>{placed[f'{prefix}-table']}</div>",
            _plain_table(view),
            f"<h3>Curves</h3>{_choices(view)}",
            f'<p class="quiet"><span role="status" id="{prefix}-said"></span>{thinned}</p>',
            f"<figure><div class=plot>{placed[f'{prefix}-curves']}</div>",
            f'<ul class="legend" id="{prefix}-legend"></ul>',
            f"<figcaption>{_best_in_words(view, names)}</figcaption></figure>",
            f'<h3>Effects on {_text(view.table.monitor)}</h3><div class="effects">{effects}</div>' if effects else "",
            _configs(view.runs, names),
            "</section>",
        ]
    )


def _filter(prefix: str) -> str:
    return (
        f'<div class="controls"><label for="{prefix}-filter">Only runs with these words'
        f'<input type="search" id="{prefix}-filter" autocomplete="off" spellcheck="false"></label>'
        f'<button type="button" id="{prefix}-clear" disabled>Pick none</button></div>'
    )


def _choices(view: View) -> str:
    metrics = "".join(f"<option>{_text(name)}</option>" for name in _metrics(view))
    return (
        f'<div class="controls"><label for="{view.prefix}-metric">Metric'
        f'<select id="{view.prefix}-metric">{metrics}</select></label>'
        + _radios(f"{view.prefix}-axis", "Along", {"epoch": "epochs", "updates": "updates", "seconds": "seconds"})
        + _radios(f"{view.prefix}-scale", "Scale", {"linear": "linear", "log": "log"})
        + "</div>"
    )


def _radios(name: str, title: str, choices: dict[str, str]) -> str:
    buttons = [
        f'<label><input type="radio" name="{name}" value="{value}"{"" if place else " checked"}> {text}</label>'
        for place, (value, text) in enumerate(choices.items())
    ]
    return f'<fieldset id="{name}"><legend>{title}</legend><div>{"".join(buttons)}</div></fieldset>'


def _plain_table(view: View) -> str:
    """The table for the keyboard and for screen readers; its boxes pick runs as those of the other one do."""
    heads = "".join(f'<th scope="col"{_numeric(field)}>{_text(field.title)}</th>' for field in view.fields)
    rows = []
    for place, _ in enumerate(view.runs):
        name, *cells = [field.texts[place] for field in view.fields]
        box = f'<input type="checkbox" aria-label="Show the curves of {_text(name)}" autocomplete="off">'
        columns = zip(view.fields[1:], cells, strict=True)
        rest = "".join(f"<td{_numeric(field)}>{_text(cell)}</td>" for field, cell in columns)
        rows.append(f'<tr><td>{box}</td><th scope="row">{_text(name)}</th>{rest}</tr>')
    title = _text(view.table.title)
    return (
        f'<details id="{view.prefix}-plain"><summary>The same table as plain text</summary>'
        f'<div class="box" tabindex="0" role="region" aria-label="Runs"><table><caption>{title}, best first</caption>'
        f'<thead><tr><th scope="col">curves</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></details>"
    )


def _numeric(field: Field) -> str:
    return ' class="number"' if field.is_number else ""


def _best_in_words(view: View, names: dict[Path, str]) -> str:
    run, table = view.runs[0], view.table
    part = "" if table.training == table.monitor else f"; {table.training} {run.best.get(table.training, math.nan):.4f}"
    return _text(
        f"Best: {names[run.folder]} with {table.monitor} {run.monitored:.4f} at epoch {run.record['best_epoch']}"
        f"{part}. {'More' if table.sign() > 0 else 'Less'} is better."
    )


def _effect_figure(view: View, place: int, placed: dict[str, str]) -> str:
    effect, name = view.effects[place], f"{view.prefix}-effect{place}"
    words = [line for line, _ in effect.lines]
    items = "".join(f"<li>{_text(each)}</li>" for each in words[:LINES])
    legend = f'<ul class="legend" data-styles>{items}</ul>' if effect.joins and len(words) > 1 else ""
    caption = _text(_effect_in_words(effect, view.table))
    return f"<figure><div class=plot>{placed[name]}</div>{legend}<figcaption>{caption}</figcaption></figure>"


def _effect_in_words(effect: Effect, table: Table) -> str:
    """What is best and worst, each in the mean of its settings, and how the plot is to be read."""
    means = []
    for value in effect.values:
        settings = [each for _, line in effect.lines for each in line if shown(each.values[effect.key]) == shown(value)]
        means.append((table.sign() * sum(each.mean for each in settings) / len(settings), shown(value)))
    (worst, low), (best, high) = min(means), max(means)
    spread = any(each.deviation is not None for _, line in effect.lines for each in line)
    ends = f"{table.monitor} {table.sign() * best:.4f}, worst with {low}: {table.sign() * worst:.4f}"
    words = [
        f"Best with {effect.key}={high}: {ends}{' in the mean over the other keys' if len(effect.lines) > 1 else ''}.",
        "Whiskers: one standard deviation over the seeds." if spread else "One seed a setting: no spread is known.",
    ]
    if not effect.joins:
        words.append("No two settings differ in this key alone, so no line joins them.")
    elif len(effect.lines) > LINES:
        words.append(f"Of {len(effect.lines)} lines, the best {LINES} have a colour.")
    return " ".join(words)


def _configs(runs: list[Run], names: dict[Path, str]) -> str:
    items = "".join(
        f"<details><summary>{_text(names[run.folder])}</summary><pre>{_text(_config(run))}</pre></details>"
        for run in runs
    )
    return f"<details><summary>Each run’s full config</summary>{items}</details>"


def _config(run: Run) -> str:
    """The folder, the command that trains it again, and the config a key a line as the command line takes it."""
    epochs = "training.epochs="
    words = [word for word in run.record["overrides"] if not str(word).startswith(epochs)]
    words.append(f"{epochs}{run.record['config']['training']['epochs']}")  # resume may have set another number
    command = shlex.join(["python", "-m", "runner", *map(str, words)])
    lines = [f"{key}={shown(value)}" for key, value in flat(run.record["config"])]
    return "\n".join([f"# {run.folder}", command, "", *lines])


def _left_out(runs: list[Run], names: dict[Path, str]) -> str:
    if not runs:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{_text(names[run.folder])}</th><td>{_text(run.status)}</td>'
        f'<td class="reason">{_text(_reason(run))}</td></tr>'
        for run in runs
    )
    return (
        "<h2>Left out</h2><p>These runs are in none of the tables, plots or verdicts above.</p>"
        '<div class="box" tabindex="0" role="region" aria-label="Runs left out"><table>'
        f"<caption>{len(runs):,} left out</caption><thead><tr>"
        '<th scope="col">run</th><th scope="col">status</th><th scope="col">reason</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{_configs(runs, names)}"
    )


def _reason(run: Run) -> str:
    known = {
        CRASHED: "its process ended without a word: killed, or out of memory",
        RUNNING: "it is still training",
        COMPLETED: f"{run.record['monitor']} was a number at no epoch",
    }
    return run.record.get("error") or known.get(run.status, "")


# What report.js draws from -----------------------------------------------------------------------------------------


def _payload(views: list[View], names: dict[Path, str]) -> str:
    """JSON that stands in a script: no `<` in it."""
    figures = [f"{view.prefix}-{scale}" for view in views for scale in ("linear", "log")]
    effects = [f"{view.prefix}-effect{place}" for view in views for place in range(len(view.effects))]
    painted = [f"{name}-{part}" for name in effects for part in ("lines", "points", "whiskers")]
    payload = {
        "drawn": DRAWN,
        "named": NAMED,
        "own": OWN,
        "tables": [_table_payload(view, names) for view in views],
        "figures": figures + effects,
        "painted": painted,
    }
    return json.dumps(payload, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _table_payload(view: View, names: dict[Path, str]) -> dict[str, Any]:
    columns = _columns(view.runs)
    step = _step(view.runs)
    texts = zip(*(field.texts for field in view.fields), strict=True)
    return {
        "names": [names[run.folder] for run in view.runs],
        "settings": view.setting_of,
        "settingNames": [_clean(view.table.name(setting)) for setting in view.table.settings],
        "search": ["\n".join(row).lower() for row in texts],
        "columns": columns,
        "runs": [_curve(run, columns, step) for run in view.runs],
    }


def _columns(runs: Iterable[Run]) -> list[str]:
    return [name for name in dict.fromkeys(name for run in runs for name in run.last) if name != "epoch"]


def _metrics(view: View) -> list[str]:
    """What can be drawn, the monitored one first; a part on validation goes with its counterpart."""
    columns = _columns(view.runs)
    bases = [name for name in columns if name.removeprefix("val_") not in columns or not name.startswith("val_")]
    return sorted(bases, key=lambda name: name != view.table.training)


def _step(runs: Iterable[Run]) -> int:
    return math.ceil(sum(len(run.metrics) for run in runs) / POINTS) or 1


def _curve(run: Run, columns: list[str], step: int) -> dict[str, Any]:
    """Epochs, updates and seconds from the start of training, and the columns' values, in digits enough to draw."""
    best = run.record["best_epoch"] - 1
    kept = sorted({*range(0, len(run.metrics), step), best, len(run.metrics) - 1})
    updates, seconds = [0.0], [0.0]
    for row in run.timings:
        updates.append(updates[-1] + row["updates"])
        seconds.append(seconds[-1] + row["seconds"])
    return {
        "best": kept.index(best),
        "epoch": [place + 1 for place in kept],
        "updates": [int(updates[min(place + 1, len(run.timings))]) for place in kept],
        "seconds": [_short(seconds[min(place + 1, len(run.timings))]) for place in kept],
        "values": [[_short(run.metrics[place].get(name, math.nan)) for place in kept] for name in columns],
    }


def _short(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


# Bokeh -------------------------------------------------------------------------------------------------------------


def _plots(views: list[View]) -> tuple[list[str], dict[str, str]]:
    """Bokeh's scripts, and the HTML that holds each plot and table by its name."""
    from bokeh.document import Document
    from bokeh.embed import components
    from bokeh.resources import Resources

    models: dict[str, Any] = {}
    for view in views:
        models[f"{view.prefix}-table"] = _data_table(view)
        models[f"{view.prefix}-curves"] = _curves(view.prefix)
        for place, effect in enumerate(view.effects):
            models[f"{view.prefix}-effect{place}"] = _effect_plot(f"{view.prefix}-effect{place}", effect, view.table)
    document = Document()
    for model in models.values():
        document.add_root(model)
    script, placed = components(models, wrap_script=False)
    inline = Resources(mode="inline", components=["bokeh", "bokeh-widgets", "bokeh-tables"], log_level="error")
    return [*inline.js_raw, script], placed


def _data_table(view: View) -> "DataTable":
    from bokeh.models import BooleanFilter, CDSView, ColumnDataSource, InlineStyleSheet
    from bokeh.models.widgets.tables import DataTable, TableColumn

    data: Columns = {f"f{place}": field.values for place, field in enumerate(view.fields)}
    columns = [
        TableColumn(field=f"f{place}", title=_text(field.title), width=field.width, formatter=_formatter(field))
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


# The page's colours reach into the table, which is a world of its own to style sheets.
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
    """Two plots of the same curves, linear and log, one of which is seen; report.js fills them."""
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
        border_fill_color=None,  # drawn over, a colour leaves a hairline at the edge
        outline_line_color=None,
        **named,
    )
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    plot.xaxis.axis_label, plot.yaxis.axis_label = PlainText(text=_clean(along)), PlainText(text=_clean(up))
    for axis in (plot.xaxis, plot.yaxis):
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "13px"
    return plot


def _effect_plot(name: str, effect: Effect, table: Table) -> "figure":
    from bokeh.models import ColumnDataSource

    scaled = len(effect.values) > SPACED and all(map(_is_number, effect.values))
    log = scaled and effect.values[0] > 0 and effect.values[-1] / effect.values[0] >= 20
    tooltips = [("", "@setting"), ("mean", "@y{0.0000}"), ("spread", "@spread"), ("seeds", "@seeds")]
    plot = _figure(name, effect.key, table.monitor, 300, tooltips, x_axis_type="log" if log else "linear")
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
    """A setting in an effect plot: where it stands along the key's values, and the style of its line."""

    x: float
    setting: Setting
    style: int

    @property
    def ends(self) -> tuple[float, float] | None:
        """Of its whisker; None for a single seed."""
        mean, spread = self.setting.mean, self.setting.deviation
        return None if spread is None else (mean - spread, mean + spread)


def _dots(effect: Effect, scaled: bool) -> list[list[Dot]]:
    """A row of dots a line; the lines stand side by side, so that no whisker hides another."""
    place_of = {shown(value): value if scaled else place for place, value in enumerate(effect.values)}
    count = min(len(effect.lines), LINES)
    rows = []
    for place, (_, settings) in enumerate(effect.lines):
        style = (place if place < LINES else -1) if effect.joins else 0
        aside = (place - (count - 1) / 2) * min(0.08, 0.6 / count) if place < LINES and not scaled else 0.0
        row = [Dot(place_of[shown(each.values[effect.key])] + aside, each, style) for each in settings]
        rows.append(sorted(row, key=lambda dot: dot.x))
    return rows


def _effect_data(rows: list[list[Dot]], table: Table) -> dict[str, Columns]:
    """The columns of lines, points and whiskers."""
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
            "setting": [_clean(table.name(dot.setting)) for dot in dots],
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
    """Names at 0, 1, 2, …; long ones are cut, and stand aslant where side by side they would not fit."""
    from bokeh.models import FixedTicker, PlainText, Range1d

    plot.x_range = Range1d(start=-0.5, end=len(names) - 0.5)
    step = math.ceil(len(names) / SHOWN_VALUES)
    cut = [name if len(name) <= 18 else f"{name[:17]}…" for name in map(_clean, names)]
    plot.xaxis.ticker = FixedTicker(ticks=list(range(0, len(names), step)), minor_ticks=[])
    plot.xaxis.major_label_overrides = {place: PlainText(text=name) for place, name in enumerate(cut)}
    plot.xgrid.ticker = plot.xaxis.ticker
    if sum(map(len, cut)) > 32:
        plot.xaxis.major_label_orientation = math.pi / 5
