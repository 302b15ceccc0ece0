"""The training examples and those held out for validation: pure functions of config and labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner.config.schema import DRAWN, Training
from runner.datasets.base import Data
from runner.datasets.labels import listed

TEST_SEED = (0, 1)  # no key: the test examples are the same for every run; another stream than that of any split_seed
SPLIT_SEED = 0  # where `split_seed` is null: the same split for every seed, so that seeds differ in training only
UNEVEN = 0.1  # of the examples that would have to change class for validation to have the classes of training


@dataclass(frozen=True)
class Split:
    """Numbers of examples of the training data, int32: those trained on, and those held out for validation."""

    train: NDArray[np.int32]
    validation: NDArray[np.int32]


def held_out(validation_split: int | float, examples: int) -> int:
    """Number of validation examples.

    A whole number counts examples; a fraction of `examples` is rounded. Of 25,000 examples:
    0 → none; 1 → one example; 0.4 → 10,000; 10000 → 10,000.
    """
    if isinstance(validation_split, int):
        return validation_split
    return round(validation_split * examples)


def problems(training: Training, data: Data) -> list[str]:
    """Reasons why the validation split does not fit the data; empty if it does."""
    return _size_problems(training, data) or _class_problems(training, data)


def _size_problems(training: Training, data: Data) -> list[str]:
    examples, key, asked = len(data.train), "validation_split", training.validation_split
    if training.folds is not None:
        key, asked = "folds", training.folds
        why = "must be at most the number of training examples" if asked > examples else ""
    else:
        count = held_out(asked, examples)
        why = "must leave examples to train on" if count >= examples else ""
        why = "must hold out at least one example, or be 0" if asked and not count else why
    return [f"training.{key} {why}: {data.label} has {examples:,} training examples; got {asked}"] if why else []


def _class_problems(training: Training, data: Data) -> list[str]:
    trained, validated, _ = _classes(training, data)
    if not len(validated):
        return []
    if len(trained) == 1 or not np.isin(validated, trained).any():
        why = f"trains on class {_named(trained, data)} alone and holds out {_named(validated, data)}"
    else:
        return []
    return [f"training.validation_from={training.validation_from} {why} of {data.label}: {_remedy(training)}"]


def warnings(training: Training, data: Data) -> list[str]:
    """Warnings about the classes of a split: those without training examples, a single one held out, sorted labels."""
    trained, validated, count = _classes(training, data)
    found = []
    unseen = np.setdiff1d(validated, trained)
    if len(unseen):
        found.append(f"holds out class {_named(unseen, data)}, never trained on,")
    elif len(validated) == 1 < count:
        found.append(f"holds out class {_named(validated, data)} alone")
    elif uneven := _uneven(training, data):
        found.append(uneven)
    lines = [
        f"training.validation_from={training.validation_from} {why} of {data.label}: {_remedy(training)}"
        for why in found
    ]
    absent = np.setdiff1d(np.arange(data.classes), np.union1d(trained, validated))
    if len(absent):
        lines.append(f"no training example of {data.label} has the class {_named(absent, data)}")
    return lines


def _uneven(training: Training, data: Data) -> str:
    """How a split by position divides labels that stand class by class; empty where it does not matter."""
    labels = np.asarray(data.train.labels)
    numbers = split(training, labels)
    if training.validation_from in DRAWN or not len(numbers.validation) or not _stand_class_by_class(labels):
        return ""
    trained, held = (
        np.bincount(labels[part], minlength=data.classes) / len(part) for part in (numbers.train, numbers.validation)
    )
    excess = held - trained
    if np.abs(excess).sum() / 2 <= UNEVEN:
        return ""
    most = int(excess.argmax())
    return (
        f"cuts labels that stand class by class: {data.class_names[most]} is {held[most]:.4f} of the validation "
        f"examples and {trained[most]:.4f} of the training examples"
    )


def _stand_class_by_class(labels: NDArray[np.integer]) -> bool:
    """Whether neighbours have one label far more often than in a random order, nearer to always than to that."""
    by_chance = float(((np.bincount(labels) / len(labels)) ** 2).sum())
    return float((labels[1:] == labels[:-1]).mean()) > (1 + by_chance) / 2 if len(labels) > 1 else False


def _named(classes: NDArray[np.integer], data: Data) -> str:
    return listed([data.class_names[each] for each in classes])


def commonest_class(labels: NDArray[np.integer]) -> tuple[int, float] | None:
    """The commonest class among labels [examples], and its share, the accuracy of always naming it; None of none."""
    if not len(labels):
        return None
    counts = np.bincount(labels)
    return int(counts.argmax()), int(counts.max()) / len(labels)


def _classes(training: Training, data: Data) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """The classes trained on and those held out, ascending, and the number of examples held out."""
    labels = np.asarray(data.train.labels)
    numbers = split(training, labels)
    return np.unique(labels[numbers.train]), np.unique(labels[numbers.validation]), len(numbers.validation)


def _remedy(training: Training) -> str:
    if training.validation_from == "stratified":
        return "give it more examples of each class"
    return "use training.validation_from=stratified"


def split(training: Training, labels: NDArray[np.integer]) -> Split:
    """Divide the training data by `validation_split` and `validation_from`, or hold out one of its folds.

    labels [examples]. `first` and `last` go by position; `random` and `stratified` are drawn by `split_seed`, and
    `stratified` holds out the same fraction of every class, to the nearest example.
    """
    if training.folds is not None:
        return _fold(training, labels)
    examples = len(labels)
    count = held_out(training.validation_split, examples)
    order = np.arange(examples, dtype=np.int32)
    if training.validation_from == "last":
        return Split(order[: examples - count], order[examples - count :])
    if training.validation_from == "random":
        order = _generator(training).permutation(order)
    if training.validation_from == "stratified":
        order = _stratified(labels, _generator(training))
    return Split(np.sort(order[count:]), np.sort(order[:count]))


def without_test(labels: NDArray[np.integer], test_split: int | float) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Numbers of the examples that `dataset.test_split` leaves to train on, and of those of the test, ascending.

    labels [examples] are those of files that come without test examples. The same fraction of every class is taken, to
    the nearest example. Raises ValueError, saying what `test_split` must do, where none are left on a side.
    """
    count = held_out(test_split, len(labels))
    if test_split and not 0 < count < len(labels):
        side = "take at least one example" if not count else "leave examples to train on"
        raise ValueError(f"must {side}: there are {len(labels):,}; got {test_split}")
    order = _stratified(labels, np.random.default_rng(TEST_SEED))
    return np.sort(order[count:]), np.sort(order[:count])


def _fold(training: Training, labels: NDArray[np.integer]) -> Split:
    """Hold out fold `training.fold`, counted from 1, of `training.folds`; each example is in exactly one of them.

    `first` and `last` cut the examples into blocks, and count them from the beginning or from the end. `random` deals
    the shuffled examples out like cards; `stratified` deals one class after the other. So two folds differ by one
    example at most, stratified ones also in each class.
    """
    folds, fold = training.folds, training.fold
    assert folds
    assert fold
    numbers = np.arange(len(labels), dtype=np.int32)
    if training.validation_from in DRAWN:
        order = _generator(training).permutation(numbers)
        if training.validation_from == "stratified":
            order = order[np.argsort(labels[order], kind="stable")]
        held = np.sort(order[fold - 1 :: folds])
    else:
        held = np.array_split(numbers, folds)[fold - 1 if training.validation_from == "first" else -fold]
    return Split(np.setdiff1d(numbers, held), held)


def _generator(training: Training) -> np.random.Generator:
    return np.random.default_rng(SPLIT_SEED if training.split_seed is None else training.split_seed)


def _stratified(labels: NDArray[np.integer], generator: np.random.Generator) -> NDArray[np.int32]:
    """An order of which every beginning holds the classes in their proportions."""
    order = generator.permutation(len(labels))
    position = np.empty(len(labels))
    for label in np.unique(labels):
        of_class = order[labels[order] == label]
        position[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return np.argsort(position, kind="stable").astype(np.int32)
