"""Texts as lists of word ranks, and as rows of ones in the columns of `load_data`: what IMDB and Reuters share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from runner.datasets import npz
from runner.datasets.base import Arrays, Examples
from runner.datasets.text import Vocabulary, multi_hot
from runner.errors import DataError
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sparse
    from numpy.typing import NDArray
else:
    np, sparse = late("numpy"), late("scipy.sparse")

Texts: TypeAlias = "tuple[list[Any], NDArray[np.int64]]"

LARGEST_RANK = 2**31 - 5  # its id, and the number of words, fit the int32 of a sparse row
START, UNKNOWN, FIRST_WORD = 1, 2, 3  # Keras' ids; a word of rank r, from 1, has the id r + 3
SHUFFLE_SEED = 113  # that of load_data: it decides which texts come first


def checked(path: Path, raw: Arrays, x: str, y: str, what: str, classes: int) -> Texts:
    """The texts and labels of a file, which are its arrays `x` and `y`; `what` is what a text is called.

    Raises DataError, naming the file, unless they are lists of ranks with a class each.
    """
    labels = npz.labels(path, y, raw[y])
    texts = _unpadded(raw[x])
    if texts.ndim != 1 or labels.shape != texts.shape or not len(texts):
        raise npz.refused(path, f"{x} {texts.shape} and {y} {labels.shape} do not go together")
    if labels.max() >= classes:
        must = "the labels 0 and 1 only" if classes == 2 else f"whole numbers from 0 to {classes - 1}"
        raise npz.refused(path, f"{y} must hold {must}")
    if not all(map(_is_text, texts)):
        raise npz.refused(path, f"each {what} of {x} must be a list of word ranks from 1, if padded with 0")
    return list(texts), labels


def refuse_shifted(path: Path, texts: Iterable[Any], what: str) -> None:
    """Raises DataError for what load_data returns, which would be shifted twice."""
    if all(each[0] == START for each in texts if len(each)):
        raise npz.refused(
            path,
            f"every {what} begins with 1, as in what load_data returns, whose ids are shifted already: save the ranks "
            "of Keras' own file, which are its ids less 3 without the start mark",
        )


def _unpadded(texts: NDArray[Any]) -> NDArray[Any]:
    """Texts without the zeros that pad_sequences adds before or after them to give all the same length."""
    if texts.ndim == 1 and texts.dtype.kind == "O" and all(map(_is_padded, texts)):
        lengths = {len(text) for text in texts}
        return texts if len(lengths) > 1 else _unpadded(np.asarray(texts.tolist()))
    if texts.ndim != 2 or texts.dtype.kind not in "iu":
        return texts
    found = np.empty(len(texts), object)
    for place, text in enumerate(texts):
        found[place] = np.trim_zeros(text)
    return found


def _is_padded(text: Any) -> bool:
    """A list or an array of whole numbers."""
    try:
        ranks = np.asarray(text)
    except ValueError:
        return False
    return ranks.ndim == 1 and ranks.dtype.kind in "iu"


def _is_text(text: Any) -> bool:
    try:
        ranks = np.asarray(text)
    except ValueError:
        return False
    if ranks.ndim != 1 or not len(ranks):
        return ranks.ndim == 1
    return ranks.dtype.kind in "iu" and int(ranks.min()) >= 1 and int(ranks.max()) <= LARGEST_RANK


def shuffled(texts: Texts, order: np.random.RandomState) -> Texts:
    """Texts with their labels in the order of load_data."""
    ranks, labels = texts
    indices = np.arange(len(ranks))
    order.shuffle(indices)
    return [ranks[index] for index in indices], labels[indices]


def prepared(train: Texts, test: Texts, settings: dict[str, Any]) -> Arrays:
    """The arrays from which `examples` makes rows; `num_words` of the settings is that of load_data."""
    largest = max((max(ids) for texts, _ in (train, test) for ids in texts if len(ids)), default=0)
    # Without num_words, load_data cuts off at the largest id itself, which so becomes "unknown".
    words = settings["num_words"] or largest + FIRST_WORD
    arrays: Arrays = {"words": np.asarray(words)}
    for split, (texts, labels) in (("train", train), ("test", test)):
        rows = [_row(text, words) for text in texts]
        arrays[f"{split}_indices"] = np.concatenate(rows)
        arrays[f"{split}_indptr"] = np.cumsum([0, *map(len, rows)], dtype=np.int32)
        arrays[f"{split}_labels"] = labels.astype(np.int64)
    return arrays


def _row(ranks: Any, words: int) -> NDArray[np.int32]:
    """The ids that occur in a text, ascending: the nonzero places of the multi-hot vector."""
    ids = np.asarray(ranks, np.int64) + FIRST_WORD
    return multi_hot(np.where(ids < words, ids, UNKNOWN), START)


def examples(arrays: Arrays) -> tuple[Examples, Examples]:
    """The prepared arrays as training and test texts, CSR matrices of ones, [reviews, words].

    The ones are bytes, and both matrices share them: that saves memory, and products are float32 all the same. Raises
    ValueError for a place beyond the matrix, which its products would read without a look.
    """
    ones = np.ones(max(len(arrays[f"{split}_indices"]) for split in ("train", "test")), np.int8)

    def of_split(split: str) -> Examples:
        indptr, indices = arrays[f"{split}_indptr"], arrays[f"{split}_indices"]
        shape = (len(indptr) - 1, int(arrays["words"]))
        rows_fit = indptr[0] == 0 and indptr[-1] == len(indices) and (np.diff(indptr) >= 0).all()
        # As numbers without a sign, of which a negative one is too large: half the time.
        if not rows_fit or (len(indices) and np.asarray(indices).view(np.uint32).max() >= shape[1]):
            raise ValueError(f"{split}_indices has places beyond the matrix")
        rows = sparse.csr_matrix((ones[: len(indices)], indices, indptr), shape=shape)
        return Examples(rows, arrays[f"{split}_labels"])

    return of_split("train"), of_split("test")


def read_words(path: Path, columns: int) -> Vocabulary:
    """The words of a word index of Keras that have a column. Raises DataError."""
    try:
        index = json.loads(path.read_bytes())
        return vocabulary(index, columns)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise npz.refused(path, f"it is not a word index of Keras: {error}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from None


def vocabulary(ranks: dict[str, int], columns: int) -> Vocabulary:
    """The words of an index by their ranks, from 1, without those whose id lies beyond the last column.

    The rows of the data leave out a word that has no rank, and count one that is cut off as unknown. A vocabulary
    cannot tell the two: a word that is not listed is unknown, but where at most one word is cut off, as without
    `num_words`, it is left out. No network has learned anything about unknown words there.
    """
    listed = min(len(ranks), columns - FIRST_WORD - 1)
    words = [""] * listed
    for word, rank in ranks.items():
        if rank <= listed:
            words[rank - 1] = word
    if not all(words) or min(ranks.values()) < 1:
        raise ValueError("the ranks of its words must be 1, 2, 3 and so on")
    unknown = UNKNOWN if len(ranks) + FIRST_WORD > columns else None
    return Vocabulary(tuple(words), FIRST_WORD + 1, columns, START, unknown)
