"""First layers that turn example numbers into features, so that a batch is a few int32 numbers.

The data stays where it is: dense rows in one resident array, sparse rows in one CSR matrix. Behind the first layer
stands the plain network, whose layers and variables are shared with it: it is what is saved.
"""

import math
from typing import Any

import keras
import numpy as np
import scipy.sparse
import tensorflow as tf

from runner.config.task import Task
from runner.datasets.base import Examples
from runner.training import model


def over_rows(network: keras.Model, examples: Examples, task: Task) -> keras.Model:
    """A model from example numbers, int32 [batch], to what `network` makes of their features."""
    numbers = keras.Input((), dtype="int32", name="numbers")
    if not examples.is_sparse:
        outputs = network(DenseRows(examples)(numbers))
    elif begins_with_plain_dense(network):
        outputs = SparseRowsTimesKernel(examples.features, network.layers[0])(numbers)
        for layer in network.layers[1:]:
            outputs = layer(outputs)
    else:
        outputs = network(SparseRows(examples.features)(numbers))
    over = FromNumbers(numbers, outputs)
    over.task = task
    return over


class FromNumbers(keras.Model):
    """A model whose test step gives, besides the metrics, what it predicts; Keras' own drops that.

    The step returns the metrics by name, whether each example is right, bool [batch], and the outputs in half
    precision, float16 [batch, units]. TensorFlow halves them in a fiftieth of the time of NumPy.
    """

    task: Task
    train_function: Any

    def make_train_function(self, force: bool = False) -> Any:
        """All updates of an epoch in one loop, over a stream without an end; Keras' own asks each time for the end.

        Those conditionals take a third of the time in which a short run is traced.
        """
        if self.train_function is None or force:
            step = tf.function(self.train_step, autograph=False, jit_compile=self.jit_compile)

            def epoch(iterator: Any) -> dict[str, tf.Tensor]:
                def update(number: tf.Tensor) -> tf.Tensor:
                    step(next(iterator))
                    return number + 1

                tf.while_loop(lambda number: number < self.steps_per_execution, update, [tf.constant(0)])
                return self.get_metrics_result()

            self.train_function = tf.function(epoch, autograph=False)
        return self.train_function

    def test_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
        metrics = super().test_step(data)
        right = model.is_right(self.task, data[1], self.outputs_of_step)
        return metrics, right, tf.cast(self.outputs_of_step, tf.float16)

    def compute_metrics(self, x: Any, y: Any, y_pred: tf.Tensor, sample_weight: Any = None) -> dict[str, tf.Tensor]:
        self.outputs_of_step = y_pred
        metrics: dict[str, tf.Tensor] = super().compute_metrics(x, y, y_pred, sample_weight)
        return metrics


def begins_with_plain_dense(network: keras.Model) -> bool:
    """Whether a network begins with what SparseRowsTimesKernel computes, and what follows are its layers in turn."""
    if type(network) is not keras.Sequential or [type(layer) for layer in network.layers[:1]] != [keras.layers.Dense]:
        return False
    first = network.layers[0]
    dtypes = {network.inputs[0].dtype, network.compute_dtype, first.compute_dtype, first.variable_dtype}
    altered = first.activity_regularizer or first.lora_enabled or first.quantization_mode
    altered = altered or any("call" in vars(each) for each in (network, first))
    return dtypes == {"float32"} and not altered


def bytes_each(trained: keras.Model, graph: tf.Graph) -> int:
    """Memory that an example takes where a graph of the model is widest, in bytes: a tensor, or a sparse row's mean.

    The graph sees into nested networks and layers, as the model's own list of layers does not.
    """
    shapes = [(tensor.dtype.size, tensor.shape) for each in graph.get_operations() for tensor in each.outputs]
    of_examples = [(size, shape) for size, shape in shapes if shape.rank and not shape.is_fully_defined()]
    widest = max(size * math.prod(length or 1 for length in shape) for size, shape in of_examples)
    sparse = [layer.rows for layer in trained.layers if isinstance(layer, SparseRowsTimesKernel)]
    # A nonzero is a column, int32, a one, int8, and in the product that one as float32.
    return max([widest, *(9 * rows.nnz // rows.shape[0] for rows in sparse)])


def chosen(rows: Any, numbers: np.ndarray) -> Any:
    """Rows of a CSR matrix by number; a run of neighbours, as held out for validation, is a view and copies nothing."""
    first, stop = numbers[0], numbers[0] + len(numbers)
    if numbers[-1] != stop - 1 or not np.array_equal(numbers, np.arange(first, stop)):
        return rows[numbers]
    begin, end = rows.indptr[first], rows.indptr[stop]
    parts = (rows.data[begin:end], rows.indices[begin:end], rows.indptr[first : stop + 1] - begin)
    return scipy.sparse.csr_matrix(parts, shape=(len(numbers), rows.shape[1]), copy=False)


class DenseRows(keras.layers.Layer):
    """Numbers [batch] → their rows, float32 [batch, …], divided by the divisor."""

    def __init__(self, examples: Examples) -> None:
        super().__init__(name="rows")
        self.rows = tf.convert_to_tensor(examples.features)
        self.divisor = examples.divisor

    def call(self, numbers: tf.Tensor) -> tf.Tensor:
        rows = tf.cast(tf.gather(self.rows, numbers), tf.float32)
        return rows / self.divisor if self.divisor != 1 else rows

    def compute_output_shape(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*shape, *self.rows.shape[1:])


class SparseRows(keras.layers.Layer):
    """Numbers [batch] → their rows, float32 [batch, features]; for networks that do not begin with a Dense layer."""

    def __init__(self, rows: Any) -> None:
        super().__init__(name="rows")
        self.rows = rows
        self.supports_jit = False  # XLA cannot call back into Python

    def call(self, numbers: tf.Tensor) -> tf.Tensor:
        dense = tf.numpy_function(self._dense, [numbers], tf.float32)
        return tf.ensure_shape(dense, (None, self.rows.shape[1]))

    def _dense(self, numbers: np.ndarray) -> np.ndarray:
        return chosen(self.rows, numbers).toarray().astype(np.float32)

    def compute_output_shape(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*shape, self.rows.shape[1])


class SparseRowsTimesKernel(keras.layers.Layer):
    """What a Dense layer makes of sparse rows: numbers [batch] → activation(rows @ kernel + bias) [batch, units]."""

    def __init__(self, rows: Any, dense: keras.layers.Dense) -> None:
        super().__init__(name="rows_times_kernel")
        self.supports_jit = False  # XLA cannot call back into Python
        self.rows = rows
        self.dense = dense
        self.latest: tuple[np.ndarray, Any] = (np.empty(0, np.int32), None)

    def build(self, shape: Any) -> None:
        self.built = True  # the Dense layer has its variables already

    def call(self, numbers: tf.Tensor) -> tf.Tensor:
        outputs = self._product(numbers, tf.convert_to_tensor(self.dense.kernel))
        if self.dense.use_bias:
            outputs = outputs + self.dense.bias
        return self.dense.activation(outputs)

    def _product(self, numbers: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """rows[numbers] @ kernel by scipy, whose gradient by the kernel is rows[numbers].T @ upstream."""

        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def product(kernel: tf.Tensor) -> tuple[tf.Tensor, Any]:
            def gradient(upstream: tf.Tensor) -> tf.Tensor:
                of_kernel = tf.numpy_function(self._transposed_times, [numbers, upstream], tf.float32)
                return tf.ensure_shape(of_kernel, kernel.shape)

            outputs = tf.numpy_function(self._times, [numbers, kernel], tf.float32)
            return tf.ensure_shape(outputs, (None, kernel.shape[1])), gradient

        return product(kernel)

    def _times(self, numbers: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        return self._batch(numbers) @ kernel

    def _transposed_times(self, numbers: np.ndarray, upstream: np.ndarray) -> np.ndarray:
        return self._batch(numbers).T @ upstream

    def _batch(self, numbers: np.ndarray) -> Any:
        """The rows of a batch; its gradient wants those that its product has just gathered."""
        latest, batch = self.latest
        if not np.array_equal(latest, numbers):
            batch = chosen(self.rows, numbers)
            self.latest = (numbers.copy(), batch)
        return batch

    def compute_output_shape(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*shape, self.dense.units)
