"""The last check before anything is made: plugins, names, ranges, data. All problems of all jobs at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runner.config import class_weight, image_size, plugins, task, validate
from runner.config.schema import Config, Training
from runner.datasets import catalog, split
from runner.datasets.base import BuiltIn, Data
from runner.errors import ConfigError
from runner.runs.identity import identity_of
from runner.system import backend


@dataclass(frozen=True)
class Checked:
    """A config that can be trained, with its data and the identity of its run."""

    config: Config
    data: Data
    identity: str


def check(configs: Sequence[Config]) -> list[Checked]:
    """Load the data of each config; no folder is made and TensorFlow is not imported.

    Raises ConfigError with every problem of every config, DataError where data cannot be used.
    """
    _raise(backend.unfit_environment())
    plugins.load(sorted({module for each in configs for module in each.plugins}))
    _raise(problem for each in configs for problem in _problems_of(each))
    known = [(each, catalog.BUILT_IN[each.dataset.name]) for each in configs if catalog.is_built_in(each.dataset)]
    _raise(problem for each, declared in known for problem in _misfits(each, declared))
    distinct = {repr(each.dataset): each.dataset for each in configs}
    loaded = {key: catalog.load(each) for key, each in distinct.items()}
    pairs = [(each, loaded[repr(each.dataset)]) for each in configs]
    _raise(problem for each, data in pairs for problem in (*_misfits(each, data), *split.problems(each.training, data)))
    return [Checked(each, data, identity_of(each, data.fingerprint)) for each, data in pairs]


def unasked_samples(checked: Sequence[Checked]) -> list[str]:
    """A warning for each sample that is used because the real data was not found."""
    pairs = [(each.config.dataset.source, each.data) for each in checked]
    return [
        f"{name} (sample): the real data is not on this machine and cannot be downloaded, so this trains on a small "
        "sample that comes with the runner. For the real data set dataset.path or RUNNER_DATA_DIR, or connect to the "
        "network."
        for name in sorted({data.name for asked, data in pairs if (asked, data.source) == ("auto", "sample")})
    ]


def warnings(checked: Sequence[Checked]) -> list[str]:
    """What is no reason to refuse, and has to be said before the training."""
    distinct = {repr((each.config.dataset, _split(each.config))): each for each in checked}
    found = [line for each in distinct.values() for line in split.warnings(each.config.training, each.data)]
    return list(dict.fromkeys([*found, *_missing_folds([each.config.training for each in checked])]))


def _missing_folds(trainings: Iterable[Training]) -> Iterator[str]:
    """Sweeps over folds that leave some out."""
    folds: dict[int, set[int]] = defaultdict(set)
    for each in trainings:
        if each.folds and each.fold:
            folds[each.folds].add(each.fold)
    for number, swept in folds.items():
        if 1 < len(swept) < number:
            yield (
                f"training.fold={','.join(map(str, sorted(swept)))} leaves out folds of training.folds={number}: "
                f"give training.fold=range(1,{number + 1})"
            )


def _split(config: Config) -> tuple[int | float | str | None, ...]:
    training = config.training
    return training.validation_split, training.validation_from, training.split_seed, training.folds, training.fold


def _problems_of(config: Config) -> list[str]:
    """The problems of a config that can be seen without its data."""
    return [*validate.problems(config), *catalog.problems(config.dataset), *_missing_packages(config)]


def _misfits(config: Config, data: Data | BuiltIn) -> Iterator[str]:
    """Keys that do not fit the data, of which the declaration of a built-in data set tells enough."""
    yield from task.resolve(config, len(data.class_names))[1]
    yield from class_weight.problems(config.training.class_weight, data.name, data.class_names)
    yield from image_size.problems(config.model, data.name, data.image_shape)


def _missing_packages(config: Config) -> list[str]:
    if not config.training.tensorboard or plugins.is_found("tensorboard"):
        return []
    return ["training.tensorboard=true needs the package tensorboard: python -m pip install tensorboard"]


def _raise(problems: Iterable[str]) -> None:
    found = list(dict.fromkeys(problems))
    if found:
        raise ConfigError(found)
