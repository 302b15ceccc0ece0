"""The whole training state as one file: numbers only, checksummed, put in place as a whole.

A file is a line with the SHA-256 of the rest, and the rest is an npz of plain arrays: the model's variables (weights,
statistics of normalization, states of dropout), the optimizer's, the weights of the best epoch so far, the rows of
metrics.csv and timings.csv, the predictions, and run.json as it stood. Early stopping needs no more: it is replayed
over the rows. The record in a state proves which run it belongs to, and a lost run.json is made again from it.
"""

import hashlib
import io
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.runs import predictions
from runner.runs.folder import MOST_BYTES_OF_ARRAYS
from runner.runs.history import Row
from runner.runs.predictions import Predictions
from runner.system import archives, files

MAGIC = b"keras-experiment-runner state 2 "
FILES = "checkpoints/epoch-*.state"


@dataclass(frozen=True)
class State:
    """A training after the epoch of the last row; `record` is the run.json of that moment.

    `predictions` is None in a state of a run that keeps none, or of a version of the runner that knew none. Who
    continues from there keeps none either: those of a part of the epochs are no record.
    """

    model: list[NDArray[Any]]
    optimizer: list[NDArray[Any]]
    best: list[NDArray[Any]]
    metrics: list[Row]
    timings: list[Row]
    record: dict[str, Any]
    predictions: Predictions | None = None

    @property
    def identity(self) -> str | None:
        """Of the run that saved it."""
        return self.record.get("identity")

    @property
    def epoch(self) -> int:
        return len(self.metrics)


class DamagedState(Exception):
    """A file that is not the state that was written."""


def path(folder: Path, epoch: int) -> Path:
    """The file of the state after an epoch."""
    return folder / FILES.replace("*", f"{epoch:06d}")


def epochs(folder: Path) -> list[int]:
    """The epochs of the states in a run's folder, latest first; by file name, nothing is read."""
    matches = (re.fullmatch(r"epoch-(\d+)\.state", file.name) for file in folder.glob(FILES))
    return sorted((int(match[1]) for match in matches if match), reverse=True)


def save(folder: Path, state: State) -> None:
    """Write a state so that it is on the disk when this returns. Raises OSError."""
    files.write(path(folder, state.epoch), encode(state), durable=True)


def prune(folder: Path, keep: Collection[int]) -> None:
    """Remove all states but the newest two, the second for the case that the first is damaged, and those to keep."""
    for epoch in epochs(folder)[2:]:
        if epoch not in keep:
            path(folder, epoch).unlink(missing_ok=True)


def load(file: Path) -> State:
    """Read a state. Raises DamagedState, or OSError where there is no such file."""
    try:
        return decode(files.read(file, MOST_BYTES_OF_ARRAYS))
    except (DamagedState, ValueError) as error:
        raise DamagedState(f"{file} is damaged ({error})") from None


def encode(state: State) -> bytes:
    """A state as the bytes of its file."""
    arrays: dict[str, NDArray[Any]] = {}
    for part in ("model", "optimizer", "best"):
        arrays |= {f"{part}.{number}": array for number, array in enumerate(getattr(state, part))}
    for part in ("metrics", "timings"):
        rows: list[Row] = getattr(state, part)
        columns = list(rows[0]) if rows else []
        arrays[f"{part}.columns"] = np.frombuffer(json.dumps(columns).encode(), np.uint8)
        arrays[f"{part}.rows"] = np.array([list(row.values()) for row in rows], np.float64)
    if state.predictions:
        arrays |= {f"predictions.{name}": array for name, array in state.predictions.arrays().items()}
    arrays["record"] = np.frombuffer(json.dumps(state.record).encode(), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    contents = stream.getvalue()
    return MAGIC + hashlib.sha256(contents).hexdigest().encode() + b"\n" + contents


def decode(content: bytes) -> State:
    """The state in the bytes of a file. Raises DamagedState."""
    head, _, contents = content.partition(b"\n")
    if not head.startswith(MAGIC):
        raise DamagedState("it does not begin as a state does")
    if head.removeprefix(MAGIC) != hashlib.sha256(contents).hexdigest().encode():
        raise DamagedState("its checksum is another")
    try:
        arrays = archives.arrays(contents)
        return State(
            model=list(_numbered(arrays, "model")),
            optimizer=list(_numbered(arrays, "optimizer")),
            best=list(_numbered(arrays, "best")),
            metrics=_rows(arrays, "metrics"),
            timings=_rows(arrays, "timings"),
            record=json.loads(arrays["record"].tobytes()),
            predictions=_predictions(arrays),
        )
    except Exception as error:  # numpy and zipfile raise many kinds, whoever made the checksum
        raise DamagedState(str(error)) from None


def _numbered(arrays: Any, part: str) -> Iterator[NDArray[Any]]:
    number = 0
    while f"{part}.{number}" in arrays:
        yield arrays[f"{part}.{number}"]
        number += 1


def _predictions(arrays: Any) -> Predictions | None:
    names = [f"predictions.{name}" for name in predictions.NAMES]
    return Predictions(*(arrays[name] for name in names)) if names[0] in arrays else None


def _rows(arrays: Any, part: str) -> list[Row]:
    columns = json.loads(arrays[f"{part}.columns"].tobytes())
    return [dict(zip(columns, map(float, row), strict=True)) for row in arrays[f"{part}.rows"]]
