"""A comparison as one HTML page that opens offline: tables, curves, effects, configs. Reads records only.

What a record says is shown as text, never read as markup: `escaped` puts it into HTML, PlainText into Bokeh's plots.
"""

import base64
import hashlib
import shlex
from pathlib import Path

from runner.compare.comparison import Comparison
from runner.compare.effects import Effect
from runner.compare.grouping import Table
from runner.compare.report import payload, plots
from runner.compare.report.view import LINES, Field, View, escaped, short_names, view_of
from runner.compare.wording import reason
from runner.config.dotted import flat
from runner.formatting import counted, shown
from runner.runs.reader import Run


def page(comparison: Comparison, *, command: str, sentences: list[str]) -> str:
    """The page. `command` makes it again, `sentences` are the verdict in words."""
    compared = [run for judged in comparison.tables for each in judged.table.settings for run in each.runs]
    named = short_names([*compared, *comparison.left_out])
    views = [view_of(f"t{place}", judged.table, named) for place, judged in enumerate(comparison.tables)]
    heading = f"Comparison of {counted(len(compared), 'run')}"
    scripts, placed = plots.plots(views) if views else ([], {})
    body = [
        f"<main><h1>{heading}</h1>",
        _verdict(sentences),
        *(_section(each, named, placed) for each in views),
        _left_out(comparison.left_out, named),
        f"<h2>Make this page again</h2><pre><code>{escaped(command)}</code></pre></main>",
    ]
    return _document(heading, body, [*scripts, _asset("report.js")] if views else [], payload.payload(views, named))


def _document(heading: str, body: list[str], scripts: list[str], data: str) -> str:
    """The parts as one page. Its policy allows these scripts alone, by their hashes, and no request."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    policy = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{heading}</title><style>{_asset('report.css')}</style></head><body>",
        *body,
        f'<script type="application/json" id="report-data">{data}</script>',
        *(f"<script>{script}</script>" for script in scripts),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _verdict(sentences: list[str]) -> str:
    items = "".join(f"<li>{escaped(sentence)}</li>" for sentence in sentences)
    return f'<h2>Verdict</h2><ul class="verdict">{items}</ul>' if items else ""


def _section(view: View, names: dict[Path, str], placed: dict[str, str]) -> str:
    prefix = view.prefix
    effects = "".join(_effect_figure(view, place, placed) for place in range(len(view.effects)))
    thinned = f" One epoch in {payload.step(view.runs)} is drawn." if payload.step(view.runs) > 1 else ""
    return "\n".join(
        [
            f'<section aria-labelledby="{prefix}-title"><h2 id="{prefix}-title">{escaped(view.table.title)}</h2>',
            f"<h3>Runs</h3>{_filter(prefix)}<div class=plot>{placed[f'{prefix}-table']}</div>",
            _plain_table(view),
            f"<h3>Curves</h3>{_choices(view)}",
            f'<p class="quiet"><span role="status" id="{prefix}-said"></span>{thinned}</p>',
            f"<figure><div class=plot>{placed[f'{prefix}-curves']}</div>",
            f'<ul class="legend" id="{prefix}-legend"></ul>',
            f"<figcaption>{_best_in_words(view, names)}</figcaption></figure>",
            f'<h3>Effects on {escaped(view.table.monitor.name)}</h3><div class="effects">{effects}</div>'
            if effects
            else "",
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
    metrics = "".join(f"<option>{escaped(name)}</option>" for name in payload.metrics(view))
    return (
        f'<div class="controls"><label for="{view.prefix}-metric">Metric'
        f'<select id="{view.prefix}-metric">{metrics}</select></label>'
        + _radios(f"{view.prefix}-axis", "Along", {"epoch": "epochs", "updates": "updates", "seconds": "seconds"})
        + _radios(f"{view.prefix}-scale", "Scale", {"linear": "linear", "log": "log"})
        + "</div>"
    )


def _radios(name: str, title: str, choices: dict[str, str]) -> str:
    buttons = [
        f'<label><input type="radio" name="{name}" value="{value}"{"" if place else " checked"}> {words}</label>'
        for place, (value, words) in enumerate(choices.items())
    ]
    return f'<fieldset id="{name}"><legend>{title}</legend><div>{"".join(buttons)}</div></fieldset>'


def _plain_table(view: View) -> str:
    """The table for keyboard and screen reader; its check boxes pick runs too."""
    heads = "".join(f'<th scope="col"{_numeric(field)}>{escaped(field.title)}</th>' for field in view.fields)
    rows = []
    for place, _ in enumerate(view.runs):
        name, *cells = [field.texts[place] for field in view.fields]
        box = f'<input type="checkbox" aria-label="Show the curves of {escaped(name)}" autocomplete="off">'
        columns = zip(view.fields[1:], cells, strict=True)
        rest = "".join(f"<td{_numeric(field)}>{escaped(cell)}</td>" for field, cell in columns)
        rows.append(f'<tr><td>{box}</td><th scope="row">{escaped(name)}</th>{rest}</tr>')
    title = escaped(view.table.title)
    return (
        f'<details id="{view.prefix}-plain"><summary>The same table as plain text</summary>'
        f'<div class="box" tabindex="0" role="region" aria-label="Runs"><table><caption>{title}, best first</caption>'
        f'<thead><tr><th scope="col">curves</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></details>"
    )


def _numeric(field: Field) -> str:
    return ' class="number"' if field.is_number else ""


def _best_in_words(view: View, names: dict[Path, str]) -> str:
    run, monitor = view.runs[0], view.table.monitor
    setting = view.table.settings[view.setting_of[0]]
    return escaped(
        f"Best: {names[run.folder]} with {monitor.name} {setting.result(run):.4f} after epoch {setting.epoch(run)}. "
        f"{'Higher' if monitor.sign > 0 else 'Lower'} is better."
    )


def _effect_figure(view: View, place: int, placed: dict[str, str]) -> str:
    effect, name = view.effects[place], f"{view.prefix}-effect{place}"
    items = "".join(f"<li>{escaped(line.name)}</li>" for line in effect.lines[:LINES])
    legend = f'<ul class="legend" data-styles>{items}</ul>' if effect.joins and len(effect.lines) > 1 else ""
    caption = escaped(_effect_in_words(effect, view.table))
    return f"<figure><div class=plot>{placed[name]}</div>{legend}<figcaption>{caption}</figcaption></figure>"


def _effect_in_words(effect: Effect, table: Table) -> str:
    """The best and the worst value, each by the mean of its settings, and how to read the plot."""
    monitor, settings = table.monitor, [each for line in effect.lines for each in line.settings]
    means = []
    for place, value in enumerate(effect.values):
        results = [each.mean for each in settings if effect.place(each) == place]
        means.append((monitor.sign * sum(results) / len(results), shown(value)))
    (worst, low), (best, high) = min(means), max(means)
    spread = any(each.deviation is not None for each in settings)
    ends = f"{monitor.name} {monitor.sign * best:.4f}, worst with {low}: {monitor.sign * worst:.4f}"
    words = [
        f"Best with {effect.key}={high}: {ends}{' in the mean over the other keys' if len(effect.lines) > 1 else ''}.",
        "Whiskers: one standard deviation over the seeds." if spread else "One seed per setting: spread unknown.",
    ]
    if not effect.joins:
        words.append("No two settings differ in this key alone, so no line joins them.")
    elif len(effect.lines) > LINES:
        words.append(f"Of {len(effect.lines)} lines, the best {LINES} have a colour.")
    return " ".join(words)


def _configs(runs: list[Run], names: dict[Path, str]) -> str:
    items = "".join(
        f"<details><summary>{escaped(names[run.folder])}</summary><pre>{escaped(_config(run))}</pre></details>"
        for run in runs
    )
    return f"<details><summary>Each run’s full config</summary>{items}</details>"


def _config(run: Run) -> str:
    """The folder, the command that trains the run again, and the config as words of the command line, one per line."""
    epochs = "training.epochs="
    words = [word for word in run.record["overrides"] if not str(word).startswith(epochs)]
    words.append(f"{epochs}{run.record['config']['training']['epochs']}")  # resume can have changed it
    command = shlex.join(["python", "-m", "runner", *map(str, words)])
    lines = [f"{key}={shown(value)}" for key, value in flat(run.record["config"])]
    return "\n".join([f"# {run.folder}", command, "", *lines])


def _left_out(runs: list[Run], names: dict[Path, str]) -> str:
    if not runs:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escaped(names[run.folder])}</th><td>{escaped(run.status)}</td>'
        f'<td class="reason">{escaped(reason(run))}</td></tr>'
        for run in runs
    )
    return (
        "<h2>Left out</h2><p>These runs are in none of the tables, plots or verdicts above.</p>"
        '<div class="box" tabindex="0" role="region" aria-label="Runs left out"><table>'
        f"<caption>{len(runs):,} left out</caption><thead><tr>"
        '<th scope="col">run</th><th scope="col">status</th><th scope="col">reason</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{_configs(runs, names)}"
    )
