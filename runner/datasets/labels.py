"""Labels from files and functions: checked, converted, and the classes in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = late("numpy")

NAMED = 6  # number of classes that a message lists


def whole(values: NDArray[Any]) -> NDArray[np.int64]:
    """Labels [examples] or [examples, 1] of any type as int64 [examples].

    Raises ValueError, saying what they must be, unless all are whole numbers from 0.
    """
    if values.dtype.kind == "O" and all(isinstance(each, bool | int | float | np.generic) for each in values.flat):
        values = np.asarray(values.tolist())
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.dtype.kind not in "biuf":
        raise ValueError(f"must hold classes as whole numbers from 0; got {values.dtype}")
    if values.dtype.kind in "bf":  # a half float has no 2**31 to be compared with
        values = values.astype(np.float64)
    bad = values[~((values >= 0) & (values < 2**31) & (np.trunc(values) == values))]
    if bad.size:
        raise ValueError(f"must hold classes as whole numbers from 0; got {bad.flat[0]}")
    return values.astype(np.int64)


def one_class(labels: NDArray[np.int64]) -> str | None:
    """The reason why these training labels cannot be learned; None with two classes or more."""
    if labels.min() < labels.max():
        return None
    return f"y_train holds the class {labels[0]} alone: two classes or more can be told apart"


def gaps(train: NDArray[np.int64], test: NDArray[np.int64]) -> str | None:
    """The reason why labels do not number the classes from 0: they begin later, or half of the numbers are unused."""
    present = np.union1d(train, test)
    classes = int(present[-1]) + 1
    if present[0] > 0 or len(present) < classes / 2:
        return (
            f"the labels must number the classes from 0; got {listed(present)}, which would be {classes:,} classes: "
            "np.unique(labels, return_inverse=True)[1] numbers them"
        )
    return None


def listed(classes: Sequence[str] | NDArray[np.integer]) -> str:
    """The classes as text; of many classes the first few, and their number."""
    text = ", ".join(str(each) for each in classes[:NAMED])
    return text if len(classes) <= NAMED else f"{text}, … ({len(classes):,} in all)"
