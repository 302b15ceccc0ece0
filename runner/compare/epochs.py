"""How many epochs a setting needs: its learning curve, and which epochs cannot be told from the best one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runner.compare.answers import at_chosen, sample
from runner.compare.grouping import Setting, mean_of
from runner.compare.multiplicity import student
from runner.compare.noise import paired
from runner.compare.once import once
from runner.compare.sample import standard_error
from runner.compare.significance import LEVEL
from runner.runs.reader import Run

LATE = 3 / 4  # of a curve: one that gets as good as its best only from there on still rises


@dataclass(frozen=True)
class Epochs:
    """How many epochs a setting needs, by its mean curve over the seeds; epochs count from 1.

    last       the epochs that all seeds were trained for
    chosen     the best epoch, whose monitored value is `value`, with its standard error; None where that is unknown
    as_good    the first and last epoch around it that cannot be told from it; None where no noise is known
    fewest     the first epoch within one standard error of the best one's value
    lowest     the epoch of the lowest validation loss, None without validation
    growth     the validation loss after the last epoch, as a multiple of the lowest
    """

    last: int
    chosen: int
    value: float
    error: float | None
    as_good: tuple[int, int] | None
    fewest: int
    lowest: int | None
    growth: float

    @property
    def still_rising(self) -> bool:
        """Whether the curve ends where it is best, and was not as good for long before."""
        return self.chosen == self.last > 1 and self.fewest > LATE * self.last and self.lowest == self.last


@once
def epochs(setting: Setting) -> Epochs:
    """How many epochs a setting needs."""
    curve, chosen, sign = setting.curve, setting.chosen_epoch, setting.monitor.sign
    value, noise = curve[chosen - 1], standard_error(at_chosen(setting))
    enough = value - sign * (noise or 0.0)
    lowest, growth = _loss(setting.runs)
    return Epochs(
        last=len(curve),
        chosen=chosen,
        value=value,
        error=noise,
        as_good=_as_good(setting),
        fewest=next(epoch for epoch, each in enumerate(curve, 1) if sign * each >= sign * enough),
        lowest=lowest,
        growth=growth,
    )


def _as_good(setting: Setting) -> tuple[int, int] | None:
    """The epochs around the chosen one, in a row, whose difference from it may be chance."""
    chosen, last = setting.chosen_epoch, len(setting.curve)
    best = sample(setting, [chosen] * len(setting.runs))

    def is_told(epoch: int) -> bool:
        other = sample(setting, [epoch] * len(setting.runs))
        found = paired(best, other)
        return not math.isfinite(other.mean) or found.p(student, found.freedom) < LEVEL

    if not paired(best, best).covers:
        return None
    first = next((epoch + 1 for epoch in range(chosen - 1, 0, -1) if is_told(epoch)), 1)
    return first, next((epoch - 1 for epoch in range(chosen + 1, last + 1) if is_told(epoch)), last)


def _loss(runs: Sequence[Run]) -> tuple[int | None, float]:
    """The epoch of the lowest mean validation loss, and by what the last one multiplies it."""
    if "val_loss" not in runs[0].last:
        return None, 1.0
    losses = np.array(mean_of(runs, "val_loss"))
    if not np.isfinite(losses).any():
        return None, 1.0
    lowest = int(np.nanargmin(losses))
    return lowest + 1, float(losses[-1] / losses[lowest]) if losses[lowest] > 0 else 1.0
