"""Settings that differ: how often that is found, and how often they are wrongly called practically the same."""

import random
from collections.abc import Callable, Sequence

import numpy as np

from runner.runs.reader import Run
from tests.calibration.deals import before, bound, count, dealt, of_examples, outcomes
from tests.calibration.equal import worth

Runs = Callable[[str], Sequence[Run]]  # of a setting, by its name


def found(runs: Runs, worse: str, better: str, deals: int) -> None:
    """Count how often a difference is found with several numbers of seeds."""
    pools, what, chance = [runs(worse), runs(better)], f"{worse} against {better}", random.Random(0)
    print(f"{what}: {worth(pools[0]):.4f} against {worth(pools[1]):.4f} at the best epochs of the mean curves")
    for seeds in (1, 3, 5, 10):
        drawn = [dealt(chance, *[(pool, seeds) for pool in pools]) for _ in range(deals)]
        right = count(drawn, lambda deal: outcomes(deal) == ["worse"])
        print(f"{what}, {seeds} seeds: found in {right} of {deals}; before {count(drawn, before)}")


def called_same(runs: Runs, worse: str, better: str, deals: int, examples: int) -> int:
    """Count how often settings are called practically the same whose difference is a little above the margin.

    Each deal has validation examples of its own, drawn from all of them: over those the difference is known. Gives the
    number of counts that are too high.
    """
    pools, chance, of_deal = [runs(worse), runs(better)], random.Random(0), np.random.default_rng(0)
    margin, broken = abs(worth(pools[0]) - worth(pools[1])) / 1.01, 0
    available = len(pools[0][0].predictions.examples)  # type: ignore[union-attr]
    for seeds in (3, 5, 10):
        wrong = 0
        for _ in range(deals):
            chosen = np.sort(of_deal.choice(available, examples, replace=False))
            deal = dealt(chance, *[(pool, seeds) for pool in pools])
            wrong += outcomes([[of_examples(run, chosen) for run in each] for each in deal], margin) == ["same"]
        broken += wrong > bound(deals)
        print(
            f"{worse} against {better}, {seeds} seeds, {examples:,} examples, apart by 1.01 times a margin of "
            f"{margin:.4f}: {wrong} of {deals} called practically the same, at most {bound(deals)} allowed"
        )
    return broken
