"""Texts as rows: how a text is divided into words, and which column each word has."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sparse
    from numpy.typing import NDArray
else:
    np, sparse = late("numpy"), late("scipy.sparse")

SCHEMA_VERSION = 1  # of the file
MULTI_HOT = "multi_hot"  # a row has a one in the column of each word that occurs, whatever its place and number
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

    words       in the order of their columns
    first_word  the column of the first one
    columns     number of columns of a row
    start       a column that is one in each row; None without one
    unknown     the column of a word that is not listed; None where it is left out
    form        how a row tells the words of a text: multi_hot
    """

    words: tuple[str, ...]
    first_word: int
    columns: int
    start: int | None
    unknown: int | None
    tokenizer: Tokenizer = Tokenizer()
    form: str = MULTI_HOT

    def encode(self, texts: Iterable[str]) -> sparse.csr_matrix:
        """Rows of texts, int8 [texts, columns]: as those of the data set."""
        columns = self._columns
        rows = []
        for text in texts:
            ids = (columns.get(word, self.unknown) for word in self.tokenizer(text))
            rows.append(multi_hot([each for each in ids if each is not None], self.start))
        indices = np.concatenate(rows) if rows else np.empty(0, np.int32)
        indptr = np.cumsum([0, *map(len, rows)], dtype=np.int32)
        return sparse.csr_matrix((np.ones(len(indices), np.int8), indices, indptr), shape=(len(rows), self.columns))

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
        return json.dumps({"schema_version": SCHEMA_VERSION, **entries, "words": words}, indent=1) + "\n"


def from_json(text: str) -> Vocabulary:
    """The vocabulary of a file's contents. Raises ValueError where they are not as the runner writes them."""
    try:
        entries: dict[str, Any] = json.loads(text)
        version = entries.pop("schema_version")
        found = Vocabulary(
            **{**entries, "words": tuple(entries["words"]), "tokenizer": Tokenizer(**entries["tokenizer"])}
        )
        fits = version == SCHEMA_VERSION and found.form == MULTI_HOT and _fits(found)
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
        and all(isinstance(each, str) for each in found.words)
    )


def multi_hot(ids: Sequence[int] | NDArray[Any], start: int | None) -> NDArray[np.int32]:
    """The columns of a row that are one, ascending: those of words, and the one that each row has."""
    marks = np.asarray([] if start is None else [start], np.int64)
    return np.unique(np.append(np.asarray(ids, np.int64), marks)).astype(np.int32)
