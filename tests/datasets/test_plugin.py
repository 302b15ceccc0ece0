"""A user's own dataset: what its function may give, and what is refused."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from runner import register
from runner.config.schema import Dataset
from runner.datasets import catalog
from runner.datasets.base import Data
from runner.errors import DataError
from tests.datasets.files import SPLITS, refusal

X, Y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 1])

Function = Callable[..., Any]


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """The name `mine` is free again for the next test."""
    yield
    register.datasets.pop("mine", None)
    register.names_of_classes.pop("mine", None)


def config(**options: Any) -> Dataset:
    return Dataset(name="mine", source="auto", path=None, labels="integer", options=options)


def given_by(x_train: Any, y_train: Any, x_test: Any = None, y_test: Any = None) -> Dataset:
    """A config whose dataset gives these arrays; the test set is the training set unless given."""
    test = (x_train if x_test is None else x_test, y_train if y_test is None else y_test)
    register.dataset("mine")(lambda: ((x_train, y_train), test))
    return config()


def load(*parts: Any) -> Data:
    return catalog.load(given_by(*parts))


def dense(features: Any) -> Any:
    return features.toarray() if scipy.sparse.issparse(features) else features


def test_dense_arrays_come_through_as_they_are() -> None:
    data = load(X, Y, X[:2] + 1, Y[:2])
    np.testing.assert_array_equal(data.train.features, X)
    np.testing.assert_array_equal(data.test.features, X[:2] + 1)
    assert (data.train.labels.tolist(), data.test.labels.tolist()) == ([0, 1, 1], [0, 1])
    assert (data.train.divisor, data.train.is_sparse) == (1.0, False)
    assert (data.name, data.label, data.source, data.classes) == ("mine", "mine", "own", 2)


def test_the_options_of_the_config_are_the_arguments_of_the_function() -> None:
    @register.dataset("mine")
    def rows(count: int, value: float = 0.0) -> Any:
        x, y = np.full((count, 2), value), np.arange(count) % 2
        return (x, y), (x, y)

    data = catalog.load(config(count=5, value=2.5))
    np.testing.assert_array_equal(data.train.features, np.full((5, 2), 2.5))


@pytest.mark.parametrize("shape", [(3, 1), (3, 28, 28), (3, 4, 4, 2)])
def test_an_example_may_have_any_number_of_axes(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).random(shape)
    np.testing.assert_array_equal(load(x, Y).train.features, x)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.int64, np.float16, np.float32, np.float64])
def test_features_may_be_of_any_number_type(dtype: type) -> None:
    np.testing.assert_array_equal(load(X.astype(dtype), Y).train.features, X.astype(dtype))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.int64, np.uint64])
def test_labels_may_be_of_any_whole_number_type(dtype: type) -> None:
    labels = load(X, Y.astype(dtype)).train.labels
    assert (labels.tolist(), labels.dtype.name) == ([0, 1, 1], "int64")


def test_labels_may_stand_in_a_column_as_keras_gives_those_of_cifar() -> None:
    data = load(X, Y[:, None])
    assert data.train.labels.tolist() == data.test.labels.tolist() == [0, 1, 1]


def test_plain_lists_do() -> None:
    data = load([[1, 2], [3, 4]], [0, 1])
    np.testing.assert_array_equal(data.train.features, [[1, 2], [3, 4]])


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr"])
@pytest.mark.parametrize("kind", [scipy.sparse.coo_matrix, scipy.sparse.coo_array])
def test_sparse_rows_stay_sparse_in_every_form(form: str, kind: Any) -> None:
    features = load(kind(X).asformat(form), Y).train.features
    assert isinstance(features, scipy.sparse.csr_matrix)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features.toarray(), X)


def test_a_value_that_a_sparse_matrix_holds_in_two_parts_is_their_sum() -> None:
    twice = scipy.sparse.coo_matrix(([1.0, 2.0, 5.0], ([0, 0, 1], [1, 1, 0])), shape=(3, 2))
    np.testing.assert_array_equal(dense(load(twice, Y).train.features), [[0, 3], [5, 0], [0, 0]])


@settings(max_examples=60)
@given(
    x=arrays.arrays(np.float32, st.tuples(st.integers(2, 6), st.integers(1, 5)), elements=st.integers(-3, 3)),
    data=st.data(),
)
def test_dense_and_sparse_rows_of_the_same_values_are_the_same_data(x: Any, data: st.DataObject) -> None:
    y = data.draw(arrays.arrays(np.int8, len(x), elements=st.integers(0, 2)).filter(lambda y: {*y} >= {0, 1}))
    plain, sparse = load(x, y), load(scipy.sparse.csr_matrix(x), y)
    np.testing.assert_array_equal(dense(sparse.train.features), plain.train.features)
    assert sparse.train.labels.tolist() == plain.train.labels.tolist() == y.tolist()
    assert sparse.classes == plain.classes == y.max() + 1


def test_the_classes_are_counted_over_both_splits() -> None:
    assert load(X, Y, X, np.array([0, 3, 1])).classes == 4


def test_the_fingerprint_tells_the_number_of_columns_of_sparse_rows() -> None:
    """Empty ones at the end show in no other part of the matrix."""
    wider = scipy.sparse.csr_matrix(np.pad(X, ((0, 0), (0, 3))))
    assert load(wider, Y).fingerprint != load(scipy.sparse.csr_matrix(X), Y).fingerprint


@pytest.mark.parametrize("form", [float, np.float16, object])
def test_labels_that_are_whole_are_taken_in_any_form(form: type) -> None:
    assert load(X, Y.astype(form)).fingerprint == load(X, Y).fingerprint


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ([1, 2, 2], "got 1, 2, which would be 3 classes"),
        ([0, 50_000, 0], "got 0, 50000, which would be 50,001 classes"),
        ([1, 1, 1], "y_train holds the class 1 alone"),
    ],
)
def test_labels_that_number_no_classes_are_refused(labels: list[int], why: str) -> None:
    assert why in refusal(given_by(X, np.array(labels)))


def test_classes_have_their_numbers_as_names_unless_they_are_given() -> None:
    assert load(X, Y).class_names == ("0", "1")
    register.dataset("mine", class_names=["cat", "dog"])(lambda: ((X, Y), (X, Y)))
    assert catalog.load(config()).class_names == ("cat", "dog")
    assert load(X, Y).class_names == ("0", "1")  # registered again, without names


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["cat"], "class_names must name each of the 2 classes by another name; got ['cat']"),
        (["cat", "dog", "hen"], "got ['cat', 'dog', 'hen']"),
        (["cat", "cat"], "got ['cat', 'cat']"),
        (["cat", 1], "class_names must be texts without line breaks; got 1"),
        (["cat", " "], "got ' '"),
        (["cat", "a\x1b[31m"], "got 'a\\x1b[31m'"),
    ],
)
def test_names_that_do_not_name_each_class_are_refused(names: list[Any], why: str) -> None:
    register.dataset("mine", class_names=names)(lambda: ((X, Y), (X, Y)))
    line = refusal(config())
    assert why in line
    assert line.endswith("correct the function in the plugin")


def test_a_file_that_the_function_does_not_find_is_said_as_such() -> None:
    register.dataset("mine")(lambda: np.loadtxt("nowhere.csv"))
    line = refusal(config())
    assert "FileNotFoundError: nowhere.csv not found" in line
    assert line.endswith("correct the function in the plugin, or dataset.options")


@pytest.mark.parametrize("sparse", [False, True])
def test_the_fingerprint_tells_other_contents_apart(sparse: bool) -> None:
    """Other features, other labels, or the splits exchanged."""

    def form(x: Any) -> Any:
        return scipy.sparse.csr_matrix(x) if sparse else x

    told = [
        load(form(x_train), y_train, form(x_test), y_test).fingerprint
        for x_train, y_train, x_test, y_test in (
            (X, Y, X + 1, Y),
            (X + 1, Y, X, Y),
            (X, 1 - Y, X + 1, Y),
            (X, Y, X + 1, 1 - Y),
        )
    ]
    assert len(set(told)) == 4
    assert load(form(X), Y, form(X + 1), Y).fingerprint == told[0]


BAD: dict[str, dict[str, Any]] = {
    "one number an example": {"x": np.arange(3.0)},
    "a number": {"x": 3},
    "nothing": {"x": None},
    "text": {"x": np.array([["a"], ["b"], ["c"]])},
    "objects": {"x": np.array([[1], ["b"], [None]], object)},
    "complex numbers": {"x": X * 1j},
    "dates": {"x": np.array([["2020-01-01"]] * 3, "datetime64[D]")},
    "NaN": {"x": np.where(X == 3, np.nan, X)},
    "infinity": {"x": np.where(X == 3, -np.inf, X)},
    "rows of uneven length": {"x": [[1, 2], [3], [4, 5]]},
    "sparse NaN": {"x": scipy.sparse.csr_matrix(np.where(X == 3, np.nan, X))},
    "sparse infinity": {"x": scipy.sparse.csr_matrix(np.where(X == 3, np.inf, X))},
    "sparse, beyond 32 bits": {"x": scipy.sparse.csr_matrix(X * 1e300)},
    "sparse complex numbers": {"x": scipy.sparse.csr_matrix(X * 1j)},
    "no examples": {"x": X[:0], "y": Y[:0]},
    "no examples, sparse": {"x": scipy.sparse.csr_matrix((0, 2)), "y": Y[:0]},
    "fewer labels than examples": {"y": Y[:2]},
    "one-hot labels": {"y": np.eye(3)},
    "a label": {"y": 3},
    "no labels": {"y": None},
    "labels of uneven length": {"y": [[0], [1, 0], [1]]},
    "labels of real numbers": {"y": Y / 2},
    "a label beyond 31 bits": {"y": Y * 2**31},
    "infinite labels": {"y": np.array([0, np.inf, 1])},
    "a label that is NaN": {"y": np.array([0, np.nan, 1])},
    "labels of text": {"y": np.array(["cat", "dog", "dog"])},
    "a negative label": {"y": Y - 1},
}


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("fault", list(BAD))
def test_what_cannot_be_trained_on_is_refused(split: str, fault: str) -> None:
    bad = {"x": X, "y": Y, **BAD[fault]}
    pairs = {each: (bad["x"], bad["y"]) if each == split else (X, Y) for each in SPLITS}
    register.dataset("mine")(lambda: (pairs["train"], pairs["test"]))
    line = refusal(config())
    assert "dataset.name=mine" in line
    assert f"x_{split}" in line or f"y_{split}" in line
    assert line.endswith("correct the function in the plugin")


@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_matrix])
def test_splits_of_different_features_are_refused(form: Callable[..., Any]) -> None:
    line = refusal(given_by(form(X), Y, form(X[:, :1]), Y))
    assert "dataset.name=mine cannot be used: x_train (3, 2) and x_test (3, 1) have different features" in line


@pytest.mark.parametrize(
    "answer", [None, 3, (), (X, Y), ((X, Y),), ((X, Y), (X, Y), (X, Y)), ((X, Y), (X, Y, Y)), {"x": X}]
)
def test_a_function_that_gives_something_else_is_told_what_to_give(answer: Any) -> None:
    register.dataset("mine")(lambda: answer)
    assert "dataset.name=mine gave no (x_train, y_train), (x_test, y_test)" in refusal(config())


@pytest.mark.parametrize("message", ["the disk is away", "the disk\nis away", ""])
def test_an_error_of_the_function_is_told_in_one_line_and_kept_as_the_cause(message: str) -> None:
    @register.dataset("mine")
    def fails() -> None:
        raise ZeroDivisionError(message)

    line = refusal(config())
    assert "dataset.name=mine" in line
    assert "ZeroDivisionError" in line
    assert all(word in line for word in message.split())
    with pytest.raises(DataError) as caught:
        catalog.load(config())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_options_that_the_function_does_not_take_are_told_by_their_name() -> None:
    register.dataset("mine")(lambda: ((X, Y), (X, Y)))
    assert "colour" in refusal(config(colour="red"))
