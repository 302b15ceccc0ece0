"""Texts as lists of word ranks, and as rows of ones in the columns of `load_data`: what IMDB and Reuters share."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, TypeAlias

from runner.config.options import null_or_at_least, one_of
from runner.config.schema import Dataset
from runner.datasets import encoding, npz
from runner.datasets.base import Arrays, Data, Examples
from runner.datasets.encoding import COUNT, FORMS, MULTI_HOT
from runner.datasets.text import Vocabulary
from runner.errors import DataError
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = late("numpy")

Texts: TypeAlias = "tuple[list[Any], NDArray[np.int64]]"

LARGEST_RANK = 2**31 - 5  # its id, and the number of words, fit the int32 of a sparse row
START, UNKNOWN, FIRST_WORD = 1, 2, 3  # Keras' ids; a word of rank r, from 1, has the id r + 3
SHUFFLE_SEED = 113  # that of load_data: it decides which texts come first


def _tells_more(config: Any) -> bool:
    return config.dataset.encoding != MULTI_HOT


@dataclass
class RankedTexts(Dataset):
    # 4: the ids 0, 1 and 2 are padding, start and "unknown", the commonest word is 4.
    num_words: Optional[int] = null_or_at_least(4)
    encoding: str = one_of(*FORMS, before=MULTI_HOT, decides=_tells_more)


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
    """The arrays from which `examples` makes rows; `num_words` of the settings is that of load_data.

    With an `encoding` they tell how often a word occurs.
    """
    largest = max((max(ids) for texts, _ in (train, test) for ids in texts if len(ids)), default=0)
    # Without num_words, load_data cuts off at the largest id itself, which so becomes "unknown".
    words = settings["num_words"] or largest + FIRST_WORD
    arrays: Arrays = {"words": np.asarray(words)}
    for split, (texts, labels) in (("train", train), ("test", test)):
        rows = [_row(text, words) for text in texts]
        arrays[f"{split}_indices"] = np.concatenate([columns for columns, _ in rows])
        arrays[f"{split}_indptr"] = np.cumsum([0, *(len(columns) for columns, _ in rows)], dtype=np.int32)
        if "encoding" in settings:
            arrays[f"{split}_counts"] = np.concatenate([counts for _, counts in rows])
        arrays[f"{split}_labels"] = labels.astype(np.int64)
    return arrays


def _row(ranks: Any, words: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The ids that occur in a text, ascending, and how often each does."""
    ids = np.asarray(ranks, np.int64) + FIRST_WORD
    return encoding.counted(np.where(ids < words, ids, UNKNOWN), START)


def examples(arrays: Arrays) -> tuple[Examples, Examples]:
    """The prepared arrays as training and test texts, CSR matrices of ones or of counts, [texts, words].

    The ones are bytes, and both matrices share them: that saves memory, and products are float32 all the same. Raises
    ValueError for a place beyond the matrix.
    """
    ones = np.ones(max(len(arrays[f"{split}_indices"]) for split in ("train", "test")), np.int8)

    def of_split(split: str) -> Examples:
        indptr, indices = arrays[f"{split}_indptr"], arrays[f"{split}_indices"]
        data = arrays.get(f"{split}_counts", ones[: len(indices)])
        return Examples(encoding.matrix(data, indices, indptr, int(arrays["words"])), arrays[f"{split}_labels"])

    return of_split("train"), of_split("test")


def finish(data: Data, settings: dict[str, Any]) -> Data:
    """The data in the encoding that the settings ask for; the weights of tf_idf are those of the training texts."""
    form = settings.get("encoding", MULTI_HOT)
    if form == MULTI_HOT:
        return data
    if form == COUNT:
        return _encoded(data, form, np.empty(0, np.int32))
    return dataclasses.replace(data, fit=functools.partial(_encoded, data, form))


def _encoded(data: Data, form: str, trained: NDArray[np.int32]) -> Data:
    train, test, weights = encoding.encoded_splits(data.train.features, data.test.features, form, trained)

    def find_vocabulary() -> Vocabulary | None:
        of_words = None if weights is None else tuple(weights.tolist())
        return data.vocabulary and dataclasses.replace(data.vocabulary, form=form, weights=of_words)

    splits = Examples(train, data.train.labels), Examples(test, data.test.labels)
    return dataclasses.replace(data, train=splits[0], test=splits[1], find_vocabulary=find_vocabulary, fit=None)


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
