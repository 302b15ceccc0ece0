"""The weight of each class in the training loss."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.config.class_weight import BALANCED


def resolve(setting: Any, class_names: Sequence[str], labels: NDArray[np.integer]) -> dict[int, float] | None:
    """A weight for each class by its number, as Keras' fit takes them; None where all count alike.

    setting  `training.class_weight`: null, balanced or weights by names of classes, where others have 1
    labels   of the examples trained on, [examples]; balanced is examples / (classes that occur * examples of the class)
    """
    if setting is None:
        return None
    if setting != BALANCED:
        return {number: float(setting.get(name, 1)) for number, name in enumerate(class_names)}
    counts = np.bincount(labels, minlength=len(class_names))
    each = len(labels) / np.count_nonzero(counts)
    return {number: each / int(count) if count else 1.0 for number, count in enumerate(counts)}
