"""What a network says of each class: the confusion matrix, precision, recall, and the error of the accuracy."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

METRIC = "metric_"  # before the name of a metric of training.metrics that test.json has for something else


def scores(labels: NDArray[np.integer], said: NDArray[np.integer], names: Sequence[str]) -> dict[str, Any]:
    """The numbers of test.json that need no loss; labels and said [examples], at least one, are places in `names`.

    accuracy    share of right answers, with its binomial standard error √(p (1 - p) / n)
    confusion   numbers of examples, [classes][classes]: rows are the true classes, columns those that were said
    precision   of each class: the share that is right of the examples of which it was said; None where of none
    recall      of each class: the share that it was said of, of the examples that are of it; None where none is
    """
    confusion = np.zeros((len(names), len(names)), np.int64)
    np.add.at(confusion, (labels, said), 1)
    right = np.diag(confusion)
    accuracy = int(right.sum()) / len(labels)
    return {
        "accuracy": accuracy,
        "accuracy_standard_error": math.sqrt(accuracy * (1 - accuracy) / len(labels)),
        "classes": list(names),
        "confusion": confusion.tolist(),
        "precision": _shares(right, confusion.sum(axis=0)),
        "recall": _shares(right, confusion.sum(axis=1)),
    }


def _shares(right: NDArray[np.int64], of: NDArray[np.int64]) -> list[float | None]:
    return [int(one) / int(all_) if all_ else None for one, all_ in zip(right, of, strict=True)]
