"""The luck in the best: against simulations in which the truth is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runner.compare.comparison import compare
from runner.compare.sample import Sample
from runner.compare.selection import allowance, of_choice, of_highest
from runner.compare.significance import verdicts
from runner.runs.reader import Run, load
from tests.records import write_run


def test_of_equal_settings_the_best_is_as_much_too_good_as_it_is() -> None:
    """Eight settings of equal worth, deviation 1: the highest is 1.424 too high."""
    random = np.random.default_rng(0)
    said = [of_choice(random.standard_normal(8), random.standard_normal((1000, 8))) for _ in range(50)]
    assert np.mean(said) == pytest.approx(1.424, rel=0.1)


def test_of_settings_that_differ_the_best_is_less_too_good() -> None:
    """Worths with a deviation of 1 under noise of 1, in 400 tables: said is a fifth too much."""
    random = np.random.default_rng(1)
    said, true = [], []
    for _ in range(400):
        worth, noise = random.standard_normal(8), random.standard_normal(8)
        chosen = (worth + noise).argmax()
        true.append(noise[chosen])
        said.append(of_choice(worth + noise, random.standard_normal((200, 8))))
    assert np.mean(said) == pytest.approx(np.mean(true), rel=0.35)


def test_settings_far_apart_leave_nothing_to_luck(run: Callable[..., Run]) -> None:
    runs = [
        run(f"{width}-{seed}", (width / 100 + seed / 10_000,), {"model.width": width, "seed": seed})
        for width in (10, 50, 90)
        for seed in range(4)
    ]
    [judged] = compare(runs).tables
    assert judged.luck == pytest.approx(0, abs=5e-5)


def test_the_choice_of_an_epoch_is_luck_too(tmp_path: Path) -> None:
    """A setting of 30 epochs of noise alone, 20 times: the mean over four seeds has a deviation of 0.005.

    The highest of 30 is 2.04 of it too high.
    """
    random = np.random.default_rng(1)
    said = []
    for number in range(20):
        values = 0.8 + 0.01 * random.standard_normal((4, 30))
        runs = [
            load(write_run(tmp_path / f"{number}-{seed}", tuple(each), {"seed": seed}))
            for seed, each in enumerate(values.tolist())
        ]
        [judged] = compare(runs).tables
        said.append(judged.luck)
    assert np.mean(said) == pytest.approx(2.04 * 0.005, rel=0.25)


def flat(random: np.random.Generator, seeds: int) -> np.ndarray:
    """Curves of 20 epochs of equal worth: the seeds have levels, deviation 0.003, and each epoch noise, as much."""
    return 0.8 + 0.003 * random.standard_normal((seeds, 20)) + 0.003 * random.standard_normal((seeds, 1))


def wobbling(random: np.random.Generator, seeds: int) -> np.ndarray:
    """Of twelve epochs each seed falls in two of five, by 0.03 in the mean, as networks do now and then."""
    falls = np.where(random.random((seeds, 12)) < 0.4, random.exponential(0.03, (seeds, 12)), -0.012)
    return 0.8 + 0.003 * random.standard_normal((seeds, 12)) + 0.003 * random.standard_normal((seeds, 1)) - falls


@pytest.mark.parametrize("curves", [flat, wobbling])
@pytest.mark.parametrize("seeds", [4, 10])
def test_the_noise_of_the_highest_point_is_that_of_repeating_the_whole_experiment(
    curves: Callable[[np.random.Generator, int], np.ndarray], seeds: int
) -> None:
    random = np.random.default_rng(3)
    drawn = [curves(random, seeds) for _ in range(300)]
    true = np.var([each.mean(axis=0).max() for each in drawn])
    said = np.mean([of_highest(each) or 0.0 for each in drawn]) / seeds
    assert said == pytest.approx(true, rel=0.5)


@pytest.mark.parametrize("curves", [flat, wobbling])
@pytest.mark.parametrize("seeds", [3, 10])
def test_what_is_allowed_for_luck_is_about_what_it_is_or_more(
    curves: Callable[[np.random.Generator, int], np.ndarray], seeds: int
) -> None:
    """All epochs have a worth of 0.8, so that what the highest point is above it is luck."""
    random = np.random.default_rng(4)
    drawn = [curves(random, seeds) for _ in range(300)]
    true = np.mean([each.mean(axis=0).max() - 0.8 for each in drawn])
    assert 0.7 * true < np.mean([allowance(each) for each in drawn]) < 1.7 * true


def test_one_seed_or_epoch_tells_nothing_of_a_choice() -> None:
    one = np.array([[0.8, 0.9, 0.85]])
    assert (of_highest(one), allowance(one)) == (None, 0.0)
    assert (of_highest(one.T), allowance(one.T)) == (pytest.approx(0.0025), 0.0)


def test_a_difference_between_wobbling_settings_is_found() -> None:
    """0.02, ten seeds each: in at least 32 of 40 pairs. By the spread of single epochs it was in 7."""
    random, found = np.random.default_rng(5), 0
    for _ in range(40):
        drawn = [wobbling(random, 10) + 0.02, wobbling(random, 10)]
        better, worse = (
            Sample(
                dict(enumerate(each[:, each.mean(axis=0).argmax()], 100 * place)),
                highest=of_highest(each),
                luck=allowance(each),
            )
            for place, each in enumerate(drawn)
        )
        found += verdicts(better, [worse], sign=1, chosen=True)[0].outcome == "worse"
    assert found >= 32


def test_the_examples_bring_luck_where_there_is_one_seed(tmp_path: Path) -> None:
    """Nine networks that are right on 400 examples by chance alone, 0.8 each, in 20 tables.

    The deviation is 0.02, the highest of nine 1.485 of it too high.
    """
    random = np.random.default_rng(2)
    said = []
    for number in range(20):
        right = (random.random((9, 1, 400)) < 0.8).astype(np.uint8)
        named = {"data": {"validation": 400}}
        runs = [
            load(
                write_run(
                    tmp_path / f"{number}-{width}",
                    (float(each.mean()),),
                    {"model.width": width + 1},
                    right=each,
                    **named,
                )
            )
            for width, each in enumerate(right)
        ]
        [judged] = compare(runs).tables
        said.append(judged.luck)
    assert np.mean(said) == pytest.approx(1.485 * 0.02, rel=0.2)


def test_without_seeds_and_predictions_nothing_is_said(run: Callable[..., Run]) -> None:
    [judged] = compare([run("a", (0.8,)), run("b", (0.9,), {"model.width": 8})]).tables
    assert judged.luck is None
