"""Metrics that count each class alike, however rare it is: Keras has none of them for every head."""

from typing import Any

import keras
from keras import ops

from runner.config import keras_names
from runner.config.task import Task


class ConfusionMetric(keras.metrics.Metric):
    """A metric of the confusion matrix, float32 [classes, classes]: rows are the true class, columns what was said."""

    def __init__(self, name: str, task: Task) -> None:
        super().__init__(name=name)
        self.form = task.form
        self.classes = max(task.classes, task.output_units)  # a softmax head may have more units
        self.confusion = self.add_weight(shape=(self.classes,) * 2, initializer="zeros", name="confusion")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count examples: targets and outputs as the task has them, [examples, …]; weights [examples], if any."""
        true = ops.one_hot(self._class_numbers(y_true, is_target=True), self.classes)
        said = ops.one_hot(self._class_numbers(y_pred), self.classes)
        if sample_weight is not None:
            true = true * ops.reshape(ops.cast(sample_weight, true.dtype), (-1, 1))
        self.confusion.assign_add(ops.matmul(ops.transpose(true), said))

    def _class_numbers(self, values: Any, *, is_target: bool = False) -> Any:
        """Whole numbers [examples]; a sigmoid says class 1 above a half, as for the column `accuracy`."""
        if self.form == keras_names.ONE_HOT or (self.form == keras_names.INTEGER and not is_target):
            return ops.argmax(values, axis=-1)
        flat = ops.reshape(values, (-1,))
        return ops.cast(flat > 0.5 if self.form == keras_names.SIGMOID else flat, "int32")

    def _counts(self) -> tuple[Any, Any, Any]:
        """Of each class the examples that were right, those of the class, and those said to be of it, [classes]."""
        return ops.diagonal(self.confusion), ops.sum(self.confusion, axis=1), ops.sum(self.confusion, axis=0)


class BalancedAccuracy(ConfusionMetric):
    """The mean recall of the classes that occur."""

    def result(self) -> Any:
        right, true, _ = self._counts()
        return _mean_of_shares(right, true)


class MacroF1(ConfusionMetric):
    """The mean F1 of the classes that occur or are said."""

    def result(self) -> Any:
        right, true, said = self._counts()
        return _mean_of_shares(2 * right, true + said)


def _mean_of_shares(parts: Any, wholes: Any) -> Any:
    shares = ops.divide_no_nan(parts, wholes)
    return ops.divide_no_nan(ops.sum(shares), ops.sum(ops.cast(wholes > 0, shares.dtype)))


CLASSES: dict[str, type[ConfusionMetric]] = {"balanced_accuracy": BalancedAccuracy, "macro_f1": MacroF1}
