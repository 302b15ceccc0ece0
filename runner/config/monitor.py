"""The column that chooses the best epoch, and which side of it is better."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Monitor:
    """`name` is a column of metrics.csv, `direction` is `max` where more is better and `min` where less is."""

    name: str
    direction: str

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is: the better of two values has the larger product with it."""
        return 1 if self.direction == "max" else -1

    def is_better(self, value: float, other: float) -> bool:
        """Whether a value is truly better than another; equal ones and NaN are not."""
        return self.sign * value > self.sign * other

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
