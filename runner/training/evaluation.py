"""The values of Keras' `evaluate`, by compiled calls over as many rows as the memory budget holds."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from runner.config.task import Task
from runner.datasets.base import Examples
from runner.training import batches, layers, model

BUDGET = 32 << 20  # bytes of the largest tensor in a call


class Evaluation:
    """Loss and metrics of a model from example numbers on some examples, with the weights of the moment of a call.

    targets [examples, …] are those of all training data. Keras' own `evaluate` makes a dataset for each call and
    `test_on_batch` forgets the chunk before; here the metrics add up over the chunks.
    """

    def __init__(self, trained: keras.Model, numbers: NDArray[np.int32], targets: NDArray[np.generic]) -> None:
        self.trained = trained
        self.chunks: list[tuple[tf.Tensor, tf.Tensor]] = []
        self.predicted: list[tuple[tf.Tensor, tf.Tensor]] = []
        if len(numbers):
            self.step = _step(trained, targets)
            size = layers.bytes_each(trained, self.step.get_concrete_function().graph)
            runs = batches.chunks(numbers, size, BUDGET)
            self.chunks = [(tf.constant(run), tf.constant(targets[run])) for run in runs]

    def __call__(self) -> dict[str, float]:
        """A value for each column; empty where there are no examples."""
        results: dict[str, tf.Tensor] = {}
        self.trained.reset_metrics()
        self.predicted = []
        for chunk in self.chunks:
            results, right, outputs = self.step(chunk)
            self.predicted.append((right, outputs))
        return {name: float(value) for name, value in results.items()}

    def predictions(self) -> tuple[NDArray[np.bool_], NDArray[np.float16]]:
        """Whether each example was right, [examples], and its outputs, [examples, units], in the latest call."""
        right, outputs = zip(*self.predicted, strict=True)
        return np.concatenate(right), np.concatenate(outputs)

    def outputs(self) -> NDArray[np.float32]:
        """The outputs of the network, [examples, units], in full precision."""
        return np.concatenate([self.trained(numbers, training=False) for numbers, _ in self.chunks])


def tested(network: keras.Model, examples: Examples, task: Task) -> tuple[dict[str, float], NDArray[np.float32]]:
    """Loss and metrics of a plain network on examples, at least one, by column, and its outputs, [examples, units]."""
    over = layers.over_rows(network, examples, task)
    over.compile(loss=model.loss(task), metrics=model.metrics(task))
    numbers = np.arange(len(examples), dtype=np.int32)
    evaluation = Evaluation(over, numbers, task.targets(examples.labels))
    return evaluation(), evaluation.outputs()


def _step(trained: keras.Model, targets: NDArray[np.generic]) -> tf.types.experimental.PolymorphicFunction:
    """The model's test step for any number of examples; Keras' own function is traced anew for another number."""
    if trained.test_function is None:
        chunk = (tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, *targets.shape[1:]], targets.dtype))
        trained.test_function = tf.function(
            trained.test_step, input_signature=[chunk], autograph=False, jit_compile=trained.jit_compile
        )
    return trained.test_function
