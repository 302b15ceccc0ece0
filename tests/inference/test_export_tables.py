"""Exported networks of counted and weighed words, and of tables: read without the runner, against scikit-learn."""

import collections
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.legacy.preprocessing.text import text_to_word_sequence
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from runner.cli import export, train
from runner.datasets.tables.text_features import TOKENIZER
from tests.inference.test_export import HOSTILE, READER
from tests.own_data import table, write
from tests.processes import PATIENCE

pytestmark = pytest.mark.slow

TEXTS = [str(row[1]) for row in table(400)]
COMMON = [
    "model.depth=1",
    "model.width=8",
    "training.epochs=4",
    "training.batch_size=32",
    "training.validation_split=0",
]
TABLE = ["dataset=csv", "dataset.path=t.csv", "dataset.target=topic", *COMMON]
RUNS = {
    "pairs": [*TABLE, "dataset.text=body", "dataset.encoding=tf_idf", "dataset.ngrams=2", "dataset.num_words=600"],
    "counts": ["dataset.source=sample", "dataset.encoding=count", "dataset.num_words=300", *COMMON],
    "cells": [*TABLE, "dataset.features=[age,visits,plan]"],
}
EXPORTS = {
    "pairs": ["pairs"],
    "pairs_text": ["pairs", "--with-text"],
    "counts": ["counts"],
    "counts_text": ["counts", "--with-text"],
    "cells": ["cells"],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs, in `NAME`, what export makes of them, in `to/NAME`, and what TensorFlow says there, in tensorflow.npy."""
    folder = tmp_path_factory.mktemp("export")
    write(folder / "t.csv", 400)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, words in RUNS.items():
            assert train.main([*words, f"hydra.run.dir={name}"]) == 0
        for name, (run, *options) in EXPORTS.items():
            assert export.main([run, "--to", f"to/{name}", "--format", "saved_model", *options]) == 0
    to = folder / "to"
    (to / "examples.json").write_text(json.dumps([*TEXTS[:20], *HOSTILE]))
    for folders in (["pairs", "pairs_text", "counts", "counts_text"], ["cells"]):
        command = [sys.executable, "-c", READER, "tensorflow", *(str(to / each) for each in folders)]
        environment = {**os.environ, "LC_ALL": "tr_TR.UTF-8"}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
        assert ran.returncode == 0, ran.stderr
        rows = [{"age": row[3], "visits": row[4], "plan": row[5]} for row in table(20)]
        (to / "examples.json").write_text(json.dumps(rows))
    return folder


def said_by_keras(run: Path, rows: NDArray[np.float64]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = keras.models.load_model(run / "model.keras").predict(rows, verbose=0)
    return found


def example(place: Path, name: str) -> list[str]:
    return list(json.loads((place / "to" / name / "signature.json").read_text())["example"]["input"])


@pytest.mark.parametrize("name", ["pairs", "pairs_text"])
def test_pairs_of_words_are_weighed_as_by_scikit_learn(place: Path, name: str) -> None:
    words = json.loads((place / "pairs" / "vocabulary.json").read_text())["words"]
    vectorizer = TfidfVectorizer(tokenizer=TOKENIZER, token_pattern=None, ngram_range=(1, 2), vocabulary=words)
    rows = vectorizer.fit(TEXTS).transform([*example(place, name), *TEXTS[:20], *HOSTILE]).toarray()
    assert sum(" " in word for word in words) > 100
    found = np.load(place / "to" / name / "tensorflow.npy")
    np.testing.assert_allclose(found, said_by_keras(place / "pairs", rows), atol=1e-5)
    assert np.ptp(found[:, 0]) > 1e-3


@pytest.mark.parametrize("name", ["counts", "counts_text"])
def test_words_of_reviews_are_counted(place: Path, name: str) -> None:
    vocabulary = json.loads((place / "counts" / "vocabulary.json").read_text())
    columns = {word: column for column, word in enumerate(vocabulary["words"], vocabulary["first_word"])}
    given = [*example(place, name), *TEXTS[:20], *HOSTILE]
    rows = np.zeros((len(given), vocabulary["columns"]))
    for row, text in zip(rows, given, strict=True):
        ids = [columns.get(word, vocabulary["unknown"]) for word in text_to_word_sequence(text)]
        for column, count in collections.Counter([vocabulary["start"], *ids]).items():
            row[column] = count
    found = np.load(place / "to" / name / "tensorflow.npy")
    np.testing.assert_allclose(found, said_by_keras(place / "counts", rows), atol=1e-5)
    assert rows.max() > 1000


def test_cells_become_a_row_as_the_readme_says(place: Path) -> None:
    given, plans = table(400), ["free", "paid"]
    numbers = np.array([row[3:5] for row in given], float)
    rows = np.hstack(
        [(numbers - numbers.mean(axis=0)) / numbers.std(axis=0), [[row[5] == plan for plan in plans] for row in given]]
    )
    first = np.array([[0, 0, 1, 0]])
    found = np.load(place / "to" / "cells" / "tensorflow.npy")
    np.testing.assert_allclose(found, said_by_keras(place / "cells", np.vstack([first, rows[:20]])), atol=1e-5)
    signature = json.loads((place / "to" / "cells" / "signature.json").read_text())
    assert signature["columns"] == {"file": "columns.json", "features": ["age", "visits", "plan=free", "plan=paid"]}
    assert (place / "to/cells/columns.json").read_bytes() == (place / "cells/columns.json").read_bytes()
