"""Pictures of how a model learned. Reads records only."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from runner.compare.grouping import Table, effect_values, effects
from runner.formatting import shown
from runner.runs.history import Row
from runner.runs.reader import Run

# Blue and orange of the Okabe-Ito palette; markers and dashes tell them apart in print too.
TRAINING = {"color": "#0072B2", "marker": "o", "linestyle": "-", "label": "training"}
VALIDATION = {"color": "#D55E00", "marker": "s", "linestyle": "--", "label": "validation"}
# The palette's other colours that are seen on white; with the line styles they make twelve that differ in both.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
LINES = ("-", "--", ":", "-.")
NAMED = 12  # lines that a legend can name
EFFECTS = 4  # panels side by side
WIDE = 4  # times as many updates or seconds as the least: a logarithmic axis shows both
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
    figure.suptitle(_plain(title), fontsize=11)
    return _png(figure)


def overlay(runs: Mapping[str, Run]) -> bytes:
    """A PNG of the runs of a sweep by epoch: the loss and the monitored metric, of validation where there is one.

    Colour and line style tell them apart; of more than twelve only the best five have a name and a colour.
    """
    ranked = sorted(runs.items(), key=lambda each: each[1].rank)
    named = dict(ranked if len(ranked) <= NAMED else ranked[:5])
    monitor = ranked[0][1].record["monitor"]
    loss = "val_loss" if monitor.startswith("val_") else "loss"
    columns = list(dict.fromkeys([loss, monitor]))
    side_by_side = _columns(list(named))
    figure = Figure(figsize=(5.6 * len(columns), 4.2 + 0.2 * len(named) / side_by_side), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for axes, column in zip(panels, columns, strict=True):
        for name, run in reversed(ranked):
            style = OTHERS if name not in named else _style(list(named).index(name))
            rows = [row for row in run.metrics if column in row]
            epochs, values = [row["epoch"] for row in rows], [row[column] for row in rows]
            marker = "o" if len(rows) == 1 else ""
            axes.plot(epochs, values, marker=marker, label=_plain(name) if name in named else "", **style)
        _label(axes, column)
    lines = {line.get_label(): line for line in panels[0].get_lines()}
    figure.legend(
        [lines[_plain(name)] for name in named],
        [_plain(name) for name in named],
        loc="outside lower center",
        ncols=side_by_side,
        frameon=False,
        fontsize=8,
    )
    return _png(figure)


def comparison(tables: Sequence[Table]) -> bytes:
    """A PNG: for each table the curves of its settings, and the effect of each key that varies on the result."""
    heights = [[7.0 + 0.2 * min(len(table.settings), NAMED), *([3.8] if table.keys else [])] for table in tables]
    figure = Figure(figsize=(11.2, sum(map(sum, heights))), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    parts = figure.subfigures(len(tables), 1, height_ratios=[sum(height) for height in heights], squeeze=False)[:, 0]
    for part, table, height in zip(parts, tables, heights, strict=True):
        part.suptitle(_plain(table.title), fontsize=11)
        upper, *lower = part.subfigures(len(height), 1, height_ratios=height, squeeze=False)[:, 0]
        _curves_of_settings(upper, table)
        if lower:
            _effects(lower[0], table)
    return _png(figure)


def _curves_of_settings(figure: Any, table: Table) -> None:
    """A line a run, the runs of a setting alike: by epoch, and by updates and seconds, for epochs differ in both."""
    loss = "val_loss" if table.monitor.startswith("val_") else "loss"
    panels = [(loss, "epoch"), (table.monitor, "epoch"), (table.monitor, "updates"), (table.monitor, "seconds")]
    for axes, (column, along) in zip(figure.subplots(2, 2).flat, panels, strict=True):
        for number, setting in reversed(list(enumerate(table.settings))):
            style = _style(number) if number < NAMED else OTHERS
            for run in setting.runs:
                values = [row[column] for row in run.metrics if column in row]
                places = run.along(along)[: len(values)]
                axes.plot(places, values, marker="o" if len(values) == 1 else "", alpha=0.8, **style)
        _label(axes, column, along)
        ends = [run.along(along)[-1] for setting in table.settings for run in setting.runs]
        if along != "epoch" and max(ends) > WIDE * min(ends):
            axes.set_xscale("log")
    named = table.settings[:NAMED]
    handles = [Line2D([], [], **_style(number)) for number in range(len(named))]
    names = [_plain(table.name(setting)) for setting in named]
    figure.legend(handles, names, loc="outside lower center", ncols=_columns(names), frameon=False, fontsize=8)


def _effects(figure: Any, table: Table) -> None:
    """The result by the values of a key: a line for each setting of the other keys, bars for the spread over seeds."""
    panels = figure.subplots(1, min(len(table.keys), EFFECTS), squeeze=False, sharey=True)[0]
    for axes, key in zip(panels, table.keys, strict=False):
        values = effect_values(table, key)
        lines = effects(table, key)
        for number, line in enumerate(lines):
            places = [values.index(shown(setting.values.get(key))) for setting in line]
            spread = [setting.deviation or 0.0 for setting in line]
            style = _style(number) if number < NAMED else OTHERS
            means = [setting.mean for setting in line]
            others = [f"{name}={shown(line[0].values.get(name))}" for name in table.keys if name != key]
            axes.errorbar(places, means, spread, marker="o", capsize=3, label=_plain(" ".join(others)), **style)
        axes.set_xticks(range(len(values)), map(_plain, values), rotation=30 if max(map(len, values)) > 8 else 0)
        axes.set_xlabel(_plain(key))
        axes.grid(alpha=0.25)
        if 1 < len(lines) <= NAMED // 2:
            axes.legend(fontsize=8, frameon=False)
    panels[0].set_ylabel(table.monitor)


def _columns(names: Sequence[str]) -> int:
    """Of a legend."""
    return 1 if max(map(len, names)) > 40 else 2


def _plain(text: str) -> str:
    """A text of a record as it stands: matplotlib reads mathematics between dollar signs."""
    return text.replace("$", r"\$")


def _style(number: int) -> dict[str, Any]:
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": LINES[number % len(LINES)],
        "linewidth": 1.6,
    }


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _label(axes: Axes, column: str, along: str = "epoch") -> None:
    axes.set_xlabel(along)
    axes.set_ylabel(_plain(column))
    axes.xaxis.set_major_locator(MaxNLocator(integer=along != "seconds", min_n_ticks=1))
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
