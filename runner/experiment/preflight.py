"""The last check before anything is made: plugins, names, ranges, data. All problems of all jobs at once."""

from collections.abc import Iterable

from runner.config import plugins, schema, task, validate
from runner.config.schema import Config
from runner.datasets import catalog
from runner.datasets import split as batches
from runner.datasets.base import Data
from runner.errors import ConfigError
from runner.system import backend


def check(configs: list[Config]) -> list[Data]:
    """The data of each config; refuses what cannot be trained before a folder is made or tensorflow imported.

    Raises ConfigError with every problem of every config, DataError if its data cannot be had.
    """
    _raise(backend.unfit_environment())
    plugins.load(sorted({module for each in configs for module in each.plugins}))
    _raise(problem for each in configs for problem in (*validate.problems(each), *_missing_packages(each)))
    known = [(each, schema.CLASSES.get(each.dataset.name)) for each in configs]
    _raise(problem for each, classes in known if classes for problem in task.resolve(each, classes)[1])
    distinct = {repr(each.dataset): each.dataset for each in configs}
    data = {key: catalog.load(each) for key, each in distinct.items()}
    loaded = [data[repr(each.dataset)] for each in configs]
    _raise(
        problem
        for each, its in zip(configs, loaded, strict=True)
        for problem in (*task.resolve(each, its.classes)[1], *batches.split_problems(each.training, its))
    )
    return loaded


def warnings(configs: list[Config], data: list[Data]) -> list[str]:
    """What is no reason to refuse, and has to be said before the training."""
    pairs = zip(configs, data, strict=True)
    distinct = {repr((each.dataset, _split(each))): (each, its) for each, its in pairs}
    found = (line for each, its in distinct.values() for line in batches.split_warnings(each.training, its))
    return list(dict.fromkeys(found))


def _split(config: Config) -> tuple[int | float, str]:
    return config.training.validation_split, config.training.validation_from


def _missing_packages(config: Config) -> list[str]:
    if not config.training.tensorboard or plugins.is_found("tensorboard"):
        return []
    return ["training.tensorboard=true needs the package tensorboard: python -m pip install tensorboard"]


def _raise(problems: Iterable[str]) -> None:
    found = list(dict.fromkeys(problems))
    if found:
        raise ConfigError(found)
