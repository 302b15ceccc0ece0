"""Which validation examples the runs of a setting answer right, and at which epoch that is asked."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from runner.compare.grouping import Setting
from runner.compare.once import once
from runner.compare.sample import Array, Sample
from runner.compare.selection import allowance, of_epoch, of_highest, spread
from runner.compare.significance import SHARES


def sample(setting: Setting, epochs: Sequence[int]) -> Sample:
    """The results of a setting, of each run after the epoch given for it; epochs count from 1."""
    name = setting.monitor.name
    chosen = zip(setting.repeats, setting.runs, epochs, strict=True)
    results = {each: run.metrics[epoch - 1][name] for each, run, epoch in chosen}
    right, examples = answers(setting, [[epoch] for epoch in epochs])
    answered = None if right is None else right[:, 0]
    return Sample(results, answered, examples, resolution=_resolution(setting), overlap=setting.overlap)


@once
def tested(setting: Setting) -> Sample:
    """The results by which a setting is compared with others."""
    if setting.at == "chosen":
        return at_chosen(setting)
    return sample(setting, [setting.epoch(run) for run in setting.runs])


@once
def at_chosen(setting: Setting) -> Sample:
    """The results after the chosen epoch, with the noise and the luck that come of the choice."""
    found = sample(setting, [setting.chosen_epoch] * len(setting.runs))
    if len(setting.runs) == 1:  # which tells of neither
        return found
    curves = _curves(setting)
    return replace(found, spread=spread(curves), highest=of_highest(curves), luck=allowance(curves))


def epoch_luck(setting: Setting) -> float:
    """By how much the value at the chosen epoch is too good for having been chosen; 0 where the epoch is given."""
    return of_epoch(_curves(setting)) if setting.at == "chosen" else 0.0


def _curves(setting: Setting) -> Array:
    """The monitored values [seeds, epochs], more is better, of the epochs in which all are finite."""
    name, epochs = setting.monitor.name, len(setting.curve)
    values = setting.monitor.sign * np.array([[row[name] for row in run.metrics[:epochs]] for run in setting.runs])
    return values[:, np.isfinite(values).all(axis=0)]


def is_share(setting: Setting) -> bool:
    """Whether the monitor is a share of right answers among validation examples."""
    return setting.monitor.is_of_validation and setting.monitor.training_counterpart in SHARES


def _resolution(setting: Setting) -> float:
    examples = setting.runs[0].record["dataset"]["validation"]
    return 1 / examples if is_share(setting) and examples else 0.0


def answers(setting: Setting, epochs: Sequence[Sequence[int]]) -> tuple[Array, Array] | tuple[None, None]:
    """Which validation examples each run answers right after each of the epochs given for it, and their numbers.

    uint8 [seeds, epochs, examples] and int32 [examples]; None where a run has no predictions, or of other examples.
    """
    found = [run.predictions for run in setting.runs]
    first = found[0]
    if not is_share(setting) or first is None:
        return None, None
    rows = []
    for each, chosen in zip(found, epochs, strict=True):
        if each is None or not first.fits(each):
            return None, None
        rows.append(each.answers(chosen))
    return np.stack(rows), first.examples
