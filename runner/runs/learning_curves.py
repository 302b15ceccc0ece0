"""Learning curves of a run and of a sweep, and the style that all pictures share."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from runner.config.monitor import Monitor
from runner.runs.history import Row
from runner.runs.reader import Run

# Blue and orange of the Okabe-Ito palette; markers and dashes distinguish them in black and white.
TRAINING = {"color": "#0072B2", "marker": "o", "linestyle": "-", "label": "training"}
VALIDATION = {"color": "#D55E00", "marker": "s", "linestyle": "--", "label": "validation"}
# The palette's colours that are visible on white; with the line styles they make twelve that differ in both.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
LINES = ("-", "--", ":", "-.")
NAMED = 12  # most lines that a legend names
OTHERS = {"color": "0.75", "linestyle": "-", "linewidth": 0.8, "zorder": 1}


def curves(rows: Sequence[Row], title: str, monitor: Monitor, best_epoch: int | None) -> bytes:
    """A PNG of one run by epoch: loss and the monitored metric (or the first), training and validation.

    `rows` are those of metrics.csv, at least one; `best_epoch` is marked.
    """
    validation = {f"val_{name}" for name in rows[0]}
    metrics = [name for name in rows[0] if name not in {"epoch", "learning_rate", "loss", *validation}]
    metrics.sort(key=lambda name: name != monitor.training_counterpart)
    panels = ["loss", *metrics[:1]]
    figure = new_figure(5.2 * len(panels), 4)
    for axes, name in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _panel(axes, rows, name, best_epoch)
    figure.suptitle(plain(title), fontsize=11)
    return png(figure)


def overlay(runs: Mapping[str, Run]) -> bytes:
    """A PNG of the runs of a sweep by epoch: loss and monitor, on validation examples where there are any.

    `runs` has their names, and at least one run. Of more than twelve only the best five have a name and a colour.
    """
    ranked = sorted(runs.items(), key=lambda each: each[1].rank)
    named = dict(ranked if len(ranked) <= NAMED else ranked[:5])
    monitor = ranked[0][1].monitor
    columns = list(dict.fromkeys([monitor.loss, monitor.name]))
    side_by_side = legend_columns(list(named))
    figure = new_figure(5.6 * len(columns), 4.2 + 0.2 * len(named) / side_by_side)
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for axes, column in zip(panels, columns, strict=True):
        for name, run in reversed(ranked):
            line_style = style(list(named).index(name)) if name in named else OTHERS
            rows = [row for row in run.metrics if column in row]
            epochs, values = [row["epoch"] for row in rows], [row[column] for row in rows]
            marker = "o" if len(rows) == 1 else ""
            axes.plot(epochs, values, marker=marker, label=plain(name) if name in named else "", **line_style)
        label_axes(axes, column)
    lines = {line.get_label(): line for line in panels[0].get_lines()}
    figure.legend(
        [lines[plain(name)] for name in named],
        [plain(name) for name in named],
        loc="outside lower center",
        ncols=side_by_side,
        frameon=False,
        fontsize=8,
    )
    return png(figure)


def _panel(axes: Axes, rows: Sequence[Row], name: str, best_epoch: int | None) -> None:
    epochs = [row["epoch"] for row in rows]
    size = 4 if len(epochs) <= 40 else 0
    axes.plot(epochs, [row[name] for row in rows], markersize=size, **TRAINING)  # type: ignore[arg-type]
    if f"val_{name}" in rows[0]:
        axes.plot(epochs, [row[f"val_{name}"] for row in rows], markersize=size, **VALIDATION)  # type: ignore[arg-type]
    if best_epoch is not None:
        axes.axvline(best_epoch, color="0.45", linestyle=":", linewidth=1.5, label=f"best epoch: {best_epoch}")
    label_axes(axes, name)
    axes.legend(frameon=False, fontsize=9)


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
