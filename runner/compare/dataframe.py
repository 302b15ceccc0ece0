"""Recorded runs as a table for a notebook."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.config.dotted import flat
from runner.errors import ConfigError
from runner.formatting import shown
from runner.runs import catalog

if TYPE_CHECKING:
    import pandas as pd


def hashable(value: Any) -> Any:
    """A list as it is written on the command line, so that tables can be grouped by it; all else as it is."""
    return shown(value) if isinstance(value, (list, dict)) else value


def load(*paths: str | Path) -> "pd.DataFrame":
    """A row a run and epoch, of runs of any status: the tidy table for a notebook.

    Columns: run (its folder's name), folder, status, epoch, the other columns of metrics.csv, updates and seconds of
    that epoch, and the config as dotted keys, lists as their text, such as [64,16]. Raises ConfigError where there are
    no runs.
    """
    import pandas as pd

    rows = [
        {
            "run": run.folder.name,
            "folder": str(run.folder),
            "status": run.status,
            **metrics,
            "epoch": int(metrics["epoch"]),
            "updates": int(timings["updates"]),
            "seconds": timings["seconds"],
            **{key: hashable(value) for key, value in flat(run.record["config"])},
        }
        for run in catalog.runs(paths or [catalog.DEFAULT])
        for metrics, timings in zip(run.metrics, run.timings, strict=True)
    ]
    if not rows:
        raise ConfigError([f"{' '.join(map(str, paths or [catalog.DEFAULT]))} holds no runs with an epoch"])
    return pd.DataFrame(rows)
