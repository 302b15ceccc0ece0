"""predictions.npz: what Keras' `predict` says of the saved networks, equal to the byte however the run came about.

A damaged file is named.
"""

import contextlib
import io
import random
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from runner.runs import checkpoint, history, predictions, reader
from runner.runs.folder import logged
from runner.training import evaluation
from tests import oracle
from tests.conftest import ConfigOf, Train, record_of
from tests.records import write_run

SAMPLE = ["dataset.source=sample", "dataset.num_words=200", "model.depth=1", "model.width=8", "training.epochs=4"]
FORMS = {
    "sigmoid": SAMPLE,
    "integer": [*SAMPLE, "model.head=softmax", "model.output_units=5"],
    "one_hot": ["dataset=mnist", "dataset.labels=one_hot", "dataset.source=sample", *SAMPLE[2:]],
}
HELD_OUT = 701  # no multiple of 8
# Steps so large that the best epoch is not the last.
OVERFIT = ["dataset.num_words=1000", "model.width=32", "optimizer.learning_rate=0.05", "training.batch_size=64"]
OVERFIT += ["training.monitor=val_loss", "training.epochs=6", "reuse=false"]
OVERFIT += [f"training.validation_split={HELD_OUT}", "training.validation_from=random"]
FILE = "predictions.npz"


def arrays_of(folder: Path) -> dict[str, Any]:
    """The file as NumPy alone reads it."""
    with np.load(folder / FILE, allow_pickle=False) as arrays:
        return dict(arrays)


def rows_of(folder: Path) -> Any:
    """A boolean for each epoch and example."""
    arrays = arrays_of(folder)
    return np.unpackbits(arrays["right"], axis=1, count=len(arrays["examples"])).astype(bool)


def predicted(plain: oracle.Plain, model: Path) -> Any:
    """What Keras' `predict` gives for the validation examples."""
    return keras.models.load_model(model).predict(plain.x[plain.split.validation], verbose=0)


def correct(outputs: Any, labels: Any) -> Any:
    classes = outputs[:, 0] > 0.5 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    return classes == labels


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_the_file_holds_what_keras_predicts_and_counts_right_what_its_accuracy_counts(
    train: Train, config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(evaluation, "BUDGET", 1 << 14)  # at most 128 examples in a chunk: the layer has 32 floats
    words = [*FORMS[form], *(word for word in OVERFIT if form != "one_hot" or "num_words" not in word)]
    folder = train(*words).folder
    plain, arrays, rows = oracle.Plain(config_of(*words)), arrays_of(folder), rows_of(folder)
    labels = np.asarray(plain.data.train.labels)[plain.split.validation]
    assert np.array_equal(arrays["examples"], plain.split.validation)
    assert np.array_equal(arrays["labels"], labels)
    dtypes = {name: str(array.dtype) for name, array in arrays.items()}
    assert dtypes == {"examples": "int32", "labels": "int32", "right": "uint8", "best": "float16", "last": "float16"}
    recorded = [row["val_accuracy"] for row in history.read(folder / "metrics.csv")]
    assert rows.mean(axis=1) == pytest.approx(recorded, abs=1e-7)
    best = record_of(folder)["best_epoch"]
    assert best < 6
    for name, model, epoch in (("last", "model.keras", 6), ("best", "checkpoints/best.keras", best)):
        outputs = predicted(plain, folder / model)
        assert arrays[name].shape == outputs.shape
        # Half a step of float16, and what float32 rounds otherwise in a sparse product than in a dense one.
        assert np.abs(arrays[name].astype(np.float32) - outputs).max() < 2.0**-12 + 1e-6
        top = np.sort(np.concatenate([outputs, 1 - outputs], axis=1) if outputs.shape[1] == 1 else outputs, axis=1)
        decided = top[:, -1] - top[:, -2] > 1e-5
        assert decided.mean() > 0.99
        assert np.array_equal(rows[epoch - 1][decided], correct(outputs, labels)[decided])
    assert not np.array_equal(rows[0], rows[-1])


@pytest.mark.slow
def test_rows_of_each_epoch_are_those_of_runs_that_end_there(train: Train) -> None:
    words = [*SAMPLE, "reuse=false"]
    whole = train(*words, folder="whole").folder
    for epochs in (1, 3):
        shorter = train(*words, f"training.epochs={epochs}", folder=f"{epochs}").folder
        assert np.array_equal(rows_of(shorter), rows_of(whole)[:epochs])


@pytest.mark.slow
def test_a_run_continued_or_reused_has_the_bytes_of_one_never_stopped(train: Train, tmp_path: Path) -> None:
    words = [*SAMPLE, "training.early_stopping.patience=3", "model.dropout=0.3"]
    whole = train(*words, "reuse=false", folder="whole").folder
    train(*words, "training.epochs=2", folder="run", run_roots=[tmp_path])
    continued = train(*words, folder="run", run_roots=[tmp_path]).folder
    reused = train(*words, folder="reused", run_roots=[tmp_path]).folder
    assert record_of(reused)["inherited_epochs"] == 4
    for folder in (continued, reused):
        assert (folder / FILE).read_bytes() == (whole / FILE).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("words", [["training.keep_predictions=false"], ["training.validation_split=0"]])
def test_nothing_is_kept_where_that_is_off_or_nothing_is_held_out(train: Train, words: list[str]) -> None:
    folder = train(*SAMPLE, *words, "training.epochs=1").folder
    assert not (folder / FILE).exists()
    assert reader.load(folder).predictions is None
    assert (record_of(folder)["commonest_class"] is None) == (words == ["training.validation_split=0"])


@pytest.mark.slow
def test_a_run_that_continues_epochs_without_predictions_keeps_none_and_logs_it(train: Train, tmp_path: Path) -> None:
    train(*SAMPLE, "training.epochs=1", "training.keep_predictions=false", folder="short", run_roots=[tmp_path])
    (tmp_path / "long").mkdir()
    with logged(tmp_path / "long"):
        longer = train(*SAMPLE, folder="long", run_roots=[tmp_path]).folder
    assert record_of(longer)["inherited_epochs"] == 1
    assert not (longer / FILE).exists()
    assert checkpoint.load(checkpoint.path(longer, 4)).predictions is None
    assert "no predictions.npz" in (longer / "runner.log").read_text()


@pytest.mark.slow
def test_a_file_of_fewer_epochs_is_removed_when_predictions_are_no_longer_kept(train: Train) -> None:
    assert (train(*SAMPLE, "training.epochs=1").folder / FILE).exists()
    assert not (train(*SAMPLE, "training.keep_predictions=false").folder / FILE).exists()


@pytest.mark.slow
def test_the_share_of_the_commonest_class_is_that_of_the_validation_labels(train: Train) -> None:
    folder = train(*FORMS["one_hot"], "training.epochs=1").folder
    labels = arrays_of(folder)["labels"].tolist()
    assert record_of(folder)["commonest_class"] == max(labels.count(each) for each in set(labels)) / len(labels)


def written(folder: Path, epochs: int = 3, examples: int = 11) -> predictions.Predictions:
    """Predictions of a folder, by chance."""
    chance = np.random.default_rng(0)
    numbers, labels = np.arange(examples, dtype=np.int32), chance.integers(0, 2, examples)
    made = predictions.Growing(predictions.before_the_first_epoch(numbers, labels, 2))
    for epoch in range(epochs):
        outputs = chance.random((examples, 2)).astype(np.float16)
        made.add(chance.random(examples) > 0.5, outputs, is_best=epoch == 1)
    predictions.write(folder, made.now)
    return made.now


def test_what_is_written_is_what_is_read_and_what_a_state_holds(tmp_path: Path) -> None:
    made = written(tmp_path)
    rows = [{"epoch": epoch} for epoch in (1.0, 2.0, 3.0)]
    checkpoint.Writer(tmp_path).save(checkpoint.State([], [], [], rows, rows, {}, made))
    for found in (predictions.read(tmp_path), checkpoint.load(checkpoint.path(tmp_path, 3)).predictions):
        assert found is not None
        for name, array in found.arrays().items():
            assert array.dtype == made.arrays()[name].dtype
            assert array.tobytes() == made.arrays()[name].tobytes()


def test_an_epoch_that_is_added_moves_the_earlier_ones_seldom_and_changes_none(tmp_path: Path) -> None:
    """Moved at each epoch, a run of 20,000 would move them 20,000 times."""
    numbers = np.arange(11, dtype=np.int32)
    growing = predictions.Growing(predictions.before_the_first_epoch(numbers, numbers % 2, 1))
    chance, right, places = np.random.default_rng(0), [], set()
    outputs, earlier = np.zeros((11, 1), np.float16), growing.now
    for epoch in range(1000):
        right.append(chance.random(11) > 0.5)
        growing.add(right[-1], outputs + epoch, is_best=epoch == 7)
        places.add(growing.now.right.ctypes.data)
        earlier = growing.now if epoch == 99 else earlier
    assert len(places) < 12
    assert np.array_equal(np.unpackbits(growing.now.right, axis=1, count=11).astype(bool), right)
    assert np.array_equal(np.unpackbits(earlier.right, axis=1, count=11).astype(bool), right[:100])
    assert (growing.now.best[0, 0], growing.now.last[0, 0], earlier.last[0, 0]) == (7, 999, 99)


def test_a_run_reads_predictions_of_all_its_epochs_and_no_others(tmp_path: Path) -> None:
    for name, epochs in (("fewer", 2), ("all", 3), ("more", 4)):
        written(write_run(tmp_path / name), epochs)
        assert (reader.load(tmp_path / name).predictions is not None) == (name == "all")
    assert reader.load(write_run(tmp_path / "none")).predictions is None


def replaced(folder: Path, **arrays: Any) -> None:
    np.savez(folder / FILE, **{**arrays_of(folder), **arrays})


DAMAGES = {
    "empty": lambda folder: (folder / FILE).write_bytes(b""),
    "cut off": lambda folder: (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-9]),
    "no npz": lambda folder: (folder / FILE).write_text("right\n1\n"),
    "a row too short": lambda folder: replaced(folder, right=np.zeros((3, 1), np.uint8)),
    "an example too few": lambda folder: replaced(folder, examples=np.arange(10, dtype=np.int32)),
    "other classes": lambda folder: replaced(folder, last=np.zeros((11, 3), np.float16)),
    "a number": lambda folder: replaced(folder, best=np.float16(1)),
    "floats of another size": lambda folder: replaced(folder, best=np.zeros((11, 2))),
    "objects": lambda folder: replaced(folder, labels=np.array([None] * 11)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_named_in_one_line(tmp_path: Path, damage: Any) -> None:
    written(write_run(tmp_path / "run"))
    damage(tmp_path / "run")
    with pytest.raises(ValueError, match=FILE) as raised:
        predictions.read(tmp_path / "run")
    assert "\n" not in str(raised.value)
    assert reader.load(tmp_path / "run").predictions is None


def test_any_bit_flipped_is_an_error_or_changes_nothing(tmp_path: Path) -> None:
    """Some bits of a zip file say nothing, such as the dates of its members."""
    written(tmp_path)
    whole, chance = (tmp_path / FILE).read_bytes(), random.Random(0)
    unharmed = np.load(io.BytesIO(whole))
    for _ in range(300):
        place = chance.randrange(len(whole) * 8)
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        (tmp_path / FILE).write_bytes(damaged)
        with contextlib.suppress(ValueError):
            found = predictions.read(tmp_path)
            assert found is not None
            assert all(array.tobytes() == unharmed[name].tobytes() for name, array in found.arrays().items())
