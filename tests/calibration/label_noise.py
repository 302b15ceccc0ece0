"""A data set for `plugins=[tests.calibration.label_noise]`: reviews, with a share of the training labels wrong."""

from typing import Any

import numpy as np

import runner
from runner.datasets import catalog
from runner.datasets.built_in.imdb import Imdb

HELD_OUT = 0.4  # the first of them, as conf/training has it


@runner.register.dataset("label_noise")
def label_noise(source: str = "full", wrong: float = 0.1) -> Any:
    """The reviews of IMDB or of the sample. Those that are held out by default keep their labels."""
    data = catalog.load(Imdb(name="imdb", source=source, path=None, labels="integer", num_words=10_000))
    labels = data.train.labels.copy()
    trained_on = np.arange(round(HELD_OUT * len(labels)), len(labels))
    flipped = np.random.default_rng(0).choice(trained_on, round(wrong * len(trained_on)), replace=False)
    labels[flipped] = 1 - labels[flipped]
    return (data.train.features, labels), (data.test.features, data.test.labels)
