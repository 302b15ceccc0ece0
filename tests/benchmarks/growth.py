"""How an epoch and memory grow with the data: ten times the reviews, all words instead of 10,000."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

REVIEWS = (1, 2, 5, 10)
WORDS = (1_000, 10_000, 30_000, None)


def main(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One row for each size; growth.png stands next to the CSV."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [_row(f"{times} × reviews", _measured(folder, times, 10_000)) for times in REVIEWS]
        rows += [_row(f"{words or 'all'} words", _measured(folder, 1, words)) for words in WORDS]
    _plot(rows, options.to / "growth.png")
    return rows


def _row(size: str, report: dict[str, Any]) -> dict[str, Any]:
    return {
        "size": size,
        "epoch_s": round(statistics.median(report["epochs"][1:]), 4),
        "data_mb": round(report["data_mb"], 1),
        "resident_mb": round(report["resident_mb"], 1),
    }


def _measured(folder: Path, times: int, words: int | None) -> dict[str, Any]:
    """Train in a process of its own, on data that another one has prepared."""
    command = [sys.executable, "-m", "tests.benchmarks.growth", str(folder), str(times), str(words or 0)]
    for what in ("prepare", "train"):
        done = subprocess.run([*command, what], capture_output=True, text=True, env={**os.environ})
        if done.returncode:
            sys.exit(f"growth failed:\n{done.stderr}")
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def _file(folder: Path, times: int) -> Path:
    """An imdb.npz with the real reviews repeated."""
    real = Path(os.environ["RUNNER_DATA_DIR"]) / "imdb.npz"
    path = folder / f"imdb-{times}.npz"
    if times == 1:
        return real
    if not path.exists():
        with np.load(real, allow_pickle=True) as raw:
            np.savez(path, **{name: np.tile(raw[name], times) for name in raw.files})
    return path


def _run(folder: Path, times: int, words: int, what: str) -> None:
    os.environ["RUNNER_CACHE_DIR"] = str(folder / "cache")
    from runner.config.plan import plan_of
    from runner.datasets import catalog
    from runner.experiment import run as experiment
    from runner.runs import history
    from tests.benchmarks.sweeps import resident_mb

    overrides = [f"dataset.path={_file(folder, times)}", f"dataset.num_words={words or 'null'}", "training.epochs=5"]
    config = plan_of(overrides).jobs[0].config
    data = catalog.load(config.dataset)
    if what == "prepare":
        return
    outcome = experiment.run(config, Path(tempfile.mkdtemp(dir=folder)), overrides)
    epochs = [row["seconds"] for row in history.read(outcome.folder / "timings.csv")]
    stored = sum(_bytes(examples) for examples in (data.train, data.test))
    print(json.dumps({"epochs": epochs, "data_mb": stored / 2**20, "resident_mb": resident_mb()}))


def _bytes(examples: Any) -> int:
    """On disk: where each review begins, its words, its label."""
    rows = examples.features
    return int(rows.indptr.nbytes + rows.indices.nbytes + examples.labels.nbytes)


def _plot(rows: list[dict[str, Any]], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.6), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    reviews = rows[: len(REVIEWS)]
    left.plot(REVIEWS, [row["epoch_s"] / reviews[0]["epoch_s"] for row in reviews], "o-", label="seconds an epoch")
    left.plot(REVIEWS, REVIEWS, ":", color="0.5", label="in proportion")
    left.set(xlabel="times the reviews", ylabel="times the first")
    words = rows[len(REVIEWS) :]
    names = [row["size"].removesuffix(" words") for row in words]
    right.bar(names, [row["epoch_s"] for row in words], color="#0072B2")
    right.set(xlabel="words", ylabel="seconds an epoch")
    left.legend(frameon=False)
    figure.savefig(path)


if __name__ == "__main__":
    _run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
