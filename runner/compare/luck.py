"""How much of the best value is luck: the best of several noisy values is too high, the more of them the higher."""

import math
from collections.abc import Sequence

import numpy as np

from runner.compare.answers import sample, tested
from runner.compare.grouping import Setting
from runner.compare.noise import Array, Sample, share_examples

DRAWS = 1000  # of the bootstrap: the mean of them is exact to a thirtieth of their spread


def luck(settings: Sequence[Setting]) -> float | None:
    """By how much the best value is too good, in the monitor's unit; None where no noise is known.

    `settings` are the best, first, and those that cannot be told from it. Two choices bring luck: that of the best
    setting, by a bootstrap over seeds and examples that chooses anew in each draw, and that of the best setting's
    epoch, by what the epochs that the other seeds choose are worth.
    """
    samples = [sample(each, [each.epoch(run) for run in each.runs]) for each in settings]
    noise = _noise(samples)
    if noise is None or (len(settings) == 1 and settings[0].at != "chosen"):
        return None
    sign = settings[0].monitor.sign
    of_epoch = sign * (samples[0].mean - tested(settings[0]).mean)
    return max(0.0, of_epoch) + of_choice(np.array([sign * each.mean for each in samples]), sign * noise)


def of_choice(values: Array, noise: Array) -> float:
    """By how much the highest of some values [settings] is expected to be too high; noise [draws, settings].

    The values are spread by their noise already: drawn around them it would count twice, and the choice would seem
    surer than it is. So they are moved together by what noise alone explains (James and Stein).
    """
    if len(values) < 2:
        return 0.0
    apart = noise - noise.mean(axis=1, keepdims=True)
    explained = float((apart**2).sum(axis=1).mean()) / (len(values) - 1)
    spread = float(np.var(values, ddof=1))
    kept = max(0.0, 1 - explained / spread) if spread else 0.0
    chosen = (kept * values + noise).argmax(axis=1)
    return max(0.0, float(noise[range(len(noise)), chosen].mean()))


def _noise(samples: Sequence[Sample]) -> Array | None:
    """What the mean of each setting deviates by in each draw [draws, settings]; None where nothing is known of it."""
    repeated = all(len(each.results) > 1 for each in samples)
    answered = all(share_examples(each, samples[0]) for each in samples)
    if not repeated and not answered:
        return None
    random = np.random.default_rng(0)
    noise = np.stack([_of_seeds(each, random) for each in samples], axis=1)
    if answered:
        noise += _of_examples(samples, random)
    return noise


def _of_seeds(drawn: Sample, random: np.random.Generator) -> Array:
    """Of the mean over seeds that are drawn with replacement; the spread is that of the sample's variance."""
    values = np.array([*drawn.results.values()])
    count = len(values)
    if count < 2:
        return np.zeros(DRAWS)
    means = values[random.integers(count, size=(DRAWS, count))].mean(axis=1)
    return (means - values.mean()) * math.sqrt(count / (count - 1))


def _of_examples(samples: Sequence[Sample], random: np.random.Generator) -> Array:
    """Of the mean over examples, the same weights for all settings: those of the Bayesian bootstrap."""
    shares = np.stack([each.by_example for each in samples], axis=1).astype(np.float32)
    noise = np.empty((DRAWS, len(samples)))
    for draw in range(DRAWS):  # one at a time: all weights at once would take 40 bytes for each review
        weights = random.standard_exponential(len(shares), dtype=np.float32)
        noise[draw] = weights @ shares / weights.sum()
    return noise - shares.mean(axis=0)
