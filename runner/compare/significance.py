"""Is one setting better than another, or is it noise? Statistics over seeds, or over validation examples."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtr, ndtri, stdtr, stdtrit

LEVEL = 0.05
MOST_SEEDS = 100

# Metrics that are a fraction of right answers: their sampling error follows from their value alone.
FRACTIONS = {
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "top_k_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
}


@dataclass(frozen=True)
class Sample:
    """A setting's results by seed.

    metric      the name of the metric on the training examples, such as `accuracy`
    validation  number of examples that the results were measured on; 0 for the training examples themselves
    """

    results: dict[int, float]
    metric: str
    validation: int


@dataclass(frozen=True)
class Verdict:
    """What is known about the difference between the means of two settings, in the metric's own unit.

    difference  positive where the first is better
    interval    the 95 % interval of the difference, not corrected for other comparisons; None where it is unknown
    p           two-sided, not corrected; None where it is unknown
    adjusted    p, corrected for the other comparisons; None where p is
    method      the test, in words
    more_seeds  seeds to add to each setting to detect a difference of this size; None where that is hopeless
    thin        whether one of the two has a single seed
    """

    difference: float
    interval: tuple[float, float] | None
    p: float | None
    adjusted: float | None
    method: str
    more_seeds: int | None
    thin: bool

    @property
    def is_better(self) -> bool | None:
        """True: the first is better; False: the second; None: not distinguishable."""
        if self.adjusted is None or self.adjusted >= LEVEL:
            return None
        return self.difference > 0


def verdicts(best: Sample, others: Sequence[Sample], sign: int, chosen: bool) -> list[Verdict]:
    """Verdicts on the best against each of the others, corrected by Holm's method.

    `sign` is 1 where more is better, -1 where less is. `chosen` says that the best was chosen by these results: the
    correction is then for all pairs, else only for the comparisons made.
    """
    comparisons = (len(others) + 1) * len(others) // 2 if chosen else len(others)
    found = [_between(best, other, sign, LEVEL / comparisons) for other in others]
    adjusted = holm([each.p for each in found], comparisons)
    return [
        Verdict(each.difference, each.interval, each.p, p, each.method, each.more_seeds, each.thin)
        for each, p in zip(found, adjusted, strict=True)
    ]


def holm(values: Sequence[float | None], comparisons: int) -> list[float | None]:
    """Adjusted p-values (Holm, 1979); `comparisons` is at least the number of values."""
    known = sorted((p, place) for place, p in enumerate(values) if p is not None)
    adjusted: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, p * (comparisons - rank)))
        adjusted[place] = largest
    return adjusted


def sampling_error(fraction: float, examples: int) -> float:
    """The standard error of a fraction measured on a number of examples: 0.0032 for 0.88 on 10,000."""
    return math.sqrt(fraction * (1 - fraction) / examples)


def _between(first: Sample, second: Sample, sign: int, level: float) -> Verdict:
    """The uncorrected verdict on one pair; `level` is what p must fall below to hold after the correction."""
    if len(first.results) > 1 and first.results.keys() == second.results.keys():
        differences = [sign * (first.results[seed] - second.results[seed]) for seed in sorted(first.results)]
        return _paired(differences, first, level)
    if len(first.results) > 1 and len(second.results) > 1:
        return _welch(first, second, sign, level)
    return _by_sampling(first, second, sign, level)


def _paired(differences: list[float], sample: Sample, level: float) -> Verdict:
    """Student's t-test over the differences between runs of the same seed."""
    count = len(differences)
    mean, deviation = _mean_and_deviation(differences)
    if sample.metric in FRACTIONS and sample.validation:
        deviation = max(deviation, 1 / sample.validation)  # no fraction has a finer step
    method = f"paired t-test over {count} seeds"
    return _verdict(mean, deviation / math.sqrt(count), count - 1, method, _more_seeds(mean, deviation, count, level))


def _welch(one: Sample, other: Sample, sign: int, level: float) -> Verdict:
    """Welch's t-test, for settings trained with different seeds."""
    first, second = list(one.results.values()), list(other.results.values())
    (mean_1, deviation_1), (mean_2, deviation_2) = _mean_and_deviation(first), _mean_and_deviation(second)
    if one.metric in FRACTIONS and one.validation:
        deviation_1, deviation_2 = (max(each, 1 / one.validation) for each in (deviation_1, deviation_2))
    part_1, part_2 = deviation_1**2 / len(first), deviation_2**2 / len(second)
    error = math.sqrt(part_1 + part_2)
    spread = part_1**2 / (len(first) - 1) + part_2**2 / (len(second) - 1)
    freedom = (part_1 + part_2) ** 2 / spread if spread else len(first) + len(second) - 2
    method = f"Welch's t-test, {len(first)} and {len(second)} seeds"
    both = math.hypot(deviation_1, deviation_2)
    difference = sign * (mean_1 - mean_2)
    more = _more_seeds(difference, both, min(len(first), len(second)), level)
    return _verdict(difference, error, freedom, method, more)


def _by_sampling(first: Sample, second: Sample, sign: int, level: float) -> Verdict:
    """A z-test of the difference between two fractions, each measured on the validation examples."""
    mean_1, mean_2 = (sum(each.results.values()) / len(each.results) for each in (first, second))
    difference = sign * (mean_1 - mean_2)
    if first.metric not in FRACTIONS or not first.validation:
        why = "one seed, and no sampling error is known of this metric"
        return Verdict(difference, None, None, None, why, None, thin=True)
    error = math.hypot(sampling_error(mean_1, first.validation), sampling_error(mean_2, second.validation))
    method = f"sampling error on {first.validation:,} validation examples"
    return _verdict(difference, error, math.inf, method, _more_seeds(difference, error, 1, level), thin=True)


def _verdict(
    difference: float, error: float, freedom: float, method: str, more_seeds: int | None, thin: bool = False
) -> Verdict:
    p = _two_sided(difference, error, freedom)
    reach = _quantile(1 - LEVEL / 2, freedom) * error
    return Verdict(difference, (difference - reach, difference + reach), p, p, method, more_seeds, thin)


def _two_sided(difference: float, error: float, freedom: float) -> float:
    if difference == 0:
        return 1.0
    return 2 * _below(-abs(difference) / error, freedom) if error else 0.0


def _more_seeds(difference: float, deviation: float, seeds: int, level: float) -> int | None:
    """Seeds to add until p falls below the level, if difference and spread stay; a setting needs at least three."""
    for count in range(max(3, seeds + 1), MOST_SEEDS + 1):
        if _quantile(1 - level / 2, count - 1) * deviation / math.sqrt(count) < abs(difference):
            return count - seeds
    return None


def _below(value: float, freedom: float) -> float:
    return float(ndtr(value) if math.isinf(freedom) else stdtr(freedom, value))


def _quantile(probability: float, freedom: float) -> float:
    return float(ndtri(probability) if math.isinf(freedom) else stdtrit(freedom, probability))


def _mean_and_deviation(values: list[float]) -> tuple[float, float]:
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
