"""How fast, how small, side by side: `python -m tests.benchmarks`, tests/benchmarks/README.md says what it needs.

Every figure is a median over repetitions in which the contenders take turns; ratios are of medians.
"""

import argparse
import csv
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks import comparing, growth, long, many, parallel, saving, sweeps
from tests.benchmarks.contenders import CONTENDERS

TWO_HUNDRED = ["optimizer=adam,sgd", "model.width=1,2,3,4,5", "training.epochs=1,2,3,4", "seed=0,1,2,3,4"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        default=["imdb", "mnist", "start", "saving", "long", "sweep", "workers", "compare", "growth"],
    )
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--to", type=Path, default=Path("outputs/benchmarks"))
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    parts = {
        "imdb": _imdb,
        "mnist": _mnist,
        "start": _start,
        "saving": saving.main,
        "long": long.main,
        "sweep": sweeps.main,
        "workers": parallel.main,
        "compare": comparing.main,
        "growth": growth.main,
        "many": many.main,
    }
    print(machine())
    for part in options.parts:
        rows = parts[part](options)
        show(part, rows)
        write(options.to / f"{part}.csv", rows)


def machine() -> str:
    """Date, processor and versions: the line that belongs to every figure."""
    names = ("keras", "tensorflow", "scipy", "torch", "scikit-learn")
    versions = ", ".join(f"{name} {_version(name)}" for name in names)
    load = "/".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores {platform.machine()}, load {load}; {versions}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _imdb(options: argparse.Namespace) -> list[dict[str, Any]]:
    names = [name for name in CONTENDERS if "mnist" not in name]
    return _compared(names, "runner", options, batch_size=512)


def _mnist(options: argparse.Namespace) -> list[dict[str, Any]]:
    names = ["runner mnist", "keras fit mnist"]
    rows = []
    for batch_size in (512, 128):
        rows += _compared(names, "runner mnist", options, batch_size)
    return rows


def _compared(names: list[str], reference: str, options: argparse.Namespace, batch_size: int) -> list[dict[str, Any]]:
    reports: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for repetition in range(options.repetitions):
        for name in names:
            reports[name].append(_run(name, repetition, options.epochs, batch_size))
    measured = {name: _figures(each) for name, each in reports.items()}
    base = measured[reference]
    return [
        {
            "contender": f"{name} ({batch_size})",
            **{key: round(value, 4) for key, value in figures.items()},
            "epoch_ratio": round(figures["epoch_s"] / base["epoch_s"], 2),
            "wall_ratio": round(figures["wall_s"] / base["wall_s"], 2),
            "memory_ratio": round(figures["peak_mb"] / base["peak_mb"], 2),
        }
        for name, figures in measured.items()
    ]


def _figures(reports: list[dict[str, Any]]) -> dict[str, float]:
    """Medians; an epoch's is over the epochs after the first of each repetition."""
    return {
        "epoch_s": statistics.median(statistics.median(each["epochs"][1:]) for each in reports),
        "first_epoch_s": statistics.median(each["epochs"][0] for each in reports),
        "wall_s": statistics.median(each["wall"] for each in reports),
        "peak_mb": statistics.median(each["peak_mb"] for each in reports),
        "best_val_accuracy": statistics.median(max(each["val_accuracy"]) for each in reports),
    }


def _run(name: str, seed: int, epochs: int, batch_size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.contenders", name]
    command += ["--epochs", str(epochs), "--seed", str(seed), "--batch-size", str(batch_size)]
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    wall = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**report, "wall": wall}


def _start(options: argparse.Namespace) -> list[dict[str, Any]]:
    """What starting costs: help, a refused config, the import of TensorFlow alone."""
    commands = {
        "python -m runner --help": ["-m", "runner", "--help"],
        "a refused config": ["-m", "runner", "model.widht=1"],
        "the plan of 200 jobs": ["-m", "runner", "-m", *TWO_HUNDRED, "plan=true"],
        "import keras (TensorFlow)": ["-c", "import keras"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.repetitions):
        for name, words in commands.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, *words], capture_output=True)
            seconds[name].append(time.perf_counter() - begun)
    return [{"command": name, "seconds": round(statistics.median(each), 3)} for name, each in seconds.items()]


def show(title: str, rows: list[dict[str, Any]]) -> None:
    table = Table(title=title, box=None, title_justify="left")
    for name in rows[0]:
        table.add_column(name, justify="left" if isinstance(rows[0][name], str) else "right")
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
