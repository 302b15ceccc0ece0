"""The record of a run as it grows: run.json, metrics.csv, timings.csv."""

import dataclasses
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner import backend, display, identity, metrics_csv, run_folder
from runner.batches import Split
from runner.config import Config
from runner.datasets import Data
from runner.metrics_csv import Row
from runner.task import Task

if TYPE_CHECKING:
    from runner.training import History

log = logging.getLogger("runner")


@dataclass
class Outcome:
    """How a run ended; `best` is its best epoch's row, `shown` the columns of it that tell how good it is.

    `signal` is the number of the signal that interrupted it, `note` what else there is to say.
    """

    folder: Path
    status: str
    error: str | None
    signal: int | None = None
    epochs: int = 0
    best: Row | None = None
    shown: list[str] = field(default_factory=list)
    note: str = ""


class Record:
    """What a run's folder says of it. `saved` is the last epoch that is stored."""

    def __init__(self, folder: Path, config: Config, overrides: list[str]) -> None:
        self.folder, self.config, self.overrides = folder, config, overrides
        self.metrics: list[Row] = []
        self.saved = 0
        self.entries: dict[str, Any] = {}
        if (folder / run_folder.RECORD).exists():
            self.entries = run_folder.read_record(folder)

    def is_of_another(self, wanted: str) -> bool:
        """Whether the folder holds a run of another identity."""
        return bool(self.entries.get("identity")) and self.entries["identity"] != wanted

    def is_complete(self, epochs: int) -> bool:
        """Whether the folder's run has finished with so many epochs, or stopped early before them."""
        if self.entries.get("status") != "completed" or self.entries["config"]["training"]["epochs"] != epochs:
            return False
        self.metrics = metrics_csv.read(self.folder / run_folder.METRICS)
        return True

    def begin(self, identity_now: str, data: Data, goal: Task, split: Split) -> None:
        """Say that the run is going on; what an earlier start of it has recorded stays."""
        about_data = {
            "name": data.name,
            "source": data.source,
            "fingerprint": data.fingerprint,
            "train": len(split.train),
            "validation": len(split.validation),
            "test": len(data.test),
        }
        self._write_all("running", identity_now, about_data, goal.monitor, goal.direction)

    def fail_before_begin(self, reason: str) -> None:
        """Record a run that could not even begin; nothing where an earlier start has a record. Raises OSError."""
        if not self.entries:
            self._write_all("failed", None, None, self.config.training.monitor, None, reason)

    def _write_all(
        self,
        status: str,
        identity_now: str | None,
        about_data: dict[str, Any] | None,
        monitor: str,
        direction: str | None,
        error: str | None = None,
    ) -> None:
        self.write(
            status=status,
            identity=identity_now,
            dataset=about_data,
            seed=self.config.seed,
            epochs=self.entries.get("epochs", 0),
            inherited_epochs=self.entries.get("inherited_epochs", 0),
            monitor=monitor,
            monitor_direction=direction,
            best_epoch=self.entries.get("best_epoch"),
            training_at_best=None,  # of the training examples, without dropout; known at the end
            parameter_count=None,
            config=dataclasses.asdict(self.config),
            overrides=self.overrides,
            versions=identity.versions(),
            threads=backend.threads_wanted(),
            device=backend.device_kind(),
            error=error,
            holder=run_folder.me(),
        )

    def write(self, **entries: Any) -> None:
        self.entries.update(entries)
        if self.entries["status"] != "running":
            self.entries["holder"] = None
        run_folder.write_record(self.folder, self.entries)

    def fail(self, reason: str) -> None:
        """Record a failure; on a full disk the outcome still says it."""
        try:
            self.write(status="failed", error=reason)
        except OSError:
            log.error("run.json could not be written: %s", reason)

    def inherit(self, history: "History", epochs: int) -> None:
        """Take over the rows of a history, `epochs` of which another run has trained."""
        if epochs:
            self.entries["inherited_epochs"] = epochs
        self.keep(history)

    def keep(self, history: "History") -> None:
        """Store the rows so far."""
        for row in history.metrics[self.saved :]:
            log.info(display.line(row, self.config.training.epochs))
        run_folder.write(self.folder / run_folder.METRICS, metrics_csv.text(history.metrics), durable=True)
        run_folder.write(self.folder / run_folder.TIMINGS, metrics_csv.text(history.timings))
        self.metrics, self.saved = list(history.metrics), len(history.metrics)
        self.write(epochs=self.saved, best_epoch=history.best_epoch)

    def outcome(self, note: str = "", signal: int | None = None) -> Outcome:
        best, watched = self.entries["best_epoch"], self.entries["monitor"]
        loss = "val_loss" if watched.startswith("val_") else "loss"
        return Outcome(
            folder=self.folder,
            status=self.entries["status"],
            error=self.entries["error"],
            signal=signal,
            epochs=len(self.metrics),
            best=self.metrics[best - 1] if best and len(self.metrics) >= best else None,
            shown=list(dict.fromkeys([watched, loss])),
            note=note,
        )
