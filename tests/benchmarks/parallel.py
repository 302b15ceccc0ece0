"""Twelve short jobs: one after the other, and in two workers."""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WORDS = ["-m", "model.width=4,8,16,32", "seed=0,1,2", "reuse=false", "dataset.source=full"]
LAUNCHERS = {
    "one after the other": [],
    "two workers": ["hydra/launcher=local", "hydra.launcher.n_jobs=2"],
}


def main(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One row for each number of epochs and each launcher, which take turns."""
    rows = []
    for epochs in (5, 20):
        seconds: dict[str, list[float]] = {name: [] for name in LAUNCHERS}
        for _ in range(options.repetitions):
            for name, words in LAUNCHERS.items():
                seconds[name].append(_seconds([*WORDS, f"training.epochs={epochs}", *words]))
        medians = {name: statistics.median(each) for name, each in seconds.items()}
        alone = medians["one after the other"]
        rows += [
            {
                "jobs": f"12 of {epochs} epochs, {name}",
                "wall_s": round(wall, 1),
                "times_as_fast": round(alone / wall, 2),
            }
            for name, wall in medians.items()
        ]
    return rows


def _seconds(words: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "runner", *words, f"hydra.sweep.dir={Path(folder) / 'sweep'}"],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"the sweep failed:\n{done.stderr}")
        return time.perf_counter() - begun
