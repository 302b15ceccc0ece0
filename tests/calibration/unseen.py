"""The test reviews, which the runner never looks at: what each epoch of a run answers right of them.

They are read by Keras, and the networks are worked out in NumPy, from the weights that the runner saves.
"""

import functools
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from runner.runs import checkpoint, reader

Rows = Any  # scipy.sparse.csr_matrix [reviews, words]
ANSWERS = "test.npy"
WORDS = 10_000


def answer(folder: Path) -> None:
    """Write what each epoch of a run answers right of the test reviews, packed bits, and remove the saved states."""
    (validation, _), (test, labels) = reviews()
    told = reader.load(folder).predictions
    assert told
    right = []
    for epoch in sorted(checkpoint.epochs(folder)):
        weights = checkpoint.load(checkpoint.path(folder, epoch)).model
        known = told.answers([epoch])[0]
        own = (outputs(weights, validation[told.examples]) > 0) == told.labels
        assert np.mean(own == known) > 0.999, f"{folder}: the runner's validation answers are others"
        right.append((outputs(weights, test) > 0) == labels)
        checkpoint.path(folder, epoch).unlink()
    assert len(right) == len(told.right)
    np.save(folder / ANSWERS, np.packbits(right, axis=1))


def answered(folder: Path) -> NDArray[np.uint8]:
    """Which test reviews each epoch answers right, [epochs, reviews]."""
    (_, _), (_, labels) = reviews()
    return np.unpackbits(np.load(folder / ANSWERS), axis=1, count=len(labels))


def outputs(weights: Sequence[NDArray[np.float32]], rows: Rows) -> NDArray[np.float32]:
    """What the head gives before its sigmoid, [reviews]."""
    values = rows
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        values = np.maximum(values, 0) if values is not rows else rows
        values = values @ kernel + bias
    return values[:, 0]


@functools.cache
def reviews() -> tuple[tuple[Rows, NDArray[np.int64]], tuple[Rows, NDArray[np.int64]]]:
    """The training and the test reviews as keras.datasets.imdb.load_data gives them, as rows of ones."""
    import keras

    load_data = keras.datasets.imdb.load_data
    path = Path(os.environ["RUNNER_DATA_DIR"]) / "imdb.npz"
    with mock.patch.object(sys.modules[load_data.__module__], "get_file", return_value=str(path)):
        train, test = load_data(num_words=WORDS)
    return (rows(train[0]), train[1]), (rows(test[0]), test[1])


def rows(of: Sequence[Sequence[int]]) -> Rows:
    ids = [np.unique(each) for each in of]
    ends = np.cumsum([0, *map(len, ids)])
    ones = np.ones(ends[-1], np.float32)
    return scipy.sparse.csr_matrix((ones, np.concatenate(ids), ends), shape=(len(ids), WORDS))
