"""IMDB reviews as sets of word ids, numbered as `keras.datasets.imdb.load_data` numbers them.

Source: Maas et al., Learning Word Vectors for Sentiment Analysis (2011), in the layout of Keras.
"""

from __future__ import annotations

import collections
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, TypeAlias

from runner.config.schema import Dataset, null_or_at_least
from runner.datasets import labels as class_labels
from runner.datasets import npz, sample_reviews, text
from runner.datasets.base import Arrays, BuiltIn, Examples, WordIndex
from runner.datasets.text import Vocabulary
from runner.errors import DataError
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sparse
    from numpy.typing import NDArray
else:
    np, sparse = late("numpy"), late("scipy.sparse")

Reviews: TypeAlias = "tuple[list[Any], NDArray[np.int64]]"

LARGEST_RANK = 2**31 - 5  # its id, and the number of words, fit the int32 of a sparse row
START, UNKNOWN, FIRST_WORD = 1, 2, 3  # Keras' ids; a word of rank r, from 1, has the id r + 3
SHUFFLE_SEED = 113  # that of load_data: it decides which reviews come first


@dataclass
class Imdb(Dataset):
    # 4: the ids 0, 1 and 2 are padding, start and "unknown", the commonest word is 4.
    num_words: Optional[int] = null_or_at_least(4)


def read(path: Path, settings: dict[str, Any]) -> Arrays:
    """The reviews of an imdb.npz, in the order of load_data. Raises DataError."""
    raw = npz.read(path, ("x_train", "y_train", "x_test", "y_test"))
    for split in ("train", "test"):
        raw[f"y_{split}"] = npz.labels(path, split, raw[f"y_{split}"])
        raw[f"x_{split}"] = _unpadded(raw[f"x_{split}"])
    _check(path, raw)
    order = np.random.RandomState(SHUFFLE_SEED)
    train = _shuffled(raw["x_train"], raw["y_train"], order)
    return _prepared(train, _shuffled(raw["x_test"], raw["y_test"], order), settings)


def generate(settings: dict[str, Any]) -> Arrays:
    """The sample: reviews that the runner generates; words are ranked by their frequency in the training reviews."""
    (train_texts, train_labels), (test_texts, test_labels) = sample_reviews.generate()
    ranks = _ranks(train_texts)

    def ranked(texts: list[str]) -> list[list[int]]:
        # A word that is in no training review is skipped, as in Keras' file.
        return [[ranks[word] for word in text.split() if word in ranks] for text in texts]

    return _prepared(
        (ranked(train_texts), np.asarray(train_labels)),
        (ranked(test_texts), np.asarray(test_labels)),
        settings,
    )


def _ranks(texts: list[str]) -> dict[str, int]:
    counts = collections.Counter(word for text in texts for word in text.split())
    return {word: rank for rank, word in enumerate(sorted(counts, key=lambda each: (-counts[each], each)), 1)}


def read_words(path: Path, columns: int) -> Vocabulary:
    """The words of an imdb_word_index.json that have a column. Raises DataError."""
    try:
        index = json.loads(path.read_bytes())
        return _vocabulary(index, columns)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise npz.refused(path, f"it is not a word index of Keras: {error}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from None


def generate_words(columns: int) -> Vocabulary:
    """The words of the sample that have a column."""
    (texts, _), _ = sample_reviews.generate()
    return _vocabulary(_ranks(texts), columns)


def _vocabulary(ranks: dict[str, int], columns: int) -> Vocabulary:
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


def examples(arrays: Arrays) -> tuple[Examples, Examples]:
    """The prepared arrays as training and test reviews, CSR matrices of ones, [reviews, words].

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


def _check(path: Path, raw: Arrays) -> None:
    for split in ("train", "test"):
        reviews, labels = raw[f"x_{split}"], raw[f"y_{split}"]
        if reviews.ndim != 1 or labels.shape != reviews.shape or not len(reviews):
            raise npz.refused(path, f"x_{split} {reviews.shape} and y_{split} {labels.shape} do not go together")
        if not np.isin(labels, (0, 1)).all():
            raise npz.refused(path, f"y_{split} must hold the labels 0 and 1 only")
        if not all(_is_review(review) for review in reviews):
            raise npz.refused(path, f"each review of x_{split} must be a list of word ranks from 1, if padded with 0")
    if alone := class_labels.one_class(raw["y_train"]):
        raise npz.refused(path, alone)
    if all(review[0] == START for split in ("train", "test") for review in raw[f"x_{split}"] if len(review)):
        raise npz.refused(
            path,
            "every review begins with 1, as in what load_data returns, whose ids are shifted already: save the ranks "
            "of Keras' own imdb.npz, which are its ids less 3 without the start mark",
        )


def _unpadded(reviews: NDArray[Any]) -> NDArray[Any]:
    """Reviews without the zeros that pad_sequences adds before or after them to give all the same length."""
    if reviews.ndim == 1 and reviews.dtype.kind == "O" and all(map(_is_padded, reviews)):
        lengths = {len(review) for review in reviews}
        return reviews if len(lengths) > 1 else _unpadded(np.asarray(reviews.tolist()))
    if reviews.ndim != 2 or reviews.dtype.kind not in "iu":
        return reviews
    found = np.empty(len(reviews), object)
    for place, review in enumerate(reviews):
        found[place] = np.trim_zeros(review)
    return found


def _is_padded(review: Any) -> bool:
    """A list or an array of whole numbers."""
    try:
        ranks = np.asarray(review)
    except ValueError:
        return False
    return ranks.ndim == 1 and ranks.dtype.kind in "iu"


def _is_review(review: Any) -> bool:
    try:
        ranks = np.asarray(review)
    except ValueError:
        return False
    if ranks.ndim != 1 or not len(ranks):
        return ranks.ndim == 1
    return ranks.dtype.kind in "iu" and int(ranks.min()) >= 1 and int(ranks.max()) <= LARGEST_RANK


def _shuffled(reviews: NDArray[Any], labels: NDArray[Any], order: np.random.RandomState) -> Reviews:
    indices = np.arange(len(reviews))
    order.shuffle(indices)
    return [reviews[index] for index in indices], labels[indices].astype(np.int64)


def _prepared(train: Reviews, test: Reviews, settings: dict[str, Any]) -> Arrays:
    largest = max((max(ids) for reviews, _ in (train, test) for ids in reviews if len(ids)), default=0)
    # Without num_words, load_data cuts off at the largest id itself, which so becomes "unknown".
    words = settings["num_words"] or largest + FIRST_WORD
    arrays: Arrays = {"words": np.asarray(words)}
    for split, (reviews, labels) in (("train", train), ("test", test)):
        rows = [_row(review, words) for review in reviews]
        arrays[f"{split}_indices"] = np.concatenate(rows)
        arrays[f"{split}_indptr"] = np.cumsum([0, *map(len, rows)], dtype=np.int32)
        arrays[f"{split}_labels"] = labels.astype(np.int64)
    return arrays


def _row(ranks: Any, words: int) -> NDArray[np.int32]:
    """The ids that occur in a review, ascending: the nonzero places of the multi-hot vector."""
    ids = np.asarray(ranks, np.int64) + FIRST_WORD
    return text.multi_hot(np.where(ids < words, ids, UNKNOWN), START)


BUILT_IN = BuiltIn(
    name="imdb",
    schema=Imdb,
    class_names=("negative", "positive"),
    file="imdb.npz",
    sha256="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    sample="reviews-1",
    read=read,
    generate=generate,
    examples=examples,
    words=WordIndex("imdb_word_index.json", "bfafd718b763782e994055a2d397834f", read_words, generate_words),
)
