"""The effects of keys as SVG: the settings by the values of a key, joined where they differ in that key alone."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from runner.compare.effects import Effect, Line, effects
from runner.compare.grouping import Setting
from runner.compare.labels import is_number
from runner.compare.report.scale import Scale, scale_for
from runner.compare.report.view import View, escaped, text_of
from runner.formatting import number

WIDTH, HEIGHT = 400, 250
LEFT, RIGHT, TOP, BOTTOM = 48, 14, 10, 40  # margins in pixels
EVEN = 8  # most values of a number that stand at equal distances
LONG = 14  # most characters of a value that the axis names
LINES = 6  # most lines that are named
DRAWN = 30  # most lines that are drawn
DODGE = 5  # pixels between the points of two lines, so that no bar hides another
MOST = 12  # most effects of a table


def effect_figures(view: View) -> str:
    """A figure for each key in which alone some settings differ; empty where there is none."""
    found = [joined for effect in effects(view.table) if (joined := _joined(effect)).lines]
    figures = "".join(_figure(view, effect) for effect in found[:MOST])
    return f'<div class="effects">{figures}</div>' if figures else ""


def _joined(effect: Effect) -> Effect:
    """The lines of settings that differ in the key alone, with the values that they have."""
    lines = [line for line in effect.lines if len(line.settings) > 1]
    having = {effect.place(setting) for line in lines for setting in line.settings}
    return replace(effect, values=[effect.values[place] for place in sorted(having)], lines=lines)


@dataclass(frozen=True)
class Frame:
    """Where an effect's plot puts values: `xs` in pixels for each value of the key, `y` on its scale."""

    xs: list[float]
    y: Scale

    def up(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - self.y.at(value) * (HEIGHT - TOP - BOTTOM), 1)


def _figure(view: View, effect: Effect) -> str:
    settings = [setting for line in effect.lines[:DRAWN] for setting in line.settings]
    ranked = sorted(settings, key=lambda each: -view.table.monitor.sign * each.mean)
    errors = {each: view.errors[each] or 0.0 for each in ranked}
    ends = {each: (each.mean - errors[each], each.mean + errors[each]) for each in ranked}
    scale = scale_for([*ends.values()], [ends[each] for each in ranked if each in view.as_good])
    frame = Frame(_places(effect), scale)
    lines = "".join(_line(view, effect, place, frame) for place in reversed(range(len(effect.lines[:DRAWN]))))
    label = (
        f"{view.table.monitor.name} by {effect.key}: {'; '.join(_in_words(effect, line) for line in effect.lines[:3])}"
    )
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escaped(label)}">'
        f"{''.join(_axes(view, effect, frame))}{lines}</svg>{_names(effect)}</figure>"
    )


def _places(effect: Effect) -> list[float]:
    """Pixels from the left: many numbers on a scale, a logarithmic one where they span much, all else evenly."""
    values, inner = effect.values, WIDTH - LEFT - RIGHT - 40
    parts = [place / max(1, len(values) - 1) for place in range(len(values))]
    if len(values) > EVEN and all(map(is_number, values)):
        is_log = values[0] > 0 and values[-1] / values[0] >= 20
        along = [math.log(value) if is_log else float(value) for value in values]
        parts = [(each - along[0]) / (along[-1] - along[0]) for each in along]
    return [round(LEFT + 20 + part * inner, 1) for part in parts]


def _line(view: View, effect: Effect, place: int, frame: Frame) -> str:
    line = effect.lines[place]
    aside = round((place - (len(effect.lines) - 1) / 2) * DODGE, 1) if len(effect.lines) <= LINES else 0
    points = [(frame.xs[effect.place(each)] + aside, frame.up(each.mean)) for each in line.settings]
    path = " ".join(f"{x},{y}" for x, y in points)
    dots = "".join(_dot(view, setting, *point, frame) for setting, point in zip(line.settings, points, strict=True))
    return f'<polyline class="joins" points="{path}"/>{dots}'


def _dot(view: View, setting: Setting, x: float, y: float, frame: Frame) -> str:
    colour, error = view.colours[setting], view.errors[setting]
    style = f' style="--c:{colour}"'
    title = f"<title>{escaped(f'{view.table.name(setting)}: {number(setting.mean)}')}</title>"
    if not frame.y.holds(setting.mean):
        sign = "▾" if setting.mean < frame.y.low else "▴"
        text = f'<text class="beyond" x="{x}" y="{y + 4}" text-anchor="middle">{sign}{title}</text>'
        return f'<g class="{view.kind(setting)}"{style}>{text}</g>'
    ends = (frame.up(setting.mean - error), frame.up(setting.mean + error)) if error else None
    bar = f'<line class="bar" x1="{x}" x2="{x}" y1="{ends[0]}" y2="{ends[1]}"/>' if ends else ""
    return f'<g class="{view.kind(setting)}"{style}>{bar}<circle class="mean" cx="{x}" cy="{y}" r="4.5"/>{title}</g>'


def _axes(view: View, effect: Effect, frame: Frame) -> Iterator[str]:
    for tick in frame.y.ticks(4):
        y = frame.up(tick)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{frame.y.label(tick, 4)}</text>'
    texts = [text if len(text) <= LONG else f"{text[: LONG - 1]}…" for text in map(text_of, effect.values)]
    room, last = 7 * max(map(len, texts)) + 12, -math.inf
    for cut, x in zip(texts, frame.xs, strict=True):
        if x - last >= room:
            yield f'<text x="{x}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{escaped(cut)}</text>'
            last = x
    yield (
        f'<text class="axis" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 5}" text-anchor="middle">'
        f"{escaped(effect.key)}</text>"
    )


def _names(effect: Effect) -> str:
    """The other keys of each line, the best line first, for they have no colour."""
    if len(effect.lines) < 2:
        return ""
    words = [_in_words(effect, line) for line in effect.lines[:LINES]]
    more = len(effect.lines) - LINES
    if more > 0:
        words.append(f"{more} more" + (f", of which {DRAWN - LINES} are drawn" if len(effect.lines) > DRAWN else ""))
    return f"<figcaption>{'<br>'.join(map(escaped, words))}</figcaption>"


def _in_words(effect: Effect, line: Line) -> str:
    """A line's choice of the other keys, with the value of the key that is best there."""
    monitor = line.settings[0].monitor
    best = max(line.settings, key=lambda each: monitor.sign * each.mean)
    name = f"{line.name}: " if line.name else ""
    return f"{name}best with {text_of(best.values[effect.key])}, {number(best.mean)}"
