"""The results of a setting as numbers: a value for each seed, and which examples its networks answer right."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Sample:
    """The results of a setting.

    results     the value of each seed, or of each fold and seed
    right       uint8 [seeds, examples]: whether each validation example was answered right; None where it is unknown
    examples    the numbers of those examples
    resolution  the finest step of a result, 1 / examples of a share; 0 where there is none
    spread      the variance over the seeds, where the results alone would tell too small a one
    highest     the variance of the mean times the seeds, where it is the highest point of a curve
    luck        by how much the mean is at most too good for that
    overlap     validation by training examples where the runs are folds of one data set; 0 where they are seeds
    """

    results: dict[Any, float]
    right: Array | None = None
    examples: Array | None = None
    resolution: float = 0.0
    spread: float | None = None
    highest: float | None = None
    luck: float = 0.0
    overlap: float = 0.0

    @property
    def weight(self) -> float:
        """What the variance of one result is multiplied by for that of the mean.

        Folds share most of what they train on: overlap is added to 1 / n (Nadeau and Bengio, 2003).
        """
        return 1 / len(self.results) + self.overlap

    @property
    def mean(self) -> float:
        return sum(self.results.values()) / len(self.results)

    @property
    def variance(self) -> float:
        """What one seed brings to the variance of the mean, at least that of one step; NaN with a single seed."""
        return self._at_least_a_step(self.highest)

    def _at_least_a_step(self, known: float | None) -> float:
        if len(self.results) < 2:
            return math.nan
        variance = float(np.var([*self.results.values()], ddof=1)) if known is None else known
        return max(variance, self.resolution**2)

    @property
    def variance_of_results(self) -> float:
        """Of the results over the seeds, at least that of one step; NaN with a single seed."""
        return self._at_least_a_step(self.spread)

    @cached_property
    def interaction(self) -> float:
        """The mean square of seeds × examples; 0 with a single seed or without predictions."""
        return 0.0 if self.right is None else mean_square(self.right)

    @cached_property
    def by_example(self) -> Array:
        """The share of seeds that answered each example right, float64 [examples]."""
        assert self.right is not None
        return self.right.mean(axis=0, dtype=np.float64)


def share_examples(first: Sample, second: Sample) -> bool:
    """Whether it is known which of the same examples both answer right."""
    known = first.right is not None and second.right is not None
    return known and np.array_equal(first.examples, second.examples)  # type: ignore[arg-type]


def standard_error(sample: Sample) -> float | None:
    """Of a setting's mean: over seeds, where there are several, and over examples, where their answers are known."""
    seeds = sample.variance_of_results * sample.weight if len(sample.results) > 1 else None
    examples = None
    if sample.right is not None:
        within = float(np.var(sample.by_example, ddof=1)) - sample.interaction / len(sample.results)
        examples = max(0.0, within) / sample.right.shape[1]
    known = [each for each in (seeds, examples) if each is not None]
    return math.sqrt(sum(known)) if known else None


def mean_square(answers: Array) -> float:
    """The mean square of seeds × examples of answers [seeds, examples]; 0 with a single seed."""
    seeds, examples = answers.shape
    if seeds < 2:
        return 0.0
    answers = answers.astype(np.float64)
    rest = answers - answers.mean(axis=0) - answers.mean(axis=1, keepdims=True) + answers.mean()
    return float((rest**2).sum()) / ((seeds - 1) * (examples - 1))
