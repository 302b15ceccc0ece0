"""Recorded runs as a table for a notebook."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.compare import comparison, serialize
from runner.config.dotted import flat
from runner.errors import ConfigError
from runner.formatting import shown
from runner.runs import search
from runner.runs.reader import Run

if TYPE_CHECKING:
    import pandas as pd


def load(*paths: str | Path) -> "pd.DataFrame":
    """Recorded runs as a tidy table: one row for each run and epoch, whatever the run's status.

    Parameters
    ----------
    *paths
        Folders of runs or sweeps, searched at any depth, or globs. Without any: `outputs`, but not `outputs/example`.

    Returns
    -------
    pandas.DataFrame
        Runs by folder, epochs in their order, with a plain index from 0. The columns:

        run         str    name of the run's folder
        folder      str    path of the run's folder
        status      str    completed, failed, interrupted, running or crashed
        epoch       int    from 1
        ...         float  the other columns of metrics.csv, such as loss, val_accuracy, learning_rate; NaN where a run
                           did not measure a metric
        updates     int    optimizer steps in this epoch
        seconds     float  duration of this epoch in seconds
        ...                the config by dotted keys, such as model.width; lists and dicts as text, such as "[64,16]",
                           so that the table can be grouped by them; NaN where a run has no such key

    Raises
    ------
    ConfigError
        If there is no run with a recorded epoch.

    Warns
    -----
    UserWarning
        For each run whose record cannot be read; it is skipped.
    """
    import pandas as pd

    unreadable: list[str] = []
    rows = [row for run in search.runs(paths or [search.DEFAULT], warn=unreadable.append) for row in _rows(run)]
    for message in unreadable:
        warnings.warn(message, stacklevel=2)
    if not rows:
        raise ConfigError([f"{' '.join(map(str, paths or [search.DEFAULT]))} holds no runs with an epoch"])
    return pd.DataFrame(rows)


def table(*paths: str | Path) -> "pd.DataFrame":
    """The table of `python -m runner compare`: one row for each setting, the best first.

    Parameters
    ----------
    *paths
        As for `load`.

    Returns
    -------
    pandas.DataFrame
        The columns of `compare --csv`: `data` is the title of the table that a setting stands in, then the keys in
        which the settings differ, seeds, the mean of the monitored metric, standard_error, chosen_epoch, and so on.

    Raises
    ------
    ConfigError
        If there is no run.
    """
    import pandas as pd

    found = comparison.compare(_some(paths))
    rows = [{"data": judged.table.title, **row} for judged in found.tables for row in judged.rows]
    return pd.DataFrame([{key: _hashable(value) for key, value in row.items()} for row in rows])


def verdicts(*paths: str | Path) -> "pd.DataFrame":
    """The verdicts of `python -m runner compare --pairs`: one row for each setting held against the best one.

    Parameters
    ----------
    *paths
        As for `load`.

    Returns
    -------
    pandas.DataFrame
        data         str    title of the table
        setting      str    the setting, as words of the command line
        reference    str    the best setting
        outcome      str    worse, same or open, of the setting against the reference
        difference   float  of the means, setting less reference
        low, high    float  95 % interval of the difference; NaN where no noise is known
        p            float  NaN where no noise is known
        covers       str    what the verdict would hold for: other seeds, folds, examples
        method       str    the test
        sentence     str    all of it in words

    Raises
    ------
    ConfigError
        If there is no run.
    """
    import pandas as pd

    found = serialize.as_json(comparison.compare(_some(paths)))
    rows = [
        {"data": each["title"], "reference": each["reference"], **verdict}
        for each in found["tables"]
        for verdict in each["verdicts"]
    ]
    columns = "data setting reference outcome difference low high p covers method sentence".split()
    for row in rows:
        row["low"], row["high"] = row["interval"] or (None, None)
        row["covers"] = ", ".join(row["covers"])
    return pd.DataFrame(rows, columns=columns)


def _some(paths: Sequence[str | Path]) -> list[Run]:
    unreadable: list[str] = []
    found = search.some_runs(paths or [search.DEFAULT], warn=unreadable.append)
    for message in unreadable:
        warnings.warn(message, stacklevel=3)
    return found


def _rows(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "run": run.folder.name,
            "folder": str(run.folder),
            "status": run.status,
            **metrics,
            "epoch": int(metrics["epoch"]),
            "updates": int(timings["updates"]),
            "seconds": timings["seconds"],
            **{key: _hashable(value) for key, value in flat(run.record["config"])},
        }
        for metrics, timings in zip(run.metrics, run.timings, strict=True)
    ]


def _hashable(value: Any) -> Any:
    """A list or dict as text, so that tables can be grouped by it; every other value as it is."""
    return shown(value) if isinstance(value, list | dict) else value
