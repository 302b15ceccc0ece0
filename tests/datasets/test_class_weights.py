"""The weights of the classes, with scikit-learn as the oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from runner.config.class_weight import problems
from runner.datasets.class_weights import resolve

NAMES = ("cat", "dog", "eel", "fox", "gnu")


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_balanced_weights_are_those_of_scikit_learn_for_the_classes_that_occur(labels: list[int]) -> None:
    occurring = np.unique(labels)
    expected = compute_class_weight("balanced", classes=occurring, y=np.array(labels))
    found = resolve("balanced", NAMES, np.array(labels))
    assert found is not None
    assert [found[number] for number in occurring] == pytest.approx(expected.tolist())
    assert set(found) == set(range(5))  # Keras wants a weight for each


def test_classes_without_a_weight_of_their_own_count_once() -> None:
    labels = np.array([0, 1, 2])
    assert resolve({"eel": 2.5}, NAMES, labels) == {0: 1.0, 1: 1.0, 2: 2.5, 3: 1.0, 4: 1.0}
    assert resolve(None, NAMES, labels) is None


def test_weights_are_for_classes_of_the_data_and_leave_one_that_counts() -> None:
    assert [*problems({"dgo": 2.0}, "pets", NAMES)] == [
        "training.class_weight must name classes of pets: cat, dog, eel, fox, gnu; got dgo; did you mean dog?"
    ]
    assert [*problems(dict.fromkeys(NAMES, 0.0), "pets", NAMES)] == [
        "training.class_weight must leave a class of pets a weight above 0; "
        "got {cat:0.0,dog:0.0,eel:0.0,fox:0.0,gnu:0.0}"
    ]
    assert not [*problems("balanced", "pets", NAMES)]
