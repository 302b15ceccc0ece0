"""Settings as numbers: results by seed, and answers by seed and example."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from runner.compare.sample import Sample


def results(values: Sequence[float], start: int = 0, resolution: float = 0.0) -> Sample:
    """Results of the seeds from `start` on, without predictions."""
    return Sample(dict(enumerate(values, start)), resolution=resolution)


def answered(right: Any, start: int = 0, first_example: int = 0) -> Sample:
    """Answers [seeds, examples], 1 where they are right, of the seeds and examples from these on."""
    answers = np.asarray(right, np.uint8)
    examples = np.arange(first_example, first_example + answers.shape[1], dtype=np.int32)
    shares = answers.mean(axis=1).tolist()
    return Sample(dict(enumerate(shares, start)), answers, examples, 1 / answers.shape[1])
