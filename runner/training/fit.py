"""Keras' fit over example numbers, and the callbacks that make an epoch's record."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from runner.config.schema import Config
from runner.config.task import Task, column
from runner.datasets import split as batches
from runner.datasets.base import Data
from runner.runs import history as metrics_csv
from runner.runs.checkpoint import State
from runner.runs.history import Row
from runner.system import backend
from runner.system.signals import Interruption
from runner.training import layers as rows
from runner.training import model
from runner.training.evaluation import Evaluation


@dataclass
class History:
    """What a fit leaves: a row an epoch for metrics.csv and timings.csv, and the weights of the best epoch.

    `problem` says why the fit failed, if it did. A fit that continues another begins with the other's history.
    """

    metrics: list[Row] = field(default_factory=list)
    timings: list[Row] = field(default_factory=list)
    best_epoch: int | None = None
    best_weights: list[NDArray[Any]] = field(default_factory=list)
    problem: str | None = None


Observer = Callable[[History], None]


def prepare(config: Config, data: Data, task: Task, split: batches.Split) -> tuple[keras.Model, keras.Model]:
    """The plain network, and the model from example numbers that trains its weights; both compiled."""
    backend.release()
    keras.utils.set_random_seed(config.seed)
    network = model.build(config.model, task, data.train.features.shape[1:])
    trained = rows.over_rows(network, data.train)
    optimizer, loss = model.optimizer(config, len(split.train)), model.loss(task)
    steps = batches.updates(len(split.train), config.training.batch_size)
    trained.compile(optimizer, loss, metrics=model.metrics(task), steps_per_execution=steps)
    network.compile(optimizer, loss, metrics=model.metrics(task))
    return network, trained


def state(trained: keras.Model, history: History, record: dict[str, Any]) -> State:
    """The training as it stands, copied, with the run.json that goes with it."""
    return State(
        model=[variable.numpy() for variable in trained.variables],
        optimizer=[variable.numpy() for variable in trained.optimizer.variables],
        best=history.best_weights,
        metrics=list(history.metrics),
        timings=list(history.timings),
        record=record,
    )


def restore(trained: keras.Model, history: History, saved: State, task: Task) -> None:
    """Put a training back to where it was saved."""
    trained.optimizer.build(trained.trainable_variables)
    for variables, values in ((trained.variables, saved.model), (trained.optimizer.variables, saved.optimizer)):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
    history.metrics, history.timings = list(saved.metrics), list(saved.timings)
    history.best_weights = saved.best
    history.best_epoch = metrics_csv.best_epoch(saved.metrics, task.monitor.name, task.monitor.direction)


def fit(
    trained: keras.Model,
    config: Config,
    task: Task,
    split: batches.Split,
    targets: NDArray[Any],
    observers: list[Observer],
    interruption: Interruption,
    history: History,
    further: Sequence[keras.callbacks.Callback] = (),
) -> None:
    """Train on from the history's last epoch, to the epochs of the config or to what ends it before.

    That is early stopping, a loss that is not finite, or a signal. targets [examples, …] are those of all training
    data, numbered as in `split`. `further` callbacks see an epoch's logs with the validation columns in them.
    """
    done, steps = len(history.metrics), batches.updates(len(split.train), config.training.batch_size)
    early_stopping = EarlyStopping(config, task, history)
    if done >= config.training.epochs or early_stopping.has_stopped(trained):
        for callback in further:  # which show what is recorded already
            callback.set_model(trained)
            callback.on_train_begin()
            callback.on_train_end()
        return
    callbacks = [
        Validation(Evaluation(trained, split.validation, targets)),
        early_stopping,
        Record(history, steps, len(split.train), task),
        Observers(history, observers),
        *further,
        StopOnSignal(interruption),
    ]
    interruption.patient = True
    trained.fit(
        _stream(config, split, targets, first_epoch=done + 1),
        epochs=config.training.epochs,
        initial_epoch=done,
        steps_per_epoch=steps,
        callbacks=callbacks,
        shuffle=False,  # the stream has its own order
        verbose=0,
    )
    interruption.patient = False


def _stream(config: Config, split: batches.Split, targets: NDArray[Any], first_epoch: int) -> tf.data.Dataset:
    """Batches of (numbers int32 [batch], targets [batch, …]), epoch after epoch without an end.

    One stream for all epochs: a finite one costs 15 ms at each new iterator.
    """
    training, examples = config.training, len(split.train)
    steps = batches.updates(examples, training.batch_size)
    all_targets = tf.constant(targets)

    def order(epoch: int) -> NDArray[np.int32]:
        return batches.order(split.train, config.seed, int(epoch), training.shuffle)

    def of_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        numbers = tf.ensure_shape(tf.numpy_function(order, [epoch], tf.int32), (examples,))

        def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            chosen = numbers[step * training.batch_size : (step + 1) * training.batch_size]
            return chosen, tf.gather(all_targets, chosen)

        return tf.data.Dataset.range(steps).map(batch)

    return tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max).flat_map(of_epoch).prefetch(2)


class Validation(keras.callbacks.Callback):
    """Adds the validation columns to an epoch's logs; fit's own pass costs double."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__()
        self.evaluation = evaluation

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs.update({f"val_{name}": value for name, value in self.evaluation().items()})


class Record(keras.callbacks.Callback):
    """Turns an epoch's logs into its rows, and keeps the weights of the best epoch."""

    def __init__(self, history: History, steps: int, examples: int, task: Task) -> None:
        super().__init__()
        self.history, self.steps, self.examples, self.task = history, steps, examples, task
        self.started = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        seconds = time.perf_counter() - self.started
        row = {"epoch": epoch + 1, **self._columns(logs), "learning_rate": _last_learning_rate(self.model)}
        self.history.metrics.append(row)
        self.history.timings.append(
            {
                "epoch": epoch + 1,
                "seconds": seconds,
                "updates": self.steps,
                "examples_per_second": self.examples / seconds,
            }
        )
        self._keep_best()
        lost = [name for name in ("loss", "val_loss") if name in row and not math.isfinite(row[name])]
        if lost:
            self.history.problem = f"{lost[0]} is {row[lost[0]]} in epoch {epoch + 1}: lower optimizer.learning_rate"
            self.model.stop_training = True

    def _columns(self, logs: dict[str, Any]) -> Row:
        names = ["loss", *map(column, self.task.metrics)]
        columns = names + ([f"val_{name}" for name in names] if "val_loss" in logs else [])
        return {name: float(logs[name]) for name in columns}

    def _keep_best(self) -> None:
        history = self.history
        history.best_epoch = metrics_csv.best_epoch(
            history.metrics, self.task.monitor.name, self.task.monitor.direction
        )
        if history.best_epoch == len(history.metrics):
            history.best_weights = self.model.get_weights()


def _last_learning_rate(trained: keras.Model) -> float:
    """At the last update; as short as float32 allows, 0.001 rather than 0.0010000000474974513."""
    optimizer = trained.optimizer
    schedule = optimizer._learning_rate
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        rate = schedule(optimizer.iterations - 1)
    else:
        rate = optimizer.learning_rate
    return float(str(np.float32(rate.numpy())))


class Observers(keras.callbacks.Callback):
    """Shows each epoch's history to those who store or display it."""

    def __init__(self, history: History, observers: list[Observer]) -> None:
        super().__init__()
        self.history, self.observers = history, observers

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for observe in self.observers:
            observe(self.history)


class StopOnSignal(keras.callbacks.Callback):
    """Ends the fit after the epoch in which a signal came."""

    def __init__(self, interruption: Interruption) -> None:
        super().__init__()
        self.interruption = interruption

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.interruption.signal is not None:
            self.model.stop_training = True


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Keras' own, off without a patience; it remembers nothing from fit to fit, so recorded epochs are replayed."""

    def __init__(self, config: Config, task: Task, history: History) -> None:
        settings = config.training.early_stopping
        self.is_on, self.history = settings.patience is not None, history
        super().__init__(
            monitor=task.monitor.name,
            min_delta=settings.min_delta,
            patience=settings.patience or 0,
            mode=task.monitor.direction,
        )

    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        for row in self.history.metrics:
            self.on_epoch_end(int(row["epoch"]) - 1, row)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.is_on:
            super().on_epoch_end(epoch, logs)

    def has_stopped(self, trained: keras.Model) -> bool:
        """Whether the recorded epochs end by early stopping."""
        self.set_model(trained)
        trained.stop_training = False
        self.on_train_begin()
        return bool(trained.stop_training)
