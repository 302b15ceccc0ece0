"""A user's own data set, from a function that a plugin registers."""

from typing import Any

import numpy as np
import scipy.sparse

from runner import register
from runner.config.schema import Dataset
from runner.datasets import labels as class_labels
from runner.datasets.base import Data, Examples, image_shape_of
from runner.datasets.cache import fingerprint
from runner.errors import DataError


def load(config: Dataset) -> Data:
    """Call the function registered under `dataset.name` and check what it returns. Raises DataError."""
    try:
        (x_train, y_train), (x_test, y_test) = register.datasets[config.name](**config.options)
    except Exception as error:
        raise DataError(
            f"dataset.name={config.name} gave no (x_train, y_train), (x_test, y_test): {type(error).__name__}: "
            f"{' '.join(str(error).split())}; correct the function in the plugin, or dataset.options"
        ) from error
    train, test = _examples(config, "train", x_train, y_train), _examples(config, "test", x_test, y_test)
    if train.features.shape[1:] != test.features.shape[1:]:
        raise _refused(
            config, f"x_train {train.features.shape} and x_test {test.features.shape} have different features"
        )
    misfit = class_labels.one_class(train.labels) or class_labels.gaps(train.labels, test.labels)
    if misfit:
        raise _refused(config, misfit)
    classes = int(max(train.labels.max(), test.labels.max())) + 1
    return Data(
        name=config.name,
        source="own",
        fingerprint=fingerprint({**_arrays("train", train), **_arrays("test", test)}),
        class_names=_class_names(config, classes),
        train=train,
        test=test,
        image_shape=image_shape_of(train.features.shape[1:]),
    )


def _class_names(config: Dataset, classes: int) -> tuple[str, ...]:
    """The names that are registered with a data set, else the numbers of the classes."""
    names = register.names_of_classes.get(config.name)
    if names is None:
        return tuple(map(str, range(classes)))
    if bad := [name for name in names if not isinstance(name, str) or not name.strip() or not name.isprintable()]:
        raise _refused(config, f"class_names must be texts without line breaks; got {bad[0]!r}")
    if len(names) != classes or len({*names}) != classes:
        raise _refused(
            config, f"class_names must name each of the {classes} classes by another name; got {list(names)}"
        )
    return names


def _examples(config: Dataset, split: str, x: Any, y: Any) -> Examples:
    features, labels = _array(config, f"x_{split}", x), _array(config, f"y_{split}", y)
    if scipy.sparse.issparse(labels):
        raise _refused(config, f"y_{split} must be an array; got a sparse matrix")
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    values = features.data if scipy.sparse.issparse(features) else features
    if values.dtype.kind not in "biuf" or features.ndim < 2:
        raise _refused(
            config, f"x_{split} must be numbers in [examples, features]; got {features.shape} {values.dtype}"
        )
    if scipy.sparse.issparse(features):
        with np.errstate(over="ignore"):  # becomes infinite, and is refused below
            features = scipy.sparse.csr_matrix(features, dtype=np.float32)
        values = features.data
    if labels.shape != features.shape[:1] or not len(labels):
        raise _refused(config, f"x_{split} {features.shape} and y_{split} {labels.shape} do not go together")
    if not np.isfinite(values).all():
        raise _refused(config, f"x_{split} has values that are NaN or infinite")
    try:
        return Examples(features, class_labels.whole(labels))
    except ValueError as error:
        raise _refused(config, f"y_{split} {error}") from None


def _array(config: Dataset, name: str, values: Any) -> Any:
    if scipy.sparse.issparse(values):
        return scipy.sparse.csr_matrix(values)
    try:
        return np.asarray(values)
    except ValueError:
        raise _refused(config, f"{name} has rows of uneven length") from None


def _arrays(split: str, examples: Examples) -> dict[str, Any]:
    features = examples.features
    if not examples.is_sparse:
        return {f"{split}_features": features, f"{split}_labels": examples.labels}
    parts = {f"{split}_{part}": getattr(features, part) for part in ("data", "indices", "indptr")}
    columns = np.asarray(features.shape[1])  # trailing empty ones are in no other part
    return {**parts, f"{split}_columns": columns, f"{split}_labels": examples.labels}


def _refused(config: Dataset, why: str) -> DataError:
    return DataError(f"dataset.name={config.name} cannot be used: {why}; correct the function in the plugin")
