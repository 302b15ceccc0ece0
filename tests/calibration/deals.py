"""Runs of a pool dealt out as settings, again and again, and what `compare` says of them."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from runner.compare.comparison import Judged, compare
from runner.compare.significance import LEVEL
from runner.runs.reader import Run

Deal = Sequence[Sequence[Run]]  # the runs of each setting


def dealt(chance: random.Random, *pools: tuple[Sequence[Run], int]) -> Deal:
    """Settings of a number of runs each; those from one pool share none."""
    found, left = [], {id(pool): chance.sample([*pool], len(pool)) for pool, _ in pools}
    for pool, size in pools:
        found.append([left[id(pool)].pop() for _ in range(size)])
    return found


def folds(chance: random.Random, runs: Sequence[Run]) -> Deal:
    """Two seeds, five folds each."""
    return [runs[5 * seed : 5 * seed + 5] for seed in chance.sample(range(len(runs) // 5), 2)]


def judged(deal: Deal, margin: float | None = None) -> Judged:
    [found] = compare(relabelled(deal), margin=margin).tables
    return found


def outcomes(deal: Deal, margin: float | None = None) -> list[str]:
    """What `compare` says of each other setting against the best."""
    return [verdict.outcome for _, verdict in judged(deal, margin).verdicts]


def is_told(deal: Deal) -> bool:
    """Whether any setting is called better than another."""
    return any(each in ("better", "worse") for each in outcomes(deal))


def relabelled(deal: Deal) -> list[Run]:
    """The runs as of settings that differ in a key, 1 for the first, and nothing else; each with seeds of its own."""
    common, found = deal[0][0].record, []
    for number, runs in enumerate(deal, 1):
        for place, run in enumerate(runs):
            fold = run.record["config"]["training"]["fold"]
            training = {**common["config"]["training"], "fold": fold}
            config: dict[str, Any] = {**common["config"], "model": {"name": "mlp", "width": number}}
            record = {
                **common,
                "config": {**config, "training": training},
                "seed": 0 if fold else 1000 * number + place,
            }
            record |= {name: run.record[name] for name in ("best_epoch", "training_at_best")}
            found.append(with_predictions(replace(run, record=record), run))
    return found


def before(deal: Deal) -> bool:
    """Whether Welch's test of the runs' own best epochs, by Holm's method for all pairs, finds a difference."""
    groups = [[run.monitored or 0.0 for run in runs] for runs in deal]
    if min(map(len, groups)) < 2:
        return False
    best = max(groups, key=np.mean)
    others = [group for group in groups if group is not best]
    pairs = len(groups) * (len(groups) - 1) // 2
    return min(stats.ttest_ind(best, group, equal_var=False).pvalue for group in others) * pairs < LEVEL


def of_examples(run: Run, chosen: Any) -> Run:
    """A run as if it had held out these of the validation examples alone; an index into them."""
    known = run.predictions
    assert known
    right = known.answers(range(1, len(known.right) + 1))[:, chosen]
    rows = [{**row, "val_accuracy": float(each)} for row, each in zip(run.metrics, right.mean(axis=1), strict=True)]
    record = {**run.record, "dataset": {**run.record["dataset"], "validation": right.shape[1]}}
    fewer = {name: getattr(known, name)[chosen] for name in ("examples", "labels", "best", "last")}
    predictions = replace(known, **fewer, right=np.packbits(right, axis=1))
    return with_predictions(replace(run, record=record, metrics=rows), run, predictions)


def shifted(run: Run, by: float) -> Run:
    """A run whose validation accuracy is another by as much after every epoch."""
    rows = [{**row, "val_accuracy": row["val_accuracy"] + by} for row in run.metrics]
    return with_predictions(replace(run, metrics=rows), run)


def with_predictions(run: Run, other: Run, predictions: Any = None) -> Run:
    """A run with predictions that are read already; by default those of the other."""
    vars(run)["predictions"] = predictions or other.predictions
    return run


def bound(deals: int) -> int:
    """What a level of 5 % gives at most in 99 of 100 such counts."""
    return int(stats.binom.ppf(0.99, deals, LEVEL))


def count(deals: Sequence[Deal], says: Callable[[Deal], bool]) -> int:
    return sum(map(says, deals))
