"""A scale: the limits of an axis, its ticks, and where a value lies on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

ROOM = 3  # how far from the better settings others may lie and still be on the scale, in multiples of their spread


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`; one of whole numbers has no ticks between them."""

    low: float
    high: float
    is_whole: bool = False

    def at(self, value: float) -> float:
        """Where a value lies, from 0 at the low end to 1 at the high end; one beyond an end lies at it."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def ticks(self, most: int = 5) -> list[float]:
        """Round numbers on the axis, at most `most` steps of 1, 2 or 5 times a power of ten apart."""
        step = self.step(most)
        first = math.ceil(self.low / step - 1e-9)
        return [place * step for place in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def step(self, most: int = 5) -> float:
        """The distance of two ticks."""
        rough = (self.high - self.low) / most
        if self.is_whole:
            rough = max(1.0, rough)
        power: float = 10.0 ** math.floor(math.log10(rough))
        return next(power * each for each in (1, 2, 5, 10) if power * each >= rough * (1 - 1e-9))

    def label(self, tick: float, most: int = 5) -> str:
        """A tick in as many digits as the step has."""
        if max(abs(self.low), abs(self.high)) >= 1e5:
            return f"{tick:.2g}"
        return f"{tick:.{max(0, -math.floor(math.log10(self.step(most)) + 1e-9))}f}"


def scale_for(ends: Sequence[tuple[float, float]], held: Sequence[tuple[float, float]] = ()) -> Scale:
    """The scale for the low and the high ends of settings, the best setting first.

    It holds the better two thirds of them, those in `held`, and the others as far as they lie near: a network that has
    learned nothing does not press the rest together.
    """
    first = [*ends[: max(2, math.ceil(2 * len(ends) / 3))], *held]
    low, high = min(low for low, _ in first), max(high for _, high in first)
    room = ROOM * (high - low)
    near = [value for each in ends for value in each if low - room <= value <= high + room]
    low, high = min(near), max(near)
    margin = 0.05 * (high - low) or abs(high) * 0.01 or 1.0
    return Scale(low - margin, high + margin)
