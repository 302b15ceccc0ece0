"""A training without a folder: what it needs of a config, and the network that comes of it."""

import keras

from runner.config import task
from runner.config.schema import Config
from runner.datasets import catalog
from runner.datasets.base import Data
from runner.datasets.split import Split, split
from runner.runs.history import History
from runner.system import signals
from runner.training.fit import Training


def prepared(config: Config) -> tuple[Data, task.Task, Split]:
    data = catalog.load(config.dataset)
    goal, misfits = task.resolve(config, data.classes)
    assert not misfits
    return data, goal, split(config.training, data.train.labels)


def fitted(config: Config) -> tuple[keras.Model, History]:
    """The network that the runner trains, and its history."""
    training = Training(config, *prepared(config))
    with signals.watched() as interruption:
        training.fit([], interruption)
    return training.network, training.history
