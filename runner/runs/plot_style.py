"""The style of all PNG pictures: colours, lines, figures, labels. The colours of the report stand in report.css."""

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Blue and orange of the Okabe-Ito palette; markers and dashes distinguish them in black and white.
TRAINING = {"color": "#0072B2", "marker": "o", "linestyle": "-", "label": "training"}
VALIDATION = {"color": "#D55E00", "marker": "s", "linestyle": "--", "label": "validation"}
# The palette's colours that are visible on white; with the line styles they make twelve that differ in both.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
LINES = ("-", "--", ":", "-.")
NAMED = 12  # most lines that a legend names
OTHERS = {"color": "0.75", "linestyle": "-", "linewidth": 0.8, "zorder": 1}


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, its size in inches, that needs no display."""
    figure = Figure(figsize=(width, height), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    return figure


def png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def style(number: int) -> dict[str, Any]:
    """The colour and the line style of a line, by its rank from 0; those below NAMED all differ."""
    if number >= NAMED:
        return OTHERS
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": LINES[number % len(LINES)], "linewidth": 1.6}


def plain(text: str) -> str:
    """Text that matplotlib shows as it is; between dollar signs it would read mathematics."""
    return text.replace("$", r"\$")


def legend_columns(names: Sequence[str]) -> int:
    return 1 if max(map(len, names)) > 40 else 2


def label_axes(axes: Axes, column: str, along: str = "epoch") -> None:
    """Label the axes of a column along epochs, updates or seconds."""
    axes.set_xlabel(along)
    axes.set_ylabel(plain(column))
    axes.xaxis.set_major_locator(MaxNLocator(integer=along != "seconds", min_n_ticks=1))
    axes.grid(alpha=0.25)
