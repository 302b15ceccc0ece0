"""What a run leaves behind, however it ends."""

import contextlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runner.cli import train as train_command
from runner.datasets import catalog
from runner.errors import DataError
from runner.runs import folder as run_folder
from tests.conftest import Command, ConfigOf, Train, metrics_of, record_of
from tests.datasets.files import imdb_file
from tests.processes import PATIENCE, said, started, wait_until

pytestmark = pytest.mark.slow

SAMPLE, FEW = "dataset.source=sample", ("dataset.num_words=200", "model.depth=1")


def test_a_run_leaves_the_files_of_the_interface(train: Train, config_of: ConfigOf) -> None:
    outcome = train(SAMPLE, "training.epochs=3")
    folder = outcome.folder
    metrics, timings = pd.read_csv(folder / "metrics.csv"), pd.read_csv(folder / "timings.csv")
    assert list(metrics) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
    assert list(timings) == ["epoch", "seconds", "updates", "examples_per_second"]
    assert list(metrics.epoch) == list(timings.epoch) == [1, 2, 3]
    assert list(timings.updates) == [5, 5, 5]  # 2,400 examples in batches of 512
    assert b"\r" not in (folder / "metrics.csv").read_bytes()
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    record = record_of(folder)
    assert record["status"] == "completed"
    assert record["dataset"] | {"fingerprint": ""} == {
        "name": "imdb",
        "source": "sample",
        "fingerprint": "",
        "train": 2400,
        "validation": 1600,
        "test": 2000,
        "class_names": ["negative", "positive"],
        "divisor": 1.0,
    }
    held_out = catalog.load(config_of(SAMPLE).dataset).train.labels[:1600]
    names, share = ("negative", "positive"), held_out.mean()
    assert record["commonest_class_name"] == names[round(share)]
    assert record["commonest_class"] == max(share, 1 - share)
    assert record["epochs"] == 3
    assert record["best_epoch"] == metrics.val_accuracy.idxmax() + 1
    assert record["monitor"] == "val_accuracy"
    assert record["parameter_count"] == 10_000 * 32 + 32 + 2 * (32 * 32 + 32) + 32 + 1
    assert record["config"]["training"]["epochs"] == 3
    assert record["overrides"] == [SAMPLE, "training.epochs=3"]
    assert record["versions"]["keras"]
    assert record["error"] is None


def test_a_run_on_images_leaves_no_words(train: Train) -> None:
    images = train("dataset=mnist", SAMPLE, "model.depth=0", "training.epochs=1").folder
    assert not (images / "vocabulary.json").exists()


def test_a_run_whose_words_are_not_found_is_trained_all_the_same(
    train: Train, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = imdb_file(tmp_path / "own.npz")
    outcome = train(f"dataset.path={path}", *FEW, "training.epochs=1")
    assert (outcome.status, (outcome.folder / "vocabulary.json").exists()) == ("completed", False)
    assert "imdb_word_index.json is not next to" in caplog.text


def test_without_validation_there_are_no_val_columns_and_the_monitor_is_its_counterpart(train: Train) -> None:
    outcome = train(SAMPLE, *FEW, "training.epochs=1", "training.validation_split=0")
    metrics = pd.read_csv(outcome.folder / "metrics.csv")
    assert list(metrics) == ["epoch", "loss", "accuracy", "learning_rate"]
    assert record_of(outcome.folder)["monitor"] == "accuracy"
    assert record_of(outcome.folder)["dataset"]["train"] == 4000


def test_a_fold_is_held_out_whatever_the_validation_split(train: Train) -> None:
    folds = ("training.validation_from=stratified", "training.folds=4", "training.fold=2")
    first, second = (
        train(SAMPLE, *FEW, "training.epochs=1", *folds, f"training.validation_split={split}", folder=str(split)).folder
        for split in (0.4, 0)
    )
    assert metrics_of(first) == metrics_of(second)
    assert list(pd.read_csv(first / "metrics.csv")) == [
        "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"
    ]  # fmt: skip
    record = record_of(first)
    assert (record["dataset"]["train"], record["dataset"]["validation"]) == (3000, 1000)
    assert record["identity"] == record_of(second)["identity"]


def test_metric_columns_have_their_keras_names_in_every_run_of_a_process(train: Train) -> None:
    words = (SAMPLE, *FEW, "training.epochs=1", "training.metrics=[AUC,precision,f1_score]", "training.monitor=val_auc")
    for folder in ("first", "second"):
        columns = list(pd.read_csv(train(*words, folder=folder).folder / "metrics.csv"))
        assert columns[1:5] == ["loss", "auc", "precision", "f1_score"]
        assert columns[5:9] == ["val_loss", "val_auc", "val_precision", "val_f1_score"]


# No real data, and nobody at the address to ask for it.
OUT_OF_REACH = {"RUNNER_DATA_DIR": "", "RUNNER_DATA_URL": "http://127.0.0.1:9/"}
PLAIN = [*FEW, "model.dropout=0.3", "reuse=false"]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A run of six epochs in a process of its own, under other settings of Keras: its folder, and what it said."""
    folder = tmp_path_factory.mktemp("fresh")
    (folder / "keras.json").write_text('{"floatx": "float64", "epsilon": 0.1, "backend": "tensorflow"}')
    command = [sys.executable, "-m", "runner", *PLAIN, "training.epochs=6"]
    environment = {**os.environ, **OUT_OF_REACH, "KERAS_HOME": str(folder)}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    (record,) = folder.glob("outputs/runs/*/*/run.json")
    return record.parent, ran


def test_equal_runs_in_any_process_are_equal_bytes_and_a_shorter_one_is_a_prefix(
    fresh: tuple[Path, subprocess.CompletedProcess[str]], train: Train
) -> None:
    """One in a fresh process whose Keras has other defaults, the others in this one, which has trained before."""
    one = metrics_of(fresh[0])
    two, short = (train(SAMPLE, *PLAIN, f"training.epochs={epochs}", folder=f"{epochs}").folder for epochs in (6, 3))
    assert one == metrics_of(two)
    assert one.startswith(metrics_of(short))
    assert one.count(b"\n") == 7
    words = (fresh[0] / "vocabulary.json").read_bytes()
    assert words == (two / "vocabulary.json").read_bytes()
    assert len(json.loads(words)["words"]) == 200 - 4


def test_piped_output_is_a_line_an_epoch_without_control_characters(
    fresh: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, result = fresh
    assert all(character.isprintable() or character == "\n" for character in result.stdout + result.stderr)
    lines = result.stdout.splitlines()
    assert lines[0] == "imdb (sample): 2,400 to train on, 1,600 for validation, 2,000 for the test"
    assert [line.split()[1] for line in lines if line.startswith("epoch ")] == [f"{epoch}/6" for epoch in range(1, 7)]
    assert lines[-5].startswith("best epoch:")
    assert lines[-4].startswith("folder:     outputs/runs/")
    values = pd.read_csv(folder / "metrics.csv").val_accuracy
    best = values.idxmax()
    assert lines[-3] == f"  checkpoints/best.keras  epoch {best + 1}, val_accuracy {values[best]:.4f}"
    assert lines[-2] == f"  model.keras             epoch 6, val_accuracy {values[5]:.4f}"
    assert lines[-1].startswith("compare:    python -m runner compare outputs/runs/")
    assert "WARNING: imdb (sample)" in result.stderr
    assert len(result.stderr.splitlines()) == 1, "TensorFlow's chatter shows"


LOAD = """
import json, sys
sys.modules["runner"] = None
import numpy as np, keras
x, y = np.load("x.npy"), np.load("y.npy")
print(json.dumps([keras.models.load_model(name).evaluate(x, y, verbose=0) for name in sys.argv[1:]]))
"""


def test_the_models_load_without_the_runner_and_score_what_was_recorded(
    train: Train, config_of: ConfigOf, tmp_path: Path
) -> None:
    outcome = train(SAMPLE, "dataset.num_words=1000", "training.epochs=12")
    held_out = catalog.load(config_of(SAMPLE, "dataset.num_words=1000").dataset).train
    np.save(tmp_path / "x.npy", held_out.features[:1600].toarray())
    np.save(tmp_path / "y.npy", held_out.labels[:1600])
    metrics = pd.read_csv(outcome.folder / "metrics.csv")
    best = record_of(outcome.folder)["best_epoch"]
    assert best < 12
    saved = [str(outcome.folder / name) for name in ("model.keras", "checkpoints/best.keras")]
    command = [sys.executable, "-c", LOAD, *saved]
    loaded = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    for (loss, accuracy), epoch in zip(json.loads(loaded.stdout), (12, best), strict=True):
        row = metrics.iloc[epoch - 1]
        assert (loss, accuracy) == pytest.approx((row.val_loss, row.val_accuracy), abs=1e-5)


def test_a_loss_that_is_not_finite_ends_the_run_as_failed(runner: Command, tmp_path: Path) -> None:
    words = ["optimizer=sgd", "optimizer.learning_rate=1e30", "dataset=mnist", SAMPLE, "training.epochs=5"]
    result = runner(*words, "hydra.run.dir=run")
    assert result.returncode == 1
    assert "Traceback" not in result.stdout + result.stderr
    record = record_of(tmp_path / "run")
    assert record["status"] == "failed"
    assert "loss is nan in epoch 1" in record["error"]
    assert record["error"] in result.stderr
    assert len(pd.read_csv(tmp_path / "run" / "metrics.csv")) == record["epochs"] == 1


def test_a_run_in_progress_is_left_alone_by_a_second_process_and_ctrl_c_ends_it_cleanly(
    runner: Command, tmp_path: Path
) -> None:
    words, metrics = (SAMPLE, *FEW, "hydra.run.dir=run"), tmp_path / "run" / "metrics.csv"
    with started(tmp_path, *words, "training.epochs=100000") as process:
        wait_until(lambda: metrics.exists() or process.poll() is not None, "no epoch is recorded")
        second = runner(*words, "training.epochs=100000")
        process.send_signal(signal.SIGINT)
    assert second.returncode == 1
    assert f"in use by process {process.pid} on " in second.stderr
    assert process.returncode == 130, said(tmp_path)
    assert "interrupted" in said(tmp_path)
    assert "Traceback" not in said(tmp_path)
    record = record_of(tmp_path / "run")
    assert record["status"] == "interrupted"
    assert len(pd.read_csv(metrics)) == record["epochs"] > 0
    assert (tmp_path / "run" / "model.keras").exists()
    assert runner(*words, f"training.epochs={record['epochs'] + 1}").returncode == 0


def test_a_terminal_shows_one_live_bar(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**OUT_OF_REACH, "TERM": "xterm-256color", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    words = ["dataset.num_words=200", "model.depth=0", "training.epochs=2", "reuse=false"]
    shown = []
    for no_color in ("", "1"):
        monkeypatch.setenv("NO_COLOR", no_color)
        with _terminal() as written:
            assert train_command.main(words) == 0
        shown.append(written.getvalue().decode())
    for text in shown:
        assert "2/2" in text
        assert "val_loss" in text
        assert "epoch 1/2  loss" not in text
    coloured, plain = shown
    assert "\x1b[1;30;43m" in coloured
    assert "\x1b[1;30;43m" not in plain


@contextlib.contextmanager
def _terminal() -> Iterator[io.BytesIO]:
    """A terminal for the standard streams of the block, and what is written to it."""
    front, back = pty.openpty()
    written = io.BytesIO()

    def read() -> None:
        with contextlib.suppress(OSError):  # Linux: the other side is closed
            while chunk := os.read(front, 1 << 16):
                written.write(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    with (
        open(back, "w", encoding="utf-8") as stream,
        contextlib.redirect_stdout(stream),
        contextlib.redirect_stderr(stream),
    ):
        yield written
    reader.join()
    os.close(front)


def test_a_folder_in_use_is_refused(train: Train, tmp_path: Path) -> None:
    with run_folder.claimed(tmp_path / "run"), pytest.raises(DataError, match="is in use"):
        train(SAMPLE)


def test_a_failing_plugin_model_is_a_failed_run_with_its_traceback_in_the_log(runner: Command, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "import runner\n"
        "@runner.register.model('broken')\n"
        "def broken(*shapes):\n"
        "    raise RuntimeError('no such layer')\n"
    )
    result = runner("plugins=[broken]", "model.name=broken", SAMPLE, "hydra.run.dir=run")
    assert result.returncode == 1
    assert "failed: RuntimeError: no such layer" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in (tmp_path / "run" / "runner.log").read_text()
    assert record_of(tmp_path / "run")["status"] == "failed"


def test_the_default_command_overfits_the_real_reviews_as_the_text_says(real_data: Path, train: Train) -> None:
    metrics = pd.read_csv(train().folder / "metrics.csv")
    assert 0.883 <= metrics.val_accuracy.max() <= 0.896
    assert 2 <= metrics.val_accuracy.idxmax() + 1 <= 7
    assert metrics.accuracy.iloc[-1] > 0.985
    assert metrics.val_loss.iloc[-1] > metrics.val_loss.min() + 0.2


def test_real_digits_are_read_well_and_alike_with_one_hot_labels(real_data: Path, train: Train) -> None:
    plain = pd.read_csv(train("dataset=mnist", "training.epochs=10", folder="plain").folder / "metrics.csv")
    recipe = train("experiment=mnist", folder="recipe").folder
    assert plain.val_accuracy.max() >= 0.93
    assert pd.read_csv(recipe / "metrics.csv").val_accuracy.max() >= 0.965
    assert record_of(recipe)["dataset"]["validation"] == 10_000
    words = ("dataset=mnist", "dataset.labels=one_hot", "training.epochs=3")
    one_hot = pd.read_csv(train(*words, folder="one_hot").folder / "metrics.csv")
    np.testing.assert_allclose(plain.val_accuracy[:3], one_hot.val_accuracy, atol=0.005)
    np.testing.assert_allclose(plain.loss[:3], one_hot.loss, rtol=0.01)


def test_width_depth_and_activation_change_what_they_say(train: Train, tmp_path: Path) -> None:
    import keras

    words = (SAMPLE, FEW[0], "training.epochs=1", "model.depth=2", "model.width=[8,5]", "model.activation=tanh")
    network = keras.models.load_model(train(*words).folder / "model.keras")
    assert [(layer.units, layer.activation.__name__) for layer in network.layers] == [
        (8, "tanh"),
        (5, "tanh"),
        (1, "sigmoid"),
    ]
