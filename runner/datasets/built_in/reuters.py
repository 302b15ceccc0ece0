"""Reuters newswires as sets of word ids, numbered and divided as `keras.datasets.reuters.load_data` does it.

Source: Lewis, Reuters-21578 text categorization test collection (1987), in the layout of Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.datasets import labels as class_labels
from runner.datasets import npz, ranked_texts
from runner.datasets.base import Arrays, BuiltIn, WordIndex
from runner.datasets.ranked_texts import RankedTexts
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
else:
    np = late("numpy")

TEST_SPLIT = 0.2  # that of load_data
# keras.datasets.reuters.get_label_names()
TOPICS = tuple(
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass "
    "crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi "
    "iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead".split()
)


@dataclass
class Reuters(RankedTexts):
    pass


def read(path: Path, settings: dict[str, Any]) -> Arrays:
    """The newswires of a reuters.npz, in the order of load_data, the last fifth of them the test. Raises DataError."""
    raw = npz.read(path, ("x", "y"))
    every = ranked_texts.checked(path, raw, "x", "y", "newswire", len(TOPICS))
    ranked_texts.refuse_shifted(path, every[0], "newswire")
    texts, labels = ranked_texts.shuffled(every, np.random.RandomState(ranked_texts.SHUFFLE_SEED))
    count = int(len(texts) * (1 - TEST_SPLIT))
    if not count:
        raise npz.refused(path, "x holds a single newswire, which leaves none to train on")
    if alone := class_labels.one_class(labels[:count]):
        raise npz.refused(path, alone)
    return ranked_texts.prepared((texts[:count], labels[:count]), (texts[count:], labels[count:]), settings)


BUILT_IN = BuiltIn(
    name="reuters",
    schema=Reuters,
    class_names=TOPICS,
    files={"reuters.npz": "sha256:d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"},
    read=read,
    examples=ranked_texts.examples,
    finish=ranked_texts.finish,
    words=WordIndex("reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921", ranked_texts.read_words),
)
