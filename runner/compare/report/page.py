"""A comparison as one HTML page that opens offline: the question, the answer, intervals, curves, then the details.

It reads records only. What a record says is shown as text, never read as markup: `escaped` puts it into HTML, and
report.js into text nodes.
"""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from runner.compare import wording
from runner.compare.comparison import Comparison
from runner.compare.facets import CLEAR, LEGEND, single_seeds
from runner.compare.grouping import EPOCHS
from runner.compare.labels import ordered
from runner.compare.report import payload, tables
from runner.compare.report.effects_plot import effect_figures
from runner.compare.report.intervals import intervals, needed_epochs
from runner.compare.report.view import View, escaped, short_names, text_of
from runner.formatting import counted

RUNS = 1_000  # most runs that the page lists, with the config of each
VALUES = 6  # most values of a key that are named


def page(comparison: Comparison, *, command: str) -> str:
    """The page; `command` is shown as what makes it again."""
    compared = [run for judged in comparison.tables for each in judged.table.settings for run in each.runs]
    named = short_names([*compared, *comparison.left_out])
    views = [View(f"t{place}", judged, named) for place, judged in enumerate(comparison.tables)]
    title = _title(views)
    several = f"<header><h1>{escaped(title)}</h1></header>" if len(views) != 1 else ""
    body = [
        f"<main>{several}",
        *(_section(view, "h2" if several else "h1") for view in views),
        tables.left_out(comparison.left_out, named),
        f"<footer><h2>Make this page again</h2><pre tabindex='0'>{escaped(command)}</pre></footer></main>",
    ]
    return _document(title, body, [_asset("curves.js"), _asset("report.js")] if views else [], payload.payload(views))


def _document(title: str, body: list[str], scripts: list[str], data: str) -> str:
    """The parts as one page. Its policy allows these scripts alone, by their hashes, and no request."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    policy = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'"
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(title)}</title><style>{_asset('report.css')}</style></head><body>",
        *body,
        f'<script type="application/json" id="report-data">{data}</script>',
        *(f"<script>{script}</script>" for script in scripts),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _title(views: list[View]) -> str:
    if len(views) == 1:
        return _question(views[0])
    return (
        f"{len(views)} comparisons: runs on different data or with different monitors"
        if views
        else "Nothing to compare"
    )


def _question(view: View) -> str:
    """What the settings were trained to find out."""
    keys, names = list(view.keys), list(view.keys.values())
    if not keys:
        return "How many epochs?"
    if len(keys) > 3:
        return f"Which of {len(view.whole.table.settings):,} settings?"
    if len(keys) > 1:
        return f"Which {_listed(names, 'and')}?"
    values = [text_of(value) for value in _values(view, keys[0])]
    if len(values) > VALUES:
        return f"Which of {len(values)} values of {names[0]}?"
    return f"{'How many epochs' if keys == [EPOCHS] else f'Which {names[0]}'}: {_listed(values, 'or')}?"


def _listed(words: list[str], last: str) -> str:
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _values(view: View, key: str) -> list[object]:
    return ordered(each.values[key] for each in view.whole.table.settings if key in each.values)


def _section(view: View, heading: str) -> str:
    prefix = view.prefix
    several = len(view.table.settings) > 1
    first = "h2" if heading == "h1" else "h3"
    effects, cut = effect_figures(view), _not_shown(view)
    parts = [
        f'<section aria-labelledby="{prefix}-title"><header class="first">',
        f'<{heading} id="{prefix}-title">{escaped(_question(view))}</{heading}>',
        f'<div class="answer">{"".join(_answer(view))}</div>{_facts(view)}</header>',
        f"<figure class='settings'>{intervals(view)}{cut}</figure>" if several else "",
        f"<{first}>Learning curves</{first}>{_curves(view)}{cut}",
        f"<{first}>How many epochs</{first}><figure>{needed_epochs(view)}{cut}</figure>",
        f"<{first}>Table</{first}>{tables.settings_table(view)}{cut}" if several else "",
        f"<{first}>What each key does</{first}>{effects}{_effects_key(view)}" if effects else "",
        f"<{first}>Details</{first}>{_details(view)}</section>",
    ]
    return "\n".join(filter(None, parts))


def _not_shown(view: View) -> str:
    return f'<p class="caption">{escaped(view.not_shown)}</p>' if view.not_shown else ""


def _answer(view: View) -> Iterator[str]:
    """The answer, how many epochs the best setting needs, and the settings that have not learned."""
    first, *more = wording.answer(view.whole) or [""]
    yield f"<p>{escaped(_sentence(first))}</p>"
    if view.judged.verdicts:
        best = view.curve_of[view.judged.best]
        words = wording.epochs_in_words(view.epochs[best], view.table)
        more.insert(0, f"{'How many epochs, with the best' if len(view.curves) > 1 else 'How many epochs'}: {words}")
    more += wording.unlearned(view.whole)
    yield f"<ul>{''.join(f'<li>{escaped(_sentence(line))}</li>' for line in more)}</ul>" if more else ""


def _sentence(text: str) -> str:
    """A line with a capital letter, unless it begins with a key, and a full stop."""
    first = text.partition(" ")[0]
    text = text[:1].upper() + text[1:] if first.isalpha() else text
    return f"{text}." if text and text[-1] not in ".?!" else text


def _facts(view: View) -> str:
    """What was varied, on what data, by how many runs, and where it is judged."""
    settings = view.whole.table.settings
    runs = [run for setting in settings for run in setting.runs]
    facts = {
        "varied": [f"{key}: {_named(view, key)}" for key in view.keys],
        "data": [view.table.about],
        "runs": [f"{counted(len(runs), 'run')}, {counted(len(settings), 'setting')}, {_seeds(view)}"],
        "judged": [view.table.rule],
    }
    if view.table.commonest is not None:
        facts["chance"] = [f"{view.table.commonest_class} is {view.table.commonest:.4f} of the validation examples"]
    items = "".join(
        f"<div><dt>{name}</dt>{''.join(f'<dd>{escaped(text)}</dd>' for text in texts)}</div>"
        for name, texts in facts.items()
        if texts
    )
    return f'<dl class="facts">{items}</dl>'


def _seeds(view: View) -> str:
    seeds = sorted({seed for setting in view.whole.table.settings for seed in setting.seeds})
    if len(seeds) > VALUES:
        return f"{len(seeds)} seeds"
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def _named(view: View, key: str) -> str:
    texts = [text_of(value) for value in _values(view, key)]
    return ", ".join(texts) if len(texts) <= VALUES else f"{len(texts)} values, {texts[0]} to {texts[-1]}"


def _curves(view: View) -> str:
    """The figures that curves.js draws into, with their choices and the legend."""
    prefix = view.prefix
    figures = "".join(
        f'<figure data-metric="{name}"><figcaption class="metric">{name}</figcaption>'
        '<div class="panels"></div></figure>'
        for name in map(escaped, payload.panels(view))
    )
    multiples = " multiples" if len(view.facets.panels) > 1 else ""
    thinned = f" One epoch in {payload.step(view)} is drawn." if payload.step(view) > 1 else ""
    training = _box(f"{prefix}-training", "training examples, dashed")
    return (
        f'<div class="controls scripted">{_radios(f"{prefix}-axis", "Along", ("epochs", "updates", "seconds"))}'
        f"{training if view.table.monitor.is_of_validation else ''}"
        f"{_box(f'{prefix}-log', 'log scale')}</div>{_legend(view)}"
        f'<div class="curves{multiples}" id="{prefix}-curves">{figures}</div>'
        "<noscript><p>Curves need scripts.</p></noscript>"
        f'<p class="caption">{" ".join(_curves_key(view))}{thinned} <span id="{prefix}-cut"></span></p>'
    )


def _curves_key(view: View) -> Iterator[str]:
    """How to read the curves; curves.js draws bands, seeds and ranges of few curves, of many when picked."""
    several = any(len(curve.runs) > 1 for curve in view.curves.values())
    one = view.table.settings[0].repeated
    yield f"Line: mean over the {one}s." if several else f"Line: the only {one}."
    panels = view.facets.panels.values()
    crowded = any(len(curves) > LEGEND for curves in panels)
    yield f"Dot: the best epoch of the mean curve{', of very many curves that of the best one' if crowded else ''}."
    details = [f"thin: {single_seeds([*view.curves.values()])}"] if several else []
    if any(error is not None for error in view.errors.values()):
        details += ["band: mean ± one standard error", "thick: epochs that cannot be told from the best"]
    if details:
        text = "; ".join(details)
        clear = all(len(curves) <= CLEAR for curves in panels)
        yield f"{text[0].upper()}{text[1:]}." if clear else f"Of picked settings, and where curves are few: {text}."
    if left := view.facets.left_in_words:
        yield f"{left[:-1]}, and what is picked."


def _box(name: str, title: str) -> str:
    return f'<label><input type="checkbox" id="{name}" autocomplete="off"> {title}</label>'


def _radios(name: str, title: str, choices: tuple[str, ...]) -> str:
    buttons = [
        f'<label><input type="radio" name="{name}" value="{value}" autocomplete="off"{"" if place else " checked"}> '
        f"{value}</label>"
        for place, value in enumerate(choices)
    ]
    return f'<fieldset id="{name}"><legend>{title}</legend>{"".join(buttons)}</fieldset>'


def _legend(view: View) -> str:
    """What the colours mean, in the order of the values."""
    found = view.facets
    if len(found.labels) < 2:
        return ""
    items = "".join(
        f'<li style="--c:{view.colour(place)}"><i></i>{escaped(found.labels[place])}</li>' for place in found.named
    )
    return f'<div class="legend"><span>{escaped(found.by)}</span><ul>{items}</ul></div>'


def _effects_key(view: View) -> str:
    error = " Bar: ± one standard error." if any(each is not None for each in view.errors.values()) else ""
    return (
        "<p class='caption'>Each line joins settings that differ in this key alone; its colours are those of the "
        f"settings above.{error}</p>"
    )


def _details(view: View) -> str:
    """What is folded away: the verdicts in full, single runs, configs."""
    every = [run for setting in view.table.settings for run in setting.runs]
    runs = sorted(every, key=lambda run: run.rank)[:RUNS] if len(every) > RUNS else every
    title = f"{'Each of the ' if len(every) > 1 else ''}{counted(len(every), 'run')}"
    title = title if runs is every else f"The best {RUNS:,} of {len(every):,} runs, by the best epoch of each"
    pairs = [*wording.pairs(view.judged)] if view.judged.verdicts else []
    items = "".join(f"<li>{escaped(sentence)}</li>" for sentence in pairs)
    verdicts = (
        f"<details><summary>Verdicts in full</summary><ul class='verdicts'>{items}</ul></details>" if items else ""
    )
    return (
        f"{verdicts}<details><summary>{title}</summary>{tables.runs_table(view, runs)}</details>"
        f"<details><summary>Configs and commands</summary>{tables.configs(runs, view.names)}</details>"
    )
