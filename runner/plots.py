"""Pictures of how a model learned. Reads records only."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from runner.metrics_csv import Row
from runner.recorded import Run

# Blue and orange of the Okabe-Ito palette; markers and dashes tell them apart in print too.
TRAINING = {"color": "#0072B2", "marker": "o", "linestyle": "-", "label": "training"}
VALIDATION = {"color": "#D55E00", "marker": "s", "linestyle": "--", "label": "validation"}
# The palette's other colours that are seen on white; a second round is dashed, a third dotted.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
LINES = ("-", "--", ":")
OTHERS = {"color": "0.75", "linestyle": "-", "linewidth": 0.8, "zorder": 1}


def curves(rows: Sequence[Row], title: str, monitor: str, best_epoch: int | None) -> bytes:
    """A PNG of loss and of the first metric by epoch, training and validation, the best epoch marked."""
    columns = [name for name in rows[0] if not name.startswith("val_") and name not in ("epoch", "learning_rate")]
    watched = monitor.removeprefix("val_")
    others = [name for name in columns if name != "loss"]
    second = watched if watched in others else next(iter(others), None)
    panels = ["loss", *([second] if second else [])]
    figure = Figure(figsize=(5.2 * len(panels), 4), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    for axes, name in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _panel(axes, rows, name, best_epoch)
    figure.suptitle(title, fontsize=11)
    return _png(figure)


def overlay(runs: Mapping[str, Run]) -> bytes:
    """A PNG of the runs of a sweep by epoch: the loss and the monitored metric, of validation where there is one.

    Colour and line style tell them apart; with more than twelve only the best five have a name and a colour.
    """
    ranked = sorted(runs.items(), key=lambda each: each[1].rank)
    named = dict(ranked if len(ranked) <= 12 else ranked[:5])
    monitor = ranked[0][1].record["monitor"]
    loss = "val_loss" if monitor.startswith("val_") else "loss"
    columns = list(dict.fromkeys([loss, monitor]))
    side_by_side = 1 if max(map(len, named)) > 40 else 2
    figure = Figure(figsize=(5.6 * len(columns), 4.2 + 0.2 * len(named) / side_by_side), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for axes, column in zip(panels, columns, strict=True):
        for name, run in reversed(ranked):
            style = OTHERS if name not in named else _style(list(named).index(name))
            rows = [row for row in run.metrics if column in row]
            epochs, values = [row["epoch"] for row in rows], [row[column] for row in rows]
            marker = "o" if len(rows) == 1 else ""
            axes.plot(epochs, values, marker=marker, label=name if name in named else "", **style)
        _label(axes, column)
    lines = {line.get_label(): line for line in panels[0].get_lines()}
    figure.legend(
        [lines[name] for name in named],
        list(named),
        loc="outside lower center",
        ncols=side_by_side,
        frameon=False,
        fontsize=8,
    )
    return _png(figure)


def _style(number: int) -> dict[str, Any]:
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": LINES[number // len(COLOURS) % len(LINES)],
        "linewidth": 1.6,
    }


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _label(axes: Axes, column: str) -> None:
    axes.set_xlabel("epoch")
    axes.set_ylabel(column)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.25)


def _panel(axes: Axes, rows: Sequence[Row], name: str, best_epoch: int | None) -> None:
    epochs = [row["epoch"] for row in rows]
    size = 4 if len(epochs) <= 40 else 0
    axes.plot(epochs, [row[name] for row in rows], markersize=size, **TRAINING)  # type: ignore[arg-type]
    if f"val_{name}" in rows[0]:
        axes.plot(epochs, [row[f"val_{name}"] for row in rows], markersize=size, **VALIDATION)  # type: ignore[arg-type]
    if best_epoch is not None:
        axes.axvline(best_epoch, color="0.45", linestyle=":", linewidth=1.5, label=f"best epoch: {best_epoch}")
    _label(axes, name)
    axes.legend(frameon=False, fontsize=9)
