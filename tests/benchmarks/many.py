"""10,000 recorded runs compared: seconds of CPU, memory and the size of what is written."""

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from runner.runs import history
from runner.runs.folder import METRICS, PREDICTIONS, RECORD
from tests.records import write_run

RUNS, EPOCHS, EXAMPLES = 10_000, 20, 400
KINDS = {"settings": RUNS, "seeds": 5}  # number of settings that the runs are divided among


def main(options: argparse.Namespace) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as place:
        return [row for kind, settings in KINDS.items() for row in _compared(Path(place) / kind, kind, settings)]


def _compared(folder: Path, kind: str, settings: int) -> list[dict[str, Any]]:
    records(folder / "runs", RUNS, settings)
    outputs = {"compare": [], "--html": ["--html", "report.html"], "--png": ["--png", "curves.png"]}
    found = []
    for name, words in outputs.items():
        command = [sys.executable, "-P", "-m", "runner", "compare", "runs", *words]
        seconds, peak = _measured(command, folder)
        size = (folder / words[1]).stat().st_size / 1e6 if words else None
        found.append(
            {"runs": RUNS, "divided among": f"{settings:,} settings", "output": name}
            | {"seconds": seconds, "peak MB": peak, "file MB": size}
        )
    shutil.rmtree(folder)
    return found


def _measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of CPU and the most memory, in MB, of a process."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return round(used.ru_utime + used.ru_stime, 1), round(used.ru_maxrss / 1e3)


def records(folder: Path, runs: int, settings: int) -> None:
    """Runs of 20 epochs with predictions of 400 examples, as a training leaves them but not forced to the disk."""
    template = write_run(folder / "0")
    record = json.loads((template / RECORD).read_text())
    shutil.rmtree(template)
    for number in range(runs):
        setting, seed = number % settings, number // settings
        chance = np.random.default_rng(number)
        place = folder / str(number)
        place.mkdir(parents=True)
        _write(place, record, setting, seed, chance)


def _write(place: Path, record: dict[str, Any], setting: int, seed: int, chance: np.random.Generator) -> None:
    level = 0.8 + 0.05 * np.sin(setting) + 0.08 * (1 - np.exp(-np.arange(EPOCHS) / 4))
    right = (chance.random((EPOCHS, EXAMPLES)) < level[:, None]).astype(np.uint8)
    values = right.mean(axis=1)
    columns = {"loss": 1 - level, "accuracy": level, "val_loss": 1 - values, "val_accuracy": values}
    metrics = [
        {"epoch": epoch + 1, **{name: float(column[epoch]) for name, column in columns.items()}}
        for epoch in range(EPOCHS)
    ]
    timings = [{"epoch": epoch, "seconds": 0.1, "updates": 30} for epoch in range(1, EPOCHS + 1)]
    (place / METRICS).write_text(history.text(metrics))
    (place / "timings.csv").write_text(history.text(timings))
    config = record["config"]
    config = {**config, "seed": seed, "model": {**config["model"], "width": 8 + setting}}
    data = {**record["dataset"], "validation": EXAMPLES}
    changes = {
        "config": config,
        "seed": seed,
        "dataset": data,
        "epochs": EPOCHS,
        "best_epoch": int(values.argmax()) + 1,
    }
    (place / RECORD).write_text(json.dumps({**record, **changes}, indent=2))
    numbers = np.arange(EXAMPLES, dtype=np.int32)
    chances = np.zeros((EXAMPLES, 1), np.float16)
    stream = io.BytesIO()
    np.savez(stream, examples=numbers, labels=numbers % 2, right=np.packbits(right, axis=1), best=chances, last=chances)
    (place / PREDICTIONS).write_bytes(stream.getvalue())
