"""A network of the user's own is trained as Keras trains it, whichever way its rows come to it, or refused."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf

from runner import register
from runner.config.schema import Config
from runner.errors import ConfigError
from runner.training import evaluation, layers
from runner.training.fit import Training
from tests import oracle
from tests.conftest import ConfigOf
from tests.training.conftest import fitted, prepared

pytestmark = pytest.mark.slow

WORDS = ["dataset.source=sample", "dataset.num_words=200", "training.epochs=1", "model.name=own", "optimizer=adam"]
# Adam: the first steps of RMSprop are as long for rounding noise as for a gradient.


class Scaled(keras.layers.Dense):
    def call(self, inputs: Any, training: Any = None) -> Any:
        return super().call(inputs / keras.ops.maximum(keras.ops.sum(inputs, -1, keepdims=True), 1.0))


class Halved(keras.Sequential):
    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return super().call(inputs, training=training, mask=mask) / 2


def stack(*layers: Any, kind: type = keras.Sequential, dtype: str = "float32") -> keras.Model:
    return kind([keras.Input((200,), dtype=dtype), *layers, keras.layers.Dense(1, "sigmoid", dtype="float32")])


def dense(kind: type = keras.layers.Dense, **options: Any) -> Any:
    return kind(6, "relu", **options)


def frozen() -> keras.Model:
    network = stack(dense())
    network.layers[0].trainable = False
    return network


def shared() -> keras.Model:
    layer = keras.layers.Dense(200, "relu", kernel_regularizer="l2")
    return stack(layer, keras.Sequential([layer]))


def patched() -> keras.Model:
    network = stack(dense())
    first, plain = network.layers[0], network.layers[0].call
    first.call = lambda inputs, training=None: plain(inputs) / 2
    return network


# Each by name: the network, and whether its first layer may be computed from sparse rows.
NETWORKS: dict[str, tuple[Callable[[], keras.Model], bool]] = {
    "plain": (lambda: stack(dense()), True),
    "no bias, a penalty, a kernel kept small": (
        lambda: stack(dense(use_bias=False, kernel_regularizer="l2", kernel_constraint=keras.constraints.MaxNorm(0.5))),
        True,
    ),
    "a frozen first layer": (frozen, True),
    "one layer twice": (shared, True),
    "a Dense with its own call": (lambda: stack(dense(Scaled)), False),
    "a Dense whose call is replaced": (patched, False),
    "a Sequential with its own call": (lambda: stack(dense(), kind=Halved), False),
    "an activity penalty": (lambda: stack(dense(activity_regularizer=keras.regularizers.L2(0.1))), False),
    "low-rank adaptation": (lambda: stack(dense(lora_rank=2)), False),
    "a first layer in bfloat16": (lambda: stack(dense(dtype="mixed_bfloat16")), False),
    "inputs in float16": (lambda: stack(dense(), dtype="float16"), False),
    "a stack as the first layer": (lambda: stack(keras.Sequential([dense()])), False),
}


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """`own(make)`: `model.name=own` is the network that `make` makes."""
    return lambda make: monkeypatch.setitem(register.models, "own", lambda *shapes: make())


@pytest.mark.parametrize("name", NETWORKS)
def test_each_kind_of_network_learns_what_plain_keras_teaches_it(
    config_of: ConfigOf, own: Callable[..., None], name: str
) -> None:
    make, from_sparse_rows = NETWORKS[name]
    own(make)
    config = config_of(*WORDS)
    network, history = fitted(config)
    assert layers.begins_with_plain_dense(network) == from_sparse_rows
    plain = oracle.Plain(config)
    (log,), _, weights = plain.trained()
    assert {column: history.metrics[0][column] for column in log} == pytest.approx(log, rel=1e-4, abs=1e-3)
    for ours, theirs in zip(network.get_weights(), weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)
    held_out = plain.split.validation
    network.compile(loss="binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    loss, accuracy = network.evaluate(plain.x[held_out], plain.y[held_out], batch_size=4000, verbose=0)
    recorded = history.metrics[-1]
    assert (recorded["val_loss"], recorded["val_accuracy"]) == pytest.approx((loss, accuracy), rel=1e-4)


@pytest.mark.parametrize("name", ["plain", "an activity penalty"])
def test_a_stack_and_the_same_as_a_functional_network_learn_alike(
    config_of: ConfigOf, own: Callable[..., None], name: str
) -> None:
    make, _ = NETWORKS[name]

    def functional() -> keras.Model:
        inputs = keras.Input((200,))
        return keras.Model(inputs, make()(inputs))

    losses = []
    for each in (make, functional):
        own(each)
        _, history = fitted(config_of(*WORDS))
        losses.append(history.metrics[-1]["val_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def with_own(**methods: Any) -> Callable[[], keras.Model]:
    kind = type("Mine", (keras.Sequential,), methods)
    return lambda: stack(dense(), kind=kind)


@pytest.mark.parametrize("name", ["train_step", "test_step", "compute_loss", "compile"])
def test_a_network_with_a_training_of_its_own_is_refused(
    config_of: ConfigOf, own: Callable[..., None], name: str
) -> None:
    own(with_own(**{name: lambda self, *given, **named: getattr(keras.Sequential, name)(self, *given, **named)}))
    with pytest.raises(
        ConfigError, match=rf"model.name=own must be .*; got a Mine with its own {name}: use training.loss"
    ):
        fitted(config_of(*WORDS))


def sizes(config: Config) -> int:
    """Bytes that an example takes at the widest place of the model."""
    training = Training(config, *prepared(config))
    step = evaluation.Evaluation(training.model, training.split.validation, training.targets).step
    return layers.bytes_each(training.model, step.get_concrete_function().graph)


class Convolved(keras.Model):
    """A subclass: Keras knows no outputs of the layers inside."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.head = keras.layers.Conv2D(32, 3, padding="same"), keras.layers.Dense(10, "softmax")

    def call(self, images: Any) -> Any:
        return self.head(keras.layers.Flatten()(self.convolution(keras.ops.reshape(images, (-1, 28, 28, 1)))))


@pytest.mark.parametrize("nested", ["functional", "subclass"])
def test_the_memory_of_an_example_is_that_of_the_widest_tensor_inside_nested_networks(
    config_of: ConfigOf, own: Callable[..., None], nested: str
) -> None:
    """A convolution of 32 channels over 28 × 28 pixels in float32: 100,352 bytes, where the pixels take 3,136."""

    def inside() -> keras.Model:
        inputs = keras.Input((784,))
        if nested == "subclass":
            return keras.Model(inputs, Convolved()(inputs))
        images = keras.Input((28, 28, 1))
        convolution = keras.Model(images, keras.layers.Conv2D(32, 3, padding="same")(images))
        channels = convolution(keras.layers.Reshape((28, 28, 1))(inputs))
        return keras.Model(inputs, keras.layers.Dense(10, "softmax")(keras.layers.Flatten()(channels)))

    own(inside)
    assert sizes(config_of("dataset=mnist", "dataset.source=sample", "model.name=own")) == 32 * 28 * 28 * 4


GPU = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")


@pytest.mark.parametrize("word", ["model.name=mlp", "model.name=own"])
def test_nothing_that_calls_back_into_python_is_compiled_for_a_gpu(
    config_of: ConfigOf, own: Callable[..., None], word: str
) -> None:
    """Keras compiles with XLA as soon as it sees a GPU, and XLA knows no call into Python."""
    own(lambda: stack(keras.layers.LayerNormalization(), dense()))
    config = config_of(*WORDS, word)
    with mock.patch.object(tf.config, "list_physical_devices", return_value=[GPU]):
        assert Training(config, *prepared(config)).model.jit_compile is False
        _, history = fitted(config)
    assert len(history.metrics) == 1


def test_dense_rows_train_compiled_as_they_do_on_a_gpu(config_of: ConfigOf) -> None:
    config = config_of("dataset=mnist", "dataset.source=sample", "training.epochs=1", "model.depth=0")
    _, plain = fitted(config)
    with mock.patch.object(tf.config, "list_physical_devices", return_value=[GPU]):
        assert Training(config, *prepared(config)).model.jit_compile is True
        _, compiled = fitted(config)
    assert compiled.metrics[0] == pytest.approx(plain.metrics[0], rel=1e-3, abs=2e-3)
