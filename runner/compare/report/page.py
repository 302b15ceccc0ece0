"""A comparison as one HTML page that opens offline: tables, curves, effects, configs. Reads records only.

What a record says is text here, never markup: `text` puts it into HTML, PlainText into Bokeh's plots.
"""

import base64
import hashlib
import json
import math
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runner.compare.comparison import Comparison
from runner.compare.grouping import Table
from runner.compare.report import plots as report_plots
from runner.compare.report import view as report_view
from runner.compare.report.view import LINES, Effect, Field, View, clean, text
from runner.compare.wording import reason
from runner.config.dotted import flat
from runner.formatting import shown
from runner.runs.reader import Run

DRAWN = 50  # runs whose curves stand in a plot at once
NAMED = 12  # runs or settings among them that have a colour and a name
OWN = 8  # runs that are few enough for a style each; more have that of their setting
POINTS = 50_000  # epochs of all runs of a table together; of more, evenly spaced ones are kept


def page(comparison: Comparison, *, command: str, sentences: list[str]) -> str:
    """The page; `command` is what makes it again, `sentences` are the verdict in words."""
    everyone = [run for judged in comparison.tables for each in judged.table.settings for run in each.runs]
    names = report_view.names([*everyone, *comparison.left_out])
    views = [report_view.view(f"t{place}", judged.table, names) for place, judged in enumerate(comparison.tables)]
    heading = f"Comparison of {len(everyone):,} {'run' if len(everyone) == 1 else 'runs'}"
    scripts, placed = report_plots.plots(views) if views else ([], {})
    body = [
        f"<main><h1>{heading}</h1>",
        _verdict(sentences),
        *(_section(view, names, placed) for view in views),
        _left_out(comparison.left_out, names),
        f"<h2>Make this page again</h2><pre><code>{text(command)}</code></pre></main>",
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


# What a table shows ------------------------------------------------------------------------------------------------


# HTML --------------------------------------------------------------------------------------------------------------


def _verdict(sentences: list[str]) -> str:
    items = "".join(f"<li>{text(sentence)}</li>" for sentence in sentences)
    return f'<h2>Verdict</h2><ul class="verdict">{items}</ul>' if items else ""


def _section(view: View, names: dict[Path, str], placed: dict[str, str]) -> str:
    prefix = view.prefix
    effects = "".join(_effect_figure(view, place, placed) for place in range(len(view.effects)))
    thinned = f" One epoch in {_step(view.runs)} is drawn." if _step(view.runs) > 1 else ""
    return "\n".join(
        [
            f'<section aria-labelledby="{prefix}-title"><h2 id="{prefix}-title">{text(view.table.title)}</h2>',
            f"<h3>Runs</h3>{_filter(prefix)}<div class=plot>{placed[f'{prefix}-table']}</div>",
            _plain_table(view),
            f"<h3>Curves</h3>{_choices(view)}",
            f'<p class="quiet"><span role="status" id="{prefix}-said"></span>{thinned}</p>',
            f"<figure><div class=plot>{placed[f'{prefix}-curves']}</div>",
            f'<ul class="legend" id="{prefix}-legend"></ul>',
            f"<figcaption>{_best_in_words(view, names)}</figcaption></figure>",
            f'<h3>Effects on {text(view.table.monitor)}</h3><div class="effects">{effects}</div>' if effects else "",
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
    metrics = "".join(f"<option>{text(name)}</option>" for name in _metrics(view))
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
    heads = "".join(f'<th scope="col"{_numeric(field)}>{text(field.title)}</th>' for field in view.fields)
    rows = []
    for place, _ in enumerate(view.runs):
        name, *cells = [field.texts[place] for field in view.fields]
        box = f'<input type="checkbox" aria-label="Show the curves of {text(name)}" autocomplete="off">'
        columns = zip(view.fields[1:], cells, strict=True)
        rest = "".join(f"<td{_numeric(field)}>{text(cell)}</td>" for field, cell in columns)
        rows.append(f'<tr><td>{box}</td><th scope="row">{text(name)}</th>{rest}</tr>')
    title = text(view.table.title)
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
    part = "" if table.training == table.monitor else f"; {table.training} {run.training_at_best(table.training):.4f}"
    return text(
        f"Best: {names[run.folder]} with {table.monitor} {run.monitored:.4f} at epoch {run.record['best_epoch']}"
        f"{part}. {'More' if table.sign() > 0 else 'Less'} is better."
    )


def _effect_figure(view: View, place: int, placed: dict[str, str]) -> str:
    effect, name = view.effects[place], f"{view.prefix}-effect{place}"
    words = [line for line, _ in effect.lines]
    items = "".join(f"<li>{text(each)}</li>" for each in words[:LINES])
    legend = f'<ul class="legend" data-styles>{items}</ul>' if effect.joins and len(words) > 1 else ""
    caption = text(_effect_in_words(effect, view.table))
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
        f"<details><summary>{text(names[run.folder])}</summary><pre>{text(_config(run))}</pre></details>"
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
        f'<tr><th scope="row">{text(names[run.folder])}</th><td>{text(run.status)}</td>'
        f'<td class="reason">{text(reason(run))}</td></tr>'
        for run in runs
    )
    return (
        "<h2>Left out</h2><p>These runs are in none of the tables, plots or verdicts above.</p>"
        '<div class="box" tabindex="0" role="region" aria-label="Runs left out"><table>'
        f"<caption>{len(runs):,} left out</caption><thead><tr>"
        '<th scope="col">run</th><th scope="col">status</th><th scope="col">reason</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{_configs(runs, names)}"
    )


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
        "settingNames": [clean(view.table.name(setting)) for setting in view.table.settings],
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


# The page's colours reach into the table, which is a world of its own to style sheets.
