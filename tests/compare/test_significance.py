"""Better or noise: the statistics against cases worked by hand, against scipy, and under what must not matter.

The quantiles are those of a printed t table (two-sided 5 %): 2 degrees of freedom 4.303, 3: 3.182, 4: 2.776, 5: 2.571,
infinitely many: 1.960. For an even number of degrees the p-value has a closed form: with 2 it is 1 - sin a, with 4 it
is 1 - sin a (1 + cos² a / 2), where sin² a = t² / (t² + degrees).
"""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from runner.compare.significance import FRACTIONS, Sample, Verdict, holm, sampling_error, verdicts

# Results in thousandths, so that rounding is far below what differs.
RESULTS = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
GROUPS = st.lists(RESULTS, min_size=2, max_size=8)
PAIRS = st.lists(st.tuples(RESULTS, RESULTS), min_size=2, max_size=8)


def sample(results: Sequence[float], metric: str = "accuracy", validation: int = 10_000, start: int = 0) -> Sample:
    """Results of the seeds from `start` on."""
    return Sample(dict(enumerate(results, start)), metric, validation)


def between(first: Sample, second: Sample, sign: int = 1) -> Verdict:
    return verdicts(first, [second], sign, chosen=True)[0]


def close(value: Any, relative: float = 1e-9) -> Any:
    return pytest.approx(value, rel=relative, abs=1e-12)


def test_paired_seeds_that_agree_too_little_are_not_distinguishable() -> None:
    """Differences 0.01, 0.02, 0.03: mean 0.02, sd 0.01, error 0.01/√3 = 0.0057735, t = √12 = 3.464, 2 degrees.

    Interval 0.02 ± 4.303 x 0.0057735 = 0.02 ± 0.02484; p = 1 - √(12/14) = 0.0742. A fourth seed would bring the
    interval to 3.182 x 0.01/√4 = 0.0159 < 0.02: one more.
    """
    found = between(sample([0.90, 0.91, 0.92]), sample([0.89, 0.89, 0.89]))
    assert found.difference == close(0.02)
    assert found.interval == pytest.approx((-0.00484, 0.04484), abs=1e-5)
    assert found.p == found.adjusted == close(1 - math.sqrt(12 / 14))
    assert found.is_better is None
    assert (found.more_seeds, found.thin) == (1, False)
    assert found.method == "paired t-test over 3 seeds"


def test_paired_seeds_that_agree_are_a_difference() -> None:
    """Differences 0.01, 0.02, 0.03, 0.02, 0.02: mean 0.02, squares 0.0002/4, sd 0.0070711, error 0.0031623, 4 degrees.

    t = √40 = 6.325; interval 0.02 ± 2.776 x 0.0031623 = 0.02 ± 0.00878; sin² a = 40/44, cos² a = 4/44,
    p = 1 - √(40/44) x (1 + 2/44) = 0.0032.
    """
    found = between(sample([0.81, 0.82, 0.83, 0.82, 0.82]), sample([0.8] * 5))
    assert found.interval == pytest.approx((0.01122, 0.02878), abs=1e-5)
    assert found.p == close(1 - math.sqrt(40 / 44) * (1 + 2 / 44))
    assert found.is_better is True


def test_pairing_takes_the_spread_of_seeds_out_of_the_comparison() -> None:
    """Seeds differ by 0.1, the settings by 0.010 to 0.012 on each: clear in pairs, lost among other seeds."""
    good, bad = [0.710, 0.811, 0.912], [0.7, 0.8, 0.9]
    assert between(sample(good), sample(bad)).is_better is True
    apart = between(sample(good), sample(bad, start=3))
    assert apart.is_better is None
    assert apart.method == "Welch's t-test, 3 and 3 seeds"


def test_seeds_that_are_not_all_the_same_are_not_paired() -> None:
    """All results count, so that the better mean is never called the worse: 0.925 against 0.86, though seeds 0 and 1
    alone say the opposite."""
    first = Sample({0: 0.85, 1: 0.85, **dict.fromkeys(range(2, 8), 0.95)}, "accuracy", 10_000)
    second = Sample({0: 0.86, 1: 0.86}, "accuracy", 10_000)
    found = between(first, second)
    assert found.difference == close(0.065)
    assert found.method == "Welch's t-test, 8 and 2 seeds"
    assert found.is_better is not False


def test_other_seeds_are_compared_by_welch() -> None:
    """0.90, 0.91, 0.92 (variance 1e-4) and 0.88, 0.89, 0.90 (1e-4): error √(2e-4/3) = 0.0081650, t = √6, 4 degrees.

    Interval 0.02 ± 2.776 x 0.008165 = 0.02 ± 0.02267; sin² a = 6/10, p = 1 - √0.6 x 1.2 = 0.0705.
    """
    found = between(sample([0.90, 0.91, 0.92]), sample([0.88, 0.89, 0.90], start=10))
    assert found.interval == pytest.approx((-0.00267, 0.04267), abs=1e-5)
    assert found.p == close(1 - math.sqrt(0.6) * 1.2)
    assert found.is_better is None
    assert found.thin is False


def test_welch_takes_unequal_numbers_and_spreads_of_seeds() -> None:
    """0.90, 0.91, 0.92: mean 0.91, variance/n = 1e-4/3; 0.85, 0.87, 0.87, 0.89: mean 0.87, (8e-4/3)/4 = 2e-4/3.

    Error √1e-4 = 0.01, t = 4; degrees (1/3 + 2/3)² / ((1/3)²/2 + (2/3)²/3) = 54/11 = 4.9, between 4 and 5 in the table:
    the interval's half between 2.571 and 2.776 errors, p between 0.01 and 0.02 (t 4.032 and 3.365 with 5, 4.604 and
    3.747 with 4).
    """
    found = between(sample([0.90, 0.91, 0.92]), sample([0.85, 0.87, 0.87, 0.89], start=3))
    assert found.difference == close(0.04)
    assert found.interval is not None
    assert 0.02571 < (found.interval[1] - found.interval[0]) / 2 < 0.02776
    assert found.p is not None
    assert found.p == close(2 * float(stats.t.sf(4, 54 / 11)))
    assert 0.01 < found.p < 0.02
    assert found.is_better is True


def test_the_sampling_error_of_a_share_is_that_of_a_binomial() -> None:
    """√(0.88 x 0.12 / 10,000) = 0.00325: a third of a point."""
    assert sampling_error(0.88, 10_000) == pytest.approx(0.00325, abs=5e-6)
    assert sampling_error(1.0, 10_000) == 0


def test_one_seed_is_judged_by_sampling_error_and_called_thin() -> None:
    """0.88 against 0.87 of 10,000: √(0.1056 + 0.1131)/100 = 0.0046765, z = 2.138, in a printed table p = 0.0325.

    Interval 0.01 ± 1.960 x 0.0046765 = 0.01 ± 0.00917.
    """
    found = between(sample([0.88]), sample([0.87]))
    assert found.interval == pytest.approx((0.00083, 0.01917), abs=1e-5)
    assert found.p == pytest.approx(0.0325, abs=5e-5)
    assert found.is_better is True
    assert found.thin is True
    assert found.method == "sampling error on 10,000 validation examples"


def test_one_seed_within_sampling_error_is_not_distinguishable_and_says_how_many_more_would_do() -> None:
    """0.88 against 0.8744: error √(0.1056 + 0.10982)/100 = 0.0046414, z = 1.2065, p between 0.2262 and 0.2302.

    The difference is 1.21 errors. t/√n is 2.776/√5 = 1.241 with five seeds, 2.571/√6 = 1.050 with six: five more.
    """
    found = between(sample([0.88]), sample([0.8744]))
    assert found.p is not None
    assert 0.2262 < found.p < 0.2302
    assert found.is_better is None
    assert found.more_seeds == 5


def test_fewer_validation_examples_leave_more_to_chance() -> None:
    assert between(sample([0.90]), sample([0.88])).is_better is True
    assert between(sample([0.90], validation=400), sample([0.88], validation=400)).is_better is None


def test_one_seed_against_several_is_thin_whether_it_is_shared_or_not() -> None:
    for start in (0, 5):
        found = between(sample([0.88, 0.89, 0.90]), sample([0.80], start=start))
        assert found.difference == close(0.09)
        assert found.thin is True
        assert found.method.startswith("sampling error")


@pytest.mark.parametrize(("metric", "validation"), [("loss", 10_000), ("mean_absolute_error", 10_000), ("accuracy", 0)])
def test_one_seed_of_a_metric_without_a_known_sampling_error_says_nothing_but_the_difference(
    metric: str, validation: int
) -> None:
    found = between(sample([0.5], metric, validation), sample([0.25], metric, validation))
    assert found.difference == 0.25
    assert (found.interval, found.p, found.adjusted, found.is_better) == (None, None, None, None)
    assert (found.more_seeds, found.thin) == (None, True)
    assert "no sampling error is known" in found.method


@pytest.mark.parametrize("metric", sorted(FRACTIONS))
def test_every_kind_of_accuracy_is_a_share(metric: str) -> None:
    assert between(sample([0.88], metric), sample([0.87], metric)).p == pytest.approx(0.0325, abs=5e-5)


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
@pytest.mark.parametrize("start", [0, 5])
@pytest.mark.parametrize("results", [[0.88], [0.88, 0.88], [0.86, 0.88, 0.9], [1.0, 1.0]])
def test_equal_results_are_not_distinguishable(results: list[float], start: int, metric: str) -> None:
    found = between(sample(results, metric), sample(results, metric, start=start))
    assert found.difference == 0
    assert found.p in ({1} if len(results) > 1 or metric == "accuracy" else {None})
    assert found.is_better is None


def test_equal_means_of_other_seeds_are_not_distinguishable() -> None:
    found = between(sample([0.25, 0.5, 0.75]), sample([0.75, 0.5, 0.25]))
    assert (found.difference, found.p, found.more_seeds) == (0, 1, None)


def test_the_same_step_on_each_seed_is_no_certainty_for_a_share_of_few_examples() -> None:
    """One more of 1,000 right, three times: as if the sd were that one, t = √3, p = 1 - √(3/5) = 0.2254."""
    found = between(sample([0.881] * 3, validation=1_000), sample([0.88] * 3, validation=1_000))
    assert found.p == close(1 - math.sqrt(3 / 5), 1e-6)
    assert found.is_better is None


def test_the_same_step_between_other_seeds_is_no_certainty_for_a_share_of_few_examples() -> None:
    found = between(sample([0.881] * 3, validation=1_000), sample([0.88] * 3, validation=1_000, start=3))
    assert found.is_better is None


def test_two_metrics_of_the_same_runs_may_go_opposite_ways() -> None:
    """A wide network is more often right and more wrong where it is wrong: better by accuracy, worse by loss."""
    wide, narrow = [0.881, 0.882, 0.883, 0.882], [0.861, 0.863, 0.864, 0.861]
    wide_loss, narrow_loss = [0.51, 0.53, 0.52, 0.52], [0.31, 0.32, 0.33, 0.32]
    by_accuracy = between(sample(wide), sample(narrow), sign=1)
    by_loss = between(sample(wide_loss, "loss"), sample(narrow_loss, "loss"), sign=-1)
    assert (by_accuracy.is_better, by_loss.is_better) == (True, False)
    assert by_loss.difference == close(-0.2)
    assert by_loss.interval is not None
    assert by_loss.interval[0] < -0.2 < by_loss.interval[1] < 0


@pytest.mark.parametrize("start", [0, 20])
def test_with_a_loss_less_is_better(start: int) -> None:
    low, high = sample([0.30, 0.31, 0.32], "loss"), sample([0.40, 0.42, 0.41], "loss", start=start)
    assert between(low, high, sign=-1).is_better is True
    assert between(low, high, sign=-1).difference == close(0.1)
    assert between(high, low, sign=-1).is_better is False


def test_holm_steps_down_and_never_falls() -> None:
    """0.005 x 4 = 0.02, 0.01 x 3 = 0.03, 0.03 x 2 = 0.06, 0.04 x 1 = 0.04, which rises to the 0.06 before it."""
    assert holm([0.01, 0.04, 0.03, 0.005], 4) == close([0.03, 0.06, 0.06, 0.02])


def test_holm_for_more_comparisons_than_values() -> None:
    """Of six comparisons, the four smallest: x 6, x 5, x 4, and x 3 = 0.12."""
    assert holm([0.01, 0.04, 0.03, 0.005], 6) == close([0.05, 0.12, 0.12, 0.03])


def test_holm_passes_over_what_is_not_known_and_stops_at_one() -> None:
    assert holm([None, 0.5, 0.25, None], 3) == [None, 1.0, 0.75, None]
    assert holm([], 0) == []
    assert holm([None], 1) == [None]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 20), st.randoms(use_true_random=False))
def test_holm_raises_keeps_the_order_and_does_not_depend_on_it(values: list[float], more: int, mixer: Any) -> None:
    adjusted = holm(values, len(values) + more)
    pairs = list(zip(values, adjusted, strict=True))
    for p, corrected in pairs:
        assert corrected is not None
        assert p <= corrected <= 1
    for (p, corrected), (other, its) in combinations(pairs, 2):
        assert corrected is not None
        assert its is not None
        assert (corrected <= its) if p <= other else (corrected >= its)
    mixer.shuffle(pairs)
    assert holm([p for p, _ in pairs], len(pairs) + more) == [corrected for _, corrected in pairs]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_calls_nothing_better_that_bonferroni_does_not_find_first(values: list[float]) -> None:
    """The smallest is corrected as by Bonferroni, the others at most so."""
    adjusted = holm(values, len(values))
    bonferroni = [min(1.0, p * len(values)) for p in values]
    assert min(each for each in adjusted if each is not None) == min(bonferroni)
    for corrected, bound in zip(adjusted, bonferroni, strict=True):
        assert corrected is not None
        assert corrected <= bound


def test_the_best_of_three_is_corrected_for_all_pairs_and_a_named_reference_for_those_made() -> None:
    """p of the closer one is 0.0742 (see above), of the farther one smaller; three pairs, or two comparisons."""
    best, close_by, far = sample([0.90, 0.91, 0.92]), sample([0.89] * 3), sample([0.50, 0.51, 0.522])
    singly = [between(best, other).p or 0 for other in (close_by, far)]
    assert singly[0] > singly[1]
    for chosen, (larger, smaller) in ((True, (2, 3)), (False, (1, 2))):
        found = verdicts(best, [close_by, far], sign=1, chosen=chosen)
        assert [each.p for each in found] == singly
        assert [each.adjusted for each in found] == close([larger * singly[0], smaller * singly[1]])
    assert verdicts(best, [], sign=1, chosen=True) == []


def test_a_correction_can_take_a_difference_back() -> None:
    """t = √40 with 4 degrees, p = 0.0032, among the pairs of seven settings: 21 p = 0.067."""
    best, others = sample([0.81, 0.82, 0.83, 0.82, 0.82]), [sample([0.8] * 5)] * 6
    assert between(best, others[0]).is_better is True
    for found in verdicts(best, others, sign=1, chosen=True):
        assert found.p == close(1 - math.sqrt(40 / 44) * (1 + 2 / 44))
        assert found.is_better is None
    assert all(found.is_better for found in verdicts(best, others, sign=1, chosen=False))


@given(PAIRS)
def test_paired_seeds_agree_with_scipy(pairs: list[tuple[float, float]]) -> None:
    assume(len({round(1000 * (a - b)) for a, b in pairs}) > 1)
    first, second = zip(*pairs, strict=True)
    found, known = between(sample(first, "loss"), sample(second, "loss")), stats.ttest_rel(first, second)
    assert found.p == close(known.pvalue, 1e-6)
    assert found.interval == close(tuple(known.confidence_interval(0.95)), 1e-6)


@given(GROUPS, GROUPS)
def test_other_seeds_agree_with_scipy(first: list[float], second: list[float]) -> None:
    assume(len({*first}) > 1 and len({*second}) > 1)
    found = between(sample(first, "loss"), sample(second, "loss", start=100))
    known = stats.ttest_ind(first, second, equal_var=False)
    assert found.p == close(known.pvalue, 1e-6)
    assert found.interval == close(tuple(known.confidence_interval(0.95)), 1e-6)


@given(RESULTS, RESULTS, st.integers(50, 50_000))
def test_one_seed_agrees_with_the_normal_distribution(first: float, second: float, examples: int) -> None:
    found = between(sample([first], validation=examples), sample([second], validation=examples))
    error = math.sqrt((first * (1 - first) + second * (1 - second)) / examples)
    assume(error > 0)
    assert found.p == close(2 * float(stats.norm.sf(abs(first - second), scale=error)), 1e-6)


@given(GROUPS, GROUPS, st.sampled_from(["accuracy", "loss"]), st.sampled_from([1, -1]), st.sampled_from([0, 100]))
def test_swapping_the_settings_turns_the_difference_and_its_interval_and_keeps_p(
    first: list[float], second: list[float], metric: str, sign: int, start: int
) -> None:
    one, other = sample(first, metric), sample(second, metric, start=start)
    there, back = between(one, other, sign), between(other, one, sign)
    assert back.difference == close(-there.difference)
    assert there.interval is not None
    assert back.interval == close((-there.interval[1], -there.interval[0]))
    assert back.p == close(there.p)
    assert (back.more_seeds, back.thin, back.is_better is None) == (
        there.more_seeds,
        there.thin,
        there.is_better is None,
    )
    if there.is_better is not None:
        assert back.is_better is not there.is_better


@given(GROUPS, GROUPS, st.integers(-5000, 5000), st.sampled_from([0, 100]))
def test_a_constant_added_to_both_changes_nothing(
    first: list[float], second: list[float], thousandths: int, start: int
) -> None:
    shared = min(len(first), len(second)) if start == 0 else 0
    steps = {round(1000 * (a - b)) for a, b in zip(first, second, strict=False)}
    assume(len(steps) > 1 if shared else len({*first}) > 1)
    before = between(sample(first, "loss"), sample(second, "loss", start=start))
    moved = [[value + thousandths / 1000 for value in values] for values in (first, second)]
    after = between(sample(moved[0], "loss"), sample(moved[1], "loss", start=start))
    assert after.difference == pytest.approx(before.difference, abs=1e-9)
    assert after.interval == pytest.approx(before.interval, abs=1e-9)
    assert after.p == pytest.approx(before.p, rel=1e-6, abs=1e-9)


@given(GROUPS, st.integers(1, 1000), st.integers(1, 1000), st.sampled_from([0, 100]))
def test_a_larger_difference_never_needs_more_seeds(results: list[float], step: int, other: int, start: int) -> None:
    """The spread stays: one setting's results are moved away from the other's as a whole."""

    def needed(thousandths: int) -> float:
        far = [value + thousandths / 1000 for value in results[::-1]]
        found = between(sample(far, "loss"), sample(results, "loss", start=start))
        return math.inf if found.more_seeds is None else found.more_seeds

    small, large = sorted((step, other))
    assert needed(large) <= needed(small)


@given(st.integers(500, 998), st.integers(1, 400), st.integers(1, 400))
def test_one_seed_never_needs_more_seeds_for_a_larger_difference(base: int, step: int, other: int) -> None:
    def needed(thousandths: int) -> float:
        found = between(sample([base / 1000]), sample([(base - thousandths) / 1000]))
        return math.inf if found.more_seeds is None else found.more_seeds

    small, large = sorted((step, other))
    assert needed(large) <= needed(small)


@pytest.mark.parametrize(("difference", "more"), [(0.0020, 96), (0.0019, None)])
def test_more_than_a_hundred_seeds_are_not_recommended(difference: float, more: int | None) -> None:
    """Of sd 0.01, t/√n is 1.985/√98 = 0.2005, 1.984/√99 = 0.1994 and 1.984/√100 = 0.1984; three seeds are there."""
    results = [0.49, 0.50, 0.51]
    found = between(sample([value + difference for value in results], "loss", start=3), sample([0.5] * 3, "loss"))
    assert found.more_seeds == more
