"""The data that a config names: built-in data sets, those that files of a user make, and those of plugins.

A new built-in data set is one module in runner/datasets/built_in/ that declares `BUILT_IN`, and one file in
conf/dataset/; a new kind of files is one in runner/datasets/from_files/ that declares `FROM_FILES`, and one file there.
Every command imports those modules: what takes long to import (NumPy, SciPy, pandas) is imported `late` there.
"""

import importlib
import pkgutil

from runner import register
from runner.config import schema
from runner.config.schema import Dataset
from runner.datasets import built_in, from_files
from runner.datasets.base import BuiltIn, Data, FromFiles

BUILT_IN: dict[str, BuiltIn] = {}
FROM_FILES: dict[str, FromFiles] = {}


def register_built_in() -> None:
    """Make the data sets of the runner known to the schema of configs; called before any config is composed."""
    for module in pkgutil.iter_modules(built_in.__path__):
        declared: BuiltIn = importlib.import_module(f"{built_in.__name__}.{module.name}").BUILT_IN
        if declared.name not in BUILT_IN:
            BUILT_IN[declared.name] = declared
            schema.add_dataset(declared.name, declared.schema, len(declared.class_names))
    for module in pkgutil.iter_modules(from_files.__path__):
        kind: FromFiles | None = getattr(
            importlib.import_module(f"{from_files.__name__}.{module.name}"), "FROM_FILES", None
        )
        if kind and kind.name not in FROM_FILES:
            FROM_FILES[kind.name] = kind
            schema.add_dataset(kind.name, kind.schema, None)


def is_built_in(config: Dataset) -> bool:
    """Whether the data comes with the runner, and its classes and shape are known before it is loaded."""
    return config.name in BUILT_IN and config.name not in register.datasets


def problems(config: Dataset) -> list[str]:
    """Reasons why the keys of a data set do not fit one another; no file is read."""
    if config.name in FROM_FILES:
        return FROM_FILES[config.name].problems(config)
    declared = BUILT_IN.get(config.name)
    if declared and config.source == "sample" and not declared.sample:
        return [f"dataset.source=sample: no sample of {config.name} comes with the runner; use auto or full"]
    return []


def load(config: Dataset) -> Data:
    """The training and test examples of a data set.

    Raises DataError where they cannot be had or used.
    """
    from runner.datasets import cache, plugin, sources

    if config.name in register.datasets:
        return plugin.load(config)
    if config.name not in BUILT_IN and config.name not in FROM_FILES:  # a worker composes nothing
        register_built_in()
    if config.name in FROM_FILES:
        return FROM_FILES[config.name].load(config)
    declared = BUILT_IN[config.name]
    return cache.load(config, declared, sources.locate(config, declared))
