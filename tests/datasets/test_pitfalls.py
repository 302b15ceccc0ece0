"""What is said of data before it is trained on, and what is not."""

from collections.abc import Sequence

import numpy as np
import pytest

from runner.config import task
from runner.config.schema import Training
from runner.datasets import pitfalls, split
from runner.datasets.base import Data, Examples
from tests.conftest import ConfigOf

NO_SPLIT = Training(validation_split=0, validation_from="first")


def of_counts(*counts: int, names: Sequence[str] = "abcdefghijkl") -> Data:
    """Examples of each class, in turn as far as they go, no two with equal rows."""
    labels = np.array(sorted((place, label) for label, count in enumerate(counts) for place in range(count)))[:, 1]
    train = Examples(np.arange(len(labels), dtype=float)[:, None], labels)
    return Data("mine", "own", "", tuple(names[: len(counts)]), train, Examples(np.empty((0, 1)), labels[:0]))


def said(config_of: ConfigOf, data: Data, *words: str, training: Training = NO_SPLIT) -> list[str]:
    config = config_of(*words)
    return pitfalls.of_classes(training, task.resolve(config, data.classes)[0], data)


def test_a_class_with_fewer_than_ten_training_examples_is_named_with_their_number(config_of: ConfigOf) -> None:
    assert said(config_of, of_counts(10, 12, 15)) == []
    assert said(config_of, of_counts(9, 12, 0, 1)) == [
        "fewer than 10 training examples of mine have the class a (9), d (1): too few to learn from: "
        "give it more, or leave it out"
    ]
    half = Training(validation_split=0.5, validation_from="stratified")
    assert said(config_of, of_counts(19, 40), training=half)[0].startswith("fewer than 10")
    assert said(config_of, of_counts(20, 40), training=half) == []
    many = said(config_of, of_counts(*[5] * 12))
    assert "a (5), b (5), c (5), d (5), e (5), f (5), … (12 in all)" in many[0]


@pytest.mark.parametrize(
    ("counts", "words", "is_said"),
    [
        ((40, 160), [], False),  # four to one
        ((40, 161), [], True),
        ((20, 20, 161), [], True),
        ((40, 161), ["training.metrics=[accuracy,auc]", "training.monitor=val_auc"], False),
        ((40, 161), ["training.metrics=[binary_accuracy]", "training.monitor=val_binary_accuracy"], True),
    ],
)
def test_accuracy_alone_is_said_beyond_four_to_one(
    config_of: ConfigOf, counts: Sequence[int], words: list[str], is_said: bool
) -> None:
    lines = said(config_of, of_counts(*counts), *words)
    assert [" says little of mine: " in line for line in lines] == [True] * is_said
    if is_said:
        share = counts[-1] / sum(counts)
        assert f"{share:.4f} of the training examples have the class {'abc'[len(counts) - 1]}" in lines[0]
        assert "add balanced_accuracy or macro_f1, as training.metrics=[" in lines[0]


def test_the_metrics_that_are_named_instead_can_be_trained_with(config_of: ConfigOf) -> None:
    (line,) = said(config_of, of_counts(40, 161))
    words = line.rpartition(", as ")[2]
    config = config_of(words)
    assert task.resolve(config, 2)[1] == []
    assert said(config_of, of_counts(40, 161), words) == []


@pytest.mark.parametrize(("shared", "is_said"), [(2, False), (3, True)])
def test_test_examples_that_are_trained_on_are_said_beyond_one_in_a_hundred(shared: int, is_said: bool) -> None:
    rows = np.arange(400.0)[:, None]
    test = np.concatenate([rows[:shared], -1 - rows[shared:200]])
    labels = np.arange(400) % 2
    data = Data("mine", "own", "", ("a", "b"), Examples(rows, labels), Examples(test, labels[:200]))
    lines = pitfalls.of_test(data)
    assert [line.startswith("3 of 200 test examples of mine have the row of a training ") for line in lines] == [
        True
    ] * is_said


def test_data_without_test_examples_has_nothing_to_share() -> None:
    assert pitfalls.of_test(of_counts(12, 12)) == []


def grouped(*blocks: tuple[int, int]) -> Data:
    """Labels as (label, number) after one another."""
    labels = np.concatenate([np.full(count, label) for label, count in blocks])
    examples = Examples(np.zeros((len(labels), 1)), labels)
    return Data("mine", "own", "", ("a", "b"), examples, examples)


SORTED = ((0, 38), (1, 2), (0, 20), (1, 40))


@pytest.mark.parametrize(
    ("blocks", "where", "held"),
    [
        (SORTED, "first", "a is 0.9500 of the validation examples and 0.3333"),
        (SORTED[::-1], "last", "a is 0.9500 of the validation examples and 0.3333"),
        (SORTED, "random", ""),
        (SORTED, "stratified", ""),
        (((0, 9), (1, 9)), "random", ""),  # uneven by chance, not by the order
        ([(0, 10), (1, 10)] * 5, "first", ""),  # both sides have the same share of each
        ([*[(0, 1), (1, 1)] * 25, *[(0, 1), (1, 3)] * 25], "first", ""),  # a drift, not sorted
    ],
)
def test_labels_that_stand_class_by_class_are_said_where_the_cut_matters(
    blocks: Sequence[tuple[int, int]], where: str, held: str
) -> None:
    lines = split.warnings(Training(validation_split=0.4, validation_from=where), grouped(*blocks))
    line = (
        f"training.validation_from={where} cuts labels that stand class by class: {held} of the training examples of "
        "mine: use training.validation_from=stratified"
    )
    assert lines == ([line] if held else [])
