"""The data that report.js draws from."""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runner.compare.report.view import View, clean
from runner.runs.reader import Run

DRAWN = 50  # most runs whose curves are in one plot
NAMED = 12  # most runs or settings among them that have a colour and a name
OWN = 8  # most runs that have a style each; more have the style of their setting
POINTS = 50_000  # most epochs of all runs of a table together; of more, evenly spaced ones are drawn


def payload(views: list[View], names: dict[Path, str]) -> str:
    """JSON that can stand in a script element: it has no `<`."""
    figures = [f"{view.prefix}-{scale}" for view in views for scale in ("linear", "log")]
    effects = [f"{view.prefix}-effect{place}" for view in views for place in range(len(view.effects))]
    painted = [f"{name}-{part}" for name in effects for part in ("lines", "points", "whiskers")]
    content = {
        "drawn": DRAWN,
        "named": NAMED,
        "own": OWN,
        "tables": [_table(view, names) for view in views],
        "figures": figures + effects,
        "painted": painted,
    }
    return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def metrics(view: View) -> list[str]:
    """The metrics that can be drawn, that of the monitor first; one on validation goes with its counterpart."""
    columns = _columns(view.runs)
    validation = {f"val_{name}" for name in columns}
    found = [name for name in columns if name not in validation]
    return sorted(found, key=lambda name: name != view.table.monitor.training_counterpart)


def step(runs: Iterable[Run]) -> int:
    """One epoch in this number is drawn."""
    return math.ceil(sum(len(run.metrics) for run in runs) / POINTS) or 1


def _table(view: View, names: dict[Path, str]) -> dict[str, Any]:
    columns = _columns(view.runs)
    every = step(view.runs)
    texts = zip(*(field.texts for field in view.fields), strict=True)
    return {
        "names": [names[run.folder] for run in view.runs],
        "settings": view.setting_of,
        "settingNames": [clean(view.table.name(setting)) for setting in view.table.settings],
        "search": ["\n".join(row).lower() for row in texts],
        "columns": columns,
        "runs": [_curve(run, columns, every) for run in view.runs],
    }


def _columns(runs: Iterable[Run]) -> list[str]:
    return [name for name in dict.fromkeys(name for run in runs for name in run.last) if name != "epoch"]


def _curve(run: Run, columns: list[str], every: int) -> dict[str, Any]:
    """Every n-th epoch, the best and the last one; updates and seconds are totals from the start of the training.

    `best` is the index of the best epoch among those kept.
    """
    best = run.record["best_epoch"] - 1
    kept = sorted({*range(0, len(run.metrics), every), best, len(run.metrics) - 1})
    updates, seconds = run.along("updates"), run.along("seconds")
    return {
        "best": kept.index(best),
        "epoch": [place + 1 for place in kept],
        "updates": [int(updates[place]) for place in kept],
        "seconds": [_short(seconds[place]) for place in kept],
        "values": [[_short(run.metrics[place].get(name, math.nan)) for place in kept] for name in columns],
    }


def _short(value: float) -> float | None:
    """Six digits, enough to draw; None where there is no finite value."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
