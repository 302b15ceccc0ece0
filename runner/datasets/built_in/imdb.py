"""IMDB reviews as sets of word ids, numbered as `keras.datasets.imdb.load_data` numbers them.

Source: Maas et al., Learning Word Vectors for Sentiment Analysis (2011), in the layout of Keras.
"""

from __future__ import annotations

import collections
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.datasets import labels as class_labels
from runner.datasets import npz, ranked_texts, sample_reviews
from runner.datasets.base import Arrays, BuiltIn, WordIndex
from runner.datasets.ranked_texts import RankedTexts
from runner.datasets.text import Vocabulary
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
else:
    np = late("numpy")

CLASSES = ("negative", "positive")


@dataclass
class Imdb(RankedTexts):
    pass


def read(path: Path, settings: dict[str, Any]) -> Arrays:
    """The reviews of an imdb.npz, in the order of load_data. Raises DataError."""
    raw = npz.read(path, ("x_train", "y_train", "x_test", "y_test"))
    train, test = (
        ranked_texts.checked(path, raw, f"x_{split}", f"y_{split}", "review", len(CLASSES))
        for split in ("train", "test")
    )
    if alone := class_labels.one_class(train[1]):
        raise npz.refused(path, alone)
    ranked_texts.refuse_shifted(path, [*train[0], *test[0]], "review")
    order = np.random.RandomState(ranked_texts.SHUFFLE_SEED)
    return ranked_texts.prepared(ranked_texts.shuffled(train, order), ranked_texts.shuffled(test, order), settings)


def generate(settings: dict[str, Any]) -> Arrays:
    """The sample: reviews that the runner generates; words are ranked by their frequency in the training reviews."""
    (train_texts, train_labels), (test_texts, test_labels) = sample_reviews.generate()
    ranks = _ranks(train_texts)

    def ranked(texts: list[str]) -> list[list[int]]:
        # A word that is in no training review is skipped, as in Keras' file.
        return [[ranks[word] for word in text.split() if word in ranks] for text in texts]

    return ranked_texts.prepared(
        (ranked(train_texts), np.asarray(train_labels)),
        (ranked(test_texts), np.asarray(test_labels)),
        settings,
    )


def _ranks(texts: list[str]) -> dict[str, int]:
    counts = collections.Counter(word for text in texts for word in text.split())
    return {word: rank for rank, word in enumerate(sorted(counts, key=lambda each: (-counts[each], each)), 1)}


def generate_words(columns: int) -> Vocabulary:
    """The words of the sample that have a column."""
    (texts, _), _ = sample_reviews.generate()
    return ranked_texts.vocabulary(_ranks(texts), columns)


BUILT_IN = BuiltIn(
    name="imdb",
    schema=Imdb,
    class_names=CLASSES,
    files={"imdb.npz": "sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"},
    read=read,
    examples=ranked_texts.examples,
    finish=ranked_texts.finish,
    sample="reviews-1",
    generate=generate,
    words=WordIndex(
        "imdb_word_index.json", "bfafd718b763782e994055a2d397834f", ranked_texts.read_words, generate_words
    ),
)
