"""Counts of words as rows of features: which occur, how often, or how telling they are (tf-idf)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sparse
    from numpy.typing import NDArray
else:
    np, sparse = late("numpy"), late("scipy.sparse")

MULTI_HOT = "multi_hot"  # a row has a one in the column of each word that occurs, whatever its place and number
COUNT = "count"  # the number of times that it occurs
TF_IDF = "tf_idf"  # that number by the weight of the word, the row then made one long: scikit-learn's TfidfVectorizer
FORMS = (MULTI_HOT, COUNT, TF_IDF)


def encoded(counts: sparse.csr_matrix, form: str, weights: NDArray[np.float64] | None = None) -> sparse.csr_matrix:
    """Rows of features, int8 (multi_hot) or float32 [texts, columns], of counts of the same shape.

    weights [columns] are those of `document_weights`, for tf_idf alone. The places are shared with the counts.
    """
    if form == MULTI_HOT:
        return _with(counts, np.ones(counts.nnz, np.int8))
    found = counts.data.astype(np.float32)  # products with int32 would be float64
    if form == COUNT:
        return _with(counts, found)
    assert weights is not None
    found *= weights.astype(np.float32)[counts.indices]
    return _one_long(_with(counts, found))


def encoded_splits(
    train: sparse.csr_matrix, test: sparse.csr_matrix, form: str, trained: NDArray[np.int32]
) -> tuple[sparse.csr_matrix, sparse.csr_matrix, NDArray[np.float64] | None]:
    """The rows of counts in both splits, and their weights with tf_idf, which the training examples give."""
    weights = document_weights(train, trained) if form == TF_IDF else None
    return encoded(train, form, weights), encoded(test, form, weights), weights


def counted(ids: Sequence[int] | NDArray[Any], start: int | None) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The columns of a text, ascending, and how often each occurs: those of words, and one that each text has."""
    marks = np.asarray([] if start is None else [start], np.int64)
    columns, counts = np.unique(np.append(np.asarray(ids, np.int64), marks), return_counts=True)
    return columns.astype(np.int32), counts.astype(np.int32)


def document_weights(counts: sparse.csr_matrix, trained: NDArray[np.int32]) -> NDArray[np.float64]:
    """The weight of each column, [columns], by how many of the training texts have the word; trained [n] numbers them.

    It is log((1 + texts) / (1 + texts with the word)) + 1, as scikit-learn has it by default.
    """
    occurring = totals(_with(counts, np.ones(counts.nnz, np.int8)), trained)
    return np.log((1 + len(trained)) / (1 + occurring)) + 1


def totals(counts: sparse.csr_matrix, trained: NDArray[np.int32]) -> NDArray[np.int64]:
    """The sum of each column, [columns], over the rows of these numbers."""
    chosen = np.zeros(counts.shape[0], np.int64)
    chosen[trained] = 1
    return counts.T @ chosen  # gathers no rows


def of_columns(counts: sparse.csr_matrix, columns: NDArray[np.integer]) -> sparse.csr_matrix:
    """The counts of some columns, in their order; within a row the columns ascend."""
    places = np.full(counts.shape[1], -1, np.int32)
    places[columns] = np.arange(len(columns), dtype=np.int32)
    found = places[counts.indices]
    kept = found >= 0
    before = np.concatenate([[0], np.cumsum(kept)])
    indptr = before[counts.indptr].astype(counts.indptr.dtype)
    parts = (counts.data[kept], found[kept], indptr)
    rows = sparse.csr_matrix(parts, shape=(counts.shape[0], len(columns)))
    rows.sort_indices()
    return rows


def without_each(row: sparse.csr_matrix, columns: NDArray[np.integer], form: str) -> sparse.csr_matrix:
    """A row of features [1, columns] once for each of these columns, the word of that column taken out of the text."""
    kept = row.indices != columns[:, None]
    indptr = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    data, indices = (np.broadcast_to(part, kept.shape)[kept] for part in (row.data, row.indices))
    rows = sparse.csr_matrix((data, indices, indptr), shape=(len(columns), row.shape[1]))
    return _one_long(rows) if form == TF_IDF else rows


def matrix(data: NDArray[Any], indices: NDArray[Any], indptr: NDArray[Any], columns: int) -> sparse.csr_matrix:
    """A CSR matrix of arrays that were read from a file, [rows, columns].

    Raises ValueError for a place beyond the matrix, which its products would read without a look.
    """
    rows_fit = indptr[0] == 0 and indptr[-1] == len(indices) == len(data) and (np.diff(indptr) >= 0).all()
    # As numbers without a sign, of which a negative one is too large: half the time.
    if not rows_fit or (len(indices) and np.asarray(indices).view(np.uint32).max() >= columns):
        raise ValueError("it has places beyond the matrix")
    return sparse.csr_matrix((data, indices, indptr), shape=(len(indptr) - 1, columns))


def _with(counts: sparse.csr_matrix, data: NDArray[Any]) -> sparse.csr_matrix:
    return sparse.csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)


def _one_long(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    from sklearn.preprocessing import normalize

    return normalize(rows, copy=False) if rows.shape[0] else rows  # it takes no empty split
