"""The story of one run: data, model, fit, record."""

import dataclasses
import logging
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner import (
    backend,
    batches,
    datasets,
    display,
    identity,
    interruption,
    metrics_csv,
    plots,
    run_folder,
    task,
)
from runner.config import Config
from runner.errors import DataError
from runner.metrics_csv import Row

log = logging.getLogger(__name__)


@dataclass
class Outcome:
    """How a run ended; `best` is its best epoch's row, `shown` the columns of it that tell how good it is.

    `signal` is the number of the signal that interrupted it, else None.
    """

    folder: Path
    status: str
    error: str | None
    signal: int | None = None
    epochs: int = 0
    best: Row | None = None
    shown: list[str] = field(default_factory=list)


def run(config: Config, folder: Path, overrides: list[str]) -> Outcome:
    """Train what a config describes and leave the record in a folder.

    A run that fails or is interrupted is an Outcome too. Raises ConfigError or DataError where the folder cannot be
    used.
    """
    with run_folder.claimed(folder), interruption.watched() as signals:
        record = _Record(config, folder, overrides)
        try:
            record.write(status="running")
            _train(config, folder, record, signals)
            signals.stop()
        except KeyboardInterrupt:
            record.write(status="interrupted")
            return record.outcome(signals.signal)
        except Exception as error:
            log.error("the run failed\n%s", traceback.format_exc())
            record.write(status="failed", error=_one_line(error))
            return record.outcome()
        record.write(status="completed")
        return record.outcome()


class FitFailed(Exception):
    """The training itself went wrong."""


def _train(config: Config, folder: Path, record: "_Record", signals: interruption.Interruption) -> None:
    data = datasets.load(config.dataset)
    goal, _ = task.resolve(config, data.classes)
    split = batches.split(config.training, data.train.labels)
    display.header(config, data, len(split.train), len(split.validation))
    backend.start()
    from runner import training

    record.describe(data, goal, split)
    network, trained = training.prepare(config, data, goal, split)
    record.write(parameter_count=network.count_params())
    targets = goal.targets(data.train.labels)
    with display.progress(config.training.epochs) as show:
        history = training.fit(trained, config, goal, split, targets, [record.keep, show], signals)
    _save(folder, network, trained, history)
    _draw(folder, record)
    if history.problem:
        raise FitFailed(history.problem)


def _save(folder: Path, network: Any, trained: Any, history: Any) -> None:
    """The network after the last epoch, and after the best one."""
    with run_folder.temporary(folder / run_folder.MODEL) as path:
        network.save(path)
    if history.best_epoch is None:
        return
    last = trained.get_weights()
    trained.set_weights(history.best_weights)
    with run_folder.temporary(folder / run_folder.BEST_MODEL) as path:
        network.save(path)
    trained.set_weights(last)


def _draw(folder: Path, record: "_Record") -> None:
    if rows := record.metrics:
        entries = record.entries
        title = f"{record.label}, best {entries['monitor']} in epoch {entries['best_epoch']}"
        picture = plots.curves(rows, title, entries["monitor"], entries["best_epoch"])
        run_folder.write(folder / run_folder.CURVES, picture)


class _Record:
    """run.json and the CSV files, as they grow."""

    def __init__(self, config: Config, folder: Path, overrides: list[str]) -> None:
        self.config, self.folder = config, folder
        self.metrics: list[Row] = []
        self.label = config.dataset.name
        self.entries: dict[str, Any] = {
            "status": "running",
            "identity": None,
            "dataset": None,
            "seed": config.seed,
            "epochs": 0,
            "inherited_epochs": 0,
            "monitor": config.training.monitor,
            "monitor_direction": None,
            "best_epoch": None,
            "parameter_count": None,
            "config": dataclasses.asdict(config),
            "overrides": overrides,
            "versions": identity.versions(),
            "threads": None,
            "error": None,
        }

    def describe(self, data: datasets.Data, goal: task.Task, split: batches.Split) -> None:
        threads = backend.threads()
        self.label = data.label
        self.write(
            identity=identity.identity(self.config, data, threads),
            dataset={
                "name": data.name,
                "source": data.source,
                "fingerprint": data.fingerprint,
                "train": len(split.train),
                "validation": len(split.validation),
                "test": len(data.test),
            },
            monitor=goal.monitor,
            monitor_direction=goal.direction,
            threads=threads,
        )

    def write(self, **entries: Any) -> None:
        self.entries.update(entries)
        run_folder.write_record(self.folder, self.entries)

    def keep(self, history: Any) -> None:
        """Store an epoch."""
        self.metrics = history.metrics
        self.entries.update(epochs=len(history.metrics), best_epoch=history.best_epoch)
        run_folder.write(self.folder / run_folder.METRICS, metrics_csv.text(history.metrics))
        run_folder.write(self.folder / run_folder.TIMINGS, metrics_csv.text(history.timings))
        log.info(display.line(history.metrics[-1], self.config.training.epochs))

    def outcome(self, signal: int | None = None) -> Outcome:
        best = self.entries["best_epoch"]
        watched = self.entries["monitor"]
        return Outcome(
            folder=self.folder,
            status=self.entries["status"],
            error=self.entries["error"],
            signal=signal,
            epochs=len(self.metrics),
            best=self.metrics[best - 1] if best else None,
            shown=[
                watched,
                *({"val_loss"} if watched.startswith("val_") and watched != "val_loss" else {"loss"}),
            ],
        )


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if isinstance(error, (FitFailed, DataError)) else f"{type(error).__name__}: {text}"
