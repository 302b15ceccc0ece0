"""What is in a data set: counts and classes of each part, what its rows hold, rows that are there more than once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from runner.datasets import duplicates
from runner.datasets.base import Data, Examples
from runner.datasets.duplicates import Overlap
from runner.datasets.split import Split
from runner.datasets.text import Vocabulary

TRAINING, VALIDATION, TEST = "training", "validation", "test"
AT_ONCE = 4096  # rows that are looked at together, to bound the memory


@dataclass(frozen=True)
class Words:
    """The different known words of the texts of a part: the fewest, the median and the most in one text.

    with_unknown  number of texts that have an unknown word too; None where rows leave those out
    without       number of texts without a known word
    """

    fewest: int
    median: float
    most: int
    with_unknown: int | None
    without: int


@dataclass(frozen=True)
class Values:
    """The values of a part: the smallest and the largest.

    constant  number of columns that have one value in all of its rows
    uniform   number of rows that have one value in all columns, such as blank images
    """

    smallest: float
    largest: float
    constant: int
    uniform: int


@dataclass(frozen=True)
class Part:
    """Training, validation or test examples: the number in each class, in the order of the classes.

    `words` is of texts, `values` of all other data; both are None without examples or columns.
    """

    name: str
    counts: tuple[int, ...]
    words: Words | None
    values: Values | None

    @property
    def examples(self) -> int:
        return sum(self.counts)

    @property
    def commonest(self) -> int | None:
        """The number of the commonest class, the first of several; None without examples."""
        return int(np.argmax(self.counts)) if self.examples else None

    def share(self, label: int) -> float:
        """The fraction of the examples that a class has, 0 to 1; 0 without examples."""
        return self.counts[label] / self.examples if self.examples else 0.0


@dataclass(frozen=True)
class EqualRows:
    """The examples of a part that have an equal one `among` those of other parts, or of the part itself."""

    part: str
    among: tuple[str, ...]
    overlap: Overlap


@dataclass(frozen=True)
class Survey:
    """What is in a data set, divided as for a training.

    shape   of a row
    dtype   of the values of a row, as NumPy names it
    filled  the fraction of values other than 0, of data that is kept sparse; None of other data
    parts   training, validation and test, those without examples too
    equal   within training and test, from validation to training, from test to training and validation
    """

    shape: tuple[int, ...]
    dtype: str
    filled: float | None
    parts: tuple[Part, Part, Part]
    equal: tuple[EqualRows, ...]


def survey(data: Data, divided: Split, vocabulary: Vocabulary | None) -> Survey:
    """A survey of fitted data, divided into training and validation; `vocabulary` is that of texts."""
    train, test = data.train, data.test
    features: Any = train.features
    parts = (
        _part(TRAINING, data, train, divided.train, vocabulary),
        _part(VALIDATION, data, train, divided.validation, vocabulary),
        _part(TEST, data, test, np.arange(len(test), dtype=np.int32), vocabulary),
    )
    return Survey(
        shape=tuple(features.shape[1:]),
        dtype=str(features.dtype),
        filled=features.nnz / max(1, np.prod(features.shape)) if train.is_sparse else None,
        parts=parts,
        equal=_equal(data, divided),
    )


def first_of_each_class(labels: NDArray[np.integer], numbers: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """The numbers of a few examples, int32 [at most `count`], by class: the first ones of each, as many as of others.

    labels [examples]; numbers are those of the examples to take them from.
    """
    by_class = numbers[np.argsort(labels[numbers], kind="stable")]
    sorted_labels = labels[by_class]
    place = np.arange(len(by_class)) - np.searchsorted(sorted_labels, sorted_labels)
    return by_class[np.sort(np.argsort(place, kind="stable")[:count])]


def _equal(data: Data, divided: Split) -> tuple[EqualRows, ...]:
    rows, test_rows = duplicates.numbered(data.train.features, data.test.features)
    labels, test_labels = np.asarray(data.train.labels), np.asarray(data.test.labels)
    trained, held = divided.train, divided.validation
    within = duplicates.within(rows[trained], labels[trained])
    held_too = duplicates.across(rows[held], labels[held], rows[trained], labels[trained])
    tested = duplicates.within(test_rows, test_labels)
    tested_too = duplicates.across(test_rows, test_labels, rows, labels)
    return (
        EqualRows(TRAINING, (TRAINING,), within),
        EqualRows(VALIDATION, (TRAINING,), held_too),
        EqualRows(TEST, (TEST,), tested),
        EqualRows(TEST, (TRAINING, VALIDATION), tested_too),
    )


def _part(name: str, data: Data, examples: Examples, numbers: NDArray[np.int32], vocabulary: Vocabulary | None) -> Part:
    counts = tuple(np.bincount(np.asarray(examples.labels)[numbers], minlength=data.classes).tolist())
    if not len(numbers) or 0 in examples.features.shape[1:]:
        return Part(name, counts, None, None)
    if vocabulary and examples.is_sparse:
        return Part(name, counts, _words(examples.features[numbers], vocabulary), None)
    return Part(name, counts, None, _values(examples.features, numbers))


def _words(rows: sparse.csr_matrix, vocabulary: Vocabulary) -> Words:
    known = rows[:, vocabulary.first_word : vocabulary.first_word + len(vocabulary.words)].getnnz(axis=1)
    unknown = None if vocabulary.unknown is None else int(rows[:, [vocabulary.unknown]].getnnz())
    return Words(
        fewest=int(known.min()),
        median=float(np.median(known)),
        most=int(known.max()),
        with_unknown=unknown,
        without=int((known == 0).sum()),
    )


def _values(features: Any, numbers: NDArray[np.int32]) -> Values:
    lowest, highest, uniform = np.inf, -np.inf, 0  # of each column, from the first rows on; rows of one value
    for first in range(0, len(numbers), AT_ONCE):
        rows = features[numbers[first : first + AT_ONCE]]
        rows = rows if sparse.issparse(rows) else rows.reshape(len(rows), -1)
        lowest = np.minimum(lowest, _dense(rows.min(axis=0)))
        highest = np.maximum(highest, _dense(rows.max(axis=0)))
        uniform += int(np.sum(_dense(rows.min(axis=1)) == _dense(rows.max(axis=1))))
    return Values(float(np.min(lowest)), float(np.max(highest)), int(np.sum(lowest == highest)), uniform)


def _dense(values: Any) -> NDArray[Any]:
    return np.asarray(values.toarray() if sparse.issparse(values) else values)
