"""The noise in a difference: against a simulation's known truth, scipy, and cases worked by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runner.compare.noise import Noise, bartlett
from runner.compare.sample import Sample, mean_square, standard_error
from tests.compare.answers import answered, results

GROUPS = st.lists(
    st.lists(st.integers(0, 1000).map(lambda each: each / 1000), min_size=2, max_size=6).filter(
        lambda group: len({*group}) > 1
    ),
    min_size=2,
    max_size=5,
)


@given(GROUPS)
def test_whether_spreads_differ_is_bartletts_test(groups: list[list[float]]) -> None:
    known = stats.bartlett(*groups)
    assert bartlett([results(group) for group in groups]) == pytest.approx(known.pvalue, abs=1e-7)


def test_spreads_that_are_alike_are_pooled_and_a_dead_network_is_not() -> None:
    """Of four settings with deviations near 0.01 one has a network that learned nothing."""
    values = [[0.86, 0.87, 0.88], [0.83, 0.85, 0.86], [0.88, 0.89, 0.90]]
    alike = [results(each, start=3 * place) for place, each in enumerate(values)]
    dead = results([0.87, 0.5, 0.88], start=9)
    noise = Noise([*alike, dead])
    assert set(noise.pool) == set(alike)
    assert noise.freedom == 6
    found = noise.difference(alike[0], alike[1])
    variance = np.mean([np.var([*each.results.values()], ddof=1) for each in alike])
    assert found.seeds == pytest.approx(2 * variance / 3)
    assert found.freedom == 6
    apart = noise.difference(alike[0], dead)
    assert apart.seeds == pytest.approx(variance / 3 + np.var([0.87, 0.5, 0.88], ddof=1) / 3)
    assert 2 < apart.freedom < 2.1  # that of the dead one, as Welch's


def test_a_setting_that_varies_more_than_twice_as_much_as_the_pool_keeps_its_own_spread() -> None:
    """Variances of 1, 1, 1, 1 and 9 e-4 with 3 seeds pass for alike; pooled they are 2.6e-4, with 10 degrees."""
    steady = [results([0.87, 0.88, 0.89], start=3 * place) for place in range(4)]
    odd = results([0.85, 0.88, 0.91], start=12)
    noise = Noise([*steady, odd])
    assert set(noise.pool) == {*steady, odd}
    assert noise.difference(steady[0], steady[1]).seeds == pytest.approx(2 * 2.6e-4 / 3)
    found = noise.difference(steady[0], odd)
    assert found.seeds == pytest.approx((2.6e-4 + 9e-4) / 3)
    assert found.freedom == pytest.approx(11.6**2 / (2.6**2 / 10 + 9**2 / 2))


def test_equal_seeds_are_paired_where_they_are_shown_to_go_together() -> None:
    """Seeds differ by 0.1, settings by 0.010, 0.011, 0.012, 0.011: scipy's paired test."""
    good, bad = [0.710, 0.811, 0.912, 0.611], [0.7, 0.8, 0.9, 0.6]
    first, second = results(good), results(bad)
    together = Noise([first, second]).difference(first, second)
    known = stats.ttest_rel(good, bad)
    assert together.size / together.error == pytest.approx(known.statistic)
    assert together.freedom == known.df
    assert "paired" in together.method
    other = results(bad, start=4)
    apart = Noise([first, other]).difference(first, other)
    assert apart.error > 5 * together.error
    assert "paired" not in apart.method


def test_equal_seeds_that_do_not_go_together_are_two_samples() -> None:
    first, second = results([0.90, 0.91, 0.92, 0.91]), results([0.92, 0.90, 0.91, 0.93])
    found = Noise([first, second]).difference(first, second)
    known = stats.ttest_ind([*first.results.values()], [*second.results.values()])
    assert found.size / found.error == pytest.approx(known.statistic)
    assert found.freedom == known.df


def test_two_networks_are_compared_on_the_examples_that_only_one_answers_right() -> None:
    """McNemar's: 6 right by the first alone, 2 by the second alone, of 20: variance 8 / 20²."""
    first = answered([[1] * 6 + [0] * 2 + [1] * 12])
    second = answered([[0] * 6 + [1] * 2 + [1] * 12])
    found = Noise([first, second]).difference(first, second)
    assert found.size == pytest.approx(4 / 20)
    assert found.error == pytest.approx(math.sqrt(8) / 20)
    assert (found.covers, found.step) == (("examples",), 1 / 20)


def test_one_seed_against_several_has_the_spread_of_the_several() -> None:
    one, several = results([0.85]), results([0.86, 0.87, 0.88, 0.89])
    found = Noise([one, several]).difference(one, several)
    spread = float(np.var([0.86, 0.87, 0.88, 0.89], ddof=1))
    assert found.seeds == pytest.approx(spread * (1 + 1 / 4))
    assert found.freedom == 3


def test_single_seeds_without_predictions_tell_of_no_noise() -> None:
    found = Noise([results([0.85]), results([0.86])])
    one, other = results([0.85]), results([0.86])
    assert found.difference(one, other).covers == ()
    assert standard_error(one) is None


def test_the_mean_square_of_seeds_and_examples_is_that_of_a_two_way_table() -> None:
    """By hand: 1 1 0 / 1 0 0 has means 2/3, 1/3 by seed and 1, 1/2, 0 by example, 1/2 over all.

    What is left is 1 - 2/3 - 1 + 1/2 = -1/6, 1/3, -1/6 and the opposite; squares 2 (1/36 + 4/36 + 1/36) = 1/3; of 2
    degrees: 1/6.
    """
    assert mean_square(np.array([[1, 1, 0], [1, 0, 0]], np.uint8)) == pytest.approx(1 / 6)
    assert mean_square(np.array([[1, 0, 0]], np.uint8)) == 0


def test_other_examples_are_not_paired() -> None:
    first, second = answered([[1, 1, 0, 1]] * 3), answered([[1, 0, 0, 1]] * 3, first_example=4)
    assert Noise([first, second]).difference(first, second).examples is None


def test_folds_share_what_they_train_on() -> None:
    """Nadeau and Bengio: 5 folds, differences 0.01 0.02 0.03 0.02 0.02, variance 5e-5; 1/5 + 1/4 of it, 4 degrees."""
    values = ([0.81, 0.82, 0.83, 0.82, 0.82], [0.8] * 5)
    first, second = (replace(results(each), overlap=1 / 4) for each in values)
    found = Noise([first, second]).difference(first, second)
    assert (found.covers, found.method) == (("folds",), "paired t-test, over 5 folds")
    assert found.error == pytest.approx(math.sqrt(5e-5 * (1 / 5 + 1 / 4)))
    assert found.freedom == 4


def drawn(random: np.random.Generator, seeds: int, easy: np.ndarray, of_seed: float, own: float) -> Sample:
    """Answers of networks to examples that are easy or hard for all; the seeds have a level and tastes of their own."""
    level = of_seed * random.standard_normal((seeds, 1))
    return answered((easy + level + own * random.standard_normal((seeds, len(easy))) > 0).astype(np.uint8))


@pytest.mark.parametrize(("of_seed", "own"), [(0.1, 0.4), (0.0, 0.4), (0.1, 0.0)])
def test_the_variance_is_that_of_repeating_the_whole_experiment(of_seed: float, own: float) -> None:
    """400 experiments with new seeds and new examples: the mean of the estimates against the variance of the means."""
    random = np.random.default_rng(7)
    sizes, estimates, errors, means = [], [], [], []
    for _ in range(400):
        easy = 1 + random.standard_normal(300)
        taste = 0.5 * random.standard_normal(300)
        first, second = drawn(random, 4, easy, of_seed, own), drawn(random, 4, easy + taste, of_seed, own)
        found = Noise([first, second]).difference(first, second)
        sizes.append(found.size)
        estimates.append(found.error**2)
        errors.append(standard_error(first) or 0.0)
        means.append(first.mean)
    # A variance of 400 is known to 7 %, three times of which is allowed.
    assert np.mean(estimates) == pytest.approx(np.var(sizes, ddof=1), rel=0.21)
    assert np.mean(np.square(errors)) == pytest.approx(np.var(means, ddof=1), rel=0.21)
