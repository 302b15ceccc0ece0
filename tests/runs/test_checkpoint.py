"""A state is what was written, or it is refused."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.runs import checkpoint
from runner.runs.checkpoint import DamagedState, State

ARRAYS = st.lists(
    st.lists(st.floats(width=32), max_size=20).map(lambda values: np.array(values, np.float32)), max_size=4
)


def a_state(epochs: int = 3) -> State:
    random_numbers = np.random.default_rng(0)
    rows = [{"epoch": float(epoch), "loss": 1 / epoch} for epoch in range(1, epochs + 1)]
    return State(
        model=[random_numbers.normal(size=(50, 8)).astype(np.float32), np.array([3, 4], np.int64)],
        optimizer=[np.array(7, np.int64), np.array(0.001, np.float32)],
        best=[np.ones((2, 2), np.float32)],
        metrics=rows,
        timings=rows,
        record={"identity": "a"},
    )


def assert_equal(one: State, other: State) -> None:
    for part in ("model", "optimizer", "best"):
        for ours, theirs in zip(getattr(one, part), getattr(other, part), strict=True):
            assert ours.dtype == theirs.dtype
            assert ours.tobytes() == theirs.tobytes()
    assert (one.metrics, one.timings, one.record) == (other.metrics, other.timings, other.record)


@given(ARRAYS, ARRAYS, st.lists(st.floats(allow_nan=False), min_size=1, max_size=30))
def test_what_is_saved_is_what_is_loaded(model: list, optimizer: list, losses: list) -> None:  # type: ignore[type-arg]
    rows = [{"epoch": float(epoch), "loss": loss} for epoch, loss in enumerate(losses, 1)]
    state = State(model, optimizer, model, rows, rows, {"identity": "a"})
    assert_equal(checkpoint.decode(checkpoint.encode(state)), state)


def test_a_state_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = checkpoint.encode(a_state())
    file = tmp_path / "epoch-000003.state"
    for part in range(64):
        file.write_bytes(whole[: len(whole) * part // 64])
        with pytest.raises(DamagedState, match="epoch-000003"):
            checkpoint.load(file)


def test_a_state_with_any_bit_flipped_is_refused() -> None:
    whole, chance = checkpoint.encode(a_state()), random.Random(0)
    for _ in range(200):
        place = chance.randrange(len(whole) * 8)
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        with pytest.raises(DamagedState):
            checkpoint.decode(bytes(damaged))


def test_pruning_leaves_the_newest_two_and_those_to_keep(tmp_path: Path) -> None:
    for epochs in (1, 2, 3, 4, 5):
        checkpoint.save(tmp_path, a_state(epochs))
    checkpoint.prune(tmp_path, keep={2})
    assert checkpoint.epochs(tmp_path) == [5, 4, 2]
