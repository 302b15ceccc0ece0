"""The callbacks of a fit: validation columns, the rows of each epoch, early stopping, observers, signals."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from runner.config.monitor import Monitor
from runner.config.schema import EarlyStopping as EarlyStoppingConfig
from runner.runs.history import History, Row
from runner.system.signals import Interruption
from runner.training.evaluation import Evaluation

RATE = "learning_rate"
SPEED = ("epoch", "seconds", "updates", "examples_per_second")  # the columns of timings.csv
Observer = Callable[[History], None]


class Validation(keras.callbacks.Callback):
    """Adds the validation columns to the logs of an epoch; the pass of fit itself costs double."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__()
        self.evaluation = evaluation

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs.update({f"val_{name}": value for name, value in self.evaluation().items()})


class EpochRows(keras.callbacks.Callback):
    """Turns the logs of an epoch into the rows of a history, and keeps the weights of the best epoch.

    `columns` are those between the epoch and the learning rate; an epoch has `updates` updates over `examples`
    examples.
    """

    def __init__(self, history: History, monitor: Monitor, columns: Sequence[str], updates: int, examples: int) -> None:
        super().__init__()
        self.history, self.monitor, self.columns = history, monitor, columns
        self.updates, self.examples = updates, examples
        self.started = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        seconds = time.perf_counter() - self.started
        values = {name: float(logs[name]) for name in self.columns}
        row = {"epoch": epoch + 1, **values, RATE: _last_learning_rate(self.model.optimizer)}
        speed = dict(zip(SPEED, (epoch + 1, seconds, self.updates, self.examples / seconds), strict=True))
        self._keep_best(row)
        self.history.metrics.append(row)
        self.history.timings.append(speed)
        self._end_without_a_finite_loss(row)

    def _keep_best(self, row: Row) -> None:
        if self.monitor.is_better(row, self.history.best):
            self.history.best_epoch = int(row["epoch"])
            self.history.best_weights = self.model.get_weights()

    def _end_without_a_finite_loss(self, row: Row) -> None:
        lost = [name for name in ("loss", "val_loss") if name in row and not math.isfinite(row[name])]
        if lost:
            where = f"{lost[0]} is {row[lost[0]]} in epoch {int(row['epoch'])}"
            self.history.problem = f"{where}: lower optimizer.learning_rate"
            self.model.stop_training = True


def _last_learning_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """That of the last update, as short as float32 allows: 0.001 rather than 0.0010000000474974513.

    An optimizer tells the rate of the next update.
    """
    optimizer.iterations.assign_sub(1)
    try:
        rate = np.float32(keras.ops.convert_to_numpy(optimizer.learning_rate))
    finally:
        optimizer.iterations.assign_add(1)
    return float(str(rate))


class PredictionRows(keras.callbacks.Callback):
    """Adds to the predictions of a history, where it keeps any, what the validation of an epoch has computed."""

    def __init__(self, history: History, evaluation: Evaluation) -> None:
        super().__init__()
        self.history, self.evaluation = history, evaluation

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.history.predictions is not None:
            right, outputs = self.evaluation.predictions()
            is_best = self.history.best_epoch == len(self.history.metrics)
            self.history.predictions.add(right, outputs, is_best=is_best)


class Observers(keras.callbacks.Callback):
    """Hands the history after each epoch to those who store or display it."""

    def __init__(self, history: History, observers: Sequence[Observer]) -> None:
        super().__init__()
        self.history, self.observers = history, observers

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for observe in self.observers:
            observe(self.history)


class StopOnSignal(keras.callbacks.Callback):
    """Ends the fit after the epoch in which a signal came; before that epoch is recorded, if the signal was urgent."""

    def __init__(self, interruption: Interruption) -> None:
        super().__init__()
        self.interruption = interruption

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.interruption.urgent:
            self.interruption.stop()
        if self.interruption.signal is not None:
            self.model.stop_training = True


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Keras' own, off without a patience. It remembers nothing from fit to fit: recorded epochs are replayed."""

    def __init__(self, settings: EarlyStoppingConfig, monitor: Monitor, history: History) -> None:
        self.is_on, self.history = settings.patience is not None, history
        super().__init__(
            monitor=monitor.name,
            min_delta=settings.min_delta,
            patience=settings.patience or 0,
            mode=monitor.direction,
        )

    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        for row in self.history.metrics:
            self.on_epoch_end(int(row["epoch"]) - 1, row)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.is_on:
            super().on_epoch_end(epoch, logs)

    def has_stopped(self, model: keras.Model) -> bool:
        """Whether the recorded epochs end by early stopping."""
        self.set_model(model)
        model.stop_training = False
        self.on_train_begin()
        return bool(model.stop_training)
