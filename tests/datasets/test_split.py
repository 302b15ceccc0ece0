"""The examples that are held out, and what is said of them."""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runner.config.schema import Training
from runner.datasets import split as splitting
from runner.datasets.base import Data, Examples


def a_training(split: float, where: str) -> Training:
    return Training(validation_split=split, validation_from=where)


@pytest.mark.parametrize(("split", "count"), [(0, 0), (1, 1), (0.4, 10_000), (10_000, 10_000), (0.1666667, 4_167)])
def test_a_whole_number_counts_and_a_fraction_is_a_share(split: float, count: int) -> None:
    assert splitting.held_out(split, 25_000) == count


def test_first_holds_out_the_beginning_and_last_the_end() -> None:
    labels = np.zeros(10, int)
    assert splitting.split(a_training(3, "first"), labels).validation.tolist() == [0, 1, 2]
    assert splitting.split(a_training(3, "last"), labels).validation.tolist() == [7, 8, 9]
    assert splitting.split(a_training(0, "last"), labels).train.tolist() == list(range(10))


@given(
    labels=st.lists(st.integers(0, 3), min_size=2, max_size=200),
    share=st.floats(0.01, 0.99),
    where=st.sampled_from(["first", "last", "random", "stratified"]),
)
def test_every_example_is_on_one_side(labels: list[int], share: float, where: str) -> None:
    split = splitting.split(a_training(share, where), np.array(labels))
    both = np.concatenate([split.train, split.validation])
    assert sorted(both) == list(range(len(labels)))
    assert len(split.validation) == splitting.held_out(share, len(labels))


@given(st.lists(st.integers(0, 3), min_size=8, max_size=300), st.floats(0.1, 0.9))
def test_stratified_holds_out_every_class_in_its_proportion(labels: list[int], share: float) -> None:
    split = splitting.split(a_training(share, "stratified"), np.array(labels))
    for label in set(labels):
        expected = labels.count(label) * len(split.validation) / len(labels)
        held = int((np.array(labels)[split.validation] == label).sum())
        assert abs(held - expected) <= len(set(labels))


@pytest.mark.parametrize(("seed", "drawn_by"), [(None, 0), (0, 0), (7, 7)])
def test_the_split_seed_draws_the_examples_and_null_is_seed_0(seed: int | None, drawn_by: int) -> None:
    training = Training(validation_split=30, validation_from="random", split_seed=seed)
    expected = sorted(np.random.default_rng(drawn_by).permutation(100)[:30].tolist())
    assert splitting.split(training, np.zeros(100, int)).validation.tolist() == expected


def test_a_stratified_split_is_another_for_another_split_seed() -> None:
    labels = np.arange(100) % 2
    drawn = [
        splitting.split(Training(validation_split=0.4, validation_from="stratified", split_seed=seed), labels)
        for seed in (None, 0, 1)
    ]
    (null, zero, one) = (each.validation.tolist() for each in drawn)
    assert null == zero != one


def folds_of(labels: list[int], folds: int, where: str, seed: int | None = None) -> list[splitting.Split]:
    every = (Training(validation_from=where, split_seed=seed, folds=folds, fold=fold + 1) for fold in range(folds))
    return [splitting.split(each, np.array(labels)) for each in every]


@given(
    labels=st.lists(st.integers(0, 3), min_size=2, max_size=200),
    folds=st.integers(2, 12),
    where=st.sampled_from(["first", "last", "random", "stratified"]),
)
def test_each_example_is_in_one_fold_and_trained_on_with_all_others(labels: list[int], folds: int, where: str) -> None:
    assume(folds <= len(labels))
    every = folds_of(labels, folds, where)
    assert sorted(np.concatenate([each.validation for each in every])) == list(range(len(labels)))
    for each in every:
        assert sorted([*each.train, *each.validation]) == list(range(len(labels)))
        assert len(each.validation) - len(labels) // folds in (0, 1)


@given(st.lists(st.integers(0, 4), min_size=12, max_size=300), st.integers(2, 12), st.none() | st.integers(0, 9))
def test_stratified_folds_share_every_class_to_one_example(labels: list[int], folds: int, seed: int | None) -> None:
    for fold in folds_of(labels, folds, "stratified", seed):
        for label in set(labels):
            held = int((np.array(labels)[fold.validation] == label).sum())
            assert held - labels.count(label) // folds in (0, 1)


def test_folds_are_counted_from_the_beginning_or_from_the_end_or_drawn() -> None:
    labels = [0, 1] * 5
    assert [each.validation.tolist() for each in folds_of(labels, 3, "first")] == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert [each.validation.tolist() for each in folds_of(labels, 3, "last")] == [[7, 8, 9], [4, 5, 6], [0, 1, 2, 3]]
    order = np.random.default_rng(5).permutation(10)
    dealt = [sorted(order[fold::3].tolist()) for fold in range(3)]
    assert [each.validation.tolist() for each in folds_of(labels, 3, "random", 5)] == dealt


def of_labels(*labels: int) -> Data:
    """A dataset of ones with these labels to train on."""
    examples = Examples(np.ones((len(labels), 1)), np.array(labels))
    return Data("mine", "own", "", tuple(map(str, range(max(labels) + 1))), examples, examples)


SORTED = of_labels(*[label for label in range(10) for _ in range(10)])


@pytest.mark.parametrize(
    ("split", "where", "data", "why"),
    [
        (0.4, "first", SORTED, "trains on class 4, 5, 6, 7, 8, 9 alone and holds out 0, 1, 2, 3"),
        (0.5, "last", of_labels(0, 0, 1, 1), "trains on class 0 alone and holds out 1"),
        (0.75, "first", of_labels(0, 0, 1, 1), "trains on class 1 alone and holds out 0, 1"),
    ],
)
def test_a_split_that_makes_validation_meaningless_is_refused(split: float, where: str, data: Data, why: str) -> None:
    (line,) = splitting.problems(a_training(split, where), data)
    assert line == f"training.validation_from={where} {why} of mine: use training.validation_from=stratified"
    if len(data.train) >= 10:
        assert splitting.problems(a_training(split, "stratified"), data) == []
        assert splitting.warnings(a_training(split, "stratified"), data) == []


def test_folds_that_do_not_fit_the_data_are_refused() -> None:
    (line,) = splitting.problems(Training(validation_from="random", folds=5, fold=1), of_labels(0, 1, 0, 1))
    assert line == "training.folds must be at most the number of training examples: mine has 4 training examples; got 5"
    (line,) = splitting.problems(Training(validation_from="first", folds=10, fold=2), SORTED)
    assert line.endswith("alone and holds out 1 of mine: use training.validation_from=stratified")
    assert splitting.problems(Training(validation_from="stratified", folds=10, fold=2), SORTED) == []


@pytest.mark.parametrize(
    ("split", "where", "data", "why"),
    [
        (0.45, "first", SORTED, "holds out class 0, 1, 2, 3, never trained on,"),
        (0.05, "last", SORTED, "holds out class 9 alone"),
        (0.75, "first", of_labels(*range(8), 6, 7), "holds out class 0, 1, 2, 3, 4, 5, never trained on,"),
    ],
)
def test_what_a_split_hides_is_said(split: float, where: str, data: Data, why: str) -> None:
    lines = splitting.warnings(a_training(split, where), data)
    assert lines == [f"training.validation_from={where} {why} of mine: use training.validation_from=stratified"]


def test_a_class_without_training_examples_is_said() -> None:
    data = of_labels(0, 1, 3, 0, 1, 3)
    assert splitting.warnings(a_training(0, "first"), data) == ["no training example of mine has the class 2"]
    named = dataclasses.replace(data, class_names=("cat", "dog", "hen", "cow"))
    assert splitting.warnings(a_training(0, "first"), named) == ["no training example of mine has the class hen"]
    assert splitting.problems(a_training(0, "first"), data) == []
