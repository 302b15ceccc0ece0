"""A training without a folder: what it needs of a config, and the network that comes of it."""

import keras

from runner import datasets
from runner.config import task
from runner.config.schema import Config
from runner.datasets import Data
from runner.datasets import split as batches
from runner.system import signals as interruption
from runner.training import fit as training


def prepared(config: Config) -> tuple[Data, task.Task, batches.Split]:
    data = datasets.load(config.dataset)
    goal, misfits = task.resolve(config, data.classes)
    assert not misfits
    return data, goal, batches.split(config.training, data.train.labels)


def fitted(config: Config) -> tuple[keras.Model, training.History]:
    """The network that the runner trains, and its history."""
    data, goal, split = prepared(config)
    network, trained = training.prepare(config, data, goal, split)
    history, targets = training.History(), goal.targets(data.train.labels)
    with interruption.watched() as signals:
        training.fit(trained, config, goal, split, targets, [], signals, history)
    return network, history
