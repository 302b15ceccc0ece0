"""Stopped anywhere, continued exactly, never trained twice."""

import functools
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.cli.run_display import TerminalProgress
from runner.config.plan import plan_of
from runner.errors import ConfigError
from runner.experiment import run as experiment
from runner.runs import checkpoint, reuse
from runner.runs import folder as run_folder
from tests.conftest import Command, Train, metrics_of, record_of

pytestmark = pytest.mark.slow

Plain = Callable[..., Path]
SAMPLE = ("dataset.source=sample", "dataset.num_words=200", "model.depth=1", "model.dropout=0.3")


def weights_of(model: Path) -> list[Any]:
    import keras

    weights: list[Any] = keras.models.load_model(model).get_weights()
    return weights


@pytest.fixture(scope="module")
def from_nothing(tmp_path_factory: pytest.TempPathFactory) -> Plain:
    """`from_nothing("training.epochs=3", …)`: the folder of that run, trained once and without reuse."""

    @functools.cache
    def trained(*words: str) -> Path:
        config = plan_of([*words, "reuse=false"]).jobs[0].config
        return experiment.run(config, tmp_path_factory.mktemp("from_nothing") / "run", list(words)).folder

    return trained


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a run of two epochs in the folder `first`; only to be copied."""
    root = tmp_path_factory.mktemp("first")
    words = [*SAMPLE, "training.epochs=2"]
    experiment.run(plan_of(words).jobs[0].config, root / "first", words, run_roots=[root])
    return root


@pytest.fixture
def noted(first: Path, tmp_path: Path) -> Path:
    """The test's own folder as that root: a run of two epochs in `first`."""
    return Path(shutil.copytree(first, tmp_path, dirs_exist_ok=True))


def assert_like(folder: Path, plain: Path) -> None:
    """A run has the numbers of another: its metrics, its predictions, the weights that are saved, the best epoch."""
    assert metrics_of(folder) == metrics_of(plain)
    assert (folder / "predictions.npz").read_bytes() == (plain / "predictions.npz").read_bytes()
    for name in ("model.keras", "checkpoints/best.keras"):
        for ours, theirs in zip(weights_of(folder / name), weights_of(plain / name), strict=True):
            assert np.array_equal(ours, theirs)
    assert record_of(folder)["best_epoch"] == record_of(plain)["best_epoch"]


@pytest.mark.parametrize(
    ("order", "inherited"),
    [((3, 6, 12), [0, 3, 6]), ((12, 6, 3), [0, 6, 3]), ((6, 12, 3), [0, 6, 3])],
    ids=["rising", "falling", "mixed"],
)
def test_a_sweep_over_epochs_trains_no_more_than_its_longest_run(
    train: Train, tmp_path: Path, from_nothing: Plain, order: tuple[int, ...], inherited: list[int]
) -> None:
    for epochs, taken in zip(order, inherited, strict=True):
        words = (*SAMPLE, f"training.epochs={epochs}")
        outcome = train(*words, folder=f"{epochs}", run_roots=[tmp_path], epochs_to_keep=set(order))
        assert record_of(outcome.folder)["inherited_epochs"] == taken
        assert record_of(outcome.folder)["epochs"] == epochs
        if epochs != 12:
            assert_like(outcome.folder, from_nothing(*words))


def test_a_run_that_is_there_already_is_not_trained_again(train: Train, noted: Path) -> None:
    second = train(*SAMPLE, "training.epochs=2", folder="second", run_roots=[noted]).folder
    assert record_of(second)["inherited_epochs"] == 2
    assert metrics_of(noted / "first") == metrics_of(second)
    assert (noted / "first" / "timings.csv").read_bytes() == (second / "timings.csv").read_bytes()


def test_a_cut_without_kept_weights_is_trained_and_counted_as_trained(
    train: Train, tmp_path: Path, from_nothing: Plain
) -> None:
    train(*SAMPLE, "training.epochs=6", "training.save_seconds=1000", folder="long", run_roots=[tmp_path])
    short = train(*SAMPLE, "training.epochs=2", folder="short", run_roots=[tmp_path])
    assert record_of(short.folder)["inherited_epochs"] == 0
    assert_like(short.folder, from_nothing(*SAMPLE, "training.epochs=2"))


def test_reuse_false_and_another_setting_train_from_nothing(train: Train, noted: Path) -> None:
    for folder, word in (("alone", "reuse=false"), ("other", "seed=1"), ("batches", "training.batch_size=256")):
        outcome = train(*SAMPLE, "training.epochs=3", word, folder=folder, run_roots=[noted])
        assert record_of(outcome.folder)["inherited_epochs"] == 0


def test_a_schedule_over_the_run_is_not_continued_with_more_epochs(train: Train, tmp_path: Path) -> None:
    cosine = (*SAMPLE, "optimizer.schedule=cosine")
    train(*cosine, "training.epochs=2", folder="two", run_roots=[tmp_path])
    longer = train(*cosine, "training.epochs=4", folder="four", run_roots=[tmp_path])
    assert record_of(longer.folder)["inherited_epochs"] == 0
    with pytest.raises(ConfigError):
        train(*cosine, "training.epochs=4", folder="two")


def test_early_stopping_stands_where_it_stood(train: Train, tmp_path: Path, from_nothing: Plain) -> None:
    words = (*SAMPLE, "training.early_stopping.patience=2", "training.early_stopping.min_delta=0.02")
    train(*words, "training.epochs=3", folder="short", run_roots=[tmp_path])
    longer = train(*words, "training.epochs=30", folder="long", run_roots=[tmp_path])
    assert record_of(longer.folder)["inherited_epochs"] == 3
    assert 3 < longer.epochs < 30
    assert_like(longer.folder, from_nothing(*words, "training.epochs=30"))
    again = train(*words, "training.epochs=30", folder="again", run_roots=[tmp_path])
    assert record_of(again.folder)["inherited_epochs"] == again.epochs == longer.epochs


def test_convolutions_and_weighted_classes_go_on_where_they_stood(
    train: Train, tmp_path: Path, from_nothing: Plain
) -> None:
    words = ("dataset=mnist", "dataset.source=sample", "model=cnn", "model.width=4", "model.dropout=0.5")
    words = (*words, "training.class_weight={3:2}")
    train(*words, "training.epochs=1", folder="short", run_roots=[tmp_path])
    longer = train(*words, "training.epochs=2", folder="long", run_roots=[tmp_path])
    assert record_of(longer.folder)["inherited_epochs"] == 1
    assert_like(longer.folder, from_nothing(*words, "training.epochs=2"))


def test_a_damaged_state_is_named_and_passed_over(
    train: Train, tmp_path: Path, from_nothing: Plain, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (*SAMPLE, "training.keep_state=all")
    first = train(*words, "training.epochs=3", folder="first", run_roots=[tmp_path]).folder
    damaged = checkpoint.path(first, 3)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    second = train(*words, "training.epochs=4", folder="second", run_roots=[tmp_path], progress=TerminalProgress())
    assert f"{damaged} is damaged" in capsys.readouterr().err
    assert record_of(second.folder)["inherited_epochs"] == 2
    assert_like(second.folder, from_nothing(*words, "training.epochs=4"))


@pytest.mark.parametrize("gone", ["first", ".shelf", "first/checkpoints", "first/run.json"])
def test_what_is_deleted_by_hand_breaks_nothing(train: Train, noted: Path, gone: str) -> None:
    path = noted / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert train(*SAMPLE, "training.epochs=3", folder="second", run_roots=[noted]).status == "completed"


@pytest.mark.parametrize(("keep", "left"), [("all", [4, 3, 2, 1]), ("none", [])])
def test_keep_state_says_which_states_stay(train: Train, keep: str, left: list[int]) -> None:
    folder = train(*SAMPLE, "training.epochs=4", f"training.keep_state={keep}").folder
    assert checkpoint.epochs(folder) == left


def test_a_shelf_finds_only_what_is_there(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run_folder.write_record(tmp_path / name, {"identity": "identity"})
        reuse.note([tmp_path], "identity", tmp_path / name)
    shutil.rmtree(tmp_path / "two")
    assert list(reuse.noted(tmp_path, "identity")) == [tmp_path / "one"]
    assert list(reuse.noted(tmp_path, "another")) == []


def test_resume_goes_on_in_the_folder_and_refuses_everything_else(runner: Command, tmp_path: Path) -> None:
    words = [*SAMPLE, "training.epochs=2"]
    assert runner(*words, "hydra.run.dir=run").returncode == 0
    assert runner(*words, "training.epochs=4", "reuse=false", "hydra.run.dir=plain").returncode == 0
    before = (tmp_path / "run" / "run.json").read_bytes()
    finished = runner("resume", "run")
    assert (finished.returncode, finished.stdout.splitlines()[0]) == (0, "finished already")
    assert "\n  model.keras             epoch 2, val_accuracy 0." in finished.stdout
    refused = runner("resume", "run", "model.width=16", "training.epochs=1")
    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        "model.width must stay as recorded, 32; got 16: train a new run",
        "training.epochs must be at least the 2 recorded; got 1",
    ]
    assert (tmp_path / "run" / "run.json").read_bytes() == before
    refused = runner("resume", "run", "lr=0.01", "optimizer=adam", "epochs=3", "optimizer.centered=0")
    assert (refused.returncode, refused.stderr.splitlines()) == (
        2,
        [
            "lr is not a key of the config; did you mean optimizer.learning_rate?",
            "optimizer must stay as recorded, rmsprop; got adam: train a new run",
            "epochs is not a key of the config; did you mean training.epochs?",
            "optimizer.centered must stay as recorded, false; got 0: train a new run",
        ],
    )
    assert (tmp_path / "run" / "run.json").read_bytes() == before
    same = ["optimizer.learning_rate=1e-3", "optimizer=rmsprop", "training.metrics=[ accuracy ]", "dataset.path=null"]
    longer = runner("resume", "run", "training.epochs=4", *same)
    assert longer.returncode == 0, longer.stderr
    assert metrics_of(tmp_path / "run") == metrics_of(tmp_path / "plain")
    assert record_of(tmp_path / "run")["inherited_epochs"] == 0
    assert "epoch 3/4" in (tmp_path / "run" / "runner.log").read_text()


def test_resume_refuses_other_versions_unless_anyway(runner: Command, tmp_path: Path) -> None:
    assert runner(*SAMPLE, "training.epochs=1", "hydra.run.dir=run").returncode == 0
    record = record_of(tmp_path / "run")
    record["versions"]["keras"] = "3.0.0"
    record["identity"] = "of other versions"
    run_folder.write_record(tmp_path / "run", record)
    refused = runner("resume", "run", "training.epochs=2")
    assert refused.returncode == 2
    assert refused.stderr.startswith("versions.keras: recorded 3.0.0, now ")
    assert runner("resume", "run", "training.epochs=2", "--anyway").returncode == 0
    assert record_of(tmp_path / "run")["epochs"] == 2


def test_resume_names_no_run_where_there_is_none(runner: Command, tmp_path: Path) -> None:
    result = runner("resume", "nowhere")
    assert result.returncode == 2
    assert "nowhere holds no run and no sweep" in result.stderr


def test_resume_runs_what_is_missing_of_a_sweep(runner: Command, tmp_path: Path) -> None:
    words = ["-m", *SAMPLE, "training.epochs=1,2,3", "hydra.sweep.dir=sweep"]
    assert runner(*words).returncode == 0
    jobs = sorted(path.parent for path in (tmp_path / "sweep").glob("*/run.json"))
    assert [record_of(job)["inherited_epochs"] for job in jobs] == [0, 1, 2]
    whole = {tuple(record_of(job)["overrides"]): metrics_of(job) for job in jobs}
    shutil.rmtree(jobs[1])
    record = record_of(jobs[2])
    run_folder.write_record(jobs[2], {**record, "status": "failed"})
    untouched = {path: path.stat().st_mtime_ns for path in jobs[0].rglob("*")}
    result = runner("resume", "sweep")
    assert result.returncode == 0, result.stderr
    again = [path.parent for path in (tmp_path / "sweep").glob("*/run.json")]
    assert {tuple(record_of(job)["overrides"]): metrics_of(job) for job in again} == whole
    assert {record_of(job)["status"] for job in again} == {"completed"}
    assert untouched == {path: path.stat().st_mtime_ns for path in untouched}
    assert runner("resume", "sweep").stdout.startswith("sweep is finished already\n")


# Two commands at once, each in a child of a process that has imported TensorFlow for both.
AT_ONCE = """
import os, sys
from runner.cli import train
from runner.system import backend
backend.start()
children = []
for name in "ab":
    children.append(os.fork())
    if not children[-1]:
        os._exit(train.main([*sys.argv[1:], f"hydra.run.dir=outputs/{name}"]))
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


def test_runs_of_one_identity_at_once_each_come_out_right(tmp_path: Path) -> None:
    command = [sys.executable, "-c", AT_ONCE, *SAMPLE, "training.epochs=4"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (ran.stdout.splitlines()[-1:], ran.returncode) == (["[0, 0]"], 0), ran.stderr
    assert metrics_of(tmp_path / "outputs" / "a") == metrics_of(tmp_path / "outputs" / "b")


def test_a_kill_and_faults_lose_nothing(tmp_path: Path) -> None:
    """One kill at a random moment and one fault of each kind; 300 kills and all faults by python -m tests.faults."""
    # A process of its own: the campaign forks, which TensorFlow survives only before its first operation.
    command = [sys.executable, "-m", "tests.faults", "--quick", "--seed", "1"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kill, faults = done.stdout.splitlines()
    assert kill.startswith("1 kills")
    assert kill.endswith("each equal to the run that was never stopped")
    assert faults == "4 faults in a run, continued to the bytes of the run that never failed"
