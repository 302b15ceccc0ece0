"""Is 5 % what it says? `python -m tests.calibration`: 200 comparisons between runs of one setting, on real training.

Two groups differ in nothing but their seeds, so every "better" is a false alarm; of 200 at 5 % at most 17 are expected
(the 99 % bound). Then a difference that is there: width 1 against 32 must be found.
"""

import argparse
import csv
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from runner.verdict import Sample, Verdict, verdicts

COMPARISONS, SEEDS, BOUND = 200, 3, 17
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
        csv.writer(stream, lineterminator="\n").writerows([("seed", "val_accuracy"), *enumerate(results)])
    report(results, narrow)


def trained(seed: int, word: str) -> float:
    """The best validation accuracy of a run."""
    import contextlib
    import io

    from runner import compose, experiment, metrics_csv

    words = [*WORDS, word, f"seed={seed}"]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        outcome = experiment.run(compose.plan(words).jobs[0].config, Path(folder), words)
        rows = metrics_csv.read(outcome.folder / "metrics.csv")
    return max(row["val_accuracy"] for row in rows)


def report(results: list[float], narrow: list[float]) -> None:
    groups = [results[place : place + SEEDS] for place in range(0, len(results), SEEDS)]
    pairs = list(zip(groups[::2], groups[1::2], strict=True))
    ways = {
        f"{SEEDS} seeds against {SEEDS}, paired in their order": [between(a, b) for a, b in pairs],
        f"{SEEDS} seeds against {SEEDS} others": [between(a, b, apart=True) for a, b in pairs],
        "one seed against another": [between(a[:1], b[:1], apart=True) for a, b in pairs],
    }
    bound = BOUND * len(pairs) // COMPARISONS
    for way, found in ways.items():
        alarms = sum(each.is_better is not None for each in found)
        print(f"{way}: {alarms} of {len(found)} called better, at most {bound} allowed ({found[0].method})")
        if alarms > bound:
            raise SystemExit(1)
    wide = between(results[:SEEDS], narrow)
    print(f"width 32 against width 1: difference {wide.difference:.4f}, p {wide.adjusted:.2g} ({wide.method})")
    if not wide.is_better:
        raise SystemExit(1)


def between(first: list[float], second: list[float], apart: bool = False) -> Verdict:
    """The verdict on two groups of results; `apart` gives the second other seeds."""
    offset = len(first) if apart else 0
    samples = [
        Sample({seed + start: value for seed, value in enumerate(values)}, "accuracy", 1_600)
        for start, values in ((0, first), (offset, second))
    ]
    return verdicts(samples[0], samples[1:], sign=1, chosen=True)[0]


if __name__ == "__main__":
    main()
