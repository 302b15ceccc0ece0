"""Corrections for many comparisons, against scipy's, which takes one at a time and half a second to import."""

import numpy as np
import pytest
from scipy import stats

from runner.compare.multiplicity import critical, dunnett, student, tukey

MANY = 1e9


@pytest.mark.parametrize("settings", [2, 3, 9, 33, 500])
@pytest.mark.parametrize("freedom", [2, 4.4, 18, 300, MANY])
def test_tukeys_is_the_studentized_range(settings: int, freedom: float) -> None:
    for statistic in (0.5, 2.5, 3.5, 6.0):
        known = stats.studentized_range.sf(statistic * np.sqrt(2), settings, min(freedom, 1e6))
        assert tukey(settings)(statistic, freedom) == pytest.approx(known, abs=1e-3 if settings == 500 else 2e-5)


@pytest.mark.parametrize("freedom", [4, 18, MANY])
@pytest.mark.parametrize("others", [2, 8])
def test_dunnetts_is_a_multivariate_t(others: int, freedom: float) -> None:
    """With as many seeds everywhere; that of scipy is itself exact to about 1e-4."""
    shape = np.full((others, others), 0.5) + 0.5 * np.eye(others)
    joint = stats.multivariate_t(shape=shape, df=min(freedom, 1e6))
    for statistic in (1.5, 2.7):
        limits = np.full(others, statistic)
        known = 1 - joint.cdf(limits, lower_limit=-limits)
        assert dunnett([0.5] * others)(statistic, freedom) == pytest.approx(known, abs=2e-3)


def test_dunnetts_with_unequal_numbers_of_seeds_is_scipys() -> None:
    """Ten seeds of the one setting against three and four of the others."""
    random = np.random.default_rng(3)
    control, *others = (random.normal(size=count) for count in (10, 3, 4))
    known = stats.dunnett(*others, control=control)
    shares = [len(each) / (len(each) + len(control)) for each in others]
    found = [dunnett(shares)(abs(statistic), 14) for statistic in known.statistic]
    assert found == pytest.approx(known.pvalue, abs=4e-3)


def test_two_settings_are_students_t() -> None:
    """Of a printed table: 2.776 with 4 degrees of freedom, 1.960 with infinitely many, is 5 %."""
    for tail in (tukey(2), dunnett([0.5]), student):
        assert tail(2.776, 4) == pytest.approx(0.05, abs=5e-5)
        assert tail(-1.960, MANY) == pytest.approx(0.05, abs=2e-5)


@pytest.mark.parametrize(("settings", "freedom", "table"), [(3, 6, 4.339), (9, 20, 4.896), (9, MANY, 4.387)])
def test_the_critical_value_is_that_of_printed_tables(settings: int, freedom: float, table: float) -> None:
    """Of the studentized range, which is √2 times ours."""
    assert np.sqrt(2) * critical(tukey(settings), 0.05, freedom) == pytest.approx(table, abs=1e-3)
