"""Folders of runs as the runner records them, written without a training."""

import copy
import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.config.monitor import Monitor
from runner.config.plan import plan_of
from runner.runs import folder as run_folder
from runner.runs import history, predictions
from runner.runs.predictions import Predictions
from runner.system import files

CURVE = (0.6, 0.8, 0.7)
DATA = {"name": "imdb", "source": "full", "fingerprint": "d35b17d12c4a", "train": 15_000, "validation": 10_000}


@functools.cache
def _default_config() -> dict[str, Any]:
    return dataclasses.asdict(plan_of([]).jobs[0].config)


def write_run(
    folder: Path,
    curve: Sequence[float] = CURVE,
    settings: dict[str, Any] | None = None,
    *,
    losses: Sequence[float] | None = None,
    seconds: Sequence[float] | None = None,
    monitor: str = "val_accuracy",
    data: dict[str, Any] | None = None,
    right: NDArray[np.uint8] | None = None,
    **entries: Any,
) -> Path:
    """A run's folder with its three files, as a training leaves it.

    `curve` is the accuracy by epoch, `losses` the loss (else 1 - accuracy), on validation where the data has any;
    `settings` changes the config by dotted keys, `data` and `entries` change the record. `right` [epochs, examples] are
    the validation examples that are answered right, for predictions.npz.
    """
    config = copy.deepcopy(_default_config())
    changes = {"training.monitor": monitor, **(settings or {})}
    for key, value in changes.items():
        *path, last = key.split(".")
        functools.reduce(dict.__getitem__, path, config)[last] = value
    data = {**DATA, "test": 25_000, **(data or {})}
    prefix = "val_" if data["validation"] else ""
    columns = {f"{prefix}loss": losses or [1 - value for value in curve], f"{prefix}accuracy": list(curve)}
    if prefix:
        columns = {"loss": [value / 2 for value in curve], "accuracy": [(1 + value) / 2 for value in curve], **columns}
    epochs = range(1, len(curve) + 1)
    metrics = [{"epoch": epoch, **{key: column[epoch - 1] for key, column in columns.items()}} for epoch in epochs]
    lasting = seconds or [0.5] * len(curve)
    timings = [{"epoch": epoch, "seconds": lasting[epoch - 1], "updates": 30} for epoch in epochs]
    direction = "min" if monitor.endswith("loss") else "max"
    if metrics:
        files.write(folder / run_folder.METRICS, history.text(metrics))
        files.write(folder / run_folder.TIMINGS, history.text(timings))
    record = {
        "status": "completed",
        "dataset": data,
        "seed": config["seed"],
        "epochs": len(metrics),
        "inherited_epochs": 0,
        "monitor": monitor,
        "monitor_direction": direction,
        "best_epoch": Monitor(monitor, direction).best_epoch(metrics),
        "config": config,
        "overrides": [],
        "error": None,
        "holder": None,
    }
    if right is not None:
        numbers = np.arange(right.shape[1], dtype=np.int32)
        chances = np.zeros((right.shape[1], 1), np.float16)
        found = Predictions(numbers, numbers % 2, np.packbits(right, axis=1), chances, chances)
        predictions.write(folder, found)
    run_folder.write_record(folder, {**record, **entries})
    return folder
