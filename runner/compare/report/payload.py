"""The data that report.js draws the curves from."""

import json
import math
from collections.abc import Sequence
from itertools import zip_longest
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from runner.compare.answers import sample
from runner.compare.facets import CLEAR, LEGEND, SEEDS
from runner.compare.grouping import Setting
from runner.compare.report.view import View
from runner.compare.sample import standard_error

BANDS = 60  # most learning curves that have bands without being drawn with them at once
POINTS = 50_000  # most epochs of all runs of a table together; of more, evenly spaced ones are drawn


def payload(views: list[View]) -> str:
    """JSON that can stand in a script element: it has no `<`."""
    content = [_table(view) for view in views]
    return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def panels(view: View) -> list[str]:
    """The metrics that are drawn, that of the monitor first; one on validation goes with its counterpart."""
    columns = _columns(view)
    validation = {f"val_{name}" for name in columns}
    found = [name for name in columns if name not in validation and (name != "learning_rate" or _varies(view, name))]
    return sorted(found, key=lambda name: name != view.table.monitor.training_counterpart)


def step(view: View) -> int:
    """One epoch in this number is drawn."""
    epochs = sum(len(run.metrics) for curve in view.curves.values() for run in curve.runs)
    return math.ceil(epochs / POINTS) or 1


def _varies(view: View, column: str) -> bool:
    """Whether a column changes from epoch to epoch."""
    runs = [run for curve in view.curves.values() for run in curve.runs]
    return any(row.get(column) != run.metrics[0].get(column) for run in runs for row in run.metrics)


def _columns(view: View) -> list[str]:
    runs = [run for curve in view.curves.values() for run in curve.runs]
    return [name for name in dict.fromkeys(name for run in runs for name in run.last) if name != "epoch"]


def _table(view: View) -> dict[str, Any]:
    """`panels` are titles; a panel with more than `clear` curves has no bands, with more than `marked` no dots."""
    drawn = set(panels(view))
    columns = [name for name in _columns(view) if name.removeprefix("val_") in drawn or name in drawn]
    found = view.facets
    places: dict[Setting, _Place] = {}
    titles = list(dict.fromkeys([*found.panels, *found.left]))
    for divided, is_drawn in ((found.panels, True), (found.left, False)):
        for title, curves in divided.items():
            is_clear = is_drawn and len(curves) <= CLEAR
            places |= {curve.setting: _Place(titles.index(title), is_drawn, is_clear) for curve in curves}
    return {
        "prefix": view.prefix,
        "monitor": view.table.monitor.name,
        "columns": columns,
        "panels": titles,
        "clear": CLEAR,
        "marked": LEGEND,
        "curves": [_curve(view, curve, places[curve], columns) for curve in view.curves.values()],
    }


class _Place(NamedTuple):
    """Where a curve is drawn: in which panel, at once or only when it is picked, and with a band or not."""

    panel: int
    is_drawn: bool
    is_clear: bool


def _curve(view: View, curve: Setting, place: _Place, columns: list[str]) -> dict[str, Any]:
    """Every n-th epoch, the chosen one, the ends of the range and the last one.

    epoch    the epochs drawn, from 1; `shared` of them all seeds have
    updates  totals from the start, seconds too, mean over the seeds
    seeds    [seeds, columns, epochs] the values, of the first SEEDS
    means    [columns, shared] over all of them; null where `seeds` has them all
    errors   the standard error of the monitored mean, epoch by epoch; null where it is not drawn
    """
    every, found, longest = step(view), view.epochs[curve], max(len(run.metrics) for run in curve.runs)
    has_band = place.is_clear or view.places[curve] < BANDS
    ends = {found.chosen, found.last, *(found.as_good or ())}
    kept = sorted({*range(1, longest + 1, every), *ends, longest})
    return {
        "name": view.short_curve(curve),
        "colour": view.colours[curve],
        "panel": place.panel,
        "drawn": place.is_drawn,
        "chosen": found.chosen,
        "range": found.as_good,
        "epoch": kept,
        "shared": sum(epoch <= found.last for epoch in kept),
        "updates": _along(curve, "updates", kept),
        "seconds": _along(curve, "seconds", kept),
        "seeds": [
            [[_short(row.get(column, math.nan)) for row in _kept(run.metrics, kept)] for column in columns]
            for run in curve.runs[:SEEDS]
        ],
        "means": [_means(curve, column, kept) for column in columns] if len(curve.runs) > SEEDS else None,
        "errors": _errors(curve, [epoch for epoch in kept if epoch <= found.last]) if has_band else None,
    }


def _kept(rows: Sequence[Any], kept: list[int]) -> list[Any]:
    return [rows[epoch - 1] for epoch in kept if epoch <= len(rows)]


def _means(curve: Setting, column: str, kept: list[int]) -> list[float | None]:
    values = [[row.get(column, math.nan) for row in run.metrics[: len(curve.curve)]] for run in curve.runs]
    return [_short(each) for each in _kept(np.mean(values, axis=0).tolist(), kept)]


def _along(curve: Setting, axis: str, kept: list[int]) -> list[float | None]:
    totals = zip_longest(*(run.along(axis) for run in curve.runs))
    means = [fmean(each for each in values if each is not None) for values in totals]
    return [_short(each) for each in _kept(means, kept)]


def _errors(curve: Setting, epochs: list[int]) -> list[float | None] | None:
    found = [standard_error(sample(curve, [epoch] * len(curve.runs))) for epoch in epochs]
    return None if None in found else [_short(each) for each in found if each is not None]


def _short(value: float) -> float | None:
    """Nine digits, which tell any float32: a mean of them is rounded as in the table. None where it is not finite."""
    return float(f"{value:.9g}") if math.isfinite(value) else None
