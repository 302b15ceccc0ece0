"""A training: a network, the model from example numbers that trains it, and what both have recorded so far."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from runner.config.schema import Config
from runner.config.task import Task, column
from runner.datasets import class_weights
from runner.datasets.base import Data
from runner.datasets.split import Split
from runner.runs import predictions
from runner.runs.checkpoint import State
from runner.runs.history import History
from runner.runs.predictions import Growing
from runner.system import backend
from runner.system.signals import Interruption
from runner.training import batches, layers, model, optimizer
from runner.training.callbacks import (
    RATE,
    SPEED,
    EarlyStopping,
    EpochRows,
    Observer,
    Observers,
    PredictionRows,
    StopOnSignal,
    Validation,
)
from runner.training.evaluation import Evaluation


class Training:
    """The training that a config describes on the examples of a split.

    network  the plain Keras network, compiled, that is saved
    model    from example numbers, int32 [batch], to the outputs of the network, whose weights it trains
    history  the recorded epochs
    """

    def __init__(self, config: Config, data: Data, task: Task, split: Split) -> None:
        backend.release()
        keras.utils.set_random_seed(config.seed)
        self.config, self.task, self.split = config, task, split
        self.targets: NDArray[Any] = task.targets(data.train.labels)
        self.updates = batches.updates(len(split.train), config.training.batch_size)
        self.class_weight = class_weights.resolve(
            config.training.class_weight, data.class_names, data.train.labels[split.train]
        )
        self.network = model.build(config.model, task, data.train.features.shape[1:], data.image_shape)
        self.model = layers.over_rows(self.network, data.train, task)
        self.keeps_predictions = config.training.keep_predictions and len(split.validation) > 0
        self.history = History(predictions=self._no_predictions_yet(data) if self.keeps_predictions else None)
        self._compile()

    def _no_predictions_yet(self, data: Data) -> Growing:
        examples, units = self.split.validation, self.task.output_units
        return Growing(predictions.before_the_first_epoch(examples, data.train.labels[examples], units))

    def _compile(self) -> None:
        plain, loss = optimizer.optimizer(self.config, self.updates), model.loss(self.task)
        faster = optimizer.faster_optimizer(self.config, self.updates)
        self.network.compile(plain, loss, metrics=model.saved_metrics(self.task))
        self.model.compile(faster or plain, loss, metrics=model.metrics(self.task), steps_per_execution=self.updates)
        # An optimizer that is built while its step is traced makes TensorFlow trace that again: 0.3 s of a run.
        self.model.optimizer.build(self.model.trainable_variables)

    def state(self, record: dict[str, Any]) -> State:
        """The training as it stands, with the run.json that goes with it. The rows are those of the history itself."""
        return State(
            model=[variable.numpy() for variable in self.model.variables],
            optimizer=[variable.numpy() for variable in self.model.optimizer.variables],
            best=self.history.best_weights,
            metrics=self.history.metrics,
            timings=self.history.timings,
            record=record,
            predictions=self.history.predictions.now if self.history.predictions else None,
        )

    def misfit(self, saved: State) -> str:
        """Why a state cannot be one of this training, in words; empty where it can be."""
        weights = [_kind(variable) for variable in self.model.weights]
        wanted = {
            "model": [_kind(variable) for variable in self.model.variables],
            "optimizer": [_kind(variable) for variable in self.model.optimizer.variables],
            "best": weights if self.task.monitor.best_epoch(saved.metrics) else [],
        }
        for part, kinds in wanted.items():
            if [(array.shape, str(array.dtype)) for array in getattr(saved, part)] != kinds:
                return f"its arrays {part} are not those of this network"
        if (list(saved.metrics[0]), tuple(saved.timings[0])) != (["epoch", *self.columns, RATE], SPEED):
            return "its columns are not those of this training"
        return ""

    @property
    def columns(self) -> list[str]:
        """Those of metrics.csv between the epoch and the learning rate."""
        names = ["loss", *map(column, self.task.metrics)]
        return [*names, *(f"val_{name}" for name in names if len(self.split.validation))]

    def restore(self, saved: State) -> None:
        """Put the training back to where it was saved."""
        _assign(self.model.variables, saved.model)
        _assign(self.model.optimizer.variables, saved.optimizer)
        self.history.metrics, self.history.timings = list(saved.metrics), list(saved.timings)
        self.history.best_weights = saved.best
        self.history.best_epoch = self.task.monitor.best_epoch(saved.metrics)
        kept, found = self.history.predictions, saved.predictions
        self.history.predictions = Growing(found) if found and kept and kept.now.fits(found) else None

    def fit(
        self,
        observers: Sequence[Observer],
        interruption: Interruption,
        extra_callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> None:
        """Train from the last recorded epoch to the last one of the config, or to what ends the training before.

        That is early stopping, a loss that is not finite, or a signal. `extra_callbacks` see the logs of an epoch with
        the validation columns in them.
        """
        done, settings = len(self.history.metrics), self.config.training
        early_stopping = EarlyStopping(settings.early_stopping, self.task.monitor, self.history)
        if done >= settings.epochs or early_stopping.has_stopped(self.model):
            return self._show_recorded(extra_callbacks)
        validation = Evaluation(self.model, self.split.validation, self.targets)
        callbacks = [
            StopOnSignal(interruption),
            Validation(validation),
            early_stopping,
            EpochRows(self.history, self.task.monitor, self.columns, self.updates, len(self.split.train)),
            PredictionRows(self.history, validation),
            Observers(self.history, observers),
            *extra_callbacks,
        ]
        self.model.fit(
            batches.stream(self.split.train, self.targets, settings, self.config.seed, first_epoch=done + 1),
            epochs=settings.epochs,
            initial_epoch=done,
            steps_per_epoch=self.updates,
            callbacks=callbacks,
            class_weight=self.class_weight,
            shuffle=False,  # the stream has an order of its own
            verbose=0,
        )

    def _show_recorded(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        """Let callbacks show the recorded epochs where none is left to train."""
        for callback in callbacks:
            callback.set_model(self.model)
            callback.on_train_begin()
            callback.on_train_end()

    def evaluation(self) -> Evaluation:
        """Loss and metrics over the training examples."""
        return Evaluation(self.model, self.split.train, self.targets)

    def saved_network(self) -> keras.Model:
        """The plain network with the weights of now, and with the state of the optimizer that has trained it."""
        if self.network.optimizer is not self.model.optimizer:
            self.network.optimizer.build(self.network.trainable_variables)
            states = [variable.numpy() for variable in self.model.optimizer.variables]
            _assign(self.network.optimizer.variables, states)
        return self.network


def _kind(variable: keras.Variable) -> tuple[tuple[int, ...], str]:
    """Shape and type, as those of an array of its values."""
    return tuple(variable.shape), str(variable.dtype)


def _assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
