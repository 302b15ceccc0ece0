"""What a user adds by name: `@runner.register.dataset("name")` in a module listed in `plugins`.

dataset    fn(**options) -> (x_train, y_train), (x_test, y_test), as `keras.datasets.*.load_data` returns them:
           x a numeric array [examples, …] or a scipy sparse matrix [examples, features], y whole numbers from 0
model      fn(input_shape, output_units, output_activation, **options) -> keras.Model from features to classes
loss       fn(y_true, y_pred) or a keras.losses.Loss, an instance or its class
metric     fn(y_true, y_pred) or a keras.metrics.Metric class; `direction` says which way is better
optimizer  fn(learning_rate, **options) -> keras.optimizers.Optimizer; the learning rate may be a schedule
"""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

Entry = TypeVar("Entry", bound=Callable[..., Any])

datasets: dict[str, Callable[..., Any]] = {}
models: dict[str, Callable[..., Any]] = {}
losses: dict[str, Callable[..., Any]] = {}
metrics: dict[str, Callable[..., Any]] = {}
optimizers: dict[str, Callable[..., Any]] = {}
metric_directions: dict[str, Literal["max", "min"]] = {}


def dataset(name: str) -> Callable[[Entry], Entry]:
    """Register a dataset under `dataset.name`."""
    return _into(datasets, name)


def model(name: str) -> Callable[[Entry], Entry]:
    """Register a model under `model.name`."""
    return _into(models, name)


def loss(name: str) -> Callable[[Entry], Entry]:
    """Register a loss under `training.loss`."""
    return _into(losses, name)


def metric(name: str, direction: Literal["max", "min"] = "max") -> Callable[[Entry], Entry]:
    """Register a metric under `training.metrics`; `direction` is the better one, used by `training.monitor`."""
    metric_directions[name] = direction
    return _into(metrics, name)


def optimizer(name: str) -> Callable[[Entry], Entry]:
    """Register an optimizer under `optimizer.name`."""
    return _into(optimizers, name)


def _into(registry: dict[str, Callable[..., Any]], name: str) -> Callable[[Entry], Entry]:
    def add(entry: Entry) -> Entry:
        registry[name] = entry
        return entry

    return add
