"""A column of texts as counts of words, prepared once for all examples; fitting is a choice of words among them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from runner.datasets import encoding
from runner.datasets.base import Arrays, Data, Examples
from runner.datasets.tables.file import refused
from runner.datasets.tables.rows import Chosen
from runner.datasets.text import KERAS_FILTERS, Tokenizer, Vocabulary
from runner.errors import DataError

if TYPE_CHECKING:
    from runner.datasets.tables.keys import Table

# What stands between words besides the signs of Keras: other white space, dashes, quotes, "…". Apostrophes stay.
TOKENIZER = Tokenizer(filters=f"{KERAS_FILTERS}\r\x0b\x0c\xa0…–—“”„«»")
BETWEEN = "\n"  # words in an array of bytes; none holds it


def prepare(path: Path, chosen: Chosen, name: str, ngrams: int) -> Arrays:
    """Counts of each word of all texts, the words in alphabetical order. Raises DataError where there are none."""
    from sklearn.feature_extraction.text import CountVectorizer

    splits = {split: cells[name].astype(object).tolist() for split, cells in chosen.cells.items()}
    vectorizer = CountVectorizer(
        tokenizer=TOKENIZER, token_pattern=None, lowercase=False, ngram_range=(1, ngrams), dtype=np.int32
    )
    try:
        counts = vectorizer.fit_transform([text for texts in splits.values() for text in texts])
    except ValueError:
        raise refused(path, f"column {name} holds no words: dataset.text must name the column of the texts") from None
    words = BETWEEN.join(vectorizer.get_feature_names_out()).encode("utf-8", "surrogatepass")
    first = len(splits["train"])
    return {
        **_parts("train", counts[:first]),
        **_parts("test", counts[first:]),
        "words": np.frombuffer(words, np.uint8),
        "columns": np.asarray(counts.shape[1]),
    }


def _parts(split: str, counts: sparse.csr_matrix) -> Arrays:
    return {f"{split}_{part}": getattr(counts, part) for part in ("data", "indices", "indptr")}


def examples(arrays: Arrays) -> tuple[Examples, Examples]:
    """The counts, which have no meaning before a choice of words. Raises ValueError where they are damaged."""

    def of_split(split: str) -> Examples:
        data, indices, indptr = (arrays[f"{split}_{part}"] for part in ("data", "indices", "indptr"))
        return Examples(encoding.matrix(data, indices, indptr, int(arrays["columns"])), arrays[f"{split}_labels"])

    return of_split("train"), of_split("test")


def fitted(data: Data, arrays: Arrays, trained: NDArray[np.int32], config: Table) -> Data:
    """The data with the words that are the commonest in the training texts. Raises DataError where these have none."""
    columns = commonest(encoding.totals(data.train.features, trained), config.num_words)
    if not len(columns):
        raise DataError(f"{config.path}: no training text has a word: give more examples")
    train, test = (encoding.of_columns(each.features, columns) for each in (data.train, data.test))
    rows, test_rows, weights = encoding.encoded_splits(train, test, config.encoding, trained)
    splits = Examples(rows, data.train.labels), Examples(test_rows, data.test.labels)

    def vocabulary() -> Vocabulary:
        words = bytes(arrays["words"]).decode("utf-8", "surrogatepass").split(BETWEEN)
        return Vocabulary(
            words=tuple(words[each] for each in columns),
            first_word=0,
            columns=len(columns),
            start=None,
            unknown=None,
            tokenizer=TOKENIZER,
            form=config.encoding,
            weights=None if weights is None else tuple(weights.tolist()),
            ngrams=config.ngrams,
        )

    return dataclasses.replace(data, train=splits[0], test=splits[1], find_vocabulary=vocabulary, fit=None)


def commonest(totals: NDArray[np.integer], most: int | None) -> NDArray[np.int64]:
    """The columns of the largest totals above 0, the largest first; of equal ones the first in the alphabet."""
    order: NDArray[Any] = np.argsort(-totals, kind="stable")
    return order[: min(np.count_nonzero(totals), most or len(order))]
