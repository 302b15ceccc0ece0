"""The data that a config names, ready to train on: built-in data memory-mapped from a cache, or a user's own."""

from runner import register
from runner.config.schema import Dataset
from runner.datasets import cache as prepared
from runner.datasets import plugin as own
from runner.datasets import sources
from runner.datasets.base import Data
from runner.datasets.built_in.imdb import IMDB
from runner.datasets.built_in.mnist import MNIST

BUILT_IN = {"imdb": IMDB, "mnist": MNIST}


def load(config: Dataset) -> Data:
    """The training and test examples of a dataset.

    Raises DataError if they cannot be had or used.
    """
    if config.name in register.datasets:
        return own.load(config)
    built_in = BUILT_IN[config.name]
    return prepared.load(config, built_in, sources.locate(config, built_in))
