"""Better, the same or open: verdicts against scipy, cases worked by hand, and under what must not matter."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from runner.compare.sample import Sample
from runner.compare.significance import LEVEL, Verdict, verdicts
from tests.compare.answers import answered, results

# Results in thousandths, so that rounding is far below what differs.
GROUPS = st.lists(st.integers(0, 1000).map(lambda each: each / 1000), min_size=2, max_size=8)


def between(setting: Sample, reference: Sample, sign: int = 1, margin: float | None = None) -> Verdict:
    return verdicts(reference, [setting], sign=sign, chosen=True, margin=margin)[0]


def values(sample: Sample) -> list[float]:
    return [*sample.results.values()]


def test_two_settings_with_spreads_alike_are_students_t_test() -> None:
    """0.88, 0.89, 0.90 against 0.90, 0.91, 0.92: error √(2e-4/3) = 0.008165, t = -√6, 4 degrees.

    Interval -0.02 ± 2.776 x 0.008165; sin² a = 6/10, p = 1 - √0.6 x 1.2 = 0.0705.
    """
    found = between(results([0.88, 0.89, 0.90], start=10), results([0.90, 0.91, 0.92]))
    assert found.difference == pytest.approx(-0.02)
    assert found.interval == pytest.approx((-0.04267, 0.00267), abs=1e-5)
    assert found.p == pytest.approx(1 - math.sqrt(0.6) * 1.2)
    assert (found.outcome, found.covers, found.method) == ("open", ("seeds",), "t-test, over 3 seeds")


@given(GROUPS, GROUPS)
def test_other_seeds_agree_with_scipy(first: list[float], second: list[float]) -> None:
    """Student's where the spreads pass for alike, else Welch's, with degrees of freedom rounded down to two digits."""
    assume(len({*first}) > 1 and len({*second}) > 1)
    alike = stats.bartlett(first, second).pvalue >= 0.01
    freedom = [len(first) - 1, len(second) - 1]
    variances = [np.var(first, ddof=1), np.var(second, ddof=1)]
    assume(not alike or max(variances) <= 2 * np.average(variances, weights=freedom))  # then it keeps its own
    found = between(results(first), results(second, start=100))
    known = stats.ttest_ind(first, second, equal_var=alike)
    assert found.p == pytest.approx(known.pvalue, rel=0.2, abs=1e-9)
    assert found.p >= known.pvalue - 1e-9


def test_several_settings_of_one_spread_are_tukeys_honest_differences() -> None:
    random = np.random.default_rng(1)
    groups = [random.normal(0.8 + shift, 0.01, 5).tolist() for shift in (0, 0.004, 0.02)]
    samples = [results(group, start=10 * place) for place, group in enumerate(groups)]
    found = verdicts(samples[2], samples[:2], sign=1, chosen=True)
    known = stats.tukey_hsd(*groups)
    assert [each.p for each in found] == pytest.approx(known.pvalue[2, :2], abs=1e-5)
    low, high = known.confidence_interval(1 - LEVEL).low[:2, 2], known.confidence_interval(1 - LEVEL).high[:2, 2]
    assert [each.interval for each in found] == [pytest.approx(pair, abs=1e-6) for pair in zip(low, high, strict=True)]


def test_one_that_the_user_names_is_dunnetts() -> None:
    random = np.random.default_rng(2)
    groups = [random.normal(0.8 + shift, 0.01, 4).tolist() for shift in (0, 0.01, 0.015, 0.0)]
    samples = [results(group, start=10 * place) for place, group in enumerate(groups)]
    found = verdicts(samples[0], samples[1:], sign=1, chosen=False)
    known = stats.dunnett(*groups[1:], control=groups[0])
    assert [each.p for each in found] == pytest.approx(known.pvalue, abs=3e-3)


def test_a_third_setting_that_is_far_off_does_not_overturn_a_verdict() -> None:
    """A pair with p 0.01 alone; with a third setting of the same spread, far below, it stays a difference."""
    first, second = results([0.90, 0.91, 0.92, 0.91, 0.91]), results([0.89, 0.90, 0.89, 0.895, 0.89], start=10)
    third = results([0.50, 0.51, 0.52, 0.51, 0.51], start=20)
    alone = between(second, first)
    joined = verdicts(first, [second, third], sign=1, chosen=True)[0]
    assert alone.outcome == joined.outcome == "worse"
    assert joined.p is not None
    assert alone.p is not None
    assert alone.p < joined.p < 3 * alone.p


def test_two_networks_are_mcnemars_test() -> None:
    """40 examples right by the first alone, 20 by the second: (40 - 20 - 1) / √60 = 2.453, p 0.0142; scipy: 0.0135."""
    right = np.ones((2, 1000), np.uint8)
    right[1, :40] = 0
    right[0, 40:60] = 0
    found = between(answered(right[1:]), answered(right[:1]))
    assert found.p == pytest.approx(2 * stats.norm.sf(19 / math.sqrt(60)))
    assert found.p == pytest.approx(stats.binomtest(20, 60).pvalue, abs=1e-3)
    assert (found.outcome, found.covers) == ("worse", ("examples",))
    assert found.method == "McNemar's test over 1,000 examples"


def test_single_seeds_without_predictions_are_open_and_nothing_is_known() -> None:
    found = between(results([0.5]), results([0.9]))
    assert (found.outcome, found.interval, found.p, found.covers) == ("open", None, None, ())


def test_settings_are_practically_the_same_where_the_interval_lies_within_the_margin() -> None:
    first, second = results([0.9, 0.9001, 0.9002, 0.9001]), results([0.9001, 0.9002, 0.9, 0.9001], start=10)
    found = between(second, first, margin=0.005)
    assert found.outcome == "same"
    assert found.interval is not None
    reach = max(map(abs, found.interval))
    assert between(second, first, margin=reach * 1.01).outcome == "same"
    assert between(second, first, margin=reach * 0.99).outcome == "open"
    assert between(second, first).outcome == "open"


def test_what_is_missing_would_show_a_difference_as_large_as_the_margin() -> None:
    """The variance over seeds is 1e-4 each; 0.01 / (1.960 + 0.842) squared is 1.274e-5: 2e-4 / 1.274e-5 = 15.7."""
    first, second = results([0.90, 0.91, 0.92]), results([0.91, 0.90, 0.92], start=10)
    assert between(second, first, margin=0.01).needed.seeds == 16
    assert between(second, first, margin=0.001).needed.seeds is None  # hundreds
    assert between(second, first).needed.seeds is None


def test_where_the_examples_are_too_few_more_seeds_do_not_help() -> None:
    """Of 100 examples 40 are right by one setting alone, 38 by the other: the variance of the mean is 0.0079."""
    right = np.zeros((2, 100), np.uint8)
    right[0, :40] = 1
    right[1, 40:78] = 1
    first, second = answered(np.repeat(right[:1], 3, axis=0)), answered(np.repeat(right[1:], 3, axis=0), start=10)
    found = between(second, first, margin=0.05)
    needed = 100 * float(np.var(right[0] - right[1].astype(float), ddof=1)) / 100 / (0.05 / 2.8016) ** 2 * 2
    assert found.needed.seeds is None
    assert found.needed.examples == pytest.approx(needed, rel=0.02)


@pytest.mark.parametrize("start", [0, 20])
def test_with_a_loss_less_is_better(start: int) -> None:
    low, high = results([0.30, 0.31, 0.32]), results([0.40, 0.42, 0.41], start=start)
    assert between(low, high, sign=-1).outcome == "better"
    assert between(low, high, sign=-1).difference == pytest.approx(-0.1)
    assert between(high, low, sign=-1).outcome == "worse"


@given(GROUPS, GROUPS, st.sampled_from([0.0, 0.001]), st.sampled_from([1, -1]), st.sampled_from([0, 100]))
def test_swapping_the_settings_turns_the_difference_and_keeps_p(
    first: list[float], second: list[float], resolution: float, sign: int, start: int
) -> None:
    one, other = results(first, resolution=resolution), results(second, start, resolution)
    there, back = between(one, other, sign), between(other, one, sign)
    assert back.difference == pytest.approx(-there.difference)
    assert there.interval is not None
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]), abs=1e-12)
    assert back.p == pytest.approx(there.p)
    turned = {"better": "worse", "worse": "better", "open": "open", "same": "same"}
    assert back.outcome == turned[there.outcome]


@given(GROUPS, GROUPS, st.sampled_from([0, 100]), st.floats(0.001, 0.1))
def test_a_verdict_is_what_the_interval_says(
    first: list[float], second: list[float], start: int, margin: float
) -> None:
    found = between(results(first, resolution=0.001), results(second, start, 0.001), margin=margin)
    assert found.interval is not None
    low, high = found.interval
    assert (found.outcome in ("better", "worse")) == (low > 0 or high < 0)
    if found.outcome == "same":
        assert -margin < low <= high < margin


@pytest.mark.parametrize("results_", [[0.88, 0.88], [0.86, 0.88, 0.9], [1.0, 1.0]])
def test_equal_results_are_no_difference(results_: list[float]) -> None:
    found = between(results(results_, resolution=0.001), results(results_, 5, 0.001))
    assert (found.difference, found.p) == (0, 1)
    assert found.outcome == "open"


def test_the_same_step_on_each_seed_is_no_certainty_for_a_share_of_few_examples() -> None:
    """One more of 1,000 right, three times: the spread counts as one step at least."""
    found = between(results([0.881] * 3, 0, 1e-3), results([0.88] * 3, 3, 1e-3))
    assert found.outcome == "open"


def test_one_setting_of_nine_that_varies_more_is_not_called_different_for_that() -> None:
    """200 tables of nine settings of equal worth, 3 seeds each, one of four times the deviation: the 99 % bound of 5 %.

    With the pooled spread for all of them it is 17 %.
    """
    random, count = np.random.default_rng(6), 0
    for _ in range(200):
        drawn = 0.8 + 0.01 * random.standard_normal((9, 3)) * np.array([4, *[1] * 8])[:, None]
        samples = [results(each, start=10 * place) for place, each in enumerate(drawn.tolist())]
        best, *others = sorted(samples, key=lambda each: -each.mean)
        count += any(each.outcome == "worse" for each in verdicts(best, others, sign=1, chosen=True))
    assert count <= stats.binom.ppf(0.99, 200, LEVEL)


def alarms(random: np.random.Generator, settings: int, seeds: list[int], repeats: int) -> int:
    """Of comparisons between equal settings those that call one better: the seeds' and examples' noise is known."""
    count = 0
    for _ in range(repeats):
        easy = 1 + random.standard_normal(300)
        drawn: list[Any] = []
        for place in range(settings):
            taste = 0.2 * random.standard_normal(300)
            shape = (seeds[place % len(seeds)], 1)
            level = 0.05 * random.standard_normal(shape)
            own = 0.4 * random.standard_normal((shape[0], 300))
            drawn.append(answered((easy + taste + level + own > 0).astype(np.uint8), start=100 * place))
        best, *others = sorted(drawn, key=lambda each: -each.mean)
        found = verdicts(best, others, sign=1, chosen=True)
        count += any(each.outcome in ("better", "worse") for each in found)
    return count


@pytest.mark.parametrize(
    ("settings", "seeds", "repeats"), [(2, [3], 400), (2, [10], 400), (2, [1, 5], 400), (9, [3], 40)]
)
def test_equal_settings_are_called_better_in_five_of_a_hundred(settings: int, seeds: list[int], repeats: int) -> None:
    """At most what chance gives in 99 of 100 such tests."""
    found = alarms(np.random.default_rng(5), settings, seeds, repeats)
    assert found <= stats.binom.ppf(0.99, repeats, LEVEL)
