"""Texts as rows: how a text is divided into words, and which column each word has."""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from runner.datasets import encoding
from runner.datasets.encoding import FORMS, MULTI_HOT, TF_IDF
from runner.system import files
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sparse
else:
    np, sparse = late("numpy"), late("scipy.sparse")

SCHEMA_VERSIONS = (1, 2)  # of the file: 2 where a row tells more than which words occur
KERAS_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


@dataclass(frozen=True)
class Tokenizer:
    """Divides a text into words as Keras' Tokenizer does, by whose defaults IMDB has been made.

    `filters` are signs that count as `split`. Apostrophes stay; `<br />` becomes the word br.
    """

    lower: bool = True
    filters: str = KERAS_FILTERS
    split: str = " "

    def __call__(self, text: str) -> list[str]:
        text = text.lower() if self.lower else text
        # Not str.split(): IMDB has words with the white space of Unicode in them.
        return [word for word in text.translate(self._blanks).split(self.split) if word]

    @functools.cached_property
    def _blanks(self) -> dict[int, str]:
        return dict.fromkeys(map(ord, self.filters), self.split)


@dataclass(frozen=True)
class Vocabulary:
    """What turns a text into a row of features.

    words       in the order of their columns; with n-grams also pairs of them, with `tokenizer.split` between
    first_word  the column of the first one
    columns     number of columns of a row
    start       a column that is one in each row; None without one
    unknown     the column of a word that is not listed; None where it is left out
    form        how a row tells the words of a text: multi_hot, count, tf_idf
    weights     of tf_idf: one for each column
    ngrams      2: pairs of neighbouring words count as words too
    """

    words: tuple[str, ...]
    first_word: int
    columns: int
    start: int | None
    unknown: int | None
    tokenizer: Tokenizer = Tokenizer()
    form: str = MULTI_HOT
    weights: tuple[float, ...] | None = None
    ngrams: int = 1

    def encode(self, texts: Iterable[str]) -> sparse.csr_matrix:
        """Rows of texts, int8 (multi_hot) or float32 [texts, columns]: as those of the data set."""
        rows = [encoding.counted(self._ids(text), self.start) for text in texts]
        empty = np.empty(0, np.int32)
        indices, data = (np.concatenate([empty, *(row[part] for row in rows)]) for part in (0, 1))
        indptr = np.cumsum([0, *(len(row[0]) for row in rows)], dtype=np.int32)
        counts = sparse.csr_matrix((data, indices, indptr), shape=(len(rows), self.columns))
        return encoding.encoded(counts, self.form, None if self.weights is None else np.asarray(self.weights))

    def _ids(self, text: str) -> list[int]:
        """The column of each word of a text that has one."""
        ids = (self._columns.get(word, self.unknown) for word in self._terms(text))
        return [each for each in ids if each is not None]

    def _terms(self, text: str) -> list[str]:
        """The words of a text, and its pairs of neighbours where they count."""
        words = self.tokenizer(text)
        pairs = itertools.pairwise(words) if self.ngrams == 2 else ()
        return [*words, *map(self.tokenizer.split.join, pairs)]

    def decode(self, columns: Iterable[int]) -> list[str]:
        """The words of columns, in their order; those that stand for no word are left out."""
        places = (int(column) - self.first_word for column in columns)
        return [self.words[place] for place in places if 0 <= place < len(self.words)]

    def unlisted(self, text: str) -> list[str]:
        """The words of a text that have no column, as often as they occur."""
        known = self._columns
        return [word for word in self.tokenizer(text) if word not in known]

    @functools.cached_property
    def _columns(self) -> dict[str, int]:
        return {word: column for column, word in enumerate(self.words, self.first_word)}

    def to_json(self) -> str:
        """The contents of a file of it, a line for each word; equal vocabularies are equal bytes."""
        entries = asdict(self)
        words = entries.pop("words")
        is_plain = self.form == MULTI_HOT and self.ngrams == 1
        if is_plain:  # as they were written before there was more
            entries = {key: value for key, value in entries.items() if key not in ("weights", "ngrams")}
        version = SCHEMA_VERSIONS[0 if is_plain else 1]
        return json.dumps({"schema_version": version, **entries, "words": words}, indent=1) + "\n"


def from_json(text: str) -> Vocabulary:
    """The vocabulary of a file's contents. Raises ValueError where they are not as the runner writes them."""
    try:
        entries: dict[str, Any] = files.parsed(text)
        version = entries.pop("schema_version")
        weights = entries.get("weights")
        parts = {"words": tuple(entries["words"]), "tokenizer": Tokenizer(**entries["tokenizer"])}
        found = Vocabulary(**{**entries, **parts, "weights": None if weights is None else tuple(weights)})
        fits = version in SCHEMA_VERSIONS and _fits(found) and _has_a_form(found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is damaged: {error}") from None
    if not fits:
        raise ValueError("its words and columns do not go together, or another version of the runner wrote it")
    return found


def _fits(found: Vocabulary) -> bool:
    """Whether each word is a text, and each column one of a row's."""
    marks = [each for each in (found.start, found.unknown) if each is not None]
    within = all(0 <= each < found.columns for each in marks) and found.first_word >= 0
    return (
        within
        and found.first_word + len(found.words) <= found.columns
        and all(isinstance(each, str) for each in (*found.words, found.tokenizer.filters, found.tokenizer.split))
        and found.tokenizer.split != ""
    )


def _has_a_form(found: Vocabulary) -> bool:
    """Whether it is known how a row tells the words."""
    weights = found.weights or ()
    fits = len(weights) == (found.columns if found.form == TF_IDF else 0) and all(map(math.isfinite, weights))
    return fits and found.form in FORMS and found.ngrams in (1, 2)
