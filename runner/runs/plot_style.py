"""The style of all pictures: type, axes, ticks, limits, and the formats they are written in."""

import contextlib
import functools
import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from runner.formatting import one_line
from runner.runs.palette import QUIET, RULE, TEXT

WIDTH = 7.0  # inches, the width of a printed page: its type can be read
SIZE, SMALL = 8.5, 7.5  # points of the type
LONGEST = 300  # signs of a text, more than a line has room for
FORMATS = ("png", "pdf", "svg")
BETWEEN = 0.12  # inches between the labels of two epochs; half of it next to the chosen one
WORST = 0.1  # share of those values that do not count in their range, as a diverged loss

Values = Sequence[float] | NDArray[np.float64]

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": SIZE,
    "text.color": TEXT,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.6,
    "axes.labelcolor": TEXT,
    "axes.labelsize": SIZE,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 5),
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": TEXT,
    "ytick.labelcolor": TEXT,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.frameon": False,
    "legend.fontsize": SIZE,
    "lines.solid_capstyle": "butt",
    "svg.hashsalt": "runner",  # else each file has other names in it
    "pdf.fonttype": 42,  # text that can be searched and set in other type
}
# What a file says of its making: no dates, so that equal pictures are equal bytes.
METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
}

in_style = matplotlib.rc_context(STYLE)  # decorates what draws and what renders


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, its size in inches, that needs no display."""
    figure = Figure(figsize=(width, height), dpi=200)
    FigureCanvasAgg(figure)
    return figure


@in_style
def rendered(figure: Figure, form: str = "png") -> bytes:
    """The file of a picture, in one of FORMATS."""
    stream = io.BytesIO()
    with _boxes_for_unknown_signs():
        figure.savefig(stream, format=form, metadata=METADATA[form])
    return stream.getvalue()


@contextlib.contextmanager
def _boxes_for_unknown_signs() -> Iterator[None]:
    """Nothing is said of signs that the font lacks, in whose place a box is drawn."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ ", UserWarning)
        yield


def plain(text: str) -> str:
    """Text from elsewhere that matplotlib shows as it is, on a line; between dollar signs it would read mathematics."""
    return one_line(text, LONGEST).replace("$", r"\$")


@functools.cache
def breadth(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """The width of a text in inches; `size` is in points."""
    font = FontProperties(family=STYLE["font.family"], size=size, weight=weight)
    with _boxes_for_unknown_signs():
        return float(TextToPath().get_text_width_height_descent(one_line(text, LONGEST), font, False)[0]) / 72


def wrapped(text: str, size: float, width: float, weight: str = "normal") -> list[str]:
    """The lines of a text, at most `width` inches wide; a word that is wider has a line of its own."""
    space, lines, used = breadth("a b", size, weight) - breadth("ab", size, weight), [""], 0.0
    for word in text.split():
        taken = breadth(word, size, weight)
        if lines[-1] and used + space + taken > width:
            lines.append(word)
            used = taken
        else:
            used += taken + (space if lines[-1] else 0.0)
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def shortened(text: str, width: float, size: float = SIZE) -> str:
    """A text that is at most `width` inches wide: a longer one ends in three dots."""
    text = one_line(text, LONGEST)
    if breadth(text, size) <= width:
        return text
    return next(
        (cut for end in range(len(text) - 1, 0, -1) if breadth(cut := f"{text[:end]}…", size) <= width),
        "…",
    )


def titled(axes: Axes, title: str, *, x: str = "") -> None:
    """What an axes shows, above it and to the left, where a label on its side would have to be read head aslant."""
    axes.set_title(plain(title), loc="left", fontsize=SIZE, color=TEXT, pad=5)
    axes.set_xlabel(x, labelpad=2)
    axes.grid(axis="y")
    axes.yaxis.set_major_locator(MaxNLocator(5))


def epoch_ticks(axes: Axes, last: int, chosen: int | None) -> None:
    """Whole epochs from 1 to the last, as many as have room, and in bold the chosen one. No label touches another.

    The figure is WIDTH wide.
    """
    ends = min(0.6, 1 - 0.03 * last), last + max(0.4, 0.03 * last)
    each_takes = axes.get_position().width * WIDTH / (ends[1] - ends[0])  # inches
    widest = breadth(str(last), SMALL) + BETWEEN
    step = next(each for each in _steps() if each * each_takes >= widest)
    regular = range(1, last + 1, step) if step <= 2 else [*range(step, last + 1, step), 1]
    ticks: list[int] = []
    for tick in [*([chosen] if chosen else []), *regular]:
        if all(_is_apart(tick, other, each_takes, chosen) for other in ticks):
            ticks.append(tick)
    ticks.sort()
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(*ends)
    axes.set_xticks(ticks, [str(each) for each in ticks])
    for tick, label in zip(ticks, axes.get_xticklabels(), strict=True):
        label.set_fontweight("bold" if tick == chosen else "normal")


def _is_apart(one: int, other: int, each_takes: float, chosen: int | None) -> bool:
    """Whether the labels of two epochs leave a gap; an epoch takes so many inches of the axis."""
    labels = sum(breadth(str(each), SMALL, "bold" if each == chosen else "normal") for each in (one, other)) / 2
    return abs(one - other) * each_takes >= labels + BETWEEN / 2


def log_scale(axes: Axes, low: float, high: float) -> None:
    """A logarithmic x axis of values from `low` to `high`, with ticks written as plain numbers."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if high > 100 * low else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _steps() -> Iterable[int]:
    return (digit * 10**power for power in range(9) for digit in (1, 2, 5))


def limits(values: Values, core: Values, sign: int, longest: float = 4) -> tuple[float, float] | None:
    """The ends of an axis on which some values are not flattened by the others; None without finite values.

    The axis is at most `longest` times as long as the range of the `core`, less its worst tenth: what is worse is cut
    off. `sign` is 1 where more is better, -1 where less is.
    """
    good, kept = (sign * np.asarray(each, float) for each in (values, core))
    good, kept = good[np.isfinite(good)], kept[np.isfinite(kept)]
    if not len(good):
        return None
    best = good.max()
    width = best - np.quantile(kept, WORST) if len(kept) else 0.0
    end = good[good >= best - longest * width].min() if width > 0 else good.min()
    margin = 0.05 * (best - end) or abs(best) * 0.01 or 0.01
    low, high = sorted((sign * (end - margin), sign * (best + margin)))
    return float(low), float(high)
