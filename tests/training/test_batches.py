"""The order of examples in an epoch, the updates of an epoch, and chunks of examples."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runner.training import batches


@given(st.integers(0, 2**32 - 1), st.integers(1, 10_000))
def test_an_order_is_the_same_for_one_seed_and_epoch(seed: int, epoch: int) -> None:
    numbers = np.arange(100, dtype=np.int32)
    order = batches.order(numbers, seed, epoch)
    assert sorted(order) == list(range(100))
    assert np.array_equal(order, batches.order(numbers, seed, epoch))
    assert not np.array_equal(order, batches.order(numbers, seed, epoch + 1))
    assert batches.order(numbers, seed, epoch, shuffle=False).tolist() == numbers.tolist()


@given(st.integers(1, 5_000), st.integers(1, 1_000))
def test_updates_cover_every_example_once(examples: int, batch_size: int) -> None:
    updates = batches.updates(examples, batch_size)
    assert (updates - 1) * batch_size < examples <= updates * batch_size


@given(st.integers(0, 500), st.integers(1, 1_000), st.integers(1, 10_000))
def test_chunks_stay_within_the_budget(examples: int, bytes_each: int, budget: int) -> None:
    numbers = np.arange(examples, dtype=np.int32)
    chunks = batches.chunks(numbers, bytes_each, budget)
    assert [number for chunk in chunks for number in chunk] == numbers.tolist()
    assert all(len(chunk) == 1 or len(chunk) * bytes_each <= budget for chunk in chunks)
