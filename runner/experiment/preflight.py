"""The last check before anything is made: plugins, names, ranges, data. All problems of all jobs at once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from runner.config import class_weight, image_size, plugins, task, validate
from runner.config.schema import Config, Training
from runner.datasets import catalog, pitfalls, split
from runner.datasets.base import BuiltIn, Data
from runner.datasets.split import Split
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
    _raise(
        problem
        for each, data in pairs
        for problem in (*_misfits(each, data), *split.problems(each.training, data), *_untested(each, data))
    )
    return [Checked(each, data, identity_of(each, data.fingerprint)) for each, data in pairs]


def _untested(config: Config, data: Data) -> list[str]:
    return [f"training.evaluate_test: {data.no_test}"] if config.training.evaluate_test and not len(data.test) else []


def unasked_samples(checked: Sequence[Checked]) -> list[str]:
    """A warning for each sample that is used because the real data was not found."""
    pairs = [(each.config.dataset.source, each.data) for each in checked]
    return [
        f"{name} (sample): the real data is not on this machine and cannot be downloaded, so this takes a small "
        "sample that comes with the runner. For the real data set dataset.path or RUNNER_DATA_DIR, or connect to the "
        "network."
        for name in sorted({data.name for asked, data in pairs if (asked, data.source) == ("auto", "sample")})
    ]


def warnings(checked: Sequence[Checked]) -> list[str]:
    """What is no reason to refuse, and has to be said before the training."""
    notes = [line for each in checked for line in each.data.notes]
    of_classes = [line for each in _distinct(checked, _of_split) for line in _of_classes(each)]
    of_data = [line for each in _distinct(checked, lambda one: ()) for line in _of_test(each)]
    folds = _missing_folds([each.config.training for each in checked])
    return list(dict.fromkeys([*notes, *of_classes, *of_data, *folds]))


def divided(checked: Checked) -> Split:
    """The split of a config's training data."""
    return split.split(checked.config.training, checked.data.train.labels)


def _of_classes(checked: Checked) -> list[str]:
    training, data = checked.config.training, checked.data
    fitting, _ = task.resolve(checked.config, data.classes)
    return [*split.warnings(training, data), *pitfalls.of_classes(training, fitting, data)]


def _of_test(checked: Checked) -> list[str]:
    """Asked once for each data set: what rows learn of another split makes few of them equal or different."""
    return pitfalls.of_test(checked.data.fitted(divided(checked).train))


def _of_split(checked: Checked) -> tuple[object, ...]:
    return (*split_of(checked.config), checked.config.training.metrics)


def _distinct(checked: Sequence[Checked], aspect: Callable[[Checked], object]) -> Iterable[Checked]:
    """One config of those with equal data and an equal aspect."""
    return {repr((each.config.dataset, aspect(each))): each for each in checked}.values()


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


def split_of(config: Config) -> tuple[int | float | str | None, ...]:
    """What decides the validation examples."""
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
