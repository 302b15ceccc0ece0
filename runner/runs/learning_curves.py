"""The picture of how a run learned."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from runner.config.monitor import Monitor
from runner.runs.history import Row
from runner.runs.palette import CATEGORIES, QUIET
from runner.runs.plot_style import SIZE, SMALL, WIDTH, epoch_ticks, in_style, limits, rendered, titled
from runner.runs.sheet import EDGE, Block, blank, legend, place, sheet, text

# Blue and orange of the Okabe-Ito palette; markers and dashes distinguish them in black and white.
TRAINING = {"color": CATEGORIES[0], "marker": "o", "linestyle": "-", "linewidth": 1.4}
VALIDATION = {"color": CATEGORIES[1], "marker": "s", "linestyle": (0, (4, 1.5)), "linewidth": 1.4}
BEST = {"color": QUIET, "linestyle": ":", "linewidth": 1.1}
MARKED = 40  # most epochs of which each has a marker
HEIGHT, LEFT, GAP = 2.1, 0.55, 0.62  # of the axes, before them and between them


@in_style
def curves(rows: Sequence[Row], title: str, monitor: Monitor, best_epoch: int | None) -> bytes:
    """A PNG of one run by epoch: loss and the monitored metric (or the first), training and validation.

    `rows` are those of metrics.csv, at least one; `best_epoch` is marked.
    """
    validation = {f"val_{name}" for name in rows[0]}
    metrics = [name for name in rows[0] if name not in {"epoch", "learning_rate", "loss", *validation}]
    metrics.sort(key=lambda name: name != monitor.training_counterpart)
    panels = ["loss", *metrics[:1]]
    signs = [-1, monitor.sign if panels[-1] == monitor.training_counterpart else 1]
    cut = [_cut_off(rows, name, sign) for name, sign in zip(panels, signs, strict=False)]

    def draw(figure: Figure, top: float) -> None:
        width = (WIDTH - LEFT - EDGE - GAP * (len(panels) - 1)) / len(panels)
        for number, (name, sign) in enumerate(zip(panels, signs, strict=False)):
            axes = place(figure, LEFT + number * (width + GAP), top - 0.22, width, HEIGHT)
            _panel(axes, rows, name, sign, best_epoch)

    names = ["training", *(["validation"] if "val_loss" in rows[0] else [])]
    handles = [Line2D([], [], markersize=4, **style) for style in (TRAINING, VALIDATION)]  # type: ignore[arg-type]
    handles = handles[: len(names)]
    if best_epoch is not None:
        names.append(f"best epoch: {best_epoch}")
        handles.append(Line2D([], [], **BEST))  # type: ignore[arg-type]
    blocks = [
        text(title, SIZE + 0.5, weight="bold"),
        blank(0.08),
        legend(names, handles),
        blank(0.06),
        Block(HEIGHT + 0.6, draw),
        text(" ".join(filter(None, cut)), SMALL, colour=QUIET),
    ]
    return rendered(sheet(blocks))


def _columns(rows: Sequence[Row], name: str) -> list[str]:
    return [each for each in (name, f"val_{name}") if each in rows[0]]


def _ends(rows: Sequence[Row], name: str, sign: int) -> tuple[float, float] | None:
    """The ends of an axis, which the first epoch does not set."""
    values = np.array([[row[column] for column in _columns(rows, name)] for row in rows])
    return limits(values.ravel(), values[len(rows) > 1 :].ravel(), sign)


def _cut_off(rows: Sequence[Row], name: str, sign: int) -> str:
    """The epochs whose values lie outside the axes, in words; empty where there are none."""
    ends = _ends(rows, name, sign)
    if ends is None:
        return ""
    values = np.array([[row[column] for column in _columns(rows, name)] for row in rows])
    outside = [int(row["epoch"]) for row, each in zip(rows, values, strict=True) if _is_outside(each, ends)]
    if not outside:
        return ""
    which = f"epoch {outside[0]}" if len(outside) == 1 else f"{len(outside)} epochs from epoch {outside[0]}"
    return f"Outside the axis of {name}: {which}."


def _is_outside(values: np.ndarray, ends: tuple[float, float]) -> bool:
    return bool(((values < ends[0]) | (values > ends[1])).any())


def _panel(axes: Axes, rows: Sequence[Row], name: str, sign: int, best_epoch: int | None) -> None:
    epochs = [row["epoch"] for row in rows]
    size = 3.2 if len(epochs) <= MARKED else 0
    for column, style in zip(_columns(rows, name), (TRAINING, VALIDATION), strict=False):
        axes.plot(epochs, [row[column] for row in rows], markersize=size, **style)  # type: ignore[arg-type]
    if best_epoch is not None:
        axes.axvline(best_epoch, zorder=1, **BEST)  # type: ignore[arg-type]
    titled(axes, name, x="epoch")
    epoch_ticks(axes, len(rows), best_epoch)
    ends = _ends(rows, name, sign)
    if ends:
        axes.set_ylim(*ends)
