"""The plain Keras network that a config describes, with its loss and metrics."""

import inspect
from typing import Any

import keras

from runner import register
from runner.config import keras_names
from runner.config.schema import CNN, Model
from runner.config.task import Task
from runner.datasets.base import ImageShape
from runner.errors import ConfigError
from runner.training import class_metrics

# Methods that, overridden, train or evaluate a model otherwise than keras.Model does.
KERAS_TRAINING = (
    "train_step test_step compute_loss compute_metrics compile fit evaluate make_train_function make_test_function "
    "metrics get_metrics_result reset_metrics"
).split()


def build(
    config: Model, task: Task, input_shape: tuple[int, ...], image_shape: ImageShape | None = None
) -> keras.Model:
    """From features [batch, *input_shape] to [batch, task.output_units]. Raises ConfigError for a plugin's misfit.

    `image_shape` is that of the images which the features show.
    """
    if config.name not in register.models:
        hidden = _blocks(config, input_shape, image_shape) if isinstance(config, CNN) else _stack(config, input_shape)
        head = keras.layers.Dense(task.output_units, task.activation, name="head")
        return keras.Sequential([keras.Input(input_shape), *hidden, head], name=config.name)
    network = register.models[config.name](input_shape, task.output_units, task.activation, **config.options)
    if not isinstance(network, keras.Model) or network.output_shape != (None, task.output_units):
        got = getattr(network, "output_shape", type(network).__name__)
        raise ConfigError(
            [f"model.name={config.name} must give a keras.Model with outputs (None, {task.output_units}); got {got}"]
        )
    own = [name for name in KERAS_TRAINING if getattr(type(network), name) is not getattr(keras.Model, name)]
    if own:  # the model that is trained has the network inside, and would pass them over
        raise ConfigError(
            [
                f"model.name={config.name} must be trained as keras.Model trains; got a {type(network).__name__} with "
                f"its own {', '.join(own)}: use training.loss, training.metrics, or a layer with add_loss"
            ]
        )
    return network


def _stack(config: Model, input_shape: tuple[int, ...]) -> list[keras.Layer]:
    layers: list[keras.Layer] = [keras.layers.Flatten()] if len(input_shape) > 1 else []
    for number, width in enumerate(config.widths(), 1):
        penalty = _penalty(config)
        layers.append(keras.layers.Dense(width, config.activation, kernel_regularizer=penalty, name=f"hidden_{number}"))
        if config.dropout:
            layers.append(keras.layers.Dropout(config.dropout, name=f"dropout_{number}"))
    return layers


def _blocks(config: CNN, input_shape: tuple[int, ...], image_shape: ImageShape | None) -> list[keras.Layer]:
    """The network takes the rows of the data as they are, like any other, and gives them the shape of an image.

    So whoever has rows (predict, export, a script with model.keras) need not know which network it is.
    """
    layers: list[keras.Layer] = []
    if image_shape and input_shape != image_shape:
        layers.append(keras.layers.Reshape(image_shape, name="image"))
    for number, filters in enumerate(config.widths(), 1):
        of_block = {"padding": "same", "activation": config.activation, "kernel_regularizer": _penalty(config)}
        layers.append(keras.layers.Conv2D(filters, config.kernel, name=f"convolution_{number}", **of_block))
        layers.append(keras.layers.MaxPooling2D(name=f"pooling_{number}"))
    layers.append(keras.layers.Flatten(name="flatten"))
    if config.dropout:
        layers.append(keras.layers.Dropout(config.dropout, name="dropout"))
    return layers


def _penalty(config: Model) -> keras.Regularizer | None:
    return keras.regularizers.L2(config.l2) if config.l2 else None


def loss(task: Task) -> Any:
    """The Keras loss, or what a plugin registered."""
    own = register.losses.get(task.loss)
    return own() if inspect.isclass(own) else own or keras.losses.get(task.loss)


def metrics(task: Task) -> list[Any]:
    """New metric objects, each named like its column."""
    return [_metric(name, task) for name in task.metrics]


def saved_metrics(task: Task) -> list[Any]:
    """Those of the metrics that Keras finds again where the network is loaded without the runner."""
    return [each for each in metrics(task) if not isinstance(each, class_metrics.ConfusionMetric)]


def is_right(task: Task, targets: Any, outputs: Any) -> Any:
    """A boolean for each example [examples]: whether the column `accuracy` counts it as right."""
    matches = {
        keras_names.SIGMOID: keras.metrics.binary_accuracy,
        keras_names.INTEGER: keras.metrics.sparse_categorical_accuracy,
        keras_names.ONE_HOT: keras.metrics.categorical_accuracy,
    }
    return keras.ops.reshape(matches[task.form](targets, outputs), (-1,)) > 0


def _metric(name: str, task: Task) -> Any:
    if name in register.metrics:
        return _own_metric(register.metrics[name], name)
    if name == "accuracy":
        classes = {
            keras_names.SIGMOID: keras.metrics.BinaryAccuracy,
            keras_names.INTEGER: keras.metrics.SparseCategoricalAccuracy,
            keras_names.ONE_HOT: keras.metrics.CategoricalAccuracy,
        }
        return classes[task.form](name=name)
    if name in class_metrics.CLASSES:
        return class_metrics.CLASSES[name](name, task)
    if k := keras_names.top_k(name):
        is_one_hot = task.form == keras_names.ONE_HOT
        top_k = keras.metrics.TopKCategoricalAccuracy if is_one_hot else keras.metrics.SparseTopKCategoricalAccuracy
        return top_k(k=k, name=name)
    metric = keras_names.METRICS[name]
    return getattr(keras.metrics, metric.keras_class)(name=metric.column, **_metric_options(name, task))


def _metric_options(name: str, task: Task) -> dict[str, Any]:
    if name == "f1_score":  # one number: of the positive class, or the mean over the classes
        return {"average": "macro", "threshold": 0.5 if task.form == keras_names.SIGMOID else None}
    if task.form != keras_names.ONE_HOT or task.classes != 2:
        return {}
    if name in ("precision", "recall"):  # of both classes pooled, each would be accuracy
        return {"class_id": 1}
    if name == "auc" and task.output_units == 2:  # alike for either class, so their mean is that of class 1
        return {"multi_label": True, "num_labels": 2}
    return {}


def _own_metric(registered: Any, name: str) -> Any:
    if isinstance(registered, type):
        return registered(name=name)
    return keras.metrics.MeanMetricWrapper(registered, name=name)
