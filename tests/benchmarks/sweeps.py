"""The cost of a job of a sweep besides the epochs, and the memory from job to job."""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

JOBS = 50


def main(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Run the jobs in a process of their own; a row for each stretch of them."""
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.sweeps"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the sweep failed:\n{done.stderr}")
    jobs: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    later = sorted(job["besides_epochs_s"] for job in jobs[1:])
    return [
        {"what": "first job, seconds besides the epochs", "value": round(jobs[0]["besides_epochs_s"], 3)},
        {"what": "later jobs, median seconds besides the epochs", "value": round(later[len(later) // 2], 3)},
        {"what": "resident MB after 5 jobs", "value": round(jobs[4]["resident_mb"])},
        {"what": f"resident MB after {JOBS} jobs", "value": round(jobs[-1]["resident_mb"])},
    ]


def _jobs() -> list[dict[str, float]]:
    from runner.config.plan import plan_of
    from runner.experiment import run as experiment
    from runner.runs import history

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(JOBS):
            words = [f"seed={seed}", "training.epochs=3", "dataset.source=full", "reuse=false"]
            config = plan_of(words).jobs[0].config
            begun = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                outcome = experiment.run(config, Path(folder) / str(seed), words)
            seconds = time.perf_counter() - begun
            epochs = sum(row["seconds"] for row in history.read(outcome.folder / "timings.csv"))
            found.append({"besides_epochs_s": seconds - epochs, "resident_mb": resident_mb()})
    return found


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    print(json.dumps(_jobs()))
