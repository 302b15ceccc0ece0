"""What saving costs: the seconds of all savings of the default run, as a share of its fit."""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from runner.config.plan import plan_of


def main(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Medians over repetitions, each in a process of its own."""
    reports = [_measured() for _ in range(options.repetitions)]
    fit, saving = (statistics.median(each[key] for each in reports) for key in ("fit_s", "saving_s"))
    return [
        {"what": "fit of the default run, seconds", "value": round(fit, 3)},
        {"what": "of it saving, seconds", "value": round(saving, 4)},
        {"what": "share", "value": round(saving / fit, 4)},
    ]


def _measured() -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.saving"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"saving failed:\n{done.stderr}")
    report: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return report


def _run() -> dict[str, float]:
    from runner.experiment import run as experiment
    from runner.experiment.saving import Checkpointer
    from runner.runs import history

    spent: list[float] = []
    save = Checkpointer.save

    def timed(checkpointer: Checkpointer) -> None:
        begun = time.perf_counter()
        save(checkpointer)
        spent.append(time.perf_counter() - begun)

    Checkpointer.save = timed  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(dir=".") as folder:
        outcome = experiment.run(plan_of(["reuse=false"]).jobs[0].config, Path(folder) / "run", [])
        epochs = sum(row["seconds"] for row in history.read(outcome.folder / "timings.csv"))
    return {"fit_s": epochs + sum(spent), "saving_s": sum(spent)}


if __name__ == "__main__":
    print(json.dumps(_run()))
