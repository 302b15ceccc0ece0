"""What a choice brings by luck alone: the highest of several noisy values is too high, the more of them the higher."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from runner.compare.sample import Array

DRAWS = 1000  # of the noise: the mean of them is exact to a thirtieth of their spread
NEAR = 1.5  # standard errors from the best epoch within which another one could have been chosen


def of_choice(values: Array, noise: Array) -> float:
    """By how much the highest of some values [settings] is expected to be too high; noise [draws, settings].

    The values are spread by their noise already: drawn around them it would count twice, and the choice would seem
    surer than it is. So they are moved together by what noise alone explains (James and Stein, 1961).
    """
    count = len(values)
    if count < 2:
        return 0.0
    apart = noise - noise.mean(axis=1, keepdims=True)
    explained = float((apart**2).sum(axis=1).mean()) / (count - 1)
    spread = float(np.var(values, ddof=1))
    kept = max(0.0, 1 - max(0, count - 3) / (count - 1) * explained / spread) if spread else 0.0
    chosen = (kept * values + noise).argmax(axis=1)
    return max(0.0, float(noise[range(len(noise)), chosen].mean()))


def of_epoch(curves: Array) -> float:
    """By how much the highest point of the mean of some curves [seeds, epochs] is expected to be too high.

    A bootstrap over seeds that chooses the epoch anew in each draw: by how much the chosen epoch is better in the draw
    than in the record. Of n seeds that noise is √((n - 1) / n) of the true one, and half of the variance by which the
    epochs differ there is the record's own noise: both are made good. One seed tells of none.
    """
    seeds, epochs = curves.shape
    if seeds < 2 or epochs < 2:
        return 0.0
    drawn = _drawn(curves)
    chosen = drawn.argmax(axis=1)
    gain = float((drawn[range(DRAWS), chosen] - curves.mean(axis=0)[chosen]).mean())
    return max(0.0, gain) * math.sqrt(2 * seeds / (seeds - 1))


def allowance(curves: Array) -> float:
    """By how much the highest point is too high if all epochs that could have been chosen are equally good.

    The highest of as many normal values (Blom, 1958) with the noise of the mean. A bootstrap of a few seeds tells too
    little where none of them happened to fall in the chosen epoch; this counts the falls in the other ones.
    """
    chosen = curves[:, near(curves)]
    seeds, epochs = chosen.shape
    if seeds < 2 or epochs < 2:
        return 0.0
    return float(ndtri((epochs - 0.375) / (epochs + 0.25))) * _error(chosen)


def of_highest(curves: Array) -> float | None:
    """The variance of the highest point of the mean curve, times the seeds: what one seed brings; None with one alone.

    A bootstrap over seeds that takes the highest point of each draw, which varies less than the value at any epoch.
    """
    seeds, epochs = curves.shape
    if seeds < 2:
        return None
    if epochs < 2:
        return float(curves.var(ddof=1))
    return float(_drawn(curves).max(axis=1).var()) * seeds**2 / (seeds - 1)


def spread(curves: Array) -> float | None:
    """The variance over seeds of a result at an epoch such as the chosen one; None with a single seed.

    The chosen epoch is one in which no seed happened to fall, and its own spread too small. So it is the mean over the
    epochs that could have been chosen.
    """
    found = curves[:, near(curves)]
    return float(found.var(axis=0, ddof=1).mean()) if len(found) > 1 else None


def near(curves: Array) -> NDArray[np.bool_]:
    """The epochs whose mean is so near the best one that another noise would have chosen them."""
    seeds, epochs = curves.shape
    mean = curves.mean(axis=0)
    if seeds < 2 or epochs < 2:
        return mean >= mean.max()
    return mean >= mean.max() - NEAR * math.sqrt(2) * _error(curves)


def _drawn(curves: Array) -> Array:
    """Mean curves over seeds that are drawn with replacement [draws, epochs], the same draws each time."""
    seeds = len(curves)
    return curves[np.random.default_rng(0).integers(seeds, size=(DRAWS, seeds))].mean(axis=1)


def _error(curves: Array) -> float:
    """The standard error of the mean curve at an epoch, without the levels of the seeds; of two seeds and epochs on."""
    seeds, epochs = curves.shape
    return math.sqrt(float((_rest(curves) ** 2).sum()) / ((seeds - 1) * (epochs - 1)) / seeds)


def _rest(curves: Array) -> Array:
    """What is left of curves without the mean curve and the levels of the seeds."""
    return curves - curves.mean(axis=0) - curves.mean(axis=1, keepdims=True) + curves.mean()
