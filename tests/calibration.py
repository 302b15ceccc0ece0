"""Is 5 % what it says? `python -m tests.calibration`: 200 comparisons between runs of one setting, on real training.

Two groups differ in nothing but their seeds, so every "better" is a false alarm; of 200 at 5 % at most 17 are expected
(the 99 % bound). So it is for the best of five equal settings. Settings are judged as `compare` does: at the best epoch
of the mean over their seeds. Then a difference that is there must be found: width 1 against 32.
"""

import argparse
import csv
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from scipy.stats import binom

from runner.compare.grouping import Setting
from runner.compare.significance import LEVEL, Sample, Verdict, verdicts
from runner.config.monitor import Monitor
from runner.config.plan import plan_of
from runner.runs.history import Row
from runner.runs.reader import Run
from runner.runs.status import COMPLETED

COMPARISONS, SEEDS, SETTINGS = 200, 3, 5
VALIDATION = 1_600  # of the sample
WORDS = ("dataset.source=sample", "training.epochs=6", "training.keep_state=none", "reuse=false")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__)
    parser.add_argument("--comparisons", type=int, default=COMPARISONS)
    parser.add_argument("--to", type=Path, default=Path("outputs/calibration.csv"))
    options = parser.parse_args()
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    seeds = range(2 * SEEDS * options.comparisons)
    with ProcessPoolExecutor(multiprocessing.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        results = list(pool.map(trained, seeds, ["model.width=32"] * len(seeds), chunksize=20))
        narrow = list(pool.map(trained, range(SEEDS), ["model.width=1"] * SEEDS))
    options.to.parent.mkdir(parents=True, exist_ok=True)
    with options.to.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["seed", "epoch", "val_accuracy"])
        writer.writerows(
            [seed, int(row["epoch"]), row["val_accuracy"]] for seed, run in enumerate(results) for row in run
        )
    report(results, narrow)


def trained(seed: int, word: str) -> list[Row]:
    """The rows of a run's metrics.csv."""
    import contextlib
    import io

    from runner.experiment import run as experiment
    from runner.runs import history

    words = [*WORDS, word, f"seed={seed}"]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        outcome = experiment.run(plan_of(words).jobs[0].config, Path(folder), words)
        return history.read(outcome.folder / "metrics.csv")


def report(results: list[list[Row]], narrow: list[list[Row]]) -> None:
    groups = [results[place : place + SEEDS] for place in range(0, len(results), SEEDS)]
    pairs = [groups[place : place + 2] for place in range(0, len(groups) - 1, 2)]
    fives = [groups[place : place + SETTINGS] for place in range(0, len(groups) - SETTINGS + 1, SETTINGS)]
    judge(f"{SEEDS} seeds against {SEEDS}, paired in their order", [judged(pair) for pair in pairs])
    judge(f"{SEEDS} seeds against {SEEDS} others", [judged(pair, apart=True) for pair in pairs])
    judge("one seed against another", [judged([group[:1] for group in pair], apart=True) for pair in pairs])
    judge(f"the best of {SETTINGS} settings against the others, {SEEDS} seeds each", [judged(five) for five in fives])
    (wide,) = judged([results[:SEEDS], narrow])
    print(f"width 32 against width 1: difference {wide.difference:.4f}, p {wide.adjusted:.2g} ({wide.method})")
    if not wide.is_better:
        raise SystemExit(1)


def judge(what: str, found: list[list[Verdict]]) -> None:
    """Count the comparisons with a false alarm, and refuse what chance would give in one of 100 cases."""
    alarms = sum(any(each.is_better is not None for each in verdicts) for verdicts in found)
    bound = int(binom.ppf(0.99, len(found), LEVEL)) - 1
    print(f"{what}: {alarms} of {len(found)} called better, at most {bound} allowed ({found[0][0].method})")
    if alarms > bound:
        raise SystemExit(1)


def judged(groups: list[list[list[Row]]], apart: bool = False) -> list[Verdict]:
    """The best group of runs against the others; `apart` gives each seeds of its own."""
    settings = [[Run(Path(), COMPLETED, {}, rows, []) for rows in group] for group in groups]
    monitor = Monitor("val_accuracy", "max")
    ranked = sorted((Setting({}, runs, runs, monitor, "chosen") for runs in settings), key=lambda each: -each.mean)
    samples = [
        Sample(
            {seed + apart * place * SEEDS: value for seed, value in enumerate(setting.results)}, "accuracy", VALIDATION
        )
        for place, setting in enumerate(ranked)
    ]
    return verdicts(samples[0], samples[1:], sign=1, chosen=True)


if __name__ == "__main__":
    main()
