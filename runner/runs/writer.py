"""The record of a run as it grows: run.json, metrics.csv, timings.csv."""

import contextlib
import dataclasses
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.config.monitor import Monitor
from runner.config.schema import Config
from runner.errors import ConfigError, DataError
from runner.formatting import data_label
from runner.runs import checkpoint, history, identity, shape
from runner.runs.folder import (
    BEST_MODEL,
    METRICS,
    MODEL,
    RECORD,
    TEST,
    TIMINGS,
    me,
    read_record,
    read_test,
    write_record,
)
from runner.runs.history import History, Row
from runner.runs.status import COMPLETED, FAILED, INTERRUPTED, RUNNING
from runner.system import backend, files

log = logging.getLogger("runner")


@dataclass(frozen=True)
class DatasetInfo:
    """The data of a run, as run.json names it.

    `train` and `validation` are numbers of examples after the split, `test` that of the test set. `class_names` has a
    name for each class, in the order of the labels. The features are divided by `divisor` before the network.
    """

    name: str
    source: str
    fingerprint: str
    train: int
    validation: int
    test: int
    class_names: tuple[str, ...]
    divisor: float = 1.0

    @property
    def label(self) -> str:
        """The name as headers and plots give it."""
        return data_label(self.name, self.source)


@dataclass
class Outcome:
    """How a run ended; `best` is the row of the best epoch, `shown` the columns of it that tell how good it is.

    `models` has for each saved network, by its name in the folder, the row of the epoch whose weights it holds.
    `signal` is the number of the signal that interrupted it, `test` what test.json holds, empty where the test set was
    not opened, `note` what else there is to say, `plugins` the modules that a command for going on has to trust.
    """

    folder: Path
    status: str
    error: str | None
    signal: int | None = None
    epochs: int = 0
    best: Row | None = None
    shown: list[str] = field(default_factory=list)
    models: dict[str, Row] = field(default_factory=dict)
    test: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    plugins: list[str] = field(default_factory=list)


def read(folder: Path) -> dict[str, Any]:
    """The run.json of a folder, empty where there is none; a damaged one is made again from the newest state.

    Raises DataError where it can neither be read nor made again.
    """
    if not (folder / RECORD).exists():
        return {}
    try:
        record = read_record(folder)
        shape.refuse_damaged_record(record)
        return {"identity": None, "monitor_direction": None, "error": None, **record}
    except ValueError as error:
        for epoch in checkpoint.epochs(folder):
            with contextlib.suppress(OSError, ValueError, checkpoint.DamagedState):
                state = checkpoint.load(checkpoint.path(folder, epoch))
                shape.refuse_damaged_record(state.record)
                log.warning("run.json could not be read (%s): made again from epoch %d", error, epoch)
                return {**state.record, "status": INTERRUPTED, "holder": None}
        raise DataError(
            f"{folder / RECORD} cannot be read ({error}), and no state is left to make it from: "
            "remove the folder, or give another one"
        ) from None


class Record:
    """The record in a run's folder. `saved` is the last epoch that is stored, 0 where none is.

    `has_models` says whether the saved networks are those of the recorded epochs.
    """

    def __init__(self, folder: Path, config: Config, overrides: list[str]) -> None:
        self.folder, self.config, self.overrides = folder, config, overrides
        self.metrics: list[Row] = []
        self.metrics_file, self.timings_file = (files.Growing(folder / name) for name in (METRICS, TIMINGS))
        self.saved = 0
        self.has_models = False
        self.entries: dict[str, Any] = read(folder)

    @property
    def identity(self) -> str | None:
        """That of the run in the folder; None where it holds none."""
        return self.entries.get("identity")

    @property
    def monitor(self) -> Monitor:
        """The column that chooses the best epoch, once the run has begun."""
        return Monitor(self.entries["monitor"], self.entries["monitor_direction"] or "max")

    def is_of_another(self, wanted: str) -> bool:
        """Whether the folder holds a run that continues under another identity than the wanted one."""
        changes = self.entries.get("mixed")
        last = changes[-1]["identity"] if changes else self.identity
        return bool(last) and last != wanted

    def refuse_other_runs(self, wanted: str, *, force: bool = False) -> None:
        """Raises ConfigError where the folder holds a run that this config does not continue: another, or a longer."""
        if self.is_of_another(wanted) and not force:
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
        """Forget what an earlier start has recorded; what is trained from here on has the wanted identity."""
        if self.identity != wanted:
            self.entries |= {"identity": wanted, "mixed": None, "epochs": 0, "best_epoch": None, "inherited_epochs": 0}
            for network in (MODEL, BEST_MODEL):
                self.entries.pop(opening_of(network), None)

    def mix(self, epoch: int, now: str, changes: list[str]) -> None:
        """Note that the epochs after `epoch` are trained under another identity than those before."""
        assert self.identity is not None
        entry = {"epoch": epoch, "changes": changes, "identity": now}
        self.entries["mixed"] = [*(self.entries.get("mixed") or []), entry]
        self.entries["identity"] = identity.mixed(self.identity, now, epoch)

    def is_complete(self) -> bool:
        """Whether the folder's run has finished what the config asks for, or stopped early in it."""
        wanted = self.config.training
        if self.entries.get("status") != COMPLETED or self.entries["config"]["training"]["epochs"] != wanted.epochs:
            return False
        if wanted.evaluate_test and not (self.folder / TEST).exists():
            return False
        try:
            self.metrics = history.read(self.folder / METRICS)
        except (OSError, ValueError):  # lost or changed by hand: it is written again from the states
            return False
        self.has_models = True
        return True

    def begin(self, dataset: DatasetInfo, monitor: Monitor, commonest_class: tuple[str, float] | None) -> None:
        """Record that the run is running; what an earlier start of it has recorded stays.

        `commonest_class` is the name and the share of that of the validation examples, None without any.
        """
        surroundings = identity.surroundings(self.config, dataset.fingerprint)
        self._write_all(RUNNING, dataset, monitor.name, monitor.direction, surroundings, commonest_class)

    def fail_before_begin(self, reason: str) -> None:
        """Record a run that could not even begin; nothing where an earlier start has a record. Raises OSError."""
        if not self.entries:
            self._write_all(FAILED, None, self.config.training.monitor, None, {}, None, reason)

    def _write_all(
        self,
        status: str,
        dataset: DatasetInfo | None,
        monitor: str,
        direction: str | None,
        surroundings: dict[str, Any],
        commonest_class: tuple[str, float] | None,
        error: str | None = None,
    ) -> None:
        self.write(
            status=status,
            identity=self.identity,
            dataset=dataclasses.asdict(dataset) if dataset else None,
            commonest_class=commonest_class[1] if commonest_class else None,
            commonest_class_name=commonest_class[0] if commonest_class else None,
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
            numerics=surroundings.get("numerics"),
            plugin_sources=surroundings.get("plugin_sources"),
            environment=surroundings.get("environment"),
            mixed=self.entries.get("mixed"),
            error=error,
            holder=me(),
        )

    def write(self, **entries: Any) -> None:
        """Write run.json with these entries changed. Raises OSError."""
        self.entries.update(entries)
        if self.entries["status"] != RUNNING:
            self.entries["holder"] = None
        write_record(self.folder, self.entries)

    def fail(self, reason: str) -> None:
        """Record a failure; on a full disk the outcome still tells it."""
        try:
            self.write(status=FAILED, error=reason)
        except OSError:
            log.error("run.json could not be written: %s", reason)

    def inherit(self, recorded: History, epochs: int) -> None:
        """Store the rows of a history, the first `epochs` of which another run has trained."""
        if epochs:
            self.entries["inherited_epochs"] = epochs
        self.store(recorded)

    def store(self, recorded: History) -> None:
        """Write the rows of a history that are not in the files yet, then run.json, which counts them. Raises OSError.

        The rows stand in their files before they are counted: a reader takes no more than are.
        """
        new = recorded.metrics[self.saved :]
        for row in new:
            log.info(history.line(row, self.config.training.epochs))
        history.extend(self.metrics_file, recorded.metrics, self.saved)
        history.extend(self.timings_file, recorded.timings, self.saved)
        self.metrics += new
        self.saved = len(recorded.metrics)
        self.write(**_progress(recorded))

    def entries_with(self, recorded: History) -> dict[str, Any]:
        """The entries that run.json has once the rows of a history are stored."""
        return {**self.entries, **_progress(recorded)}

    def outcome(self, note: str = "", signal: int | None = None) -> Outcome:
        """How the run has ended, or stands."""
        epoch, monitor = self.entries["best_epoch"], self.monitor
        best = self.metrics[epoch - 1] if epoch and len(self.metrics) >= epoch else None
        models = {BEST_MODEL: best, MODEL: self.metrics[-1] if self.metrics else None} if self.has_models else {}
        return Outcome(
            folder=self.folder,
            status=self.entries["status"],
            error=self.entries["error"],
            signal=signal,
            epochs=len(self.metrics),
            best=best,
            shown=list(dict.fromkeys([monitor.name, monitor.loss])),
            models={name: row for name, row in models.items() if row},
            test=self._test(),
            note=note,
            plugins=self.config.plugins,
        )

    def _test(self) -> dict[str, Any]:
        """What the test says of the network after the last recorded epoch; empty where it was not asked."""
        opening = self.entries.get(opening_of(MODEL)) or {}
        if not opening.get("done") or opening["epoch"] != len(self.metrics):
            return {}
        with contextlib.suppress(OSError, DataError):  # removed, or changed by hand
            return read_test(self.folder)
        return {}


def opening_of(network: str) -> str:
    """The key of run.json that tells of the opening of the test set for a network of the folder."""
    return "opening" if network == MODEL else "opening_of_best"


def _progress(recorded: History) -> dict[str, Any]:
    return {"epochs": len(recorded.metrics), "best_epoch": recorded.best_epoch}
