"""A run as its folder tells it. Reads records only, never imports TensorFlow."""

import functools
import itertools
import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.config.dotted import flat
from runner.config.monitor import Monitor
from runner.runs import circumstances, history, predictions, shape
from runner.runs.folder import METRICS, RECORD, TIMINGS, is_held, read_record
from runner.runs.history import Row
from runner.runs.predictions import Predictions
from runner.runs.status import COMPLETED, CRASHED, RUNNING

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """The run.json of a folder, the status, and the rows of metrics.csv and timings.csv, one for each epoch.

    `recorded_at` is the time at which the record was last written, in seconds since 1970.
    """

    folder: Path
    status: str
    record: dict[str, Any]
    metrics: list[Row]
    timings: list[Row]
    recorded_at: float = 0.0

    @property
    def best(self) -> Row:
        """The row of the best epoch; empty where there is none."""
        epoch = self.record["best_epoch"]
        return self.metrics[epoch - 1] if epoch else {}

    @property
    def last(self) -> Row:
        return self.metrics[-1] if self.metrics else {}

    @property
    def monitor(self) -> Monitor:
        """The column that chooses the best epoch."""
        return Monitor(self.record["monitor"], self.record["monitor_direction"] or "max")

    @property
    def monitored(self) -> float | None:
        """The monitored value of the best epoch; None where there is none."""
        return self.best.get(self.record["monitor"])

    def training_at_best(self, column: str) -> float:
        """A training column at the best epoch, NaN where there is none.

        Evaluated there without dropout; of a run recorded without that, the mean over the epoch's updates.
        """
        evaluated: Row = self.record.get("training_at_best") or {}
        return evaluated.get(column, self.best.get(column, math.nan))

    @functools.cached_property
    def predictions(self) -> Predictions | None:
        """Predictions of the validation examples, read when first asked for; None where not each epoch has them.

        None, with a warning in the log, also where the file is damaged or cannot be opened.
        """
        if not self.record["dataset"]["validation"]:
            return None  # of the test examples, where there is a file
        try:
            found = predictions.read(self.folder)
        except (OSError, ValueError) as error:
            log.warning("%s: the run is taken as one without predictions", error)
            return None
        return found if found and len(found.right) == self.record["epochs"] else None

    @functools.cached_property
    def config(self) -> dict[str, Any]:
        """The recorded config by dotted keys."""
        return dict(flat(self.record["config"]))

    @property
    def updates(self) -> int:
        """Optimizer steps of all recorded epochs, inherited ones included."""
        return int(sum(row["updates"] for row in self.timings))

    @property
    def seconds(self) -> float:
        """Training and validation time of all recorded epochs, inherited ones included."""
        return sum(row["seconds"] for row in self.timings)

    def along(self, axis: str) -> list[float]:
        """For each epoch the value on an axis: `epoch` is the number, `updates` and `seconds` are sums until then."""
        if axis == "epoch":
            return [row["epoch"] for row in self.metrics]
        return list(itertools.accumulate(row[axis] for row in self.timings))

    @property
    def rank(self) -> tuple[float, str]:
        """Sorts the better value of the monitor first, runs without one last."""
        if self.monitored is None:
            return (float("inf"), str(self.folder))
        return (-self.monitor.sign * self.monitored, str(self.folder))


def load(folder: Path) -> Run:
    """The run of a folder. Raises OSError, or ValueError where its files are not those of a run."""
    try:
        status, record = told(folder)
        epochs = record["epochs"]
        metrics, timings = (history.read(folder / name, epochs) if epochs else [] for name in (METRICS, TIMINGS))
        run = Run(folder, status, record, metrics, timings, (folder / RECORD).stat().st_mtime)
        _refuse_incomplete(run)
    except (KeyError, TypeError, IndexError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"it is not complete: {error}") from None
    return run


def told(folder: Path) -> tuple[str, dict[str, Any]]:
    """The status of a run and its run.json; rows are not read. Raises as `load` does."""
    record = _record(folder)
    shape.refuse_damaged_record(record)
    status = status_of(folder, record)
    if status == CRASHED:  # or it has ended between the two looks
        record = _record(folder)
        status = record["status"] if record["status"] != RUNNING else CRASHED
    return status, record


def _record(folder: Path) -> dict[str, Any]:
    try:
        return read_record(folder)
    except json.JSONDecodeError as error:
        how = "cut off or changed by hand" if error.doc.strip("\0 \n") else "empty"
        raise ValueError(f"its {RECORD} is {how}: {error}") from None


def _refuse_incomplete(run: Run) -> None:
    """Look at all that is read of a run later. Raises ValueError, or what a missing part raises."""
    record = run.record
    if any(len(rows) < record["epochs"] for rows in (run.metrics, run.timings)):
        raise ValueError(f"its record tells of {record['epochs']} epochs, its files of fewer")
    if run.metrics and not {run.monitor.name, run.monitor.loss} <= {*run.last}:
        raise ValueError(f"its {METRICS} has no columns {run.monitor.name} and {run.monitor.loss}")
    if run.best and not math.isfinite(run.best[run.monitor.name]):
        raise ValueError(f"its best epoch has no {run.monitor.name}")
    if not (math.isfinite(run.seconds) and math.isfinite(run.updates)):
        raise ValueError(f"its {TIMINGS} has values that are no numbers")
    _ = run.rank, run.config
    _ = circumstances.of(run.record), circumstances.mixed(run.record)
    if record["dataset"] is not None or run.status == COMPLETED:
        _ = [record["dataset"][key] for key in ("name", "source", "fingerprint", "train", "validation")]


def status_of(folder: Path, record: dict[str, Any]) -> str:
    """What the record says, but `crashed` where it says running and its holder is dead."""
    status: str = record["status"]
    return CRASHED if status == RUNNING and not is_held(folder) else status
