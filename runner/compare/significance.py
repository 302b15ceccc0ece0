"""Is one setting better than another, or is it noise? Statistics over seeds, or over the validation examples."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtr, ndtri, stdtr, stdtrit

LEVEL = 0.05
MOST_SEEDS = 100

# The metrics that are a share of right answers, whose sampling error follows from their value alone.
SHARES = {
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "top_k_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
}


@dataclass(frozen=True)
class Sample:
    """A setting's results by seed, of a metric on so many validation examples (0: on those trained on)."""

    results: dict[int, float]
    metric: str
    validation: int


@dataclass(frozen=True)
class Verdict:
    """What is known of the difference of one setting's mean to another's.

    difference  positive where the first is better
    interval    of the difference, 95 %, without correction for other comparisons; None where nothing is known
    p           two-sided, without correction; None where nothing is known
    adjusted    p, corrected for the other comparisons; None as p
    method      in words
    more_seeds  how many more of each would tell a difference of this size; None where none or too many would
    thin        whether a single seed is all there is on one side
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
    """The best against each other; `sign` is 1 where more is better, -1 where less is.

    Corrected by Holm's method. Where the best was chosen from its own results, it is chosen out of all pairs, and these
    are what is corrected for; against a reference that was named, only the comparisons made.
    """
    comparisons = (len(others) + 1) * len(others) // 2 if chosen else len(others)
    found = [_between(best, other, sign, LEVEL / comparisons) for other in others]
    adjusted = holm([each.p for each in found], comparisons)
    return [
        Verdict(each.difference, each.interval, each.p, p, each.method, each.more_seeds, each.thin)
        for each, p in zip(found, adjusted, strict=True)
    ]


def holm(values: Sequence[float | None], comparisons: int) -> list[float | None]:
    """Adjusted p-values, for at least as many comparisons as there are values (Holm, 1979)."""
    known = sorted((p, place) for place, p in enumerate(values) if p is not None)
    adjusted: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, p * (comparisons - rank)))
        adjusted[place] = largest
    return adjusted


def sampling_error(share: float, examples: int) -> float:
    """The standard error of a share of so many examples: 0.0032 of 0.88 of 10,000."""
    return math.sqrt(share * (1 - share) / examples)


def _between(first: Sample, second: Sample, sign: int, level: float) -> Verdict:
    """Of one pair; `level` is what p has to fall below for it to stand among the other comparisons."""
    if len(first.results) > 1 and first.results.keys() == second.results.keys():
        differences = [sign * (first.results[seed] - second.results[seed]) for seed in sorted(first.results)]
        return _paired(differences, first, level)
    if len(first.results) > 1 and len(second.results) > 1:
        return _welch(first, second, sign, level)
    return _by_sampling(first, second, sign, level)


def _paired(differences: list[float], sample: Sample, level: float) -> Verdict:
    """Student's t over the differences of equal seeds."""
    count = len(differences)
    mean, deviation = _mean_and_deviation(differences)
    if sample.metric in SHARES and sample.validation:
        deviation = max(deviation, 1 / sample.validation)  # a share knows no finer step
    method = f"paired t-test over {count} seeds"
    return _verdict(mean, deviation / math.sqrt(count), count - 1, method, _more_seeds(mean, deviation, count, level))


def _welch(one: Sample, other: Sample, sign: int, level: float) -> Verdict:
    """Welch's t, for seeds that are not the same."""
    first, second = list(one.results.values()), list(other.results.values())
    (mean_1, deviation_1), (mean_2, deviation_2) = _mean_and_deviation(first), _mean_and_deviation(second)
    if one.metric in SHARES and one.validation:
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
    """What chance leaves of a difference between two shares of so many validation examples."""
    mean_1, mean_2 = (sum(each.results.values()) / len(each.results) for each in (first, second))
    difference = sign * (mean_1 - mean_2)
    if first.metric not in SHARES or not first.validation:
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
    """How many more seeds bring p below the level if the difference stays; at least three stand for a setting."""
    for count in range(max(3, seeds + 1), MOST_SEEDS + 1):
        if _quantile(1 - level / 2, count - 1) * deviation / math.sqrt(count) < abs(difference):
            return count - seeds
    return None


def _below(value: float, freedom: float) -> float:
    return float(ndtr(value) if math.isinf(freedom) else stdtr(freedom, value))


def _quantile(share: float, freedom: float) -> float:
    return float(ndtri(share) if math.isinf(freedom) else stdtrit(freedom, share))


def _mean_and_deviation(values: list[float]) -> tuple[float, float]:
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
