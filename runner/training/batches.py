"""Batches of example numbers: their order in an epoch, updates, chunks, and the stream that feeds a fit."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from runner.config.schema import Training


def order(numbers: NDArray[np.int32], seed: int, epoch: int, shuffle: bool = True) -> NDArray[np.int32]:
    """The numbers in the order of an epoch, counted from 1: another order in each epoch, the given one unshuffled."""
    if not shuffle:
        return numbers
    return np.random.default_rng([seed, epoch]).permutation(numbers)


def updates(examples: int, batch_size: int) -> int:
    """Number of optimizer steps in an epoch; the last batch may be smaller. 15,000 examples in batches of 512: 30."""
    return -(-examples // batch_size)


def chunks(numbers: NDArray[np.int32], bytes_each: int, budget: int = 32 << 20) -> list[Any]:
    """The numbers in equal parts that take no more memory than the budget, in bytes; one part where they fit.

    Without numbers there is no part; a single example is a part even where it takes more.
    """
    most = max(1, budget // max(1, bytes_each))
    return np.array_split(numbers, updates(len(numbers), most)) if len(numbers) else []


def stream(
    numbers: NDArray[np.int32], targets: NDArray[Any], training: Training, seed: int, first_epoch: int
) -> tf.data.Dataset:
    """Batches of (numbers int32 [batch], targets [batch, …]), epoch after epoch without an end.

    numbers [examples] are those trained on, targets [all examples, …]. One stream serves all epochs: a finite one
    costs 15 ms at each new iterator.
    """
    steps = updates(len(numbers), training.batch_size)
    all_targets = tf.constant(targets)

    def order_of(epoch: int) -> NDArray[np.int32]:
        return order(numbers, seed, int(epoch), training.shuffle)

    def of_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        ordered = tf.ensure_shape(tf.numpy_function(order_of, [epoch], tf.int32), (len(numbers),))

        def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            chosen = ordered[step * training.batch_size : (step + 1) * training.batch_size]
            return chosen, tf.gather(all_targets, chosen)

        return tf.data.Dataset.range(steps).map(batch)

    return tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max).flat_map(of_epoch).prefetch(2)
