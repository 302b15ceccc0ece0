"""Head, loss, metrics and labels of one classification task, and whether they fit one another.

Resolves the `auto` values of a config once the number of classes is known; imports no Keras.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner import register
from runner.config import keras_names
from runner.config.monitor import Monitor
from runner.config.schema import Config


@dataclass(frozen=True)
class Task:
    """The task of a network that tells `classes` classes apart.

    `form` is `sigmoid`, `integer` or `one_hot` (runner/config/keras_names.py), `monitor` chooses the best epoch.
    """

    classes: int
    form: str
    output_units: int
    loss: str
    metrics: tuple[str, ...]
    monitor: Monitor

    @property
    def activation(self) -> str:
        return "sigmoid" if self.form == keras_names.SIGMOID else "softmax"

    def targets(self, labels: NDArray[np.integer]) -> NDArray[np.generic]:
        """Labels [examples] as the loss needs them.

        sigmoid: float32 [examples, 1]; integer: int32 [examples, 1]; one_hot: float32 [examples, output_units].
        """
        if self.form == keras_names.ONE_HOT:
            return np.eye(self.output_units, dtype=np.float32)[labels]
        kind = np.float32 if self.form == keras_names.SIGMOID else np.int32
        return np.asarray(labels, kind)[:, None]


def resolve(config: Config, classes: int) -> tuple[Task, list[str]]:
    """The task of a config on data with `classes` classes, and every reason why its parts do not fit one another."""
    one_hot = config.dataset.labels == "one_hot"
    head = config.model.head
    if head == "auto":
        head = "sigmoid" if classes == 2 and not one_hot else "softmax"
    form = keras_names.SIGMOID if head == "sigmoid" else keras_names.ONE_HOT if one_hot else keras_names.INTEGER
    units = config.model.output_units or (1 if form == keras_names.SIGMOID else classes)
    metrics = tuple(_own_or_canonical(name, register.metrics) for name in config.training.metrics)
    monitor = config.training.monitor
    if not config.training.validates:
        monitor = monitor.removeprefix("val_")
    task = Task(
        classes=classes,
        form=form,
        output_units=units,
        loss=_loss(config, form),
        metrics=metrics,
        monitor=Monitor(monitor, _direction(monitor, metrics) or "max"),
    )
    return task, [*_head_misfits(config, task), *_loss_misfits(task), *_metric_misfits(task)]


def _own_or_canonical(name: str, own: Mapping[str, object]) -> str:
    return name if name in own else keras_names.canonical(name)


def _loss(config: Config, form: str) -> str:
    if config.training.loss != "auto":
        return _own_or_canonical(config.training.loss, register.losses)
    return {
        keras_names.SIGMOID: "binary_crossentropy",
        keras_names.INTEGER: "sparse_categorical_crossentropy",
        keras_names.ONE_HOT: "categorical_crossentropy",
    }[form]


def column(metric: str) -> str:
    """The column of metrics.csv that a metric makes."""
    return metric if metric in register.metrics else _metric(metric).column


def _metric(name: str) -> keras_names.Metric:
    found = keras_names.metric(name)
    assert found, name  # unknown names are refused before
    return found


def _direction(monitor: str, metrics: tuple[str, ...]) -> str | None:
    """`max` or `min` by Keras' rule; None where Keras knows no direction, or there is no such column."""
    directions: dict[str, str | None] = {"loss": "min"}
    for name in metrics:
        own = register.metric_directions.get(name)
        directions[column(name)] = own or _metric(name).direction
    return directions.get(monitor.removeprefix("val_"))


def _head_misfits(config: Config, task: Task) -> list[str]:
    if task.form == keras_names.SIGMOID and task.classes != 2:
        return [
            f"model.head=sigmoid fits two classes, {config.dataset.name} has {task.classes}: use model.head=softmax"
        ]
    if task.form == keras_names.SIGMOID and config.dataset.labels == "one_hot":
        return [
            "model.head=sigmoid fits dataset.labels=integer; got one_hot: "
            "use model.head=softmax or dataset.labels=integer"
        ]
    if task.form == keras_names.SIGMOID and task.output_units != 1:
        return [f"model.output_units must be null or 1 with a sigmoid head; got {task.output_units}"]
    if task.form != keras_names.SIGMOID and task.output_units < task.classes:
        return [
            f"model.output_units must be null or at least {task.classes}, one unit for each class of "
            f"{config.dataset.name}; got {task.output_units}"
        ]
    return []


def _described(form: str) -> str:
    return {
        keras_names.SIGMOID: "a sigmoid head",
        keras_names.INTEGER: "a softmax head with integer labels",
        keras_names.ONE_HOT: "a softmax head with one-hot labels",
    }[form]


def _loss_misfits(task: Task) -> list[str]:
    if task.loss in register.losses or task.form in keras_names.LOSSES[task.loss]:
        return []
    fitting = [name for name, forms in keras_names.LOSSES.items() if task.form in forms]
    return [f"training.loss={task.loss} does not fit {_described(task.form)}: use auto or {', '.join(fitting)}"]


def fits(metric: str, task: Task) -> bool:
    """Whether a metric of Keras measures on this task what its name says."""
    if metric in keras_names.COUNTS and task.form == keras_names.ONE_HOT and task.classes == 2:
        return False
    return task.form in _metric(metric).fits and (keras_names.top_k(metric) or 0) < task.classes


def _metric_misfits(task: Task) -> list[str]:
    found = []
    for name in task.metrics:
        if name not in register.metrics and not fits(name, task):
            of_classes = " of two classes" if name in keras_names.COUNTS and task.form == keras_names.ONE_HOT else ""
            if keras_names.top_k(name):
                of_classes = f" of {task.classes} classes"
            named = [each for each in (*keras_names.METRICS, *keras_names.OWN_METRICS) if fits(each, task)]
            fitting = ", ".join([*named, *_top_k_names(task)])
            found.append(f"training.metrics: {name} does not fit {_described(task.form)}{of_classes}: use {fitting}")
    if len(set(task.metrics)) < len(task.metrics):
        found.append(f"training.metrics must name each metric once; got {list(task.metrics)}")
    if _direction(task.monitor.name, task.metrics) is None:
        found.append(_no_monitor(task))
    return found


def _top_k_names(task: Task) -> list[str]:
    """The names of top_K_accuracy that fit, as one range."""
    first, last = "top_2_accuracy", f"top_{task.classes - 1}_accuracy"
    if not fits(first, task):
        return []
    return [first if first == last else f"{first} to {last}"]


def _no_monitor(task: Task) -> str:
    prefix = "val_" if task.monitor.is_of_validation else ""
    columns = ["loss", *(column(name) for name in task.metrics if _direction(column(name), task.metrics))]
    return f"training.monitor must be one of {', '.join(prefix + each for each in columns)}; got {task.monitor.name}"
