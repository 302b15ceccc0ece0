"""A saved network: opened, and asked for the outputs of rows of any number."""

import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import scipy.sparse
import tensorflow as tf
from numpy.typing import NDArray

from runner.config.schema import Model
from runner.config.task import Task
from runner.errors import DataError
from runner.formatting import one_line
from runner.system import archives
from runner.training import batches, layers, model
from runner.training.evaluation import BUDGET


def load(path: Path) -> keras.Model:
    """The network of a .keras file, without loss and optimizer. Raises DataError."""
    try:
        _refuse_bomb(path)
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # a damaged archive, or layers that are not known, raise anything
        raise _closed(path, error) from None


def rebuilt(path: Path, config: Model, task: Task, input_shape: tuple[int, ...]) -> keras.Model:
    """The network that a plugin builds, with the weights of a .keras file. Raises ConfigError, DataError.

    For layers that Keras does not make from their names: of a class that is not registered with it, or Lambda.
    """
    network = model.build(config, task, input_shape)
    try:
        _refuse_bomb(path)
        network.load_weights(path)
    except Exception as error:
        raise _closed(path, error) from None
    return network


def _refuse_bomb(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        archives.refuse_bomb(archive)


def _closed(path: Path, error: Exception) -> DataError:
    reason = one_line(str(error), 160)
    return DataError(f"{path} cannot be opened by Keras, put back what the runner wrote: {reason}")


class Outputs:
    """The outputs of a network for rows, in as many calls as the memory budget asks for.

    Sparse rows are made dense a call at a time.
    """

    def __init__(self, network: keras.Model) -> None:
        shape = network.input_shape[1:]
        signature = tf.TensorSpec([None, *shape], tf.float32)
        self.step = tf.function(lambda rows: network(rows, training=False), input_signature=[signature])
        self.bytes_each = layers.bytes_each(network, self.step.get_concrete_function().graph)
        self.units = network.output_shape[-1]

    def __call__(self, rows: Any, divisor: float = 1.0) -> NDArray[np.float32]:
        """float32 [rows, units] of features [rows, …], which are divided by the divisor: an array or a CSR matrix."""
        chunks = batches.chunks(np.arange(rows.shape[0], dtype=np.int32), self.bytes_each, BUDGET)
        outputs = [self.step(tf.constant(_dense(rows, chunk) / np.float32(divisor))).numpy() for chunk in chunks]
        return np.concatenate(outputs) if outputs else np.empty((0, self.units), np.float32)


def _dense(rows: Any, numbers: NDArray[np.int32]) -> NDArray[np.float32]:
    chosen = layers.chosen(rows, numbers).toarray() if scipy.sparse.issparse(rows) else rows[numbers]
    return np.asarray(chosen, np.float32)
