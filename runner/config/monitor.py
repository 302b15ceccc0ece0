"""The column that chooses the best epoch, and the rule by which it does."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Monitor:
    """`name` is a column of metrics.csv, `direction` is `max` where more is better and `min` where less is."""

    name: str
    direction: str

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is: the better of two values times this is larger."""
        return 1 if self.direction == "max" else -1

    def is_better(self, row: Mapping[str, float], best: Mapping[str, float] | None) -> bool:
        """Whether a row of metrics.csv has a better value than the best one of earlier epochs, None without any."""
        value = row.get(self.name, math.nan)
        return math.isfinite(value) and (best is None or self.sign * value > self.sign * best[self.name])

    def best_epoch(self, rows: Sequence[Mapping[str, float]]) -> int | None:
        """The epoch with the best value, the earliest of equal ones; None without a finite value.

        `rows` are those of metrics.csv, in their order.
        """
        best = None
        for row in rows:
            if self.is_better(row, best):
                best = row
        return int(best["epoch"]) if best else None

    @property
    def is_of_validation(self) -> bool:
        return self.name.startswith("val_")

    @property
    def training_counterpart(self) -> str:
        """The same column of the training examples; the monitor itself without validation."""
        return self.name.removeprefix("val_")

    @property
    def loss(self) -> str:
        """The loss on the examples that are watched: `val_loss`, without validation `loss`."""
        return "val_loss" if self.is_of_validation else "loss"
