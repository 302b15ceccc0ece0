"""How much of the best value is luck: the best of several noisy values is too high, the more of them the higher."""

import math

import numpy as np

from runner.compare.answers import answers
from runner.compare.grouping import Setting, Table
from runner.compare.noise import Array

DRAWS = 200  # of the bootstrap: the mean of them is exact to a tenth of their spread


def luck(table: Table) -> float | None:
    """By how much the best value is too good, in the monitor's unit; None where no noise is known.

    A bootstrap over seeds and validation examples: each draw chooses the epoch of each setting, and the best setting,
    anew. By how much the choice is better in the draw than it is in the record is luck (Efron's optimism).
    """
    recorded = [_recorded(setting) for setting in table.settings]
    answered = [_answered(setting) for setting in table.settings]
    nothing_chosen = len(recorded) == 1 and recorded[0].shape[1] == 1
    is_known = any(len(values) > 1 for values in recorded) or all(each is not None for each in answered)
    if nothing_chosen or not is_known:
        return None
    random = np.random.default_rng(0)
    weights = _weights(answered, random)
    drawn, kept = [], []
    for values, right in zip(recorded, answered, strict=True):
        curve = _resampled(values, right if weights is not None else None, weights, random)
        epochs = curve.argmax(axis=1)
        drawn.append(curve[range(DRAWS), epochs])
        kept.append(values.mean(axis=0)[epochs])
    best = np.argmax(drawn, axis=0)
    return max(0.0, float(np.mean(np.array(drawn)[best, range(DRAWS)] - np.array(kept)[best, range(DRAWS)])))


def _epochs(setting: Setting) -> list[list[int]]:
    """For each run the epochs among which that of its result is chosen, from 1."""
    if setting.at == "chosen":
        return [list(range(1, len(setting.curve) + 1))] * len(setting.runs)
    return [[setting.epoch(run)] for run in setting.runs]


def _recorded(setting: Setting) -> Array:
    """The monitored values [seeds, epochs], more is better, the worst there is where there is none."""
    name, sign = setting.monitor.name, setting.monitor.sign
    chosen = zip(setting.runs, _epochs(setting), strict=True)
    values = [[sign * run.metrics[epoch - 1][name] for epoch in epochs] for run, epochs in chosen]
    return np.array([[each if math.isfinite(each) else -1e9 for each in run] for run in values])


def _answered(setting: Setting) -> Array | None:
    """uint8 [seeds, epochs, examples]: what the runs answer right; None where it is not known."""
    return answers(setting, _epochs(setting))[0]


def _weights(answered: list[Array | None], random: np.random.Generator) -> Array | None:
    """The weight of each validation example in each draw [draws, examples], those of the Bayesian bootstrap."""
    known = [each for each in answered if each is not None]
    if len(known) < len(answered) or len({each.shape[-1] for each in known}) > 1:
        return None
    weights = random.standard_exponential((DRAWS, known[0].shape[-1]), dtype=np.float32)
    return weights / weights.sum(axis=1, keepdims=True)


def _resampled(values: Array, right: Array | None, weights: Array | None, random: np.random.Generator) -> Array:
    """Mean curves [draws, epochs] over seeds drawn with replacement, on the weighted examples."""
    seeds = len(values)
    drawn = random.integers(seeds, size=(DRAWS, seeds))
    if right is None or weights is None:
        return values[drawn].mean(axis=1)
    on_weighted = np.stack([weights @ run.T.astype(np.float32) for run in right])  # [seeds, draws, epochs]
    return on_weighted[drawn, np.arange(DRAWS)[:, None]].mean(axis=1, dtype=np.float64)
