"""What a user adds by name: `@runner.register.dataset("name")` and its like, in a module listed in `plugins`.

Each function returns a decorator, which registers what it decorates and returns it unchanged. A later registration of
a name replaces an earlier one of the same module, and is refused where another module has the name: the jobs of a sweep
with either module would not be told apart. `**options` are the values of `dataset.options`, `model.options`,
`optimizer.options`.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar

Entry = TypeVar("Entry", bound=Callable[..., Any])

datasets: dict[str, Callable[..., Any]] = {}
models: dict[str, Callable[..., Any]] = {}
losses: dict[str, Callable[..., Any]] = {}
metrics: dict[str, Callable[..., Any]] = {}
optimizers: dict[str, Callable[..., Any]] = {}
metric_directions: dict[str, Literal["max", "min"]] = {}
names_of_classes: dict[str, tuple[str, ...]] = {}  # of a data set, where they are given
_owners: dict[tuple[int, str], tuple[Callable[..., Any], str]] = {}  # by registry and name: the entry, its module


def dataset(name: str, class_names: Iterable[str] | None = None) -> Callable[[Entry], Entry]:
    """Register a data set, to be chosen by `dataset.name`.

    Parameters
    ----------
    name
        The value of `dataset.name`.
    class_names
        A name for each class, in the order of the labels; by default the numbers "0", "1", ….

    Returns
    -------
    decorator
        For a function `fn(**options)` that returns `(x_train, y_train), (x_test, y_test)`, as the functions
        `keras.datasets.*.load_data` do:

        x  features: a numeric array [examples, …], or a SciPy sparse matrix [examples, features]; finite values
        y  labels: whole numbers from 0, [examples] or [examples, 1]; two classes or more in `y_train`

    Raises
    ------
    DataError
        When a run loads the data: the function raises, or returns something else, or the names are not one for each
        class (exit code 1).
    """
    register = _into(datasets, name)
    names_of_classes.pop(name, None)
    if class_names is not None:
        names_of_classes[name] = tuple(class_names)
    return register


def model(name: str) -> Callable[[Entry], Entry]:
    """Register a network, to be chosen by `model.name`.

    Parameters
    ----------
    name
        The value of `model.name`.

    Returns
    -------
    decorator
        For a function `fn(input_shape, output_units, output_activation, **options)` that returns a `keras.Model` from
        features [batch, *input_shape] to classes [batch, output_units]:

        input_shape        shape of one example, such as (784,)
        output_units       1 for a sigmoid head, else at least the number of classes
        output_activation  "sigmoid" or "softmax", the activation of the last layer
    """
    return _into(models, name)


def loss(name: str) -> Callable[[Entry], Entry]:
    """Register a loss, to be chosen by `training.loss`. It is taken with every head.

    Parameters
    ----------
    name
        The value of `training.loss`, and its name in the record.

    Returns
    -------
    decorator
        For a function `fn(y_true, y_pred)` that returns the loss of each example [batch], or a `keras.losses.Loss`, a
        class or an instance. `y_pred` is float32 [batch, output_units]. `y_true` depends on head and labels:

        sigmoid head                  float32 [batch, 1], 0 or 1
        softmax head, integer labels  int32 [batch, 1], classes from 0
        softmax head, one-hot labels  float32 [batch, output_units]
    """
    return _into(losses, name)


def metric(name: str, direction: Literal["max", "min"] = "max") -> Callable[[Entry], Entry]:
    """Register a metric, to be listed in `training.metrics`. It is taken with every head.

    Parameters
    ----------
    name
        Its name in `training.metrics`, and its column in metrics.csv; with `val_` before it for the validation data.
    direction
        "max" where a larger value is better, "min" where a smaller one is: what `training.monitor` goes by.

    Returns
    -------
    decorator
        For a function `fn(y_true, y_pred)` that returns a value for each example [batch], of which the mean is taken,
        or a `keras.metrics.Metric` class. `y_true` and `y_pred` are those of a loss.
    """
    register = _into(metrics, name)
    metric_directions[name] = direction
    return register


def optimizer(name: str) -> Callable[[Entry], Entry]:
    """Register an optimizer, to be chosen by `optimizer.name`.

    Parameters
    ----------
    name
        The value of `optimizer.name`.

    Returns
    -------
    decorator
        For a function or class `fn(learning_rate, **options)` that returns a `keras.optimizers.Optimizer`.
        `learning_rate` is a float, or with `optimizer.schedule` a `keras.optimizers.schedules.LearningRateSchedule`.
    """
    return _into(optimizers, name)


def _into(registry: dict[str, Callable[..., Any]], name: str) -> Callable[[Entry], Entry]:
    """What registers a name for the module that calls the function of this module. Raises ValueError if it is taken."""
    module = sys._getframe(2).f_globals.get("__name__", "")
    earlier, owner = _owners.get((id(registry), name), (None, module))
    if owner != module and registry.get(name) is earlier:
        raise ValueError(f"{name} is registered by {owner} already: give one of the two another name")

    def add(entry: Entry) -> Entry:
        registry[name] = entry
        _owners[id(registry), name] = entry, module
        return entry

    return add
