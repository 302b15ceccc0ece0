"""A state is what was written, or it is refused; the rows that it counts stand in files that grow."""

import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.runs import checkpoint, predictions
from runner.runs.checkpoint import DamagedState, State

ARRAYS = st.lists(
    st.lists(st.floats(width=32), max_size=20).map(lambda values: np.array(values, np.float32)), max_size=4
)
EXAMPLES = 21  # no multiple of 8


def a_state(epochs: int = 3) -> State:
    chance = np.random.default_rng(0)
    rows = [{"epoch": float(epoch), "loss": 1 / epoch} for epoch in range(1, epochs + 1)]
    said = predictions.Growing(
        predictions.before_the_first_epoch(np.arange(EXAMPLES, dtype=np.int32), np.zeros(EXAMPLES, np.int32), 1)
    )
    for epoch in range(epochs):
        outputs = chance.random((EXAMPLES, 1)).astype(np.float16)
        said.add(chance.random(EXAMPLES) > 0.5, outputs, is_best=epoch == 1)
    return State(
        model=[chance.normal(size=(50, 8)).astype(np.float32), np.array([3, 4], np.int64)],
        optimizer=[np.array(7, np.int64), np.array(0.001, np.float32)],
        best=[np.ones((2, 2), np.float32)],
        metrics=rows,
        timings=[{"epoch": row["epoch"], "seconds": row["loss"] / 3, "updates": 1.0} for row in rows],
        record={"identity": "a"},
        predictions=said.now,
    )


def assert_equal(one: State, other: State) -> None:
    for part in ("model", "optimizer", "best"):
        for ours, theirs in zip(getattr(one, part), getattr(other, part), strict=True):
            assert ours.dtype == theirs.dtype
            assert ours.tobytes() == theirs.tobytes()
    assert (one.metrics, one.timings, one.record) == (other.metrics, other.timings, other.record)
    assert (one.predictions is None) == (other.predictions is None)
    if one.predictions and other.predictions:
        for name, array in one.predictions.arrays().items():
            assert array.tobytes() == other.predictions.arrays()[name].tobytes()


def saved(folder: Path, epochs: int = 3) -> Path:
    """A folder with the states of all epochs until a last one, as one training writes them; the file of the last."""
    writer = checkpoint.Writer(folder)
    for epoch in range(1, epochs + 1):
        writer.save(a_state(epoch))
    return checkpoint.path(folder, epochs)


@settings(max_examples=30)
@given(ARRAYS, ARRAYS, st.lists(st.floats(allow_nan=False), min_size=1, max_size=30))
def test_what_is_saved_is_what_is_loaded(model: list, optimizer: list, losses: list) -> None:  # type: ignore[type-arg]
    rows = [{"epoch": float(epoch), "loss": loss} for epoch, loss in enumerate(losses, 1)]
    state = State(model, optimizer, model, rows, rows, {"identity": "a"})
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.Writer(Path(folder)).save(state)
        assert_equal(checkpoint.load(checkpoint.path(Path(folder), len(losses))), state)


def test_each_of_the_states_of_a_training_holds_its_own_epochs(tmp_path: Path) -> None:
    saved(tmp_path, 12)
    for epoch in range(1, 13):
        assert_equal(checkpoint.load(checkpoint.path(tmp_path, epoch)), a_state(epoch))


def test_the_file_of_a_state_is_as_large_after_many_epochs_as_after_few(tmp_path: Path) -> None:
    saved(tmp_path, 100)
    assert len({checkpoint.path(tmp_path, epoch).stat().st_size for epoch in (1, 30, 100)}) == 1
    rows = [file.stat().st_size for file in sorted((tmp_path / "checkpoints").glob("*.rows"))]
    assert rows == [100 * 5 * 8, 100 * 3]  # two and three columns of float64, 21 bits


def test_a_state_cut_anywhere_is_refused(tmp_path: Path) -> None:
    file = saved(tmp_path)
    whole = file.read_bytes()
    for part in range(64):
        file.write_bytes(whole[: len(whole) * part // 64])
        with pytest.raises(DamagedState, match="epoch-000003"):
            checkpoint.load(file)


@pytest.mark.parametrize("name", ["epoch-000003.state", checkpoint.NUMBERS, checkpoint.RIGHT])
def test_a_state_with_any_bit_flipped_in_it_or_its_rows_is_refused(tmp_path: Path, name: str) -> None:
    state = saved(tmp_path)
    file, chance = tmp_path / "checkpoints" / name, random.Random(0)
    whole = file.read_bytes()
    for _ in range(100):
        place = chance.randrange(len(whole) * 8)
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        file.write_bytes(damaged)
        with pytest.raises(DamagedState, match="epoch-000003"):
            checkpoint.load(state)


@pytest.mark.parametrize("name", [checkpoint.NUMBERS, checkpoint.RIGHT])
def test_a_state_is_refused_without_its_rows_whatever_comes_after_them(tmp_path: Path, name: str) -> None:
    state = saved(tmp_path)
    file = tmp_path / "checkpoints" / name
    whole = file.read_bytes()
    file.write_bytes(whole + b"what a kill has left of a row")
    assert_equal(checkpoint.load(state), a_state())
    file.write_bytes(whole[:-1])
    with pytest.raises(DamagedState, match=f"epoch-000003.state is damaged .{name} does not have its rows"):
        checkpoint.load(state)
    assert_equal(checkpoint.load(checkpoint.path(tmp_path, 2)), a_state(2))
    file.unlink()
    with pytest.raises(DamagedState, match=f"{name} cannot be read"):
        checkpoint.load(state)


@pytest.mark.parametrize("tail", [b"", b"part of a row", None])
def test_a_training_that_goes_on_cuts_off_what_a_kill_has_left(tmp_path: Path, tail: bytes | None) -> None:
    """None: a whole row of an epoch that no state counts."""
    saved(tmp_path / "killed", 5 if tail is None else 3)
    for name in (checkpoint.NUMBERS, checkpoint.RIGHT):
        with (tmp_path / "killed" / "checkpoints" / name).open("ab") as stream:
            stream.write(tail or b"")
    writer = checkpoint.Writer(tmp_path / "killed")
    for epoch in (4, 5):
        writer.save(a_state(epoch))
    saved(tmp_path / "whole", 5)
    for file in (tmp_path / "whole" / "checkpoints").iterdir():
        assert (tmp_path / "killed" / "checkpoints" / file.name).read_bytes() == file.read_bytes()


def test_a_state_of_format_2_holds_its_rows_itself(tmp_path: Path) -> None:
    recorded = Path(__file__).parents[1] / "recorded" / "finished" / "checkpoints" / "epoch-000003.state"
    assert recorded.read_bytes().startswith(checkpoint.MAGIC_2)
    shutil.copy(recorded, tmp_path)
    state = checkpoint.load(tmp_path / recorded.name)
    assert (state.epoch, [row["epoch"] for row in state.timings]) == (3, [1.0, 2.0, 3.0])


def test_pruning_leaves_the_newest_two_and_those_to_keep(tmp_path: Path) -> None:
    saved(tmp_path, 5)
    checkpoint.prune(tmp_path, 5, keep={2})
    assert checkpoint.epochs(tmp_path) == [5, 4, 2]


def test_pruning_removes_states_of_a_training_that_was_not_continued(tmp_path: Path) -> None:
    """Else they would count as the newest, and each new state would be removed."""
    saved(tmp_path, 6)
    checkpoint.prune(tmp_path, 3, keep={1, 6})
    assert checkpoint.epochs(tmp_path) == [3, 2, 1]
