"""Texts as rows: against scikit-learn's vectorizers, from the training examples alone, and the same for new texts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from runner.config import schema
from runner.datasets import catalog, encoding, text
from runner.datasets.base import Data
from runner.datasets.encoding import COUNT, FORMS, MULTI_HOT, TF_IDF
from runner.datasets.tables import text_features
from runner.datasets.text import Tokenizer
from tests.conftest import ConfigOf
from tests.datasets.files import imdb_config, imdb_file, objects, table_config, table_file
from tests.own_data import table, write

TEXTS = [str(row[1]) for row in table(300)]
NEW = ["Word3 word4, BILl7 word3.", "", "unheard-of", "word1 word2 word1"]


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("tickets") / "tickets.csv", 300)


def oracle(form: str, ngrams: int, **settings: Any) -> CountVectorizer:
    """scikit-learn's vectorizer for an encoding."""
    common = {"tokenizer": Tokenizer(), "token_pattern": None, "ngram_range": (1, ngrams), **settings}
    return TfidfVectorizer(**common) if form == TF_IDF else CountVectorizer(binary=form == MULTI_HOT, **common)


def in_order(vectorizer: CountVectorizer, data: Data, texts: list[str]) -> NDArray[np.float64]:
    """What the vectorizer makes of texts, its columns in the order of the data."""
    assert data.vocabulary
    assert sorted(data.vocabulary.words) == sorted(vectorizer.vocabulary_)
    return vectorizer.transform(texts).toarray()[:, [vectorizer.vocabulary_[word] for word in data.vocabulary.words]]


@pytest.mark.parametrize("ngrams", [1, 2])
@pytest.mark.parametrize("form", FORMS)
def test_rows_are_those_of_scikit_learn_fitted_to_the_training_texts_alone(
    tickets: Path, form: str, ngrams: int
) -> None:
    config = table_config(tickets, text="body", target="topic", encoding=form, ngrams=ngrams, num_words=None)
    trained = np.arange(0, 300, 3, dtype=np.int32)
    data = catalog.load(config).fitted(trained)
    vectorizer = oracle(form, ngrams).fit([TEXTS[each] for each in trained])
    np.testing.assert_allclose(data.train.features.toarray(), in_order(vectorizer, data, TEXTS), rtol=1e-6)
    assert data.train.features.dtype == (np.int8 if form == MULTI_HOT else np.float32)
    assert data.train.features.has_canonical_format
    assert data.vocabulary
    read = text.from_json(data.vocabulary.to_json())
    np.testing.assert_allclose(read.encode(NEW).toarray(), in_order(vectorizer, data, NEW), rtol=1e-6)
    assert (read.encode(TEXTS) != data.train.features).nnz == 0  # to the last bit


@pytest.mark.parametrize("form", FORMS)
def test_the_commonest_words_of_the_training_texts_have_the_columns(tickets: Path, form: str) -> None:
    trained = np.arange(0, 300, 2, dtype=np.int32)
    texts = [TEXTS[each] for each in trained]
    counts = CountVectorizer(tokenizer=Tokenizer(), token_pattern=None).fit(texts)
    totals = np.sort(counts.transform(texts).sum(axis=0).A1)[::-1]
    most = next(place for place in range(30, 99) if totals[place - 1] > totals[place])  # so that none is tied
    config = table_config(tickets, text="body", target="topic", encoding=form, num_words=most)
    data = catalog.load(config).fitted(trained)
    vectorizer = oracle(form, 1, max_features=most).fit(texts)
    np.testing.assert_allclose(data.train.features.toarray(), in_order(vectorizer, data, TEXTS), rtol=1e-6)


def test_of_words_equally_common_the_first_in_the_alphabet_have_the_columns() -> None:
    assert text_features.commonest(np.array([2, 0, 5, 2, 2]), 3).tolist() == [2, 0, 3]
    assert text_features.commonest(np.array([2, 0, 5, 2, 2]), None).tolist() == [2, 0, 3, 4]


@given(st.lists(st.text(alphabet="ab cdé'-\r\xa0—“", max_size=12), min_size=1, max_size=6), st.sampled_from([1, 2]))
def test_a_text_becomes_a_row_as_by_scikit_learn(texts: list[str], ngrams: int) -> None:
    words = ("a", "b", "cd", "é", "a b", "b a")[: 4 if ngrams == 1 else 6]
    made = text.Vocabulary(words, 0, len(words), None, None, text_features.TOKENIZER, COUNT, None, ngrams)
    vectorizer = CountVectorizer(
        tokenizer=text_features.TOKENIZER, token_pattern=None, ngram_range=(1, ngrams), vocabulary=words
    )
    np.testing.assert_array_equal(made.encode(texts).toarray(), vectorizer.transform(texts).toarray())


def test_a_text_without_any_of_the_words_is_an_empty_row(tmp_path: Path) -> None:
    path = table_file(tmp_path / "t.csv", "a a b,x", "c,y", "a b,x", "d,y")
    data = catalog.load(table_config(path, encoding="tf_idf", num_words=1)).fitted(np.arange(4, dtype=np.int32))
    assert data.train.features.toarray().ravel().tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("form", [COUNT, TF_IDF])
def test_reviews_are_counted_and_weighed_in_the_columns_of_keras(tmp_path: Path, form: str) -> None:
    ranks = [[1, 1, 2, 7], [2, 2, 2], [3, 1], [9, 9, 4]]
    path = imdb_file(tmp_path / "imdb.npz", x_train=objects(ranks), y_train=np.array([0, 1, 0, 1]))
    config = imdb_config(path=path, num_words=8)
    config.encoding = form
    trained = np.array([0, 1, 3], np.int32)
    data = catalog.load(config).fitted(trained)
    order = np.random.RandomState(113).permutation(4)  # as load_data shuffles
    ids = [[1, *(rank + 3 if rank + 3 < 8 else 2 for rank in ranks[each])] for each in order]
    texts = [" ".join(f"w{each}" for each in row) for row in ids]
    words = [f"w{each}" for each in range(8)]
    vectorizer = oracle(form, 1, vocabulary=words).fit([texts[each] for each in trained])
    np.testing.assert_allclose(data.train.features.toarray(), vectorizer.transform(texts).toarray(), rtol=1e-6)


def test_the_encoding_that_was_always_there_changes_no_identity_and_prepares_nothing_anew(config_of: ConfigOf) -> None:
    plain, weighed = config_of(), config_of("dataset.encoding=tf_idf")
    assert "encoding" not in schema.deciding(plain)["dataset"]
    assert schema.deciding(weighed)["dataset"]["encoding"] == "tf_idf"
    assert catalog.BUILT_IN["imdb"].settings(plain.dataset) == {"num_words": 10_000}
    assert catalog.BUILT_IN["imdb"].settings(weighed.dataset) == {"num_words": 10_000, "encoding": "tf_idf"}


@pytest.mark.parametrize("form", FORMS)
def test_a_word_taken_out_of_a_text_leaves_the_row_of_the_text_without_it(form: str) -> None:
    weights = (1.0, 2.0, 3.0) if form == TF_IDF else None
    made = text.Vocabulary(("a", "b", "c"), 0, 3, None, None, form=form, weights=weights)
    row = made.encode(["a a b c"])
    found = encoding.without_each(row, np.array([0, 2]), form)
    np.testing.assert_allclose(found.toarray(), made.encode(["b c", "a a b"]).toarray(), rtol=1e-6)


def test_the_words_of_a_fold_are_those_of_its_training_texts(tmp_path: Path) -> None:
    path = table_file(tmp_path / "t.csv", "here,x", "here,y", "here,x", "only,y")
    data = catalog.load(table_config(path))
    first, second = (data.fitted(np.array(trained, np.int32)).vocabulary for trained in ([0, 1, 2], [1, 2, 3]))
    assert first
    assert second
    assert (first.words, second.words) == (("here",), ("here", "only"))
