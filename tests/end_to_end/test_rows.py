"""Rows of epochs are appended to files that grow, each once; a run that goes on finds them, or an earlier state."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from runner.config.plan import plan_of
from runner.experiment import run as experiment
from runner.experiment.progress import Progress
from runner.runs import checkpoint, history, predictions, reader
from runner.runs import folder as run_folder
from runner.runs.history import History
from tests.conftest import Train, record_of

pytestmark = pytest.mark.slow

WORDS = ["dataset.source=sample", "dataset.num_words=200", "model.depth=1", "model.width=4", "model.dropout=0.3"]
WORDS += ["training.validation_split=701", "training.keep_state=all", "training.save_seconds=0", "reuse=false"]
GROWING = ("metrics.csv", "timings.csv", "checkpoints/metrics.rows", "checkpoints/predictions.rows")
EPOCHS, LONGER = 10, 13


@dataclass
class Seen(Progress):
    """What another process would see in a folder after each epoch."""

    folder: Path
    inodes: list[list[int]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    packed: list[bool] = field(default_factory=list)

    @contextlib.contextmanager
    def epochs(self, total: int, done: int) -> Iterator[Callable[[History], None]]:
        yield self.look

    def look(self, seen: History) -> None:
        self.inodes.append([(self.folder / name).stat().st_ino for name in GROWING])
        self.rows.append(len(reader.load(self.folder).metrics))
        self.packed.append((self.folder / "predictions.npz").exists())


def run(folder: Path, epochs: int, progress: Progress | None = None) -> Path:
    config = plan_of([*WORDS, f"training.epochs={epochs}"]).jobs[0].config
    return experiment.run(config, folder, [], progress=progress).folder


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """A run of 10 epochs, looked at after each; its folder is only to be copied."""
    looks = Seen(tmp_path_factory.mktemp("seen") / "run")
    run(looks.folder, EPOCHS, looks)
    return looks


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 13 epochs that is never stopped."""
    return run(tmp_path_factory.mktemp("whole") / "run", LONGER)


def test_an_epoch_is_appended_and_a_state_takes_no_more_room_than_the_first(seen: Seen) -> None:
    assert seen.rows == [*range(1, EPOCHS + 1)]
    assert len({tuple(each) for each in seen.inodes}) == 1  # a file that is written anew is another one
    assert seen.packed == [False] * EPOCHS
    sizes = [checkpoint.path(seen.folder, epoch).stat().st_size for epoch in range(1, EPOCHS + 1)]
    assert max(sizes) - min(sizes) < 16  # digits of the epochs in run.json


def test_each_state_holds_the_epochs_until_it_as_the_files_have_them(seen: Seen) -> None:
    metrics, packed = history.read(seen.folder / "metrics.csv"), predictions.read(seen.folder)
    assert packed is not None
    assert len(packed.right) == EPOCHS
    for epoch in range(1, EPOCHS + 1):
        state = checkpoint.load(checkpoint.path(seen.folder, epoch))
        assert state.metrics == metrics[:epoch]
        assert state.predictions is not None
        assert np.array_equal(state.predictions.right, packed.right[:epoch])


def torn(folder: Path) -> None:
    """As a kill between two appends leaves it."""
    for name, tail in zip(GROWING, (b"11,0.6", b"11,0.", bytes(72), bytes(30)), strict=True):
        with (folder / name).open("ab") as stream:
            stream.write(tail)


def flipped(folder: Path) -> None:
    """A bit of the ninth row."""
    file = folder / "checkpoints" / checkpoint.RIGHT
    content = bytearray(file.read_bytes())
    content[8 * 88] ^= 1
    file.write_bytes(content)


def cut(folder: Path) -> None:
    file = folder / "checkpoints" / checkpoint.NUMBERS
    file.write_bytes(file.read_bytes()[:-200])


def gone(folder: Path) -> None:
    (folder / "checkpoints" / checkpoint.RIGHT).unlink()


@pytest.mark.parametrize(("damage", "used"), [(torn, 10), (flipped, 8), (cut, 7), (gone, 0)])
def test_a_run_goes_on_from_the_last_state_that_has_its_rows_and_ends_like_one_never_stopped(
    seen: Seen, whole: Path, tmp_path: Path, damage: Callable[[Path], None], used: int
) -> None:
    folder = Path(shutil.copytree(seen.folder, tmp_path / "run"))
    damage(folder)
    run_folder.write_record(folder, {**record_of(folder), "status": "running"})
    assert len(reader.load(folder).metrics) == EPOCHS
    with run_folder.logged(folder):
        run(folder, LONGER)
    log = (folder / "runner.log").read_text()
    assert (f"continuing after epoch {used} of" in log) == bool(used)
    assert log.count("is damaged") == EPOCHS - used
    for name in ("metrics.csv", "predictions.npz", "checkpoints/predictions.rows"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()
    for epoch in range(1, LONGER + 1):
        checkpoint.load(checkpoint.path(folder, epoch))


def test_states_keep_their_predictions_where_the_run_goes_on_without(seen: Seen, train: Train, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(seen.folder, tmp_path / "run"))
    train(*WORDS, "training.epochs=11", "training.keep_predictions=false", folder="run")
    kept = [checkpoint.load(checkpoint.path(folder, epoch)).predictions is not None for epoch in (4, 10, 11)]
    assert kept == [True, True, False]
