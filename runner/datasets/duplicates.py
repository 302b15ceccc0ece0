"""Examples that are there more than once: equal rows within a part of the data and across parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

Features: TypeAlias = "NDArray[Any] | sparse.csr_matrix"
Numbers: TypeAlias = NDArray[np.int64]

AT_ONCE = 4096  # rows that are looked at together, to bound the memory
SEED = 0


@dataclass(frozen=True)
class Overlap:
    """Examples of a part that have an equal row in another part, or elsewhere in the same one.

    of               number of examples of the part
    examples         those with an equal row
    different_label  those of them with an equal row of another class
    """

    of: int
    examples: int
    different_label: int

    @property
    def share(self) -> float:
        """`examples` of all, 0 to 1; 0 of none."""
        return self.examples / self.of if self.of else 0.0


def within(rows: Numbers, labels: Numbers) -> Overlap:
    """The examples of a part that have an equal one in it; rows, as `numbered` gives them, and labels [examples]."""
    return _overlap(rows, labels, rows, labels, itself=1)


def across(rows: Numbers, labels: Numbers, others: Numbers, labels_of_others: Numbers) -> Overlap:
    """The examples [examples] that have an equal one among others [others]; rows as `numbered` gives them."""
    return _overlap(rows, labels, others, labels_of_others, itself=0)


def _overlap(rows: Numbers, labels: Numbers, others: Numbers, labels_of_others: Numbers, itself: int) -> Overlap:
    size = 1 + max((int(each.max()) for each in (rows, others) if len(each)), default=0)
    is_shared = np.bincount(others, minlength=size)[rows] > itself
    is_met = np.bincount(rows, minlength=size)[others] > itself
    shared, own = rows[is_shared], labels[is_shared]
    classes = 1 + int(max(labels.max(), labels_of_others.max())) if len(shared) else 1
    pairs = np.unique(others[is_met] * classes + labels_of_others[is_met])
    labels_of_row = np.bincount(pairs // classes, minlength=size)
    has_own = np.isin(shared * classes + own, pairs)
    return Overlap(len(rows), len(shared), int((labels_of_row[shared] > has_own).sum()))


def numbered(*parts: Features) -> list[Numbers]:
    """A number for each row of each part [examples, …], the same for rows that are equal, whichever part they are in.

    Rows with one hash are compared: one number means equal values, of whatever type. The hashes take 8 bytes a row.
    """
    rows = _Rows(parts)
    hashes = rows.hashes()
    first, left = np.arange(len(hashes)), np.arange(len(hashes))
    while len(left):  # once more for rows that share a hash and are different, which is next to never
        _, places, inverse = np.unique(hashes[left], return_index=True, return_inverse=True)
        first[left] = left[places][inverse]
        repeated = left[first[left] != left]
        left = repeated[rows.differ(repeated, first[repeated])]
    return np.split(first, rows.ends[:-1])


class _Rows:
    """The rows of several parts with the same columns, numbered from 0 through all of them, with values of one type."""

    def __init__(self, parts: Sequence[Features]) -> None:
        self.dtype = np.result_type(*(part.dtype for part in parts))
        self.are_sparse = all(map(sparse.issparse, parts))
        self.parts = [_canonical(part) if sparse.issparse(part) else part for part in parts]
        self.ends = np.cumsum([part.shape[0] for part in parts])

    def hashes(self) -> NDArray[np.uint64]:
        """For each row the sum of its values' bits, each times a random number of the column, uint64 [rows]."""
        found = [self._hashes(self._values(rows)) for part in self.parts for rows in _chunks(part)]
        return np.concatenate([np.empty(0, np.uint64), *found])

    def differ(self, left: Numbers, right: Numbers) -> NDArray[np.bool_]:
        """Whether a row of the left and the one of the right are different, bool [pairs]."""
        found = [
            _is_different(self._taken(left[first : first + AT_ONCE]), self._taken(right[first : first + AT_ONCE]))
            for first in range(0, len(left), AT_ONCE)
        ]
        return np.concatenate([np.empty(0, bool), *found])

    def _taken(self, numbers: Numbers) -> Any:
        """The values of rows, whichever part they are in, in the order of the numbers."""
        part_of = np.searchsorted(self.ends, numbers, side="right")
        begins = self.ends - [part.shape[0] for part in self.parts]
        taken = [self._values(part[numbers[part_of == n] - begins[n]]) for n, part in enumerate(self.parts)]
        together = sparse.vstack(taken, format="csr") if self.are_sparse else np.concatenate(taken)
        return together[np.argsort(np.argsort(part_of, kind="stable"))]

    def _values(self, rows: Any) -> Any:
        """Rows as a matrix of the common type, sparse where all parts are."""
        if sparse.issparse(rows):
            rows = rows.astype(self.dtype, copy=False)
            return rows if self.are_sparse else rows.toarray()
        flat = np.ascontiguousarray(rows, self.dtype).reshape(len(rows), int(np.prod(rows.shape[1:])))
        return flat + self.dtype.type(0) if self.dtype.kind == "f" else flat  # -0 becomes the 0 that it is equal to

    def _hashes(self, values: Any) -> NDArray[np.uint64]:
        if not self.are_sparse:
            bits = _mixed(_words(values))
            return np.asarray(bits @ _weights(bits.shape[1]))
        entries = values.data
        bits = entries.astype(np.int64).view(np.uint64) if entries.dtype.kind in "biu" else _mixed(_as_bits(entries))
        matrix = sparse.csr_matrix((bits, values.indices, values.indptr), shape=values.shape)
        return np.asarray(matrix @ _weights(values.shape[1]))


def _canonical(part: sparse.csr_matrix) -> sparse.csr_matrix:
    """A matrix in which equal rows are equal entries: ascending columns, each once, none of them 0."""
    if part.has_canonical_format and part.data.all():
        return part
    part = part.copy()
    part.sum_duplicates()
    part.eliminate_zeros()
    return part


def _chunks(part: Any) -> Iterator[Any]:
    """The rows of a part, some at once; those of a sparse one are views, where an index would copy them."""
    for first in range(0, part.shape[0], AT_ONCE):
        if not sparse.issparse(part):
            yield part[first : first + AT_ONCE]
            continue
        ends = part.indptr[first : first + AT_ONCE + 1]
        place = slice(ends[0], ends[-1])
        shape = (len(ends) - 1, part.shape[1])
        yield sparse.csr_matrix((part.data[place], part.indices[place], ends - ends[0]), shape=shape)


def _is_different(left: Any, right: Any) -> NDArray[np.bool_]:
    unequal = left != right
    return np.asarray(unequal.getnnz(axis=1) > 0 if sparse.issparse(left) else unequal.any(axis=1))


def _weights(columns: int) -> NDArray[np.uint64]:
    return np.random.default_rng(SEED).integers(0, 2**64, columns, dtype=np.uint64)


def _words(values: NDArray[Any]) -> NDArray[np.uint64]:
    """The bytes of each row of a matrix as whole numbers of 8 bytes, with zeros at the end of the last: [rows, …]."""
    width = values.shape[1] * values.itemsize
    if width % 8 == 0:
        return values.view(np.uint64)
    padded = np.zeros((len(values), width + -width % 8), np.uint8)
    padded[:, :width] = values.view(np.uint8)
    return padded.view(np.uint64)


def _as_bits(values: NDArray[Any]) -> NDArray[np.uint64]:
    return values.astype(np.float64).view(np.uint64)


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers with their upper half mixed into the lower one.

    The bits of most floats end in zeros, which a sum of products would keep: fewer rows would be told apart.
    """
    return bits ^ (bits >> np.uint64(32))
