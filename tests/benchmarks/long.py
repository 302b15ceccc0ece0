"""What an epoch costs late in a long run, against early in it: training, saving, all that stands around them.

The network has no hidden layer and an epoch one update, so that what the runner does is most of an epoch.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

WORDS = ["dataset=imdb", "dataset.source=sample", "dataset.num_words=50", "model.depth=0", "reuse=false"]
WORDS += ["training.batch_size=100000"]
WINDOW = 1_000  # epochs whose mean is taken
FIRST = 100  # of them: before, functions are traced
SETTINGS = {
    "as configured": (20_000, []),
    "save_seconds=0 keep_state=all": (5_000, ["training.save_seconds=0", "training.keep_state=all"]),
}


def main(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Two rows for each setting, early and late; measured once."""
    return [row for name in SETTINGS for row in _measured(name)]


def _measured(name: str) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.long", name], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"long failed:\n{done.stderr}")
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def _run(name: str) -> list[dict[str, Any]]:
    from runner.config.plan import plan_of
    from runner.experiment import run as experiment
    from runner.experiment.progress import Progress
    from runner.runs import history

    epochs, words = SETTINGS[name]
    clocks: list[tuple[float, float]] = []

    class Watch(Progress):
        @contextlib.contextmanager
        def epochs(self, total: int, done: int) -> Iterator[Callable[[Any], None]]:
            yield lambda seen: clocks.append((time.perf_counter(), time.process_time()))

    with tempfile.TemporaryDirectory(dir=".") as place:
        folder = Path(place) / "run"
        config = plan_of([*WORDS, *words, f"training.epochs={epochs}"]).jobs[0].config
        experiment.run(config, folder, [], progress=Watch())
        after = time.process_time() - clocks[-1][1]
        trained = [row["seconds"] for row in history.read(folder / "timings.csv")]
    rows = []
    for first in (FIRST, epochs - WINDOW):
        last = first + WINDOW
        wall, processor = ((clocks[last - 1][each] - clocks[first - 1][each]) / WINDOW for each in (0, 1))
        rows.append(
            {
                "setting": name,
                "epochs": f"{first}-{last}",
                "epoch_ms": round(1000 * wall, 2),
                "of_it_training_ms": round(1000 * sum(trained[first:last]) / WINDOW, 2),
                "processor_ms": round(1000 * processor, 2),
                "after_the_last_s": round(after, 2),
            }
        )
    return rows


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1])))
