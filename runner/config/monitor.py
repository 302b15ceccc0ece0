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

    def best_epoch(self, rows: Sequence[Mapping[str, float]]) -> int | None:
        """The epoch with the best value, the earliest of equal ones; None without a finite value.

        `rows` are those of metrics.csv.
        """
        finite = [row for row in rows if math.isfinite(row.get(self.name, math.nan))]
        best = min(finite, key=lambda row: (-self.sign * row[self.name], row["epoch"]), default=None)
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
