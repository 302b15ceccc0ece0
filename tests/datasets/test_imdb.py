"""IMDB: the numbering and order of Keras, the sample, and files that are no reviews."""

import collections
import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.datasets import catalog, ranked_texts, sample_reviews
from runner.datasets.base import Examples
from runner.datasets.built_in import imdb
from runner.datasets.built_in.imdb import Imdb
from runner.datasets.cache import fingerprint
from tests.datasets.files import SPLITS, imdb_config, imdb_file, objects, refusal

START, UNKNOWN, FIRST_WORD = 1, 2, 3

Keras = tuple[tuple[Any, Any], tuple[Any, Any]]


def keras_load_data(monkeypatch: pytest.MonkeyPatch, path: Path, num_words: int | None) -> Keras:
    """What Keras' own loader makes of a file, without its download and the hash that it asks of that."""
    import keras

    load_data = keras.datasets.imdb.load_data
    monkeypatch.setattr(sys.modules[load_data.__module__], "get_file", lambda **_: str(path))
    return load_data(num_words=num_words)


def rows(examples: Examples) -> list[list[int]]:
    """The word ids of each review, ascending."""
    matrix: Any = examples.features
    indptr, indices = matrix.indptr, matrix.indices
    return [indices[start:stop].tolist() for start, stop in itertools.pairwise(indptr)]


def beginning(source: Path, reviews: int, path: Path) -> Path:
    """A file with the first reviews of another."""
    with np.load(source, allow_pickle=True) as arrays:
        return imdb_file(path, **{name: array[:reviews] for name, array in arrays.items()})


def largest_rank(path: Path) -> int:
    with np.load(path, allow_pickle=True) as arrays:
        return max(max(review) for name in ("x_train", "x_test") for review in arrays[name])


@pytest.mark.parametrize(("num_words", "reviews"), [(10_000, 25_000), (None, 2_000)])
def test_real_reviews_are_those_of_keras_in_its_order(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_words: int | None, reviews: int
) -> None:
    """Every label, the ids of a thousand reviews as sets, and the width."""
    path = real_data / "imdb.npz"
    if reviews < 25_000:
        path = beginning(path, reviews, tmp_path / "imdb.npz")
    (x_train, y_train), (x_test, y_test) = keras_load_data(monkeypatch, path, num_words)
    data = catalog.load(imdb_config(path=path, num_words=num_words))
    assert data.train.labels.tolist() == y_train.tolist()
    assert data.test.labels.tolist() == y_test.tolist()
    each = reviews // 500
    assert rows(data.train)[::each] == [sorted(set(review)) for review in x_train[::each]]
    assert rows(data.test)[::each] == [sorted(set(review)) for review in x_test[::each]]
    # A column for each id below the bound: with null that is the largest id, which Keras too has made "unknown".
    words = num_words or FIRST_WORD + largest_rank(path)
    assert max(max(review) for x in (x_train, x_test) for review in x) < words
    assert data.train.features.shape == data.test.features.shape == (reviews, words)


def test_real_reviews_are_ones_in_a_sparse_matrix_and_their_classes_balanced(real_data: Path) -> None:
    data = catalog.load(imdb_config(path=real_data / "imdb.npz"))
    for split in (data.train, data.test):
        matrix: Any = split.features
        assert split.is_sparse
        assert matrix.has_canonical_format
        assert set(matrix.data.tolist()) == {1}
        assert np.bincount(split.labels).tolist() == [12_500, 12_500]
    assert (data.classes, data.source, data.label) == (2, "full", "imdb")


reviews = st.lists(st.lists(st.integers(1, 30), max_size=8), min_size=1, max_size=6)


@pytest.mark.slow
@settings(max_examples=40)
@given(train=reviews, test=reviews, num_words=st.none() | st.integers(4, 40))
def test_any_reviews_are_numbered_and_ordered_as_keras_does(
    tmp_path_factory: pytest.TempPathFactory, train: list[list[int]], test: list[list[int]], num_words: int | None
) -> None:
    """Empty reviews, repeated words, one review, a vocabulary smaller or larger than asked for."""
    train = [*train, [2]]  # Keras calls even the start mark unknown where no review has a word
    path = imdb_file(
        tmp_path_factory.mktemp("any") / "imdb.npz",
        x_train=objects(train),
        y_train=np.arange(len(train)) % 2,
        x_test=objects(test),
        y_test=np.arange(len(test)) // 2 % 2,
    )
    with pytest.MonkeyPatch.context() as patch:
        expected = keras_load_data(patch, path, num_words)
    arrays = imdb.read(path, {"num_words": num_words})
    for examples, (x, y) in zip(ranked_texts.examples(arrays), expected, strict=True):
        assert rows(examples) == [sorted({*review}) for review in x]
        assert examples.labels.tolist() == y.tolist()


def test_unsigned_and_array_reviews_are_read_as_lists_are(tmp_path: Path) -> None:
    of_lists = catalog.load(imdb_config(path=imdb_file(tmp_path / "lists.npz")))
    arrays = objects([np.array([1, 14, 22, 16], np.uint16), np.array([5, 2, 2]), (30, 1)])
    of_arrays = catalog.load(imdb_config(path=imdb_file(tmp_path / "arrays.npz", x_train=arrays)))
    assert of_arrays.fingerprint == of_lists.fingerprint


BAD: dict[str, dict[str, Any]] = {
    "vectors of zeros and ones": {"x": np.array([[0, 1, 0, 1], [1, 0, 0, 1]])},
    "a matrix of real numbers": {"x": np.ones((2, 3))},
    "rows of a matrix": {"x": np.ones((2, 3, 1), int)},
    "numbers in place of reviews": {"x": np.array([1, 2])},
    "fewer labels than reviews": {"y": np.array([1])},
    "more labels than reviews": {"y": np.array([1, 0, 1, 0])},
    "one-hot labels": {"y": np.array([[1, 0], [0, 1]])},
    "nothing": {"x": objects([]), "y": np.array([], int)},
    "a label of 2": {"y": np.array([0, 2])},
    "a label of -1": {"y": np.array([-1, 1])},
    "labels of real numbers": {"y": np.array([0.0, 0.5])},
    "labels 1 and 2": {"y": np.array([1, 2])},
    "a label that is NaN": {"y": np.array([np.nan, 1.0])},
    "labels of text": {"y": np.array(["neg", "pos"])},
    "labels as objects": {"y": objects([0, None])},
    "a rank of 0": {"x": objects([[1, 0], [2]])},
    "a negative rank": {"x": objects([[1], [2, -7]])},
    "a real rank": {"x": objects([[1], [2, 1.5]])},
    "a rank that is NaN": {"x": objects([[1], [2, float("nan")]])},
    "a rank beyond 63 bits": {"x": objects([[1], [2, 2**63]])},
    "a rank beyond 64 bits": {"x": objects([[1], [2, 2**70]])},
    "text in place of ranks": {"x": objects([[1], ["good", "film"]])},
    "text in place of a review": {"x": objects([[1], "good film"])},
    "no review": {"x": objects([[1], None])},
    "a table in place of a review": {"x": objects([[1], {1: 2}])},
    "rows within a review": {"x": objects([[1], [[1, 2], [3, 4]]])},
    "uneven rows within a review": {"x": objects([[1], [[1, 2], [3]]])},
    "a row beside a rank": {"x": objects([[1], [1, [2, 3]]])},
}


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("fault", list(BAD))
def test_a_file_of_anything_but_reviews_is_refused(tmp_path: Path, split: str, fault: str) -> None:
    arrays = {"x": objects([[1, 2], [3]]), "y": np.array([0, 1]), **BAD[fault]}
    replaced = {f"{name}_{split}": array for name, array in arrays.items()}
    line = refusal(imdb_config(path=imdb_file(tmp_path / "imdb.npz", **replaced)))
    assert f"x_{split}" in line or f"y_{split}" in line


@pytest.mark.parametrize("padded", [np.array([[0, 4, 5], [0, 0, 6]]), objects([[4, 5, 0], [6, 0, 0]])])
def test_padded_reviews_are_read_without_their_padding(tmp_path: Path, padded: Any) -> None:
    """As `pad_sequences` gives them, before or after, as a matrix or in lists."""
    labels = np.array([1, 0])
    plain = imdb_file(tmp_path / "plain.npz", x_train=objects([[4, 5], [6]]), y_train=labels)
    path = imdb_file(tmp_path / "padded.npz", x_train=padded, y_train=labels)
    assert rows(catalog.load(imdb_config(path=path)).train) == rows(catalog.load(imdb_config(path=plain)).train)


def test_reviews_may_be_lists_of_numpy_numbers(tmp_path: Path) -> None:
    reviews: list[Any] = [[1, 14, 22, 16], [5, 2, 2], [30, 1]]
    plain = catalog.load(imdb_config(path=imdb_file(tmp_path / "plain.npz", x_train=objects(reviews))))
    numbers = objects([[np.int64(rank) for rank in review] for review in reviews])
    read = catalog.load(imdb_config(path=imdb_file(tmp_path / "numbers.npz", x_train=numbers)))
    assert read.fingerprint == plain.fingerprint


def test_what_load_data_returns_is_refused_for_its_ids_are_shifted_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (x_train, y_train), (x_test, y_test) = keras_load_data(monkeypatch, imdb_file(tmp_path / "imdb.npz"), None)
    path = imdb_file(tmp_path / "saved.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    assert "every review begins with 1, as in what load_data returns" in refusal(imdb_config(path=path))


@pytest.mark.parametrize("form", [bool, float, np.float32, np.uint8, object])
@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_labels_that_are_whole_are_taken_in_any_form(tmp_path: Path, form: type, shape: tuple[int, ...]) -> None:
    labels = np.array([1, 0, 1], form).reshape(shape)
    data = catalog.load(imdb_config(path=imdb_file(tmp_path / "imdb.npz", y_train=labels)))
    plain = catalog.load(imdb_config(path=imdb_file(tmp_path / "plain.npz")))
    assert data.fingerprint == plain.fingerprint


def test_labels_all_alike_are_refused(tmp_path: Path) -> None:
    path = imdb_file(tmp_path / "imdb.npz", y_train=np.array([1, 1, 1]))
    assert "y_train holds the class 1 alone" in refusal(imdb_config(path=path))


def test_a_word_rank_that_no_column_can_have_is_refused(tmp_path: Path) -> None:
    """Beyond 31 bits it would come out as another, negative column."""
    path = imdb_file(tmp_path / "imdb.npz", x_train=objects([[2**31 + 5, 2**31], [1], [2]]))
    refusal(imdb_config(path=path, num_words=None))


def sample_config(num_words: int | None = 10_000) -> Imdb:
    return imdb_config(source="sample", num_words=num_words)


def test_the_sample_has_4000_and_2000_reviews_balanced() -> None:
    data = catalog.load(sample_config())
    assert data.train.features.shape == (4_000, 10_000)
    assert data.test.features.shape == (2_000, 10_000)
    assert np.bincount(data.train.labels).tolist() == [2_000, 2_000]
    assert np.bincount(data.test.labels).tolist() == [1_000, 1_000]
    assert (data.classes, data.source, data.label) == (2, "sample", "imdb (sample)")


def test_the_sample_is_the_same_from_call_to_call() -> None:
    """And from the process that filled the cache to this one."""
    settings = {"num_words": 10_000}
    assert fingerprint(imdb.generate(settings)) == catalog.load(sample_config()).fingerprint


@pytest.mark.slow
def test_the_sample_numbers_words_by_how_common_they_are_as_keras_does() -> None:
    """The commonest word of the training texts is 4, the next 5, …; a review's row is the set of its words."""
    (train_texts, train_labels), (test_texts, _) = sample_reviews.generate()
    counts = collections.Counter(word for text in train_texts for word in text.split())
    arrays = imdb.generate({"num_words": None})
    assert int(arrays["words"]) == len(counts) + FIRST_WORD
    by_rank = sorted(counts, key=lambda word: (-counts[word], word))
    ids = {word: FIRST_WORD + rank for rank, word in enumerate(by_rank, 1)}
    # With null the rarest word has become "unknown", as by Keras.
    ids[by_rank[-1]] = UNKNOWN
    train, test = ranked_texts.examples(arrays)
    for examples, texts in ((train, train_texts), (test, test_texts)):
        expected = [sorted({START, *(ids[word] for word in text.split() if word in ids)}) for text in texts]
        assert rows(examples) == expected
    assert train.labels.tolist() == train_labels


@pytest.mark.slow
def test_the_sample_with_fewer_words_calls_the_others_unknown() -> None:
    data = catalog.load(sample_config(num_words=50))
    full = catalog.load(sample_config(num_words=None))
    assert data.train.features.shape == (4_000, 50)
    for few, all_ids in zip(rows(data.train), rows(full.train), strict=True):
        assert few == sorted({word if word < 50 else UNKNOWN for word in all_ids})
