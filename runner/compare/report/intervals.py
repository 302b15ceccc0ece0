"""The settings in the order of their values, each with its interval and verdict, and the epochs that each needs.

Both are HTML tables with a plot in one column, so that they are read without scripts, by a screen reader, and in print.
"""

from collections.abc import Iterator

from runner.compare.comparison import Judged
from runner.compare.epochs import Epochs
from runner.compare.facets import SEEDS
from runner.compare.grouping import Setting
from runner.compare.report.scale import Scale, scale_for
from runner.compare.report.view import View, escaped, value_of
from runner.compare.significance import Verdict
from runner.compare.wording import epochs_in_words
from runner.formatting import number

FIRST = 30  # settings that are shown at once; the others when asked for
FILTERED = 12  # settings from which on they can be filtered by words
PICK = "Ticked settings stand out in the curves."
STRIPS = 12  # most learning curves whose epochs are shown at once


def intervals(view: View) -> str:
    """The plot of the settings: mean ± one standard error, single seeds as dots."""
    settings = view.table.settings
    ends = [_ends(view, setting) for setting in settings]
    scale = scale_for(ends, [_ends(view, setting) for setting in view.as_good])
    rows = [_row(view, setting, scale, place) for place, setting in enumerate(settings)]
    more = f'<tbody class="more">{"".join(rows[FIRST:])}</tbody>' if len(rows) > FIRST else ""
    heads = "".join(f'<th scope="col" title="{escaped(key)}">{escaped(name)}</th>' for key, name in view.keys.items())
    layout = "" if len(view.curves) > 1 else " alone"
    layout += " many" if len(view.keys) > 2 else ""
    against = "the best" if view.judged.chosen else "the reference"
    return (
        f'{_filter(view)}<div class="box" tabindex="0" role="group" aria-label="Settings, the best first">'
        f'<table class="intervals{layout}" id="{view.prefix}-settings"><thead><tr>'
        f'<th scope="col" class="pick"><span class="unseen">pick</span></th>{heads}<th scope="col" class="plot">'
        f'<span class="unseen">interval of {escaped(view.table.monitor.name)}</span>{_axis(scale)}</th>'
        f'<th scope="col" class="value"><span>mean{_error_heading(view)}</span> <span>against {against}</span></th>'
        f"</tr></thead><tbody>{''.join(rows[:FIRST])}</tbody>{more}</table></div>{_more(view, len(rows))}"
        f"<figcaption>{escaped(' '.join(_key(view)))}</figcaption>"
    )


def _filter(view: View) -> str:
    if len(view.table.settings) < FILTERED:
        return ""
    return (
        f'<div class="controls"><label for="{view.prefix}-filter">Only settings with these words'
        f'<input type="search" id="{view.prefix}-filter" autocomplete="off" spellcheck="false"></label></div>'
    )


def _more(view: View, count: int) -> str:
    """The buttons under the settings; they need scripts. Of a single curve there is none to pick."""
    if len(view.curves) < 2:
        return ""
    text = f"Show {'the best' if view.not_shown else 'all'} {count:,} settings"
    more = f'<button type="button" id="{view.prefix}-more" aria-expanded="false">{text}</button>'
    return (
        f'<p class="controls scripted">{more if count > FIRST else ""}'
        f'<button type="button" id="{view.prefix}-clear" disabled>Pick none</button>'
        f'<span role="status" id="{view.prefix}-said" class="quiet">{PICK}</span></p>'
    )


def _ends(view: View, setting: Setting) -> tuple[float, float]:
    """The lowest and the highest value that is drawn of a setting."""
    error = view.errors[setting] or 0.0
    return min(setting.mean - error, *setting.results), max(setting.mean + error, *setting.results)


def _error_heading(view: View) -> str:
    return " ± standard error" if any(error is not None for error in view.errors.values()) else ""


def _key(view: View) -> Iterator[str]:
    """How to read the plot."""
    judged = view.judged
    if any(error is not None for error in view.errors.values()):
        covers = {each for _, found in judged.verdicts for each in found.covers}
        noise = " and ".join(name for name in ("seeds", "folds", "validation examples") if name.split()[-1] in covers)
        yield f"Bar: mean ± one standard error{f' over {noise}' if noise else ''}."
    else:
        yield "How far chance moves a value is not known: train more seeds."
    if any(len(setting.runs) > 1 for setting in judged.table.settings):
        cut = any(len(setting.runs) > SEEDS for setting in judged.table.settings)
        yield f"Small dots: {f'the first {SEEDS}' if cut else 'single'} runs."
    if any(view.kind(setting) == "told" for setting in judged.table.settings):
        yield "Full: the best and those that cannot be told from it; hollow: the others."
    yield f"{'Higher' if judged.table.monitor.sign > 0 else 'Lower'} is better."


def _row(view: View, setting: Setting, scale: Scale, place: int) -> str:
    keys = "".join(_key_cell(view, setting, key, "td") for key in list(view.keys)[1:])
    first = _key_cell(view, setting, next(iter(view.keys), None), "th")
    name = escaped(view.table.name(setting))
    curve = view.places[view.curve_of[setting]]
    error = view.errors[setting]
    value = number(setting.mean) + (f" ± {number(error)}" if error is not None else "")
    return (
        f'<tr class="{view.kind(setting)}"{_colour(view, setting)}>'
        f'<td class="pick"><input type="checkbox" data-curve="{curve}" aria-label="Pick {name}" autocomplete="off">'
        "</td>"
        f'{first}{keys}<td class="plot">{_plot(view, setting, scale)}</td>'
        f'<td class="value"><span>{value}</span> <span class="outcome">{escaped(_outcome(view, setting))}</span></td>'
        "</tr>"
    )


def _key_cell(view: View, setting: Setting, key: str | None, tag: str) -> str:
    """The value of a key; `data-key` names it where the screen is too narrow for the headings of many keys."""
    text = escaped(value_of(setting, key)) if key else "the only setting"
    name = f' data-key="{escaped(view.keys[key])}"' if key else ""
    title = f' title="{text}"' if len(text) > 16 else ""
    scope = ' scope="row"' if tag == "th" else ""
    return f"<{tag}{scope}{name}{title}>{text}</{tag}>"


def _colour(view: View, setting: Setting) -> str:
    return f' style="--c:{view.colours[setting]}"'


def _plot(view: View, setting: Setting, scale: Scale) -> str:
    """A row's plot, as wide as its column: positions are percentages, sizes pixels."""
    parts = [_grid(scale), _vertical(scale, view.judged.reference.mean, "reference")]
    error, mean = view.errors[setting], setting.mean
    if not scale.holds(mean):
        edge, sign, anchor = ("0%", "◂", "start") if mean < scale.low else ("100%", "▸", "end")
        parts.append(f'<text class="beyond" x="{edge}" y="18" text-anchor="{anchor}">{sign}</text>')
        return f'<svg aria-hidden="true">{"".join(parts)}</svg>'
    if error is not None:
        low, high = _percent(scale, mean - error), _percent(scale, mean + error)
        parts.append(f'<line class="bar" x1="{low}" x2="{high}" y1="13" y2="13"/>')
    if len(setting.results) > 1:
        seeds = [_percent(scale, each) for each in setting.results[:SEEDS] if scale.holds(each)]
        parts += [f'<circle class="seed" cx="{each}" cy="13" r="2"/>' for each in seeds]
    parts.append(f'<circle class="mean" cx="{_percent(scale, mean)}" cy="13" r="5"/>')
    return f'<svg aria-hidden="true">{"".join(parts)}</svg>'


def _percent(scale: Scale, value: float) -> str:
    return f"{100 * scale.at(value):.2f}%"


def _grid(scale: Scale) -> str:
    return "".join(_vertical(scale, tick, "grid") for tick in scale.ticks())


def _vertical(scale: Scale, value: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{_percent(scale, value)}" x2="{_percent(scale, value)}" y1="0" y2="100%"/>'


def _axis(scale: Scale) -> str:
    ticks = "".join(
        f'<text x="{_percent(scale, tick)}" y="15" text-anchor="middle">{scale.label(tick)}</text>'
        for tick in scale.ticks()
    )
    return f'<svg aria-hidden="true">{ticks}</svg>'


def _outcome(view: View, setting: Setting) -> str:
    """What the verdict on a setting says, in a few words."""
    judged = view.judged
    if setting is judged.reference:
        return "best" if judged.chosen else "the reference"
    found = view.verdicts.get(setting)
    return _verdict(found, judged) if found else "the same learning curve"


def _verdict(found: Verdict, judged: Judged) -> str:
    if found.outcome == "same":
        return "practically the same"
    if found.outcome == "open":
        return f"not told from {'the best' if judged.chosen else 'it'}{_p(found)}"
    return f"{found.outcome} by {number(abs(found.difference))}{_p(found)}"


def _p(found: Verdict) -> str:
    if found.p is None:
        return ""
    return ", p < 0.001" if found.p < 0.001 else f", p {found.p:.3f}"


def needed_epochs(view: View) -> str:
    """How many epochs each learning curve needs: a strip with the chosen epoch and the range, and the words."""
    rows = [_strip_row(view, curve) for curve in view.curves.values()]
    table = _strips(view, rows[:STRIPS])
    if len(rows) > STRIPS:
        rest = f"The other {len(rows) - STRIPS:,} learning curves"
        table += f"<details><summary>{rest}</summary>{_strips(view, rows[STRIPS:])}</details>"
    return (
        f"{table}<figcaption>Dot: the best epoch of the mean curve. Bar: epochs that cannot be told from it. "
        "Line: epochs trained.</figcaption>"
    )


def _strips(view: View, rows: list[str]) -> str:
    return (
        '<table class="strips"><thead><tr><th scope="col">setting</th><th scope="col" class="plot">'
        f'<span class="unseen">epochs</span>{_axis(_of_epochs(view))}</th><th scope="col">in words</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _of_epochs(view: View) -> Scale:
    last = max(found.last for found in view.epochs.values())
    return Scale(1 - 0.04 * last, last + 0.06 * last, is_whole=True)


def _strip_row(view: View, curve: Setting) -> str:
    found = view.epochs[curve]
    return (
        f'<tr class="good"{_colour(view, curve)}><th scope="row">{escaped(view.short_curve(curve))}</th>'
        f'<td class="plot">{_strip(found, _of_epochs(view))}</td>'
        f"<td>{escaped(epochs_in_words(found, view.table))}</td></tr>"
    )


def _strip(found: Epochs, scale: Scale) -> str:
    ends = [_percent(scale, each) for each in (1, found.last)]
    parts = [f'<line class="span" x1="{ends[0]}" x2="{ends[1]}" y1="13" y2="13"/>']
    if found.as_good:
        first, last = (_percent(scale, each) for each in found.as_good)
        parts.append(f'<line class="range" x1="{first}" x2="{last}" y1="13" y2="13"/>')
    parts.append(f'<circle class="mean" cx="{_percent(scale, found.chosen)}" cy="13" r="5"/>')
    return f'<svg aria-hidden="true">{"".join(parts)}</svg>'
