"""dataset=npz: arrays of any numeric shape with any whole-number or one-hot labels, and what is no such file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from runner.datasets import catalog
from runner.datasets.base import Data
from runner.datasets.from_files.npz import Npz
from runner.errors import DataError
from tests.datasets.files import npy, with_member

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.integers(0, 256, (20, 6, 5), np.uint8), np.arange(20) % 4


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_CACHE_DIR", str(tmp_path / "cache"))


def loaded(path: Path, test: Path | None = None, test_split: int | float = 0) -> Data:
    where = {"path": str(path), "test": str(test) if test else None, "test_split": test_split}
    return catalog.load(Npz(name="npz", source="auto", labels="integer", options={}, **where))  # type: ignore[arg-type]


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, allow_pickle=True, **{"x_train": X, "y_train": Y, **arrays})
    return path


@pytest.mark.parametrize(
    ("x", "dtype", "divisor", "image_shape"),
    [
        (X, np.uint8, 255.0, (6, 5, 1)),
        (X[..., None], np.uint8, 255.0, (6, 5, 1)),
        (RANDOM.integers(0, 256, (20, 6, 5, 3), np.uint8), np.uint8, 255.0, (6, 5, 3)),
        (X.reshape(20, 30), np.uint8, 255.0, None),
        (X > 99, np.uint8, 1.0, (6, 5, 1)),
        ((X > 99).astype(np.uint8), np.uint8, 1.0, (6, 5, 1)),  # divided by 255 they would all but vanish
        (X / 255, np.float32, 1.0, (6, 5, 1)),
        (X.astype(np.int64) - 9, np.float32, 1.0, (6, 5, 1)),
        (RANDOM.normal(size=(20, 3, 4, 5, 2)).astype(np.float16), np.float32, 1.0, None),
        (RANDOM.normal(size=(20, 3, 9, 9)), np.float32, 1.0, None),  # channels first is no image of 3 × 9
    ],
)
def test_features_keep_their_shape_as_bytes_or_as_floats(
    tmp_path: Path, x: Any, dtype: type, divisor: float, image_shape: Any
) -> None:
    data = loaded(saved(tmp_path / "a.npz", x_train=x))
    np.testing.assert_array_equal(data.train.features, x.astype(dtype))
    assert (data.train.features.dtype, data.train.divisor, data.image_shape) == (dtype, divisor, image_shape)
    assert data.test.features.shape == (0, *x.shape[1:])
    assert data.source == "own"


@settings(max_examples=25)
@given(
    labels=npst.arrays(
        st.sampled_from([np.int8, np.int64, np.uint16, np.float32]), st.integers(8, 30), elements=st.integers(0, 4)
    ),
    shift=st.integers(-100, 100),
    column=st.booleans(),
)
def test_classes_are_the_distinct_values_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, labels: Any, shift: int, column: bool
) -> None:
    labels = np.append(labels, [0, 1]).astype(np.int64) * 3 + shift
    values = labels[:, None] if column else labels
    path = saved(tmp_path_factory.mktemp("npz") / "a.npz", x_train=np.ones((len(labels), 2)), y_train=values)
    data = loaded(path)
    names, numbers = np.unique(labels, return_inverse=True)
    np.testing.assert_array_equal(data.train.labels, numbers)
    assert data.class_names == tuple(map(str, names.tolist()))


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.float64])
def test_one_hot_labels_are_the_classes_of_their_columns(tmp_path: Path, dtype: type) -> None:
    one_hot = np.eye(6, dtype=dtype)[Y]  # two of the classes have no example
    data = loaded(saved(tmp_path / "a.npz", y_train=one_hot, x_test=X[:9], y_test=one_hot[:9]))
    np.testing.assert_array_equal(data.train.labels, Y)
    np.testing.assert_array_equal(data.test.labels, Y[:9])
    assert data.class_names == tuple("012345")


def test_the_test_is_in_the_file_or_in_another_or_divided_off(tmp_path: Path) -> None:
    within = loaded(saved(tmp_path / "a.npz", x_test=X[:9] // 2, y_test=Y[:9]))
    np.testing.assert_array_equal(within.test.features, X[:9] // 2)
    np.savez(tmp_path / "test.npz", x_test=X[:9] // 2, y_test=Y[:9])
    beside = loaded(saved(tmp_path / "b.npz"), tmp_path / "test.npz")
    assert beside.fingerprint == within.fingerprint
    divided = loaded(saved(tmp_path / "b.npz", y_train=np.sort(Y)), test_split=0.2)  # as files often are
    assert np.bincount(divided.test.labels).tolist() == [1, 1, 1, 1]
    assert (len(divided.train), len(divided.test), len(loaded(tmp_path / "b.npz").test)) == (16, 4, 0)
    rows = sorted(row.tobytes() for row in (*divided.train.features, *divided.test.features))
    assert rows == sorted(row.tobytes() for row in X)
    for keys in ({"test_split": 0.2}, {"test": tmp_path / "test.npz"}):
        with pytest.raises(DataError, match=r"does not fit .*a\.npz, which has test examples of its own, x_test"):
            loaded(tmp_path / "a.npz", **keys)  # type: ignore[arg-type]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no x_train": ({"x_train": None, "images": X}, "it has no array x_train, but y_train, images"),
    "x_test alone": ({"x_test": X}, "it has x_test alone: x_test and y_test go together"),
    "rows of numbers": ({"x_train": np.arange(20)}, "x_train must hold numbers, [examples, …]; got (20,) int64"),
    "text": ({"x_train": np.full((20, 2), "a")}, "x_train must hold numbers, [examples, …]; got (20, 2) <U1"),
    "complex": ({"x_train": np.ones((20, 2), complex)}, "x_train must hold numbers"),
    "nothing": ({"x_train": np.ones((20, 0))}, "x_train must hold numbers"),
    "NaN": ({"x_train": np.full((20, 2), np.nan)}, "x_train has values that are NaN, infinite or beyond 32 bits"),
    "beyond float32": ({"x_train": np.full((20, 2), 1e300)}, "x_train has values that are NaN, infinite or beyond"),
    "fewer labels": ({"y_train": Y[:19]}, "x_train (20, 6, 5) and y_train (19,) do not go together"),
    "no labels": ({"y_train": np.zeros(0, int)}, "y_train must hold a whole number, or a one-hot row, for each"),
    "words": ({"y_train": np.full(20, "cat")}, "y_train must hold a whole number, or a one-hot row, for each example"),
    "two labels": ({"y_train": np.ones((20, 2))}, "y_train must hold a whole number, or a one-hot row, for each"),
    "a half": ({"y_train": Y / 2}, "y_train must hold classes as whole numbers; got 0.5"),
    "a label NaN": ({"y_train": np.where(Y, Y, np.nan)}, "y_train must hold classes as whole numbers; got nan"),
    "one class": ({"y_train": Y * 0}, "y_train holds the class 0 alone"),
    "a regression": ({"y_train": np.arange(20)}, "y_train has 20 classes for 20 examples: no classes"),
    "another shape": ({"x_test": X[:, :5], "y_test": Y}, "x_train (20, 6, 5) uint8 and x_test (20, 5, 5) uint8 are of"),
    "another type": ({"x_test": X / 255, "y_test": Y}, "x_train (20, 6, 5) uint8 and x_test (20, 6, 5) float64 are of"),
    "mixed labels": (
        {"x_test": X, "y_test": np.eye(4)[Y]},
        "y_train and y_test must be both whole numbers, or one-hot of as many classes",
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_file_that_does_not_fit_is_one_line_that_names_it(tmp_path: Path, fault: str) -> None:
    arrays, why = BAD[fault]
    every = {"x_train": X, "y_train": Y, **arrays}
    np.savez(tmp_path / "a.npz", allow_pickle=True, **{name: each for name, each in every.items() if each is not None})
    refuse(tmp_path / "a.npz", why)


def refuse(path: Path, why: str) -> None:
    with pytest.raises(DataError) as caught:
        loaded(path)
    line = str(caught.value)
    assert line.isprintable()
    assert str(path) in line
    assert why in line
    assert "give another" in line


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no file": (lambda path: None, "cannot be read (No such file"),
    "no archive": (lambda path: path.write_bytes(b"hello"), "it is truncated or not an npz file"),
    "code": (
        lambda path: with_member(saved(path), "x_train", npy("|O", (1,), b"cos\nsystem\n(S'true'\ntR.")),
        "it asks for os.system, which no array needs",
    ),
    "a bomb": (
        lambda path: with_member(saved(path), "x_train", npy("|u1", (10**12,), b"")),
        "its header announces 1,000,000,000,000 bytes",
    ),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_hostile_file_runs_no_code_and_takes_no_memory(tmp_path: Path, fault: str) -> None:
    make, why = HOSTILE[fault]
    make(tmp_path / "a.npz")
    refuse(tmp_path / "a.npz", why)


def test_a_fault_in_the_file_of_the_test_names_that_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz")
    for arrays, why in [
        ({"x_test": X}, "it has no array y_test, but x_test"),
        ({"x_test": X[:, :5], "y_test": Y}, "are of different kinds"),
        ({"x_test": X, "y_test": Y / 2}, "y_test must hold classes as whole numbers; got 0.5"),
    ]:
        np.savez(tmp_path / "b.npz", allow_pickle=True, **arrays)
        with pytest.raises(DataError, match=r"b\.npz cannot be used") as caught:
            loaded(path, tmp_path / "b.npz")
        assert why in str(caught.value)
