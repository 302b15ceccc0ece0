"""What is in a data set, against counts by hand and NumPy's."""

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given
from hypothesis import strategies as st

from runner.datasets import survey
from runner.datasets.base import Data, Examples
from runner.datasets.split import Split
from runner.datasets.survey import Words
from runner.datasets.text import Vocabulary

NONE = np.empty(0, np.int32)


def of(train: Examples, test: Examples, names: str = "ab") -> Data:
    return Data("mine", "own", "", tuple(names), train, test)


def divided(*held: int, of: int) -> Split:
    return Split(np.setdiff1d(np.arange(of, dtype=np.int32), held), np.array(held, np.int32))


def test_each_part_has_the_counts_and_ranges_of_its_own_examples() -> None:
    x = np.arange(24, dtype=np.float32).reshape(8, 3)
    x[:, 1] = 5
    x[3] = 100
    train = Examples(x, np.array([0, 1, 1, 0, 1, 1, 0, 1]))
    test = Examples(-x[:2], np.array([0, 0]))
    found = survey.survey(of(train, test), divided(3, 4, of=8), None)
    training, validation, tested = found.parts
    assert [part.counts for part in found.parts] == [(2, 4), (1, 1), (2, 0)]
    assert [part.commonest for part in found.parts] == [1, 0, 0]
    assert [part.share(1) for part in found.parts] == [pytest.approx(4 / 6), 0.5, 0.0]
    assert training.values
    assert validation.values
    assert tested.values
    assert (training.values.smallest, training.values.largest, training.values.constant) == (0, 23, 1)
    assert (validation.values.smallest, validation.values.largest, validation.values.constant) == (5, 100, 0)
    assert tested.values.smallest == -5
    assert (found.shape, found.dtype, found.filled) == ((3,), "float32", None)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.booleans())
def test_ranges_and_columns_of_one_value_are_those_of_numpy(seed: int, rows: int, is_sparse: bool) -> None:
    x = np.random.default_rng(seed).integers(-1, 2, (rows, 6)) * np.array([0, 1, 1, 1, 0, 2])
    features = sparse.csr_matrix(x, dtype=np.float32) if is_sparse else x
    data = of(Examples(features, np.zeros(rows, int)), Examples(features[:0], np.empty(0, int)))
    found = survey.survey(data, Split(np.arange(rows, dtype=np.int32), NONE), None)
    values = found.parts[0].values
    assert values
    assert (values.smallest, values.largest) == (x.min(), x.max())
    assert values.constant == (x == x[0]).all(axis=0).sum()
    assert values.uniform == (x == x[:, :1]).all(axis=1).sum()
    assert found.filled == (pytest.approx((x != 0).mean()) if is_sparse else None)


def test_a_part_without_examples_has_nothing_to_tell() -> None:
    train = Examples(np.ones((4, 2)), np.array([0, 1, 0, 1]))
    found = survey.survey(of(train, Examples(np.empty((0, 2)), NONE)), Split(np.arange(4, dtype=np.int32), NONE), None)
    assert [part.examples for part in found.parts] == [4, 0, 0]
    assert (found.parts[2].values, found.parts[2].commonest, found.parts[2].share(0)) == (None, None, 0)
    assert [each.overlap.examples for each in found.equal] == [4, 0, 0, 0]


TEXTS = ["good film", "good good film", "a bad zorp", "", "zorp", "a good bad film"]


@pytest.mark.parametrize(("unknown", "with_unknown"), [(1, 1), (None, None)])
def test_the_words_of_texts_are_counted_without_marks(unknown: int | None, with_unknown: int | None) -> None:
    vocabulary = Vocabulary(("a", "good", "bad", "film"), 2, 6, start=0, unknown=unknown)
    train = Examples(vocabulary.encode(TEXTS), np.array([1, 1, 0, 0, 0, 1]))
    test = Examples(vocabulary.encode(["good film"]), np.array([1]))
    found = survey.survey(of(train, test), divided(0, 2, of=6), vocabulary)
    assert found.parts[0].words == Words(fewest=0, median=1, most=4, with_unknown=with_unknown, without=2)
    assert found.parts[0].values is None
    validation, tested = found.equal[1].overlap, found.equal[3].overlap
    assert (validation.of, validation.examples, validation.different_label) == (2, 1, 0)
    assert (tested.of, tested.examples, tested.share) == (1, 1, 1.0)


def test_a_few_examples_are_the_first_of_each_class_and_of_no_other_part() -> None:
    labels = np.array([2, 0, 0, 0, 0, 0, 1, 2, 0, 0])
    numbers = np.array([1, 2, 3, 4, 5, 6, 7, 8], np.int32)
    assert survey.first_of_each_class(labels, numbers, 3).tolist() == [1, 6, 7]
    assert survey.first_of_each_class(labels, numbers, 5).tolist() == [1, 2, 3, 6, 7]
    assert survey.first_of_each_class(labels, numbers, 1).tolist() == [1]
    assert sorted(survey.first_of_each_class(labels, numbers, 99).tolist()) == numbers.tolist()
