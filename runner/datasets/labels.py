"""Labels as files and functions give them, and which classes are in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = late("numpy")

NAMED = 6  # of the classes that a line lists


def whole(values: NDArray[Any]) -> NDArray[np.int64]:
    """Labels [examples] or [examples, 1] as int64 [examples]; booleans, floats and objects do if they are whole.

    Raises ValueError, saying what they must be.
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
    """Why there is nothing to tell apart; None where there is."""
    if labels.min() < labels.max():
        return None
    return f"y_train holds the class {labels[0]} alone: two classes or more can be told apart"


def gaps(train: NDArray[np.int64], test: NDArray[np.int64]) -> str | None:
    """Why labels are no numbering of classes from 0: they begin later, or most numbers stand for none."""
    present = np.union1d(train, test)
    classes = int(present[-1]) + 1
    if present[0] > 0 or len(present) < classes / 2:
        return (
            f"the labels must number the classes from 0; got {listed(present)}, which would be {classes:,} classes: "
            "np.unique(labels, return_inverse=True)[1] numbers them"
        )
    return None


def listed(classes: NDArray[np.integer]) -> str:
    """Classes by their numbers, the first few of many."""
    text = ", ".join(str(each) for each in classes[:NAMED])
    return text if len(classes) <= NAMED else f"{text}, … ({len(classes):,} in all)"
