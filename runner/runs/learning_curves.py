"""The pictures of how a run learned, and of the runs of a sweep."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from runner.config.monitor import Monitor
from runner.runs.history import Row
from runner.runs.plot_style import (
    NAMED,
    OTHERS,
    TRAINING,
    VALIDATION,
    label_axes,
    legend_columns,
    new_figure,
    plain,
    png,
    style,
)
from runner.runs.reader import Run


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
