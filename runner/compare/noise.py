"""The noise in a difference between two settings: their seeds and the validation examples are two samples.

Seeds are nested in their setting, examples are crossed with all of them, as cases and the readers of one modality are
in multi-reader multi-case studies (Obuchowski and Rockette, 1995; Hillis, 2014). A share of right answers is a mean
over both, so the parts of the variance add up:

    Var(difference) = Σ s²ᵢ / nᵢ + (var_v(D_v) − Σ mᵢ / nᵢ) / V

s²ᵢ is the variance of the results over the nᵢ seeds, D_v the difference on example v of V, and mᵢ the mean square of
seeds × examples, which s²ᵢ has in it already. Degrees of freedom are Satterthwaite's, as Hillis has them. Where epochs
are chosen, s²ᵢ is that of the highest point of the mean curve (selection.py), and what one setting may owe to luck more
than the other is added.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from runner.compare.multiplicity import Tail
from runner.compare.sample import Sample, mean_square, share_examples
from runner.formatting import counted

ALIKE = 0.01  # level of the test whether spreads differ: pooling spreads that are not alike would do harm
OWN = 2.0  # times the pooled variance, above which a setting keeps its own: few seeds seldom fail the test
TOGETHER = 0.01  # level of the test whether equal seeds go together: pairing those that do not would do harm
BIAS = 3.0  # times its square: a difference in luck goes one way, for which the noise of as much would allow too little
MANY = 1e9  # degrees of freedom of a variance that is known


@dataclass(frozen=True)
class Difference:
    """A difference between two means: a variance for each of two kinds of noise, and the degrees of freedom.

    size      the first mean less the second
    one_seed  the variance that is due to the seeds where each side has one; None where it is unknown
    seeds     the variance that is due to the seeds there are; None where each side has a single one
    examples  the variance that is due to the examples; None where predictions are missing
    repeats   what the seeds' variance is of: seeds or folds
    freedom   of the sum, at most MANY
    step      the finest step, by which McNemar's test corrects for continuity; 0 in the others
    method    the test, in words
    """

    size: float
    one_seed: float | None
    seeds: float | None
    examples: float | None
    freedom: float
    step: float
    method: str
    repeats: str = "seeds"

    @property
    def error(self) -> float:
        """The standard error."""
        return math.sqrt((self.seeds or 0.0) + (self.examples or 0.0))

    def p(self, tail: Tail, freedom: float) -> float:
        """Two-sided, by a tail of the difference in standard errors with these degrees of freedom."""
        size = max(0.0, abs(self.size) - self.step)
        if not size:
            return 1.0
        return tail(size / self.error, freedom) if self.error else 0.0

    @property
    def covers(self) -> tuple[str, ...]:
        """What the difference speaks of: other seeds, other folds, other examples."""
        known = {self.repeats: self.seeds, "examples": self.examples}
        return tuple(name for name, variance in known.items() if variance is not None)


class Noise:
    """The noise of a family of settings, whose spreads over seeds are pooled as far as they are alike."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        repeated = [each for each in samples if len(each.results) > 1]
        self.pool = alike(repeated)
        self.freedom = sum(len(each.results) - 1 for each in self.pool)
        parts = sum((len(each.results) - 1) * each.variance for each in self.pool)
        self.pooled = parts / self.freedom if self.freedom else math.nan
        self.paired = _residual(self.pool)

    def difference(self, first: Sample, second: Sample) -> Difference:
        """The first mean less the second, with the noise that is in it."""
        size = first.mean - second.mean
        both = share_examples(first, second)
        if len(first.results) == len(second.results) == 1:
            return _mcnemar(size, first, second) if both else _unknown(size)
        if first.overlap and len(first.results.keys() & second.results.keys()) > 1:
            return paired(first, second)
        one_seed, seeds, freedom = self._of_seeds(first, second)
        seeds += _of_luck(first, second)
        examples = self._of_examples(first, second) if both else None
        total = seeds + (examples or 0.0)
        if seeds:  # Satterthwaite's; the examples are so numerous that their variance counts as known
            freedom *= (total / seeds) ** 2
        return Difference(size, one_seed, seeds, examples, min(freedom, MANY), 0.0, self._method(first, second, both))

    def _method(self, first: Sample, second: Sample, both: bool) -> str:
        counts = [len(each.results) for each in (first, second)]
        seeds = counted(counts[0], "seed") if counts[0] == counts[1] else f"{counts[0]} and {counts[1]} seeds"
        paired = "paired by seed, " if self._are_paired(first, second) else ""
        if not both or first.right is None:
            return f"t-test, {paired}over {seeds}"
        return f"t-test, {paired}over {seeds} and {first.right.shape[1]:,} examples"

    def _are_paired(self, first: Sample, second: Sample) -> bool:
        return self.paired is not None and first in self.pool and second in self.pool

    def _of_seeds(self, first: Sample, second: Sample) -> tuple[float, float, float]:
        """The variance with one seed each and with those there are, and its degrees of freedom."""
        if self.paired and self._are_paired(first, second):
            variance, freedom = self.paired
            return 2 * variance, 2 * variance / len(first.results), freedom
        spreads = [self._spread(first, second), self._spread(second, first)]
        one_seed = _of_results(first, second) or sum(spread for spread, _ in spreads)
        weights = (first.weight, second.weight)
        parts = [spread * weight for (spread, _), weight in zip(spreads, weights, strict=True)]
        if spreads[0] == spreads[1]:  # one estimate serves both
            return one_seed, sum(parts), spreads[0][1]
        shares = sum(part**2 / freedom for part, (_, freedom) in zip(parts, spreads, strict=True))
        return one_seed, sum(parts), sum(parts) ** 2 / shares

    def _spread(self, sample: Sample, other: Sample | None = None) -> tuple[float, float]:
        """The variance over seeds of a setting and its degrees of freedom; a single seed takes the other's."""
        if len(sample.results) < 2:
            assert other is not None
            return self._spread(other)
        if sample in self.pool and sample.variance <= OWN * self.pooled:
            return self.pooled, self.freedom
        return sample.variance, len(sample.results) - 1

    def _of_examples(self, first: Sample, second: Sample) -> float:
        """The variance over examples, less what the seeds bring to each example."""
        assert first.right is not None
        assert second.right is not None
        between = float(np.var(first.by_example - second.by_example, ddof=1))
        if self._are_paired(first, second):
            within = mean_square(first.right.astype(np.int8) - second.right) / len(first.results)
        else:
            within = sum(
                (each.interaction or other.interaction) / len(each.results)
                for each, other in ((first, second), (second, first))
            )
        return max(0.0, between - within) / first.right.shape[1]


def paired(first: Sample, second: Sample) -> Difference:
    """The first mean less the second, of runs that belong together: one network after two epochs, two on one fold."""
    keys = sorted(first.results.keys() & second.results.keys())
    apart = np.array([first.results[key] - second.results[key] for key in keys])
    size, count, both = float(apart.mean()), len(keys), share_examples(first, second)
    if count == 1:
        return _mcnemar(size, first, second) if both else _unknown(size)
    variance = max(float(np.var(apart, ddof=1)) * _widening(first, second), first.resolution**2)
    of_seeds = variance * (1 / count + first.overlap) + _of_luck(first, second)
    examples, freedom = None, count - 1.0
    if both and first.right is not None and second.right is not None:
        between = float(np.var(first.by_example - second.by_example, ddof=1))
        within = mean_square(first.right.astype(np.int8) - second.right) / count
        examples = max(0.0, between - within) / first.right.shape[1]
        freedom *= ((of_seeds + examples) / of_seeds) ** 2 if of_seeds else 1.0
    repeats = "folds" if first.overlap else "seeds"
    method = f"paired t-test, over {counted(count, repeats[:-1])}"
    return Difference(size, variance, of_seeds, examples, min(freedom, MANY), 0.0, method, repeats)


def _of_results(first: Sample, second: Sample) -> float | None:
    """The variance with one seed each at an epoch such as the chosen one; None where it is not chosen."""
    repeated = [each for each in (first, second) if len(each.results) > 1]
    if any(each.highest is None for each in repeated):
        return None
    return 2 * sum(each.variance_of_results for each in repeated) / len(repeated)


def _of_luck(first: Sample, second: Sample) -> float:
    """What is allowed for a difference in luck; alike in both it takes nothing from their difference.

    A single seed has that of the other setting as it were with one seed.
    """
    lucks = []
    for each, other in ((first, second), (second, first)):
        alone = len(each.results) == 1
        lucks.append(other.luck * math.sqrt(len(other.results)) if alone else each.luck)
    return BIAS * (lucks[0] - lucks[1]) ** 2


def _widening(first: Sample, second: Sample) -> float:
    """By what the variances of two are larger than their results alone tell, where epochs are chosen; at least 1."""
    if first.highest is None or second.highest is None:
        return 1.0
    told = sum(float(np.var([*each.results.values()], ddof=1)) for each in (first, second))
    return max(1.0, (first.highest + second.highest) / told) if told else 1.0


def alike(samples: Sequence[Sample]) -> list[Sample]:
    """The settings whose variances over seeds are not shown to differ: those that differ most are taken away."""
    pool = sorted(samples, key=lambda sample: sample.variance)
    while bartlett(pool) < ALIKE:
        pool = max(pool[1:], pool[:-1], key=bartlett)
    return pool


def bartlett(samples: Sequence[Sample]) -> float:
    """The p-value of Bartlett's test for equal variances; 1 for a single setting."""
    if len(samples) < 2:
        return 1.0
    freedom = np.array([len(each.results) - 1 for each in samples], float)
    variances = np.array([each.variance for each in samples])
    if not variances.any():
        return 1.0
    variances = np.maximum(variances, 1e-12 * variances.max())
    total, groups = freedom.sum(), len(samples)
    statistic = total * math.log((freedom * variances).sum() / total) - (freedom * np.log(variances)).sum()
    correction = 1 + ((1 / freedom).sum() - 1 / total) / (3 * (groups - 1))
    return float(chdtrc(groups - 1, statistic / correction))


def _residual(samples: Sequence[Sample]) -> tuple[float, float] | None:
    """Variance over seeds without what equal seeds have in common, and its degrees of freedom.

    None where the settings have other seeds, or equal seeds are not shown to go together (an F-test), or their epochs
    are chosen: the results alone tell too small a spread then.
    """
    seeds = sorted(samples[0].results) if samples else []
    if len(samples) < 2 or any(sorted(each.results) != seeds or each.highest is not None for each in samples):
        return None
    table = np.array([[each.results[seed] for seed in seeds] for each in samples])
    settings, count = table.shape
    rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    freedom = (settings - 1) * (count - 1)
    residual = max(float((rest**2).sum()) / freedom, samples[0].resolution ** 2)
    between = settings * float(np.var(table.mean(axis=0), ddof=1))
    if not residual or fdtrc(count - 1, freedom, between / residual) >= TOGETHER:
        return None
    return residual, freedom


def _mcnemar(size: float, first: Sample, second: Sample) -> Difference:
    """Two networks on the same examples: those that only one of them answered right."""
    assert first.right is not None
    assert second.right is not None
    examples = first.right.shape[1]
    apart = int((first.right[0] != second.right[0]).sum())
    test = f"McNemar's test over {examples:,} examples"
    return Difference(size, None, None, apart / examples**2, MANY, 1 / examples, test)


def _unknown(size: float) -> Difference:
    return Difference(size, None, None, None, MANY, 0.0, "one seed each, without predictions")
