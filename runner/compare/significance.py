"""Is one setting better than another, or is it noise? A verdict on each of a family of settings."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

from runner.compare.multiplicity import Tail, critical, dunnett, tukey
from runner.compare.noise import MANY, Difference, Noise
from runner.compare.sample import Sample

LEVEL = 0.05
POWER = 0.8416  # standard errors by which a difference must exceed the critical one to be found four times of five
MOST_SEEDS = 100
STEPS = (10, 11, 12, 14, 16, 18, 20, 25, 30, 40, 50, 70, 100, 200, 500)  # degrees of freedom that are told apart

# Metrics that are a share of right answers: predictions tell which examples were right.
SHARES = {"accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"}
MARGIN = 0.005  # of a share: a smaller difference is practically none

Outcome = Literal["better", "worse", "same", "open"]


@dataclass(frozen=True)
class Needed:
    """What would show a difference as large as the margin, four times of five: seeds of each setting, or examples.

    Both are None where no number is known.
    """

    seeds: int | None
    examples: int | None


@dataclass(frozen=True)
class Verdict:
    """A setting against the reference, in the metric's own unit; corrected for all comparisons of the family.

    outcome     of the setting: better, worse, same (the interval lies within the margin), or open
    difference  the setting's value less the reference's
    interval    95 % for all differences of the family at once; None where it is unknown
    p           two-sided; None where it is unknown
    covers      what the verdict speaks of: seeds, folds, examples
    method      the test, in words
    needed      of an open one
    """

    outcome: Outcome
    difference: float
    interval: tuple[float, float] | None
    p: float | None
    covers: tuple[str, ...]
    method: str
    needed: Needed

    @property
    def is_of_networks(self) -> bool:
        """Whether it speaks of two networks rather than of what would come of training again."""
        return not {"seeds", "folds"} & {*self.covers}


def verdicts(
    reference: Sample, others: Sequence[Sample], *, sign: int, chosen: bool, margin: float | None = None
) -> list[Verdict]:
    """Verdicts on the others against the reference.

    `sign` is 1 where more is better, -1 where less is. `chosen` says that the reference is the best by these results:
    then Tukey's correction for all pairs, else Dunnett's for those with the reference. Settings whose difference is
    below `margin` are practically the same; None: no difference is too small to matter.
    """
    noise = Noise([reference, *others])
    found = [noise.difference(each, reference) for each in others]
    tail = tukey(len(others) + 1) if chosen else dunnett([_share(noise, reference, each) for each in others])
    family = Family(tail, sign, margin)
    return [_verdict(each, family, other) for each, other in zip(found, others, strict=True)]


def _share(noise: Noise, reference: Sample, other: Sample) -> float:
    """The part of the variance of a difference that the reference brings: a half where both have as many seeds."""
    counts = len(other.results), len(reference.results)
    return counts[0] / sum(counts)


@dataclass(frozen=True)
class Family:
    """What the comparisons of a family have in common: the tail of their correction, the better side, the margin."""

    tail: Tail
    sign: int
    margin: float | None

    @cached_property
    def critical(self) -> Callable[[float], float]:
        """By degrees of freedom; each takes fifty integrals."""
        return cache(lambda freedom: critical(self.tail, LEVEL, freedom))


def _verdict(found: Difference, family: Family, sample: Sample) -> Verdict:
    if not found.covers:
        return Verdict("open", found.size, None, None, (), found.method, Needed(None, None))
    freedom = _rounded(found.freedom)
    p, margin = found.p(family.tail, freedom), family.margin
    reach = family.critical(freedom) * found.error + found.step
    interval = (found.size - reach, found.size + reach)
    outcome: Outcome = "open"
    if p < LEVEL:
        outcome = "better" if family.sign * found.size > 0 else "worse"
    elif margin is not None and max(map(abs, interval)) < margin:
        outcome = "same"
    examples = sample.right.shape[1] if sample.right is not None else 0
    missing = needed(found, family, examples) if outcome == "open" else Needed(None, None)
    return Verdict(outcome, found.size, interval, p, found.covers, found.method, missing)


def _rounded(freedom: float) -> float:
    """Down to a step, so that a table needs few critical values: 4.37 to 4.3, 37 to 30; from 1,000 on it is known."""
    if freedom >= 1000:
        return MANY
    return max((step for step in STEPS if step <= freedom), default=math.floor(10 * freedom) / 10)


def needed(found: Difference, family: Family, examples: int) -> Needed:
    """What would show a difference as large as the margin; the examples, of which there are `examples`, come first."""
    if family.margin is None or found.one_seed is None or found.repeats == "folds":
        return Needed(None, None)
    variance = (family.margin / (family.critical(MANY) + POWER)) ** 2  # of a difference that would be found
    of_examples = found.examples or 0.0
    more = of_examples > variance / 2  # then examples have one half of it, and seeds the other
    seeds = max(3, math.ceil(found.one_seed / (variance / 2 if more else variance - of_examples)))
    if seeds > MOST_SEEDS:
        return Needed(None, None)
    if more:
        return Needed(seeds if seeds > 3 else None, math.ceil(examples * of_examples / (variance / 2)))
    return Needed(seeds, None)
