"""Is 5 % what it says? `python -m tests.calibration`: verdicts on real training whose truth is known.

Runs of one setting are dealt out as settings of several seeds, again and again: every "better" between them is a false
alarm, and at most 5 % may be. A difference that is there must be found: width 8 against 32 of the sample. Each is
counted beside what was done before: each run at the best epoch of its own, Welch's test.
"""

import argparse
import multiprocessing
import os
import random
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from scipy import stats

from runner.compare.comparison import compare
from runner.compare.significance import LEVEL
from runner.config.plan import plan_of
from runner.runs import reader
from runner.runs.reader import Run

SAMPLE = ("dataset.source=sample", "training.epochs=6", "training.keep_state=none", "reuse=false")
DEALS = 200  # of each kind

Deal = Sequence[Sequence[Run]]  # the runs of each setting


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__)
    parser.add_argument("--runs", type=int, default=90, help="of each setting")
    parser.add_argument("--deals", type=int, default=DEALS)
    options = parser.parse_args()
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        runs = trained(Path(folder), options.runs)
        report(runs, options.deals)


SETTINGS = {
    "width 32": ["model.width=32"],
    "width 8": ["model.width=8"],
    "folds": ["model.width=32", "training.folds=5", "training.validation_from=stratified"],
}


def trained(folder: Path, count: int) -> dict[str, list[Run]]:
    """Runs by setting, seeds from 0 on; of the folds five for each of a fifth as many seeds."""
    jobs = []
    for name, words in SETTINGS.items():
        for number in range(count):
            seed = [f"seed={number // 5}", f"training.fold={number % 5 + 1}"] if name == "folds" else [f"seed={number}"]
            jobs.append((folder / name.replace(" ", "_") / str(number), [*SAMPLE, *words, *seed]))
    with ProcessPoolExecutor(multiprocessing.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        list(pool.map(train, jobs, chunksize=10))
    return {name: [reader.load(folder / name.replace(" ", "_") / str(n)) for n in range(count)] for name in SETTINGS}


def train(job: tuple[Path, list[str]]) -> None:
    import contextlib
    import io

    from runner.experiment import run as experiment

    folder, words = job
    with contextlib.redirect_stdout(io.StringIO()):
        experiment.run(plan_of(words).jobs[0].config, folder, words)


def report(runs: dict[str, list[Run]], deals: int) -> None:
    chance = random.Random(0)
    equal = runs["width 32"]
    for seeds in (3, 5, 10):
        alarms(f"{seeds} seeds against {seeds}", lambda n=seeds: dealt(chance, equal, [n, n]), deals)  # type: ignore[misc]
    alarms("one seed against five", lambda: dealt(chance, equal, [1, 5]), deals)
    alarms("best of nine, 3 seeds each", lambda: dealt(chance, equal, [3] * 9), deals)
    alarms("5 folds against 5", lambda: folds(chance, runs["folds"]), deals)
    for seeds in (1, 3, 5, 10):
        power(
            f"width 8 against 32, {seeds} seeds",
            lambda n=seeds: [chance.sample(runs["width 8"], n), chance.sample(equal, n)],  # type: ignore[misc]
            deals,
        )


def dealt(chance: random.Random, runs: list[Run], sizes: list[int]) -> Deal:
    """Runs of one setting as several settings."""
    drawn = iter(chance.sample(runs, sum(sizes)))
    return [[next(drawn) for _ in range(size)] for size in sizes]


def folds(chance: random.Random, runs: list[Run]) -> Deal:
    """Two seeds, five folds each."""
    first, second = chance.sample(range(len(runs) // 5), 2)
    return [runs[5 * seed : 5 * seed + 5] for seed in (first, second)]


def verdicts(deal: Deal) -> list[str]:
    """What `compare` says of the best of the settings against each of the others."""
    [judged] = compare(relabelled(deal)).tables
    return [verdict.outcome for _, verdict in judged.verdicts]


def relabelled(deal: Deal) -> list[Run]:
    """The runs as of settings that differ in a key, each with seeds of its own."""
    found = []
    for number, runs in enumerate(deal):
        for place, run in enumerate(runs):
            config: dict[str, Any] = {**run.record["config"], "model": {"name": "mlp", "width": number + 1}}
            config["optimizer"] = {"name": "same"}
            config["training"] = {**config["training"], "epochs": 6}
            fold = run.record["config"]["training"]["fold"]
            record = {**run.record, "config": config, "seed": 0 if fold else 1000 * number + place}
            found.append(Run(run.folder, run.status, record, run.metrics, run.timings))
    return found


def before(deal: Deal) -> bool:
    """Whether Welch's test of the runs' own best epochs, by Holm's method for all pairs, finds a difference."""
    groups = [[run.monitored or 0.0 for run in runs] for runs in deal]
    best = max(groups, key=lambda group: sum(group) / len(group))
    others = [group for group in groups if group is not best]
    pairs = len(groups) * (len(groups) - 1) // 2
    if min(map(len, groups)) < 2:
        return False
    return min(stats.ttest_ind(best, group, equal_var=False).pvalue for group in others) * pairs < LEVEL


def alarms(what: str, deal: Callable[[], Deal], deals: int) -> None:
    """Count the comparisons of equal settings in which one is called better."""
    drawn = [deal() for _ in range(deals)]
    found = sum(any(each in ("better", "worse") for each in verdicts(one)) for one in drawn)
    earlier = sum(before(one) for one in drawn)
    bound = int(stats.binom.ppf(0.99, deals, LEVEL))
    print(f"{what}: {found} of {deals} called better, at most {bound} allowed; before {earlier}", flush=True)
    if found > bound:
        raise SystemExit(1)


def power(what: str, deal: Callable[[], Deal], deals: int) -> None:
    """Count how often a difference that is there is found."""
    drawn = [deal() for _ in range(deals)]
    found = sum("worse" in verdicts(one) for one in drawn)
    print(f"{what}: found in {found} of {deals}; before {sum(before(one) for one in drawn)}", flush=True)


if __name__ == "__main__":
    main()
