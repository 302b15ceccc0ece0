"""Verdicts on the 10,000 validation reviews, held against the 25,000 test reviews: used for this only."""

import itertools
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

import numpy as np
from scipy import stats

from runner.compare.significance import LEVEL, MARGIN
from runner.runs.reader import Run
from tests.calibration.deals import Deal, before, dealt, judged
from tests.calibration.unseen import answered


def report(settings: Mapping[str, Sequence[Run]], seeds: Sequence[int]) -> None:
    """Every two settings, with several numbers of their seeds; what all seeds say of the test reviews is the truth."""
    chance = random.Random(0)
    test = {name: np.array([answered(run.folder).mean(axis=1) for run in runs]) for name, runs in settings.items()}
    own = {name: of_own_epochs(test[name], runs) for name, runs in settings.items()}
    for count in seeds:
        found: Counter[str] = Counter()
        for names in itertools.combinations(settings, 2):
            deal = dealt(chance, *[(settings[name], count) for name in names])
            outcome, values = _now(deal, [test[name] for name in names])
            found.update(_told(outcome, *values))
            if before(deal):
                best = int(np.argmax([fmean(run.monitored or 0.0 for run in runs) for runs in deal]))
                found.update(f"before {each}" for each in _told("worse", own[names[best]], own[names[1 - best]]))
        for line in _lines(found):
            print(f"{count} seeds of each of {len(settings)} settings: {line}")


def of_own_epochs(test: np.ndarray, runs: Sequence[Run]) -> np.ndarray:
    """Of the values [seeds, epochs] those after the best epoch of each run."""
    return test[range(len(runs)), [run.record["best_epoch"] - 1 for run in runs]]


def _now(deal: Deal, test: Sequence[np.ndarray]) -> tuple[str, list[np.ndarray]]:
    """The verdict on the lower setting, and the test values [seeds] after the chosen epochs, the higher one first."""
    table = judged(deal)
    [(_, verdict)] = table.verdicts
    ranked = table.table.settings
    return verdict.outcome, [test[each.values["model.width"] - 1][:, each.chosen_epoch - 1] for each in ranked]


def _told(outcome: str, better: np.ndarray, worse: np.ndarray) -> list[str]:
    """What is said of two settings, and how it stands with the test reviews: values after the chosen epochs [seeds]."""
    apart, p = better.mean() - worse.mean(), stats.ttest_ind(better, worse, equal_var=False).pvalue
    said = [outcome, f"{outcome}: {'higher' if apart > 0 else 'lower'}"]
    said += [f"{said[-1]}, p < {LEVEL}"] if p < LEVEL else []
    return said + ([f"{outcome}: within"] if abs(apart) < MARGIN else [])


def _lines(found: Counter[str]) -> Iterator[str]:
    pairs = sum(found[each] for each in ("worse", "same", "open"))
    for how, told in (("", "worse"), ("before, ", "before worse")):
        yield (
            f"{how}{found[told]} of {pairs} pairs called better, {found[f'{told}: higher']} of them higher on the "
            f"test reviews ({found[f'{told}: higher, p < {LEVEL}']} with p < {LEVEL} over the seeds), "
            f"{found[f'{told}: lower, p < {LEVEL}']} lower with p < {LEVEL}"
        )
    for outcome, words in (("same", "called practically the same"), ("open", "open")):
        yield f"{found[outcome]} {words}, {found[f'{outcome}: within']} of them within {MARGIN} on the test reviews"
