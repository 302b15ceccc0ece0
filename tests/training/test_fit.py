"""The training is Keras' own mathematics, only faster: every network learns what plain layers on dense rows learn."""

import gc
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.utils.class_weight import compute_class_weight

from runner.config.schema import Config
from runner.datasets.base import Data
from runner.system import backend
from runner.training import batches, layers, model, optimizer
from runner.training.fit import Training
from tests.conftest import ConfigOf
from tests.training.conftest import fitted, prepared

pytestmark = pytest.mark.slow

SMALL = ["dataset.source=sample", "dataset.num_words=200", "model.depth=1"]
# Each kind of network with an optimizer and a schedule, all of whose settings would show in the weights or in a column.
TRAININGS = [
    "model.width=32 dataset.num_words=10000 optimizer=rmsprop",
    "model.width=1 training.validation_from=stratified optimizer=adamw optimizer.schedule=cosine",
    "model.width=[16,8,4] model.activation=tanh model.dropout=0.5 model.l2=0.001 optimizer=adam",
    "model.depth=0 training.shuffle=false optimizer.momentum=0.5 optimizer.centered=true optimizer.rho=0.5",
    "model.depth=1 model.head=softmax training.batch_size=2400 optimizer=nadam",
    "dataset.labels=one_hot optimizer=adagrad",
    "dataset=mnist optimizer=sgd optimizer.schedule=exponential",
    "dataset=mnist model=cnn model.width=2 model.kernel=5 model.l2=0.01 training.class_weight={3:5,8:0}",
    "training.class_weight=balanced training.validation_split=0.123",
    "model.width=[8] dataset.labels=one_hot model.output_units=4 training.class_weight={positive:3}",
]


def dense_rows(data: Data) -> Any:
    features = data.train.features
    dense = features.toarray() if data.train.is_sparse else np.asarray(features)
    return dense.astype("float32") / np.float32(data.train.divisor)


def plainly_fitted(config: Config) -> tuple[keras.Model, list[dict[str, float]]]:
    """The same network trained by Keras' fit on dense rows, in the same order."""
    data, goal, divided = prepared(config)
    keras.utils.clear_session()
    keras.utils.set_random_seed(config.seed)
    x, y = dense_rows(data), goal.targets(data.train.labels)
    network = model.build(config.model, goal, x.shape[1:], data.image_shape)
    weights = _class_weight(config.training.class_weight, data, data.train.labels[divided.train])
    network.compile(
        optimizer.optimizer(config, batches.updates(len(divided.train), config.training.batch_size)),
        model.loss(goal),
        metrics=model.metrics(goal),
    )
    logs = []
    for epoch in range(1, config.training.epochs + 1):
        order = batches.order(divided.train, config.seed, epoch, config.training.shuffle)
        history = network.fit(
            x[order],
            y[order],
            batch_size=config.training.batch_size,
            validation_data=(x[divided.validation], y[divided.validation]),
            validation_batch_size=len(divided.validation),
            class_weight=weights,
            shuffle=False,
            verbose=0,
        )
        logs.append({name: values[0] for name, values in history.history.items()})
    return network, logs


def _class_weight(setting: Any, data: Data, trained: Any) -> dict[int, float] | None:
    if setting == "balanced":
        numbers = np.arange(data.classes)
        return dict(enumerate(compute_class_weight("balanced", classes=numbers, y=trained).tolist()))
    return setting and {number: setting.get(name, 1.0) for number, name in enumerate(data.class_names)}


def assert_the_same_training(config: Config) -> None:
    network, history = fitted(config)
    plain, logs = plainly_fitted(config)
    for ours, theirs in zip(network.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)
    for row, log in zip(history.metrics, logs, strict=True):
        assert {name: row[name] for name in log} == pytest.approx(log, rel=1e-3, abs=2e-3)


@pytest.mark.parametrize("words", TRAININGS)
def test_every_network_optimizer_and_schedule_agrees_with_plain_keras(config_of: ConfigOf, words: str) -> None:
    few = [] if words.startswith("dataset=mnist") else ["dataset.num_words=500"]
    assert_the_same_training(config_of("dataset.source=sample", "training.epochs=2", *few, *words.split()))


def test_a_first_step_on_real_reviews_agrees_with_plain_keras(config_of: ConfigOf, real_data: Path) -> None:
    config = config_of("dataset.source=full", f"dataset.path={real_data}/imdb.npz", "training.batch_size=512")
    data, goal, divided = prepared(config)
    training = Training(config, data, goal, divided)
    network, trained = training.network, training.model
    numbers = batches.order(divided.train, 0, 1)[:512]
    y = goal.targets(data.train.labels)[numbers]
    plain = keras.models.clone_model(network)
    plain.set_weights(network.get_weights())
    plain.compile("rmsprop", "binary_crossentropy")
    plain.train_on_batch(data.train.features[numbers].toarray(), y)
    trained.compile("rmsprop", "binary_crossentropy")
    trained.train_on_batch(numbers, y)
    for ours, theirs in zip(network.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("words", ["model.depth=0", "model.width=7 model.activation=gelu model.l2=0.01"])
def test_the_gradient_is_keras_own(config_of: ConfigOf, words: str) -> None:
    config = config_of("dataset.source=sample", "dataset.num_words=1000", *words.split())
    data, goal, divided = prepared(config)
    training = Training(config, data, goal, divided)
    network, trained = training.network, training.model
    numbers, x = divided.train[:64], dense_rows(data)[divided.train[:64]]
    y = goal.targets(data.train.labels)[divided.train[:64]]

    @tf.function
    def gradients(called: keras.Model, inputs: Any) -> list[Any]:
        with tf.GradientTape() as tape:
            outputs = called(inputs, training=True)
            loss = keras.ops.mean(keras.losses.binary_crossentropy(y, outputs)) + sum(network.losses)
        return tape.gradient(loss, network.trainable_variables)

    for ours, theirs in zip(gradients(trained, numbers), gradients(network, x), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_networks_that_do_not_begin_with_a_dense_layer_get_dense_rows(config_of: ConfigOf) -> None:
    data, goal, _ = prepared(config_of(*SMALL))
    inputs = keras.Input((data.train.features.shape[1],))
    network = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.LayerNormalization()(inputs)))
    numbers = np.array([3, 1, 4], np.int32)
    rows_of_numbers = data.train.features[numbers].toarray()
    outputs = layers.over_rows(network, data.train, goal).predict(numbers, verbose=0)
    np.testing.assert_allclose(outputs, network.predict(rows_of_numbers, verbose=0), rtol=1e-5)


def test_early_stopping_ends_after_so_many_epochs_without_improvement(config_of: ConfigOf) -> None:
    words = ["training.early_stopping.patience=2", "training.early_stopping.min_delta=1", "training.epochs=9"]
    _, history = fitted(config_of(*SMALL, *words))
    assert len(history.metrics) == 3


@pytest.mark.parametrize("schedule", ["cosine", "exponential"])
def test_the_learning_rate_column_is_that_of_the_last_update(config_of: ConfigOf, schedule: str) -> None:
    words = ["training.epochs=2", f"optimizer.schedule={schedule}", "optimizer.decay_rate=0.9"]
    _, history = fitted(config_of(*SMALL, *words))
    recorded = [row["learning_rate"] for row in history.metrics]
    updates = [5, 10]
    if schedule == "cosine":
        expected = [0.0005 * (1 + np.cos(np.pi * (update - 1) / 10)) for update in updates]
    else:
        expected = [0.001 * 0.9 ** ((update - 1) / 5) for update in updates]
    assert recorded == pytest.approx(expected, rel=1e-5)


def test_nothing_of_a_run_stays_in_memory(config_of: ConfigOf) -> None:
    def graphs() -> int:
        return sum(isinstance(each, tf.Graph) for each in gc.get_objects())

    config = config_of(*SMALL, "training.epochs=1")
    fitted(config)
    backend.release()
    before = graphs()
    fitted(config)
    assert graphs() > before
    backend.release()
    assert graphs() <= before
