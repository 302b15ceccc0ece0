"""How many epochs: the chosen one, those that cannot be told from it, and what is said of the curve's end."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats

from runner.compare import wording
from runner.compare.comparison import compare
from runner.compare.epochs import Epochs, epochs
from runner.compare.grouping import Setting
from runner.runs.reader import Run


def setting_of(*runs: Run) -> Setting:
    [judged] = compare(runs).tables
    return judged.best


def curves(run: Callable[..., Run], values: Sequence[Sequence[float]], **named: object) -> Setting:
    return setting_of(*(run(f"{seed}", tuple(each), {"seed": seed}, **named) for seed, each in enumerate(values)))


def test_the_epochs_that_cannot_be_told_from_the_best_are_those_of_a_paired_t_test(run: Callable[..., Run]) -> None:
    """Four seeds; scipy's test of each epoch against the third, the best of the mean, at 5 %."""
    random = np.random.default_rng(0)
    mean = np.array([0.70, 0.84, 0.86, 0.858, 0.855, 0.83, 0.80])
    values = mean + random.normal(0, 0.004, (4, 7)) + random.normal(0, 0.05, (4, 1))
    found = epochs(curves(run, values.tolist()))
    best = int(values.mean(axis=0).argmax())
    told = [stats.ttest_rel(values[:, best], values[:, each]).pvalue < 0.05 for each in range(7)]
    told[best] = False
    inside = [each + 1 for each in range(7) if not told[each]]
    assert inside == list(range(inside[0], inside[-1] + 1))
    assert (found.chosen, found.as_good) == (best + 1, (inside[0], inside[-1]))
    assert found.as_good != (1, 7)


def test_the_fewest_epochs_are_those_within_one_standard_error(run: Callable[..., Run]) -> None:
    """The best is 0.85 after epoch 4, by two seeds 0.84 and 0.86: one standard error is 0.01, and 0.84 is within it."""
    found = epochs(curves(run, [(0.7, 0.829, 0.83, 0.84), (0.7, 0.849, 0.85, 0.86)]))
    assert found.error == pytest.approx(0.01)
    assert (found.chosen, found.fewest) == (4, 3)


def test_with_a_loss_the_fewest_are_those_that_lose_at_most_as_much(run: Callable[..., Run]) -> None:
    found = epochs(
        setting_of(
            *(
                run(f"{seed}", (0.5,) * 3, {"seed": seed}, losses=losses, monitor="val_loss")
                for seed, losses in enumerate([(0.5, 0.405, 0.39), (0.5, 0.405, 0.41)])
            )
        )
    )
    assert (found.chosen, found.value, found.fewest) == (3, pytest.approx(0.4), 2)


def test_a_single_seed_without_predictions_tells_of_no_range(run: Callable[..., Run]) -> None:
    found = epochs(curves(run, [(0.6, 0.8, 0.7)]))
    assert (found.chosen, found.as_good, found.error, found.fewest) == (2, None, None, 2)


@pytest.mark.parametrize(
    ("values", "losses", "rising"),
    [
        ((0.6, 0.7, 0.8, 0.9), (4, 3, 2, 1), True),
        ((0.6, 0.7, 0.8, 0.9), (4, 1, 2, 3), False),  # the loss says otherwise
        ((0.6, 0.9, 0.8, 0.7), (4, 3, 2, 1), False),
        ((0.9,), (1,), False),
    ],
)
def test_more_epochs_are_hoped_for_only_where_the_curve_ends_so(
    run: Callable[..., Run], values: tuple[float, ...], losses: tuple[float, ...], rising: bool
) -> None:
    setting = setting_of(run("a", values, losses=losses))
    assert epochs(setting).still_rising is rising
    [judged] = compare(setting.runs).tables
    assert ("more epochs may be better still" in " ".join(wording.curves(judged.table))) is rising


def test_a_curve_that_has_been_flat_for_long_gives_no_hope() -> None:
    flat = Epochs(last=20, chosen=20, value=0.9, error=0.01, as_good=(5, 20), fewest=5, lowest=20, growth=1.0)
    assert not flat.still_rising


def test_the_growth_of_validation_loss_is_that_of_the_mean_curve(run: Callable[..., Run]) -> None:
    """Mean losses 0.5, 0.3, 0.45, 0.6: the lowest is the second, doubled in the end."""
    found = epochs(
        setting_of(
            run("a", (0.5, 0.8, 0.8, 0.7), losses=(0.4, 0.2, 0.4, 0.6)),
            run("b", (0.5, 0.8, 0.8, 0.7), {"seed": 1}, losses=(0.6, 0.4, 0.5, 0.6)),
        )
    )
    assert (found.lowest, found.growth) == (2, pytest.approx(2.0))
