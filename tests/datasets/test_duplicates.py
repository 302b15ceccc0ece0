"""Equal rows, against NumPy's and pandas' own."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from runner.datasets import catalog, duplicates
from runner.datasets.duplicates import Overlap
from tests.datasets.files import imdb_config

FORMS = {
    "bytes": lambda rows: rows.astype(np.uint8),
    "floats": lambda rows: rows * np.float32(0.1),
    "truth": lambda rows: rows > 1,
    "images": lambda rows: rows.astype(np.int16)[:, None, :],
    "sparse bytes": lambda rows: sparse.csr_matrix(rows.astype(np.int8)),
    "sparse floats": lambda rows: sparse.csr_matrix(rows * np.float32(0.1)),
}


def first_equal(rows: NDArray[Any]) -> list[int]:
    """For each row the number of the first one that is equal, by NumPy."""
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[inverse.ravel()]).tolist()


@st.composite
def matrices(draw: st.DrawFn) -> tuple[NDArray[np.int64], int]:
    """A matrix of few values, so that rows are equal, and where to cut it in two."""
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 11)))
    rows = draw(arrays.arrays(np.int64, shape, elements=st.integers(0, 2), fill=st.just(0)))
    return rows, draw(st.integers(0, shape[0]))


@pytest.mark.parametrize("form", FORMS)
@given(matrices())
def test_rows_have_the_number_of_the_first_equal_one(form: str, drawn: tuple[NDArray[np.int64], int]) -> None:
    rows, cut = drawn
    made = FORMS[form](rows)
    numbers = np.concatenate(duplicates.numbered(made[:cut], made[cut:]))
    dense = made.toarray() if sparse.issparse(made) else made.reshape(len(rows), -1)
    assert numbers.tolist() == first_equal(dense)


@given(matrices(), st.data())
def test_equal_rows_and_those_of_another_class_are_counted(
    drawn: tuple[NDArray[np.int64], int], data: st.DataObject
) -> None:
    """One by one, and the number of all by pandas."""
    rows, cut = drawn
    labels = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows))))
    train, test = duplicates.numbered(rows[:cut], rows[cut:])
    table = pd.DataFrame(rows)
    within = duplicates.within(train, labels[:cut])
    assert within.examples == int(table[:cut].duplicated(keep=False).sum())

    def other_labels(one: int, others: range) -> list[bool]:
        equal = [other for other in others if other != one and (rows[other] == rows[one]).all()]
        return [labels[other] != labels[one] for other in equal]

    inside = [other_labels(one, range(cut)) for one in range(cut)]
    assert within == Overlap(cut, sum(map(bool, inside)), sum(map(any, inside)))
    between = [other_labels(one, range(cut)) for one in range(cut, len(rows))]
    found = duplicates.across(test, labels[cut:], train, labels[:cut])
    assert found == Overlap(len(rows) - cut, sum(map(bool, between)), sum(map(any, between)))


def test_rows_are_equal_by_their_values_however_they_are_stored() -> None:
    values = np.array([[0.0, 2.0, 1.0], [-0.0, 2.0, 1.0], [0.0, 0.0, 0.0]])
    # Not in order, one entry in two parts, and zeros.
    stored = (np.array([0.5, 2, -0.0, 0.5, -0.0]), np.array([2, 1, 0, 2, 1]), np.array([0, 4, 5]))
    untidy = sparse.csr_matrix(stored, shape=(2, 3), dtype=np.float32)
    dense, bytes_, tidied = duplicates.numbered(values, values.astype(np.uint8), untidy)
    assert [dense.tolist(), bytes_.tolist(), tidied.tolist()] == [[0, 0, 2], [0, 0, 2], [0, 2]]
    alone, too = duplicates.numbered(untidy, sparse.csr_matrix(values, dtype=np.float32))
    assert [alone.tolist(), too.tolist()] == [[0, 1], [0, 0, 1]]
    assert untidy.nnz == 5  # the data is left as it was


def test_rows_that_share_a_hash_are_told_apart() -> None:
    """Two columns are enough for rows whose sum of products is 0, as that of the empty row."""
    one, other = np.random.default_rng(duplicates.SEED).integers(0, 2**64, 2, dtype=np.uint64).view(np.int64)
    hostile = np.array([[0, 0], [other, -one], [-other, one], [0, 0], [other, -one]], np.int64)
    with np.errstate(over="ignore"):
        assert not (hostile * [one, other]).sum(axis=1).any()
    (numbers,) = duplicates.numbered(sparse.csr_matrix(hostile))
    assert numbers.tolist() == [0, 1, 2, 0, 1]


def test_the_reviews_of_imdb_that_are_there_twice_are_found(real_data: Path) -> None:
    data = catalog.load(imdb_config(path=real_data / "imdb.npz"))
    train, test = (
        pd.Series([row.tobytes() for row in np.split(each.features.indices, each.features.indptr[1:-1])])
        for each in (data.train, data.test)
    )
    rows, test_rows = duplicates.numbered(data.train.features, data.test.features)
    labels, test_labels = np.asarray(data.train.labels), np.asarray(data.test.labels)
    assert duplicates.within(rows, labels).examples == train.duplicated(keep=False).sum() == 194
    assert duplicates.within(test_rows, test_labels).examples == test.duplicated(keep=False).sum() == 402
    assert duplicates.across(test_rows, test_labels, rows, labels).examples == test.isin(train).sum() == 123
