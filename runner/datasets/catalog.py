"""The data that a config names: built-in data sets, found in the folder built_in/, and those of plugins.

A new built-in data set is one module in runner/datasets/built_in/ that declares `BUILT_IN`, and one file in
conf/dataset/. Every command imports those modules: what takes long to import (NumPy, SciPy) is imported `late` there.
"""

import importlib
import pkgutil

from runner import register
from runner.config import schema
from runner.config.schema import Dataset
from runner.datasets import built_in
from runner.datasets.base import BuiltIn, Data

BUILT_IN: dict[str, BuiltIn] = {}


def register_built_in() -> None:
    """Make the built-in data sets known to the schema of configs; called before any config is composed."""
    for module in pkgutil.iter_modules(built_in.__path__):
        declared: BuiltIn = importlib.import_module(f"{built_in.__name__}.{module.name}").BUILT_IN
        if declared.name not in BUILT_IN:
            BUILT_IN[declared.name] = declared
            schema.add_dataset(declared.name, declared.schema, len(declared.class_names))


def load(config: Dataset) -> Data:
    """The training and test examples of a data set.

    Raises DataError where they cannot be had or used.
    """
    from runner.datasets import cache, plugin, sources

    if config.name in register.datasets:
        return plugin.load(config)
    if config.name not in BUILT_IN:  # a worker composes nothing
        register_built_in()
    declared = BUILT_IN[config.name]
    return cache.load(config, declared, sources.locate(config, declared))
