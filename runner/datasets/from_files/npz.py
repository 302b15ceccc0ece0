"""`dataset=npz`: arrays of a user's own, saved by `np.savez(FILE, x_train=…, y_train=…, x_test=…, y_test=…)`."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.datasets import labels as class_labels
from runner.datasets import npz
from runner.datasets.base import Arrays, Data, FromFiles, image_shape_of
from runner.datasets.from_files import keys
from runner.datasets.from_files.keys import OwnFiles
from runner.errors import DataError
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from runner.datasets.cache import Prepared
else:
    np = late("numpy")

BYTE = 255.0  # the divisor of bytes
LARGEST = 2**53  # beyond it a label in floating point is no exact number
VERSION = 1  # changes whenever a file becomes other arrays


@dataclass
class Npz(OwnFiles):
    pass


def load(config: Npz) -> Data:
    """The arrays of the file that a config names. Raises DataError."""
    from runner.datasets import cache

    files = [keys.given(each) for each in (config.path, config.test) if each is not None]
    key = [VERSION, [cache.file_hash(each, "give another file") for each in files], config.test_split]

    def prepare() -> Prepared:
        try:
            return _prepare(config)
        except npz.Unusable as error:
            raise DataError(f"{error}; give another dataset.path, or correct the file") from None

    return cache.prepared("npz", key, prepare, functools.partial(keys.data_of, "npz"))


def _prepare(config: Npz) -> Prepared:
    from runner.datasets.cache import Prepared

    path = keys.given(config.path)
    raw = npz.read(path, ("x_train", "y_train"), optional=("x_test", "y_test"))
    _add_test(config, path, raw)
    files = {"train": path, "test": path if config.test is None else keys.given(config.test)}
    names = _number(files, raw)
    for split, file in files.items():
        if f"x_{split}" in raw:
            raw[f"x_{split}"] = _features(file, raw, split)
    if alone := class_labels.one_class(raw["y_train"]):
        raise npz.refused(path, alone)
    arrays = _divided(config, path, raw)
    features = arrays["train_features"]
    is_bytes = features.dtype == np.uint8 and features.max() > 1
    about = {
        "class_names": names,
        "divisor": BYTE if is_bytes else 1.0,
        "image_shape": image_shape_of(features.shape[1:]),
    }
    return Prepared(arrays, about)


def _add_test(config: Npz, path: Path, raw: Arrays) -> None:
    """Add the test arrays of a file of their own. Raises DataError where there are others, or only one of the two."""
    held = [name for name in ("x_test", "y_test") if name in raw]
    if len(held) == 1:
        raise npz.refused(path, f"it has {held[0]} alone: x_test and y_test go together")
    asked = f"dataset.test={config.test}" if config.test is not None else f"dataset.test_split={config.test_split}"
    if held and (config.test is not None or config.test_split):
        raise DataError(f"{asked} does not fit {path}, which has test examples of its own, x_test: leave the key out")
    if config.test is not None:
        raw.update(npz.read(keys.given(config.test), ("x_test", "y_test")))


def _divided(config: Npz, path: Path, raw: Arrays) -> Arrays:
    """The arrays of the two splits; without test examples, those of the test are those that `test_split` takes."""
    from runner.datasets import split

    if "x_test" in raw:
        return {f"{of}_{what}": raw[f"{xy}_{of}"] for of in ("train", "test") for what, xy in _PARTS}
    try:
        train, test = split.without_test(raw["y_train"], config.test_split)
    except ValueError as error:
        raise DataError(f"dataset.test_split {error}, in {path}") from None
    of_split = {"train": train, "test": test}
    return {f"{of}_{what}": raw[f"{xy}_train"][numbers] for of, numbers in of_split.items() for what, xy in _PARTS}


_PARTS = (("features", "x"), ("labels", "y"))


def _features(path: Path, raw: Arrays, split: str) -> NDArray[Any]:
    """Bytes, or float32 of all other numbers, [examples, …]. Raises DataError."""
    x, y, first = raw[f"x_{split}"], raw[f"y_{split}"], raw["x_train"]
    if x.dtype.kind not in "biuf" or x.ndim < 2 or not x.size:
        raise npz.refused(path, f"x_{split} must hold numbers, [examples, …]; got {x.shape} {x.dtype}")
    if len(x) != len(y):
        raise npz.refused(path, f"x_{split} {x.shape} and y_{split} {y.shape} do not go together")
    is_byte = x.dtype.kind == "b" or x.dtype == np.uint8
    if x.shape[1:] != first.shape[1:] or (split == "test" and is_byte != (first.dtype == np.uint8)):
        raise npz.refused(
            path, f"x_train {first.shape} {first.dtype} and x_test {x.shape} {x.dtype} are of different kinds"
        )
    if is_byte:
        return x.astype(np.uint8)
    with np.errstate(over="ignore"):  # becomes infinite
        values = x.astype(np.float32)
    if not np.isfinite(values).all():
        raise npz.refused(path, f"x_{split} has values that are NaN, infinite or beyond 32 bits")
    return values


def _number(files: dict[str, Path], raw: Arrays) -> list[str]:
    """Make the labels numbers of classes, from 0, in place; returns the names of the classes. Raises DataError."""
    splits = [name for name in ("y_train", "y_test") if name in raw]
    units = {raw[name].shape[1] if _is_one_hot(raw[name]) else 0 for name in splits}
    if len(units) > 1:
        raise npz.refused(files["test"], "y_train and y_test must be both whole numbers, or one-hot of as many classes")
    if count := units.pop():
        for name in splits:
            raw[name] = raw[name].argmax(1)
        return [str(each) for each in range(count)]
    for name in splits:
        raw[name] = _whole(files[name[2:]], name, raw[name])
    values = np.unique(np.concatenate([raw[name] for name in splits]))
    count = len(raw["y_train"])
    if len(values) > max(2, count / 2):
        raise npz.refused(files["train"], f"y_train has {len(values):,} classes for {count:,} examples: no classes")
    for name in splits:
        raw[name] = np.searchsorted(values, raw[name])
    return [str(each) for each in values.tolist()]


def _is_one_hot(labels: NDArray[Any]) -> bool:
    if labels.ndim != 2 or labels.shape[1] < 2 or labels.dtype.kind not in "biuf":
        return False
    return bool(np.isin(labels, (0, 1)).all() and (labels.sum(1) == 1).all())


def _whole(path: Path, name: str, labels: NDArray[Any]) -> NDArray[np.int64]:
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.ndim != 1 or labels.dtype.kind not in "biuf" or not len(labels):
        what = "a whole number, or a one-hot row, for each example"
        raise npz.refused(path, f"{name} must hold {what}; got {labels.shape} {labels.dtype}")
    bad = labels[~((np.abs(labels.astype(np.float64)) < LARGEST) & (np.trunc(labels) == labels))]
    if len(bad):
        raise npz.refused(path, f"{name} must hold classes as whole numbers; got {bad[0]}")
    return labels.astype(np.int64)


FROM_FILES = FromFiles(
    name="npz",
    schema=Npz,
    problems=functools.partial(keys.problems, what="an npz file"),
    load=load,
)
