"""What a run says of examples, and the examples of its data that it gets most wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.datasets import encoding
from runner.inference.load import LoadedRun

CLOSE_TO_ZERO = 1e-7  # where a probability of 32 bits ends


@dataclass(frozen=True)
class Prediction:
    """What a network says of one example: probabilities float32 [classes], and the class of the largest one."""

    names: tuple[str, ...]
    probabilities: NDArray[np.float32]

    @property
    def number(self) -> int:
        """The class, as labels number it; of classes alike the first, as Keras' accuracy counts it."""
        return int(self.probabilities.argmax())

    @property
    def label(self) -> str:
        return self.names[self.number]

    @property
    def probability(self) -> float:
        return float(self.probabilities[self.number])

    def by_name(self) -> dict[str, float]:
        return dict(zip(self.names, map(float, self.probabilities), strict=True))


def predict(run: LoadedRun, rows: Any) -> list[Prediction]:
    """A prediction for each row of features [rows, …], an array or a CSR matrix. Raises ConfigError, DataError."""
    return [Prediction(run.class_names, each) for each in run.probabilities(rows)]


@dataclass(frozen=True)
class Mistake:
    """An example that a network gets wrong.

    example     its number in the data
    label       its class
    prediction  what the network says
    row         its features, [1, …]
    """

    example: int
    label: int
    prediction: Prediction
    row: Any

    @property
    def label_name(self) -> str:
        return self.prediction.names[self.label]

    @property
    def probability(self) -> float:
        """That of the example's own class."""
        return float(self.prediction.probabilities[self.label])


@dataclass(frozen=True)
class Mistakes:
    """The worst mistakes, the worst first; `wrong` is the number of all of them among `examples`."""

    worst: list[Mistake]
    wrong: int
    examples: int


def mistakes(run: LoadedRun, rows: Any, labels: NDArray[np.integer], numbers: Sequence[int], count: int) -> Mistakes:
    """The `count` examples that a run gets most wrong: whose own class has the lowest probability.

    rows [examples, …] are features as the data set has them, labels [examples] their classes, numbers [examples] what
    the examples are called. Examples that it gets right are not among them.
    """
    predictions = predict(run, rows)
    said = np.array([each.number for each in predictions], int)
    own = np.array([each.probabilities[label] for each, label in zip(predictions, labels, strict=True)], float)
    wrong = np.flatnonzero(said != labels)
    worst = wrong[np.argsort(own[wrong], kind="stable")][:count]
    found = [Mistake(int(numbers[each]), int(labels[each]), predictions[each], rows[each : each + 1]) for each in worst]
    return Mistakes(found, len(wrong), len(said))


def word_effects(run: LoadedRun, mistake: Mistake) -> list[tuple[str, float]]:
    """What each word of a review does to the odds of its own class, as the network sees it: the worst first.

    The effect is the change of the logarithm of the odds by the word: below zero it speaks against the class. Words
    without a column are not among them.
    """
    vocabulary = run.vocabulary
    assert vocabulary
    first = vocabulary.first_word
    columns = [each for each in mistake.row.indices.tolist() if first <= each < first + len(vocabulary.words)]
    without = encoding.without_each(mistake.row, np.asarray(columns, int), vocabulary.form)
    changed = run.probabilities(without)[:, mistake.label] if columns else np.empty(0)
    effects = _odds(np.float64(mistake.probability)) - _odds(changed.astype(float))
    order = np.argsort(effects, kind="stable")
    words = vocabulary.decode(columns)
    return [(words[each], float(effects[each])) for each in order]


def _odds(probabilities: Any) -> Any:
    kept = np.clip(probabilities, CLOSE_TO_ZERO, 1 - CLOSE_TO_ZERO)
    return np.log(kept / (1 - kept))
