"""Many comparisons at once: Tukey's for the best of several settings, Dunnett's for one that all are held against.

Both are double integrals: over a normal variable, and over the estimate of the error, which is that of a chi
variable with the degrees of freedom. scipy.stats has them one at a time, and takes half a second to import.
"""

import math
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtr, stdtr, stdtrit

Array = NDArray[np.float64]
Tail = Callable[[float, float], float]  # a statistic and degrees of freedom → the chance of a larger one

NODES, CHI_NODES = 128, 48  # of the integrals: p to seven decimals with 500 settings
KNOWN = 10_000  # degrees of freedom from which an error counts as known


def tukey(settings: int) -> Tail:
    """That of the largest of all differences between `settings` equal means, in standard errors; 2: Student's t."""
    if settings < 3:
        return student

    def below(statistic: Array) -> Array:
        normal, weights = _normal()
        inner = ndtr(normal) - ndtr(normal - math.sqrt(2) * statistic[:, None])
        return settings * (inner ** (settings - 1)) @ weights

    return _over_chi(below)


def dunnett(shares: list[float]) -> Tail:
    """That of the largest difference from one setting in standard errors.

    `shares`, one for each of the others, are the parts of the variance of its difference that the one setting brings.
    """
    if len(shares) < 2:
        return student
    counts = Counter(round(share, 2) for share in shares)

    def below(statistic: Array) -> Array:
        normal, weights = _normal()
        product = np.ones((len(statistic), len(normal)))
        for share, count in counts.items():
            own, rest = math.sqrt(share) * normal, math.sqrt(1 - share)
            product *= (ndtr((own + statistic[:, None]) / rest) - ndtr((own - statistic[:, None]) / rest)) ** count
        return product @ weights

    return _over_chi(below)


def student(statistic: float, freedom: float) -> float:
    """Two-sided, of Student's t."""
    return float(2 * stdtr(freedom, -abs(statistic)))


def critical(tail: Tail, level: float, freedom: float) -> float:
    """The statistic whose tail is `level`."""
    low, high = 0.0, float(-stdtrit(freedom, level / 1e7))  # enough for 1,000 settings, and all their pairs
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle, freedom) > level else (low, middle)
    return (low + high) / 2


def _over_chi(below: Callable[[Array], Array]) -> Tail:
    def tail(statistic: float, freedom: float) -> float:
        factors, weights = _chi(min(freedom, KNOWN))
        return max(0.0, 1 - float(below(abs(statistic) * factors) @ weights))

    return tail


@lru_cache
def _normal() -> tuple[Array, Array]:
    """Nodes and weights of a standard normal variable."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return 8 * nodes, 8 * weights * np.exp(-32 * nodes**2) / math.sqrt(2 * math.pi)


@lru_cache(maxsize=1024)
def _chi(freedom: float) -> tuple[Array, Array]:
    """Nodes and weights of an estimated standard error, the true one being 1."""
    if freedom >= KNOWN:
        return np.ones(1), np.ones(1)
    nodes, weights = np.polynomial.legendre.leggauss(CHI_NODES)
    reach = 1 + 8 / math.sqrt(freedom)
    low = max(0.0, 1 - 8 / math.sqrt(2 * freedom))
    factors = low + (reach - low) * (nodes + 1) / 2
    log = math.log(2) + freedom / 2 * math.log(freedom / 2) - gammaln(freedom / 2)
    density = np.exp(log + (freedom - 1) * np.log(factors) - freedom * factors**2 / 2)
    return factors, (reach - low) / 2 * weights * density
