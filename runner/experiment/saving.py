"""What a run writes: checkpoints while it trains, its predictions, models and picture at the end."""

import errno
import logging
import math
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.datasets.base import Data
from runner.errors import DataError
from runner.runs import checkpoint, learning_curves, predictions
from runner.runs.folder import BEST_MODEL, COLUMNS, CURVES, MODEL, VOCABULARY
from runner.runs.history import History
from runner.runs.writer import Record
from runner.system import files

if TYPE_CHECKING:
    from runner.training.fit import Training  # imports TensorFlow

log = logging.getLogger(__name__)


class Checkpointer:
    """Saves a checkpoint after an epoch, at most once every `save_seconds`, and after each epoch of `epochs_to_keep`.

    Called with the history after each epoch.
    """

    def __init__(self, record: Record, training: "Training", epochs_to_keep: Collection[int]) -> None:
        self.record, self.training, self.epochs_to_keep = record, training, epochs_to_keep
        self.settings = record.config.training
        self.states = checkpoint.Writer(record.folder)
        self.saved_at = time.monotonic()

    def __call__(self, history: History) -> None:
        epoch = len(history.metrics)
        if self.settings.keep_state == "all" or epoch in self.epochs_to_keep or self._is_due():
            self.save()

    def save(self) -> None:
        """Write the state, then the rows of the epochs since the last one; if one fails, the earlier ones stand."""
        history = self.training.history
        if not history.metrics or self.record.saved == len(history.metrics):
            return
        if self.settings.keep_state != "none":
            self.states.save(self.training.state(self.record.entries_with(history)))
        self.record.store(history)
        if self.settings.keep_state == "last":
            checkpoint.prune(self.record.folder, len(history.metrics), self.epochs_to_keep)
        self.saved_at = time.monotonic()

    def _is_due(self) -> bool:
        return time.monotonic() - self.saved_at >= self.settings.save_seconds


def refuse_full_disk(folder: Path, training: "Training") -> None:
    """Raises OSError where the least that a run leaves does not fit: two states, two models, the predictions."""
    weights = sum(variable.numpy().nbytes for variable in training.model.variables)
    kept = training.history.predictions
    predicted = sum(array.nbytes for array in kept.now.arrays().values()) if kept else 0
    needed = 10 * weights + 4 * predicted + (1 << 20)
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, f"{needed >> 20} MB are needed", str(folder))


def save_predictions(record: Record, training: "Training") -> None:
    """Write predictions.npz, or remove it where none are kept or no epoch is recorded. Raises OSError."""
    if len(training.split.validation):  # else the file, where there is one, is of the test examples
        kept = training.history.predictions
        predictions.write(record.folder, kept.now if kept and training.history.metrics else None)


def save_models(record: Record, training: "Training") -> None:
    """Write the network after the last epoch and after the best one, and record the training values of the latter."""
    network = training.saved_network()
    with files.replacing(record.folder / MODEL, durable=True) as path:
        network.save(path)
    if training.history.best_epoch is not None:
        _save_best(record, training, network)
    record.has_models = True


def _save_best(record: Record, training: "Training", network: Any) -> None:
    last = training.model.get_weights()
    training.model.set_weights(training.history.best_weights)
    with files.replacing(record.folder / BEST_MODEL, durable=True) as path:
        network.save(path)
    values = training.evaluation()()
    record.write(training_at_best={name: value for name, value in values.items() if math.isfinite(value)})
    training.model.set_weights(last)


def save_what_makes_rows(folder: Path, data: Data) -> None:
    """Write vocabulary.json where the data is text, columns.json where it is columns of numbers and categories.

    Where the words of texts are not found, the log says so.
    """
    if data.columns:
        files.write(folder / COLUMNS, data.columns.to_json())
    try:
        vocabulary = data.vocabulary
    except DataError as error:  # no reason not to train
        log.warning("no %s, which predict needs: %s", VOCABULARY, error)
        return
    if vocabulary:
        files.write(folder / VOCABULARY, vocabulary.to_json())


def draw(record: Record, label: str) -> None:
    """Write curves.png; nothing before the first epoch."""
    if record.metrics:
        best = record.entries["best_epoch"]
        title = f"{label}, best {record.monitor.name} in epoch {best}"
        files.write(record.folder / CURVES, learning_curves.curves(record.metrics, title, record.monitor, best))
