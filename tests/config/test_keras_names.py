"""The lists of names against the installed Keras: what it adds or drops with a new version shows here."""

import importlib
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runner.config import keras_names
from runner.system import backend

# Base classes and wrappers, which are no losses or metrics by themselves.
BASES = {"loss", "loss_function_wrapper"}


@pytest.fixture(scope="module")
def keras() -> Any:
    backend.start()
    return importlib.import_module("keras")


@pytest.fixture(scope="module")
def listed(keras: Any) -> dict[str, set[str]]:
    """The names that Keras itself resolves, of `activations`, `losses` and `metrics`."""
    return {
        kind: set(importlib.import_module(f"keras.src.{kind}").ALL_OBJECTS_DICT)
        for kind in ("activations", "losses", "metrics")
    }


Floats = NDArray[np.float32]


def right_wrong_targets(form: str) -> tuple[Floats, Floats, NDArray[np.generic]]:
    """Right and wrong outputs of a network of that form for four examples, and the labels as it wants them."""
    labels = np.array([1, 0, 0, 1]) if form == keras_names.SIGMOID else np.array([0, 1, 2, 3])
    if form == keras_names.SIGMOID:
        right = np.where(labels, 0.9, 0.1).astype(np.float32)[:, None]
        return right, 1 - right, labels[:, None].astype(np.float32)
    one_hot = np.eye(7, dtype=np.float32)[labels]
    # The true class last of all, below the five best that the top-k metrics look at.
    right, wrong = 0.05 + 0.65 * one_hot, 0.16 - 0.12 * one_hot
    return right, wrong, labels[:, None].astype(np.int32) if form == keras_names.INTEGER else one_hot


LOSS_FORMS = [(name, form) for name, forms in keras_names.LOSSES.items() for form in sorted(forms)]
METRIC_FORMS = [
    (name, form)
    for name, metric in keras_names.METRICS.items()
    for form in sorted(metric.fits)
    if metric.keras_class and name != "f1_score"  # its arguments follow from the form
]


def test_activations_are_those_of_keras(listed: dict[str, set[str]]) -> None:
    assert listed["activations"] == keras_names.ACTIVATIONS


def test_every_loss_of_keras_is_listed_as_fit_for_a_classifier_or_not(listed: dict[str, set[str]]) -> None:
    theirs = {keras_names.canonical(name) for name in listed["losses"]} - BASES
    assert theirs == keras_names.LOSSES.keys() | keras_names.OTHER_LOSSES


def test_every_metric_of_keras_is_listed_as_fit_for_a_classifier_or_not(listed: dict[str, set[str]]) -> None:
    theirs = {keras_names.canonical(name) for name in listed["metrics"]}
    assert theirs | {"accuracy"} == keras_names.METRICS.keys() | keras_names.OTHER_METRICS


def test_a_metric_of_the_runner_is_none_of_keras(listed: dict[str, set[str]]) -> None:
    theirs = {keras_names.canonical(name) for name in listed["metrics"]}
    assert not theirs & keras_names.OWN_METRICS.keys()
    assert not [name for name in theirs if keras_names.top_k(name)]


def test_no_name_is_both_fit_and_unfit() -> None:
    assert not keras_names.LOSSES.keys() & keras_names.OTHER_LOSSES
    assert not keras_names.METRICS.keys() & keras_names.OTHER_METRICS


@pytest.mark.parametrize("name", [*keras_names.LOSSES])
def test_keras_finds_a_loss_by_its_name(keras: Any, name: str) -> None:
    assert callable(keras.losses.get(name))


@pytest.mark.parametrize("alias", [each for each in keras_names.ALIASES if each != "acc"])
def test_an_alias_is_the_same_function_in_keras(keras: Any, alias: str) -> None:
    assert keras.losses.get(alias) is keras.losses.get(keras_names.canonical(alias))


def test_the_canonical_name_is_snake_case_and_its_own_canonical_name(listed: dict[str, set[str]]) -> None:
    for name in listed["losses"] | listed["metrics"]:
        canonical = keras_names.canonical(name)
        assert re.fullmatch(r"[a-z][a-z0-9_]*", canonical)
        assert keras_names.canonical(canonical) == canonical


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("BinaryCrossentropy", "binary_crossentropy"),
        ("BCE", "binary_crossentropy"),
        ("bce", "binary_crossentropy"),
        ("AUC", "auc"),
        ("acc", "accuracy"),
        ("KLDivergence", "kl_divergence"),
        ("SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy"),
    ],
)
def test_the_ways_to_write_a_name_are_one(written: str, canonical: str) -> None:
    assert keras_names.canonical(written) == canonical


@pytest.mark.parametrize("name", [name for name, metric in keras_names.METRICS.items() if metric.keras_class])
def test_the_column_of_a_metric_is_its_name_in_keras(keras: Any, name: str) -> None:
    keras.utils.clear_session()  # the second of a kind is named …_1
    metric = keras_names.METRICS[name]
    assert getattr(keras.metrics, metric.keras_class)().name == metric.column


@pytest.mark.parametrize("name", [name for name, metric in keras_names.METRICS.items() if metric.keras_class])
def test_the_better_direction_of_a_metric_is_that_of_keras(keras: Any, name: str) -> None:
    metric = keras_names.METRICS[name]
    theirs = getattr(getattr(keras.metrics, metric.keras_class)(), "_direction", None)
    assert {"up": "max", "down": "min", None: None}[theirs] == metric.direction


def test_two_metrics_never_make_the_same_column() -> None:
    columns = [metric.column for metric in (keras_names.METRICS | keras_names.OWN_METRICS).values()]
    assert len(set(columns)) == len(columns)


@pytest.mark.parametrize(("name", "form"), LOSS_FORMS)
def test_a_loss_is_lower_for_right_outputs_of_each_form_that_it_is_said_to_fit(
    keras: Any, name: str, form: str
) -> None:
    right, wrong, targets = right_wrong_targets(form)
    loss = keras.losses.get(name)
    of_right, of_wrong = np.asarray(loss(targets, right)), np.asarray(loss(targets, wrong))
    assert of_right.shape == (4,)
    assert np.isfinite(of_right).all()
    assert (of_right < of_wrong).all()


@pytest.mark.parametrize(("name", "form"), METRIC_FORMS)
def test_a_metric_is_better_for_right_outputs_of_each_form_that_it_is_said_to_fit(
    keras: Any, name: str, form: str
) -> None:
    right, wrong, targets = right_wrong_targets(form)
    metric = getattr(keras.metrics, keras_names.METRICS[name].keras_class)()
    values = []
    for outputs in (right, wrong):
        metric.reset_state()
        metric.update_state(targets, outputs)
        values.append(float(metric.result()))
    assert np.isfinite(values).all()
    of_right, of_wrong = values
    better = {"max": of_right > of_wrong, "min": of_right < of_wrong, None: True}
    assert better[keras_names.METRICS[name].direction]
