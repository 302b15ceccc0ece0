"""`compare` over many runs: the records of one, copied."""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

EXAMPLE = Path("outputs/example/width")


def main(options: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for 20 runs, one for 1,000."""
    with tempfile.TemporaryDirectory() as folder:
        return [_row(Path(folder) / str(runs), runs, options.repetitions) for runs in (20, 1_000)]


def _row(folder: Path, runs: int, repetitions: int) -> dict[str, Any]:
    _copy(folder, runs)
    words = {"table_s": [], "html_s": ["--html", str(folder / "report.html")]}
    return {"runs": runs, **{name: _median_seconds(folder, more, repetitions) for name, more in words.items()}}


def _copy(folder: Path, runs: int) -> None:
    """Recorded runs of several widths, five seeds each."""
    source = next(EXAMPLE.glob("*width=32*"))
    for number in range(runs):
        target = folder / f"{number:04}"
        shutil.copytree(source, target)
        record = json.loads((target / "run.json").read_text())
        record["seed"] = record["config"]["seed"] = number % 5
        record["config"]["model"]["width"] = 1 + number // 5
        (target / "run.json").write_text(json.dumps(record))


def _median_seconds(folder: Path, words: list[str], repetitions: int) -> float:
    seconds = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "runner", "compare", str(folder), *words], check=True, capture_output=True
        )
        seconds.append(time.perf_counter() - begun)
    return round(statistics.median(seconds), 2)
