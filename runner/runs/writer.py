"""The record of a run as it grows: run.json, metrics.csv, timings.csv."""

import contextlib
import dataclasses
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.cli import run_display as display
from runner.config.schema import Config
from runner.config.task import Task
from runner.datasets.base import Data
from runner.datasets.split import Split
from runner.errors import ConfigError, DataError
from runner.runs import checkpoint, identity
from runner.runs import folder as run_folder
from runner.runs import history as metrics_csv
from runner.runs.history import Row
from runner.runs.status import COMPLETED, FAILED, INTERRUPTED, RUNNING
from runner.system import backend, files

if TYPE_CHECKING:
    from runner.training.fit import History

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


def read(folder: Path) -> dict[str, Any]:
    """The run.json of a folder, empty where there is none; one that is lost is made again from the newest state.

    Raises DataError where it can neither be read nor made again.
    """
    if not (folder / run_folder.RECORD).exists():
        return {}
    try:
        return run_folder.read_record(folder)
    except ValueError as error:
        for epoch in checkpoint.epochs(folder):
            with contextlib.suppress(OSError, checkpoint.DamagedState):
                state = checkpoint.load(checkpoint.path(folder, epoch))
                log.warning("run.json could not be read (%s): made again from epoch %d", error, epoch)
                return {**state.record, "status": INTERRUPTED, "holder": None}
        raise DataError(
            f"{folder / run_folder.RECORD} cannot be read ({error}), and no state is left to make it from: "
            "remove the folder, or give another one"
        ) from None


class Record:
    """What a run's folder says of it. `saved` is the last epoch that is stored."""

    def __init__(self, folder: Path, config: Config, overrides: list[str]) -> None:
        self.folder, self.config, self.overrides = folder, config, overrides
        self.metrics: list[Row] = []
        self.saved = 0
        self.entries: dict[str, Any] = read(folder)

    @property
    def identity(self) -> str | None:
        """Of the run that the folder holds; None where it holds none."""
        return self.entries.get("identity")

    def is_of_another(self, wanted: str) -> bool:
        """Whether the folder holds a run that other surroundings than those wanted would continue."""
        changes = self.entries.get("mixed")
        last = changes[-1]["identity"] if changes else self.identity
        return bool(last) and last != wanted

    def refuse_other_runs(self, wanted: str, *, anyway: bool = False) -> None:
        """Raises ConfigError where the folder holds a run that this config does not continue: another, or a longer."""
        if self.is_of_another(wanted) and not anyway:
            raise ConfigError([f"hydra.run.dir must not hold another run; got {self.folder}: give another folder"])
        recorded, epochs = self.entries.get("epochs", 0), self.config.training.epochs
        if recorded > epochs:
            raise ConfigError(
                [
                    f"training.epochs must be at least the {recorded} that {self.folder} has recorded; got {epochs}: "
                    "give another folder with hydra.run.dir"
                ]
            )

    def start_over(self, wanted: str) -> None:
        """Forget what an earlier start has recorded; what is trained from here on is of the identity wanted."""
        if self.identity != wanted:
            self.entries |= {"identity": wanted, "mixed": None, "epochs": 0, "best_epoch": None, "inherited_epochs": 0}

    def mix(self, epoch: int, now: str, changes: list[str]) -> None:
        """Note that what follows an epoch is trained under another identity than what stands before it."""
        assert self.identity is not None
        entry = {"epoch": epoch, "changes": changes, "identity": now}
        self.entries["mixed"] = [*(self.entries.get("mixed") or []), entry]
        self.entries["identity"] = identity.mixed(self.identity, now, epoch)

    def is_complete(self, epochs: int) -> bool:
        """Whether the folder's run has finished with so many epochs, or stopped early before them."""
        if self.entries.get("status") != COMPLETED or self.entries["config"]["training"]["epochs"] != epochs:
            return False
        try:
            self.metrics = metrics_csv.read(self.folder / run_folder.METRICS)
        except (OSError, ValueError):  # lost or changed by hand: it is written again from the states
            return False
        return True

    def begin(self, data: Data, goal: Task, split: Split) -> None:
        """Say that the run is going on; what an earlier start of it has recorded stays."""
        about_data = {
            "name": data.name,
            "source": data.source,
            "fingerprint": data.fingerprint,
            "train": len(split.train),
            "validation": len(split.validation),
            "test": len(data.test),
        }
        surroundings = identity.surroundings(self.config, data)
        self._write_all(RUNNING, about_data, goal.monitor.name, goal.monitor.direction, surroundings=surroundings)

    def fail_before_begin(self, reason: str) -> None:
        """Record a run that could not even begin; nothing where an earlier start has a record. Raises OSError."""
        if not self.entries:
            self._write_all(FAILED, None, self.config.training.monitor, None, reason)

    def _write_all(
        self,
        status: str,
        about_data: dict[str, Any] | None,
        monitor: str,
        direction: str | None,
        error: str | None = None,
        surroundings: dict[str, Any] | None = None,
    ) -> None:
        decided = surroundings or {}
        self.write(
            status=status,
            identity=self.identity,
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
            numerics=decided.get("numerics"),
            plugin_sources=decided.get("plugin_sources"),
            environment=decided.get("environment"),
            mixed=self.entries.get("mixed"),
            error=error,
            holder=run_folder.me(),
        )

    def write(self, **entries: Any) -> None:
        self.entries.update(entries)
        if self.entries["status"] != RUNNING:
            self.entries["holder"] = None
        run_folder.write_record(self.folder, self.entries)

    def fail(self, reason: str) -> None:
        """Record a failure; on a full disk the outcome still says it."""
        try:
            self.write(status=FAILED, error=reason)
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
        files.write(self.folder / run_folder.METRICS, metrics_csv.text(history.metrics), durable=True)
        files.write(self.folder / run_folder.TIMINGS, metrics_csv.text(history.timings))
        self.metrics, self.saved = list(history.metrics), len(history.metrics)
        self.write(**_progress(history))

    def after(self, history: "History") -> dict[str, Any]:
        """What run.json will say once the rows of a history are stored."""
        return {**self.entries, **_progress(history)}

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


def _progress(history: "History") -> dict[str, Any]:
    return {"epochs": len(history.metrics), "best_epoch": history.best_epoch}
