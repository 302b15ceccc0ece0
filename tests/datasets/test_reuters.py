"""Reuters: the numbering, the order and the test set of Keras, and files that are no newswires."""

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from runner.config import schema
from runner.datasets import cache, catalog
from runner.datasets.built_in import reuters
from runner.datasets.sources import Location
from runner.errors import DataError
from tests.conftest import ConfigOf
from tests.datasets.files import objects, refusal, reuters_config, reuters_file
from tests.datasets.test_imdb import rows


@pytest.mark.parametrize("newswires", [60, 47, 3])
@pytest.mark.parametrize("num_words", [None, 4, 20, 10_000])
def test_newswires_are_those_of_keras_in_its_order_and_with_its_test_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_words: int | None, newswires: int
) -> None:
    path = reuters_file(tmp_path / "reuters.npz", newswires)
    load_data = keras.datasets.reuters.load_data
    monkeypatch.setattr(sys.modules[load_data.__module__], "get_file", lambda **_: str(path))
    expected = load_data(num_words=num_words)
    data = catalog.load(reuters_config(path=path, num_words=num_words))
    for examples, (x, y) in zip((data.train, data.test), expected, strict=True):
        assert rows(examples) == [sorted({*newswire}) for newswire in x]
        np.testing.assert_array_equal(examples.labels, y)
    assert (data.classes, data.label) == (46, "reuters")


def test_the_topics_are_those_of_keras() -> None:
    assert keras.datasets.reuters.get_label_names() == reuters.TOPICS


@pytest.mark.parametrize(
    ("replaced", "why"),
    [
        ({"x": None}, "it has no array x, but y"),
        ({"y": np.arange(60) % 47}, "y must hold whole numbers from 0 to 45"),
        ({"y": np.zeros(60, int)}, "y_train holds the class 0 alone"),
        ({"y": np.zeros(59, int)}, "x (60,) and y (59,) do not go together"),
        ({"x": objects([[1, 5]] * 60)}, "every newswire begins with 1, as in what load_data returns"),
        ({"x": objects([[5], [-7]] * 30)}, "each newswire of x must be a list of word ranks from 1"),
        ({"x": objects([[5]]), "y": np.array([1])}, "x holds a single newswire, which leaves none to train on"),
    ],
)
def test_a_file_of_anything_but_newswires_is_refused(tmp_path: Path, replaced: dict[str, Any], why: str) -> None:
    assert why in refusal(reuters_config(path=reuters_file(tmp_path / "reuters.npz", **replaced)))


def test_the_words_are_those_of_the_index_next_to_the_data(tmp_path: Path) -> None:
    path = reuters_file(tmp_path / "reuters.npz")
    (tmp_path / "reuters_word_index.json").write_text('{"the": 1, "of": 3, "bank": 2}')
    data = cache.load(reuters_config(path=path), reuters.BUILT_IN, Location("full", path))
    assert data.vocabulary
    assert data.vocabulary.words == ("the", "bank", "of")
    assert data.vocabulary.encode(["The BANK"]).indices.tolist() == [1, 4, 5]


@pytest.mark.parametrize("source", ["auto", "full"])
@pytest.mark.parametrize("name", ["reuters", "fashion_mnist"])
def test_without_a_sample_offline_says_how_to_supply_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config_of: ConfigOf, name: str, source: str
) -> None:
    monkeypatch.delenv("RUNNER_DATA_DIR", raising=False)
    for key, value in {"KERAS_HOME": "keras", "RUNNER_CACHE_DIR": "cache"}.items():
        monkeypatch.setenv(key, str(tmp_path / value))
    monkeypatch.setenv("RUNNER_DATA_URL", "http://127.0.0.1:9/")
    with pytest.raises(DataError) as caught:
        catalog.load(config_of(f"dataset={name}", f"dataset.source={source}").dataset)
    line = str(caught.value)
    assert line.isprintable()
    what = "reuters.npz" if name == "reuters" else "fashion-mnist/ with train-images-idx3-ubyte.gz, train-labels-"
    assert line.startswith(what)
    for said in ("dataset.path", "RUNNER_DATA_DIR", str(tmp_path / "keras" / "datasets")):
        assert said in line
    assert "dataset.source" not in line


def test_a_sample_that_there_is_not_is_refused_at_once(config_of: ConfigOf) -> None:
    for name in ("reuters", "fashion_mnist"):
        config: schema.Config = config_of(f"dataset={name}", "dataset.source=sample")
        said = f"dataset.source=sample: no sample of {name} comes with the runner; use auto or full"
        assert catalog.problems(config.dataset) == [said]
