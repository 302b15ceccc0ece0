"""A run's folder as a network that can be asked, against plain Keras."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runner.config import plugins
from runner.config.plugins import Trust
from runner.datasets import sample_reviews
from runner.errors import ConfigError, DataError
from runner.inference import inputs, predictions
from runner.inference.load import load
from tests.conftest import record_of
from tests.inference.conftest import trained

pytestmark = pytest.mark.slow

TRUSTED = Trust(names=frozenset(["mine"]))


def plain_keras(file: Path, rows: NDArray[Any]) -> NDArray[np.float32]:
    """What Keras alone makes of a saved network and dense rows."""
    import keras

    outputs: NDArray[np.float32] = keras.models.load_model(file).predict(rows.astype(np.float32), verbose=0)
    return outputs


def multi_hot(texts: list[str], words: list[str], columns: int) -> NDArray[np.float32]:
    """Rows of texts of plain words: a one for each word, by hand."""
    rows = np.zeros((len(texts), columns), np.float32)
    for row, text in zip(rows, texts, strict=True):
        row[[4 + words.index(word) if word in words else 2 for word in text.split()]] = 1
        row[1] = 1
    return rows


@pytest.mark.parametrize(("best", "name"), [(False, "model.keras"), (True, "checkpoints/best.keras")])
def test_the_probabilities_of_texts_are_those_of_plain_keras(reviews: Path, best: bool, name: str) -> None:
    run = load(reviews, best=best)
    (texts, _), _ = sample_reviews.generate()
    texts = ["", "zorp", *texts[:60]]
    words = json.loads((reviews / "vocabulary.json").read_text())["words"]
    assert run.vocabulary
    found = run.probabilities(run.vocabulary.encode(texts))
    positive = plain_keras(reviews / name, multi_hot(texts, words, 3_000))[:, 0]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.stack([1 - positive, positive], 1), atol=1e-6)
    assert run.class_names == ("negative", "positive")
    assert run.epoch == (record_of(reviews)["best_epoch"] if best else 5)


def test_the_probabilities_of_images_are_those_of_plain_keras(digits: Path) -> None:
    run = load(digits)
    images = run.data.test.features[:50]
    expected = plain_keras(digits / "model.keras", np.asarray(images) / 255)
    np.testing.assert_allclose(run.probabilities(images), expected, atol=1e-6)
    assert run.class_names == tuple("0123456789")


def test_rows_in_many_batches_are_those_in_one(reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runner.training import saved

    run = load(reviews)
    rows = run.data.train.features[:333]
    monkeypatch.setattr(saved, "BUDGET", 3_000 * 4 * 10)
    in_tens = run.probabilities(rows)
    np.testing.assert_allclose(in_tens, load(reviews).probabilities(rows.toarray()), atol=1e-6)
    assert run.probabilities(rows[:0]).shape == (0, 2)


def test_a_run_recorded_before_there_were_words_and_names_is_asked_alike(reviews: Path, tmp_path: Path) -> None:
    old = Path(shutil.copytree(reviews, tmp_path / "old"))
    (old / "vocabulary.json").unlink()
    record = record_of(old)
    del record["dataset"]["class_names"]
    (old / "run.json").write_text(json.dumps(record))
    found, recorded = load(old), load(reviews)
    assert found.class_names == recorded.class_names
    assert found.vocabulary == recorded.vocabulary


def test_without_words_anywhere_the_line_says_what_to_do(
    reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Path(shutil.copytree(reviews, tmp_path / "old"))
    (old / "vocabulary.json").write_text("{")
    with pytest.raises(DataError, match=r"vocabulary\.json cannot be used .* remove it"):
        _ = load(old).vocabulary
    (old / "vocabulary.json").unlink()
    record = record_of(old)
    record["dataset"]["fingerprint"] = "0" * 64
    (old / "run.json").write_text(json.dumps(record))
    with pytest.raises(DataError, match=r"has no vocabulary\.json.* trained on other data than is found now"):
        _ = load(old).vocabulary


@pytest.mark.parametrize(
    ("name", "kind", "line"),
    [
        ("nowhere", ConfigError, "nowhere is not a folder: give the folder of a run, with run.json"),
        ("file", ConfigError, "file is not a folder"),
        ("empty", ConfigError, "empty holds no run: give the folder of a run, with run.json"),
        ("day", ConfigError, "day holds no run: give the folder of a run, such as day/run"),
        ("sweep", ConfigError, "sweep is a sweep: give the folder of a run, such as sweep/0_a"),
        ("torn", DataError, "torn cannot be read"),
        ("removed", DataError, "removed has no model.keras, completed after 5 epochs: it was removed: train the run"),
        ("begun", DataError, "begun has no model.keras, interrupted after 5 epochs: python -m runner resume begun"),
    ],
)
def test_what_holds_no_network_is_one_line_with_a_remedy(
    reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: type[Exception], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for each in ("empty", "day/run", "sweep/0_a", "torn"):
        Path(each).mkdir(parents=True)
    for each in ("file", "day/run/model.keras", "sweep/0_a/model.keras", "sweep/sweep.json", "torn/run.json"):
        Path(each).write_text("")
    for each in ("removed", "begun"):
        shutil.copytree(reviews, each)
        Path(each, "model.keras").unlink()
    Path("begun/run.json").write_text(json.dumps(record_of(reviews) | {"status": "interrupted"}))
    with pytest.raises(kind) as caught:
        load(Path(name))
    assert str(caught.value).startswith(line)
    assert str(caught.value).isprintable()


def test_the_epoch_of_a_network_is_not_told_where_its_run_failed(reviews: Path, tmp_path: Path) -> None:
    """On a full disk, say, after more epochs than the network was saved with."""
    failed = Path(shutil.copytree(reviews, tmp_path / "failed"))
    (failed / "run.json").write_text(json.dumps(record_of(reviews) | {"status": "failed", "error": "no room"}))
    assert load(failed).epoch is None


def test_a_text_that_no_file_could_have_as_a_name_is_a_text(reviews: Path) -> None:
    """200 signs of 4 bytes each."""
    found = inputs.read(load(reviews), ["\U0001f600" * 200, "a\0b"])
    assert not any("file" in remark for remark in found.remarks)


@pytest.mark.parametrize("size", [0, 1_000])
def test_a_network_that_is_cut_off_is_one_line(reviews: Path, tmp_path: Path, size: int) -> None:
    cut = Path(shutil.copytree(reviews, tmp_path / "cut"))
    with (cut / "model.keras").open("r+b") as stream:
        stream.truncate(size)
    with pytest.raises(DataError, match=r"model\.keras cannot be opened by Keras, put back") as caught:
        load(cut).probabilities(np.zeros((1, 3_000), np.float32))
    assert str(caught.value).isprintable()


def test_a_network_that_gives_no_numbers_is_said(reviews: Path, tmp_path: Path) -> None:
    import keras

    diverged = Path(shutil.copytree(reviews, tmp_path / "diverged"))
    network = keras.models.load_model(diverged / "model.keras")
    network.set_weights([np.full_like(each, np.nan) for each in network.get_weights()])
    network.save(diverged / "model.keras")
    with pytest.raises(DataError, match="gives outputs that are no numbers"):
        load(diverged).probabilities(np.ones((1, 3_000), np.float32))


PLUGIN = """
import keras
import numpy as np
import runner

@runner.register.dataset("blobs", class_names=["left", "right", "above"])
def blobs():
    random = np.random.default_rng(0)
    y = random.integers(0, 3, 120)
    return ((random.normal(y[:, None], 1.0, (120, 4)), y),) * 2

class Twice(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs

@runner.register.model("own")
def own(input_shape, output_units, output_activation, layer="unnamed"):
    layers = {"unnamed": Twice, "lambda": lambda: keras.layers.Lambda(lambda inputs: 2 * inputs)}
    layers["registered"] = keras.saving.register_keras_serializable("mine")(type("Named", (Twice,), {}))
    return keras.Sequential([
        keras.Input(input_shape), layers[layer](), keras.layers.Dense(output_units, activation=output_activation)
    ])
"""


@pytest.mark.parametrize("layer", ["registered", "unnamed", "lambda"])
def test_a_network_with_layers_of_a_plugin_is_loaded_with_it(apart: Path, layer: str) -> None:
    """Its softmax has two units more than there are classes, which have their numbers as names."""
    import keras

    (apart / "mine.py").write_text(PLUGIN)
    plugin = ["plugins=[mine]", "dataset.name=blobs", "model.name=own", f"+model.options.layer={layer}"]
    plugins.load(["mine"])
    folder = trained(apart / "run", *plugin, "training.epochs=1", "training.batch_size=32", "model.output_units=5")
    run = load(folder, TRUSTED)
    rows = np.random.default_rng(1).normal(size=(7, 4))
    dense = run.network.layers[-1]
    kernel, bias = dense.get_weights()
    expected = keras.ops.softmax(2 * rows.astype(np.float32) @ kernel + bias)
    np.testing.assert_allclose(run.probabilities(rows), expected, atol=1e-6)
    assert run.class_names == ("left", "right", "above", "3", "4")
    assert run.vocabulary is run.image is None
    if layer == "unnamed":
        record = record_of(folder)
        record["plugin_sources"] = {"mine": "0" * 64}
        (folder / "run.json").write_text(json.dumps(record))
        with pytest.raises(DataError, match="cannot be opened by Keras"):
            _ = load(folder, TRUSTED).network


def test_the_mistakes_are_those_that_keras_counts_the_worst_first(reviews: Path) -> None:
    run = load(reviews)
    numbers = run.validation
    train = run.data.train
    rows, labels = train.features[numbers], train.labels[numbers]
    positive = plain_keras(reviews / "model.keras", rows.toarray())[:, 0]
    own = np.where(labels == 1, positive, 1 - positive)
    wrong = np.flatnonzero((positive > 0.5) != labels)
    found = predictions.mistakes(run, rows, labels, numbers.tolist(), 5)
    assert (found.wrong, found.examples) == (len(wrong), len(numbers))
    assert found.wrong == round((1 - last_accuracy(reviews)) * len(numbers))
    assert [each.example for each in found.worst] == numbers[wrong[np.argsort(own[wrong])][:5]].tolist()
    every = predictions.mistakes(run, rows, labels, numbers.tolist(), 10_000)
    assert len(every.worst) == len(wrong)


def last_accuracy(folder: Path) -> float:
    heading, *_, row = (folder / "metrics.csv").read_text().split()
    return float(row.split(",")[heading.split(",").index("val_accuracy")])


def test_the_effect_of_a_word_is_that_of_leaving_it_out(reviews: Path) -> None:
    run = load(reviews)
    train, numbers = run.data.train, run.validation
    found = predictions.mistakes(run, train.features[numbers], train.labels[numbers], numbers.tolist(), 1)
    (mistake,) = found.worst
    effects = predictions.word_effects(run, mistake)
    assert run.vocabulary
    assert sorted(word for word, _ in effects) == sorted(run.vocabulary.decode(mistake.row.indices))
    assert [effect for _, effect in effects] == sorted(effect for _, effect in effects)
    for word, effect in (effects[0], effects[-1]):
        without = mistake.row.toarray().astype(np.float32)
        without[0, run.vocabulary.first_word + run.vocabulary.words.index(word)] = 0
        own = [run.probabilities(each)[0, mistake.label] for each in (mistake.row, without)]
        with_it, left_out = (np.log(each / (1 - each)) for each in np.array(own, float))
        assert effect == pytest.approx(with_it - left_out, abs=1e-3)
