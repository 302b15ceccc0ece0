"""How much of the best value is luck: that of the choice of a setting, and of the choice of an epoch."""

import math
from collections.abc import Sequence

import numpy as np

from runner.compare.answers import epoch_luck, sample
from runner.compare.grouping import Setting
from runner.compare.sample import Array, Sample, share_examples
from runner.compare.selection import DRAWS, of_choice

AT_ONCE = 50  # draws: all weights at once would take 4 kB for each example


def luck(settings: Sequence[Setting]) -> float | None:
    """By how much the best value is too good, in the monitor's unit; None where no noise is known.

    `settings` are the best, first, and those that cannot be told from it. Noise comes of a bootstrap over seeds and
    examples; in each draw the best setting is chosen anew. The choice of the best setting's epoch adds to that.
    """
    samples = [sample(each, [each.epoch(run) for run in each.runs]) for each in settings]
    noise = _noise(samples)
    if noise is None or (len(settings) == 1 and settings[0].at != "chosen"):
        return None
    sign = settings[0].monitor.sign
    means = np.array([sign * each.mean for each in samples])
    return epoch_luck(settings[0]) + of_choice(means, sign * noise)


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
    for first in range(0, DRAWS, AT_ONCE):
        weights = random.standard_exponential((AT_ONCE, len(shares)), dtype=np.float32)
        noise[first : first + AT_ONCE] = weights @ shares / weights.sum(axis=1, keepdims=True)
    return noise - shares.mean(axis=0)
