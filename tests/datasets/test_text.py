"""Texts as rows: Keras' way to divide them into words, and the rows of the data itself."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.datasets import catalog, sample_reviews, text
from runner.datasets.text import Tokenizer, Vocabulary
from runner.errors import DataError
from tests.datasets.files import imdb_config, imdb_file, mnist_config

INDEX = "imdb_word_index.json"
WORDS = ("the", "film", "isn't", "good", "br")
SMALL = Vocabulary(WORDS, first_word=4, columns=9, start=1, unknown=2)


def with_index(folder: Path, contents: Any) -> Path:
    """A small imdb.npz with a word index beside it."""
    path = imdb_file(folder / "imdb.npz")
    (folder / INDEX).write_text(contents if isinstance(contents, str) else json.dumps(contents))
    return path


def ranked(count: int) -> dict[str, int]:
    return {f"w{rank}": rank for rank in range(1, count + 1)}


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("Az'’<>/-_ \t\n\r\xa0\x85İ"))))
def test_a_text_is_divided_as_by_keras(words: str) -> None:
    from keras.src.legacy.preprocessing.text import text_to_word_sequence

    assert Tokenizer()(words) == text_to_word_sequence(words)


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        ("", [1]),
        ("The FILM!", [1, 4, 5]),
        ("good, good film", [1, 5, 7]),
        ("isn't<br />isn't", [1, 6, 8]),
        ("a good zorp", [1, 2, 7]),
    ],
)
def test_a_row_has_a_one_for_each_word_that_occurs(words: str, columns: list[int]) -> None:
    row = SMALL.encode([words])
    assert np.flatnonzero(row.toarray()[0]).tolist() == columns
    assert (row.shape, row.dtype, row.toarray().max()) == ((1, 9), np.int8, 1)


def test_words_without_a_column_are_named_as_often_as_they_occur() -> None:
    assert SMALL.unlisted("A good film, a Zorp") == ["a", "a", "zorp"]


@pytest.mark.parametrize("num_words", [10_000, None])
def test_real_reviews_written_in_words_become_the_rows_of_the_data(real_data: Path, num_words: int | None) -> None:
    """Thousands of them, in the order of load_data: the ranks of the file as words, the words as a row."""
    data = catalog.load(imdb_config(path=real_data / "imdb.npz", num_words=num_words))
    vocabulary = data.vocabulary
    assert vocabulary
    words = {rank: word for word, rank in json.loads((real_data / INDEX).read_text()).items()}
    order = np.random.RandomState(113)
    with np.load(real_data / "imdb.npz", allow_pickle=True) as raw:
        for split, examples in (("train", data.train), ("test", data.test)):
            reviews, places = raw[f"x_{split}"], np.arange(25_000)
            order.shuffle(places)
            texts = [" ".join(words[rank] for rank in reviews[place]) for place in places[:2_000]]
            assert (vocabulary.encode(texts) != examples.features[:2_000]).nnz == 0


def test_sample_reviews_become_the_rows_of_the_data() -> None:
    data = catalog.load(imdb_config("sample"))
    for (texts, _), examples in zip(sample_reviews.generate(), (data.train, data.test), strict=True):
        assert data.vocabulary
        assert (data.vocabulary.encode(texts) != examples.features).nnz == 0


def test_the_words_of_a_row_come_back_in_the_order_of_their_columns() -> None:
    row = SMALL.encode(["a good film isn't the film"])
    assert SMALL.decode(row.indices) == ["the", "film", "isn't", "good"]


@pytest.mark.parametrize(
    ("num_words", "listed", "unknown"),
    [(10, 6, 2), (42, 38, 2), (43, 39, None), (44, 40, None), (1000, 40, None), (None, 29, 2)],
)
def test_only_words_with_a_column_are_listed(
    tmp_path: Path, num_words: int | None, listed: int, unknown: int | None
) -> None:
    """A word of rank r, from 1, has column r + 3; without num_words the largest rank, 30, decides the columns."""
    path = with_index(tmp_path, ranked(40))
    vocabulary = catalog.load(imdb_config(path=path, num_words=num_words)).vocabulary
    assert vocabulary
    assert vocabulary.words == tuple(f"w{rank}" for rank in range(1, listed + 1))
    assert (vocabulary.first_word, vocabulary.start, vocabulary.unknown) == (4, 1, unknown)


def test_the_file_gives_the_vocabulary_back_and_is_equal_for_equal_ones() -> None:
    assert text.from_json(SMALL.to_json()) == SMALL
    assert SMALL.to_json() == Vocabulary(WORDS, 4, 9, 1, 2).to_json()


@pytest.mark.parametrize(
    "change",
    [
        {"words": None},
        {"words": [*WORDS, "more"]},
        {"words": [1, 2]},
        {"columns": 3},
        {"start": 9},
        {"form": "tf_idf"},
        {"schema_version": 3},
        {"tokenizer": {"upper": True}},
        {"colour": "red"},
    ],
)
def test_a_file_that_the_runner_has_not_written_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"it is damaged|do not go together"):
        text.from_json(json.dumps({**json.loads(SMALL.to_json()), **change}))


@pytest.mark.parametrize("contents", ["", "[", "[]", "{}", '"text"', "[" * 100_000])
def test_a_file_that_is_cut_off_or_another_is_refused(contents: str) -> None:
    with pytest.raises(ValueError, match="it is damaged"):
        text.from_json(contents)


@pytest.mark.parametrize(
    "index",
    ["", "[" * 100_000, [1], "\0", {"a": 1, "b": 3}, {"a": 0, "b": 1}, {"a": 1, "b": 1}, {"a": "1"}, {"a": 1.5}, {}],
)
def test_a_word_index_that_is_none_is_one_line_and_the_data_is_usable(tmp_path: Path, index: Any) -> None:
    data = catalog.load(imdb_config(path=with_index(tmp_path, index)))
    assert len(data.train) == 3
    with pytest.raises(DataError, match=r"imdb_word_index\.json cannot be used: it is not a word index") as caught:
        _ = data.vocabulary
    assert str(caught.value).isprintable()


def test_the_words_next_to_other_data_than_keras_own_are_not_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index in RUNNER_DATA_DIR may number other words than a file elsewhere, which is not that of Keras."""
    with_index(tmp_path, ranked(40))
    monkeypatch.setenv("RUNNER_DATA_DIR", str(tmp_path))
    (tmp_path / "own").mkdir()
    path = shutil.copy(tmp_path / "imdb.npz", tmp_path / "own" / "mine.npz")
    with pytest.raises(DataError, match=r"imdb_word_index\.json is not next to .*mine\.npz"):
        _ = catalog.load(imdb_config(path=Path(path))).vocabulary
    assert catalog.load(imdb_config()).vocabulary


def test_data_that_is_no_text_has_no_vocabulary() -> None:

    assert catalog.load(mnist_config("sample")).vocabulary is None
