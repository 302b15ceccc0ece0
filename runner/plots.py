"""Pictures of how a model learned. Reads records only."""

import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from runner.metrics_csv import Row

# Blue and orange of the Okabe-Ito palette; markers and dashes tell them apart in print too.
TRAINING = {"color": "#0072B2", "marker": "o", "linestyle": "-", "label": "training"}
VALIDATION = {"color": "#D55E00", "marker": "s", "linestyle": "--", "label": "validation"}


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
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _panel(axes: Axes, rows: Sequence[Row], name: str, best_epoch: int | None) -> None:
    epochs = [row["epoch"] for row in rows]
    size = 4 if len(epochs) <= 40 else 0
    axes.plot(epochs, [row[name] for row in rows], markersize=size, **TRAINING)  # type: ignore[arg-type]
    if f"val_{name}" in rows[0]:
        axes.plot(epochs, [row[f"val_{name}"] for row in rows], markersize=size, **VALIDATION)  # type: ignore[arg-type]
    if best_epoch is not None:
        axes.axvline(best_epoch, color="0.45", linestyle=":", linewidth=1.5, label=f"best epoch: {best_epoch}")
    axes.set_xlabel("epoch")
    axes.set_ylabel(name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=9)
