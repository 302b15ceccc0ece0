"""Settings of equal worth: how often one is called better, and how often they are called practically the same."""

import random
from collections.abc import Callable, Sequence
from statistics import fmean

from runner.runs.reader import Run
from tests.calibration.deals import Deal, before, bound, count, dealt, folds, is_told, outcomes, shifted

Draw = Callable[[], Deal]


def alarms(what: str, draw: Draw, deals: int) -> int:
    """Count the comparisons of equal settings in which one is called better; whether it is too many."""
    drawn = [draw() for _ in range(deals)]
    found = count(drawn, is_told)
    print(f"{what}: {found} of {deals} called better, at most {bound(deals)} allowed; before {count(drawn, before)}")
    return found > bound(deals)


def of_seeds(name: str, runs: Sequence[Run], deals: int) -> int:
    """Runs that differ in their seed alone, as settings of several seeds."""
    chance = random.Random(0)
    kinds = {f"{seeds} seeds against {seeds}": [seeds, seeds] for seeds in (3, 5, 10)}
    kinds |= {"one seed against five": [1, 5], "best of nine, 3 seeds each": [3] * 9}
    broken = sum(
        alarms(f"{name}, {what}", lambda sizes=sizes: dealt(chance, *[(runs, each) for each in sizes]), deals)  # type: ignore[misc]
        for what, sizes in kinds.items()
    )
    for seeds in (3, 5, 10):
        drawn = [dealt(chance, (runs, seeds), (runs, seeds)) for _ in range(deals)]
        found = count(drawn, lambda deal: outcomes(deal) == ["same"])
        print(f"{name}, {seeds} seeds against {seeds}: {found} of {deals} called practically the same")
    return broken


def of_folds(name: str, runs: Sequence[Run], deals: int) -> int:
    chance = random.Random(0)
    return alarms(f"{name}, 5 folds against 5", lambda: folds(chance, runs), deals)


def of_unlike(name: str, other: str, steady: Sequence[Run], unsteady: Sequence[Run], deals: int) -> int:
    """Two settings that vary differently, of equal worth: the second is moved by as much as the worths differ."""
    apart, chance = worth(steady) - worth(unsteady), random.Random(0)
    print(f"{name} less {other}, at the best epochs of the means of {len(steady)} runs: {apart:+.4f}, made good")
    moved = [shifted(run, apart) for run in unsteady]
    kinds = {f"{seeds} seeds": [(steady, seeds), (moved, seeds)] for seeds in (3, 5, 10)}
    kinds["3 seeds, the one among eight of the other"] = [(moved, 3), *[(steady, 3)] * 8]
    return sum(
        alarms(f"{other} against {name}, {what}", lambda pools=pools: dealt(chance, *pools), deals)  # type: ignore[misc]
        for what, pools in kinds.items()
    )


def worth(runs: Sequence[Run]) -> float:
    """The best value of the mean curve over all runs."""
    return max(fmean(row["val_accuracy"] for row in rows) for rows in zip(*(run.metrics for run in runs), strict=True))
