"""The whole training state as one file: numbers only, checksummed, put in place as a whole.

A file is a line with the SHA-256 of the rest, and the rest is an npz of plain arrays: the model's variables (weights,
statistics of normalization, states of dropout), the optimizer's, the weights of the best epoch so far, the predictions
after the best and the last epoch, and run.json as it stood. The record proves which run the state belongs to, and a
lost run.json is made again from it.

What there is for each epoch stands in two row files, of which a state knows the number of rows and their SHA-256: the
numbers of metrics.csv and timings.csv in the first, which validation examples are answered right in the second. Early
stopping needs no more: it is replayed over the rows. A state of format 2 holds all of them itself.
"""

import hashlib
import io
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.runs import predictions, row_file
from runner.runs.folder import CHECKPOINTS, MOST_BYTES_OF_ARRAYS
from runner.runs.history import Row
from runner.runs.predictions import Predictions
from runner.runs.row_file import RowFile
from runner.system import archives, files

MAGIC = b"keras-experiment-runner state 3 "
MAGIC_2 = b"keras-experiment-runner state 2 "
FILES = f"{CHECKPOINTS}/epoch-*.state"
NUMBERS, RIGHT = "metrics.rows", "predictions.rows"  # row files: float64 [metrics, timings], and packed bits


@dataclass(frozen=True)
class State:
    """A training after the epoch of the last row; `record` is the run.json of that moment.

    `predictions` is None in a state of a run that keeps none, or of a version of the runner that knew none. Who
    continues from there keeps none either: those of a part of the epochs are no record.
    """

    model: list[NDArray[Any]]
    optimizer: list[NDArray[Any]]
    best: list[NDArray[Any]]
    metrics: Sequence[Row]
    timings: Sequence[Row]
    record: dict[str, Any]
    predictions: Predictions | None = None

    @property
    def identity(self) -> str | None:
        """Of the run that saved it."""
        return self.record.get("identity")

    @property
    def epoch(self) -> int:
        return len(self.metrics)

    def numbers(self, first: int) -> bytes:
        """The rows of metrics and timings from index `first` on: float64 [rows, columns of both]."""
        rows = zip(self.metrics[first:], self.timings[first:], strict=True)
        return np.array([[*metrics.values(), *timings.values()] for metrics, timings in rows], "<f8").tobytes()


class DamagedState(Exception):
    """A file that is not the state that was written."""


def path(folder: Path, epoch: int) -> Path:
    """The file of the state after an epoch."""
    return folder / FILES.replace("*", f"{epoch:06d}")


def epochs(folder: Path) -> list[int]:
    """The epochs of the states in a run's folder, latest first; by file name, nothing is read."""
    matches = (re.fullmatch(r"epoch-(\d+)\.state", file.name) for file in folder.glob(FILES))
    return sorted((int(match[1]) for match in matches if match), reverse=True)


class Writer:
    """Saves states of one training in a folder, each in the same time however many epochs it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers, self.right = (RowFile(folder / CHECKPOINTS / name) for name in (NUMBERS, RIGHT))

    def save(self, state: State) -> None:
        """Write a state, after its rows, so that it is on the disk when this returns. Raises OSError."""
        arrays = {**_parts(state), **_text("numbers.sha256", self.numbers.extend(state.epoch, state.numbers))}
        if state.predictions:
            right = state.predictions.right
            arrays |= _text("right.sha256", self.right.extend(state.epoch, lambda first: right[first:].tobytes()))
        stream = io.BytesIO()
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        contents = stream.getvalue()
        checked = MAGIC + hashlib.sha256(contents).hexdigest().encode() + b"\n" + contents
        files.write(path(self.folder, state.epoch), checked, durable=True)


def prune(folder: Path, epoch: int, keep: Collection[int]) -> None:
    """Remove states other than the newest two and those to keep.

    The newest is that of `epoch`, later ones are of a training that was not continued; the second is for the case that
    the newest is damaged.
    """
    there = epochs(folder)
    newest = [each for each in there if each <= epoch][:2]
    for each in there:
        if each not in newest and (each > epoch or each not in keep):
            path(folder, each).unlink(missing_ok=True)


def load(file: Path) -> State:
    """Read a state. Raises DamagedState, or OSError where there is no such file."""
    try:
        return _decoded(files.read(file, MOST_BYTES_OF_ARRAYS), file.parent)
    except (DamagedState, ValueError) as error:
        raise DamagedState(f"{file} is damaged ({error})") from None


def _parts(state: State) -> dict[str, NDArray[Any]]:
    """The arrays of a state that do not grow with the epochs."""
    arrays: dict[str, NDArray[Any]] = {"epoch": np.array(state.epoch)}
    for part in ("model", "optimizer", "best"):
        arrays |= {f"{part}.{number}": array for number, array in enumerate(getattr(state, part))}
    for part in ("metrics", "timings"):
        rows: Sequence[Row] = getattr(state, part)
        arrays |= _text(f"{part}.columns", json.dumps(list(rows[0]) if rows else []))
    if state.predictions:
        constant = state.predictions.arrays()
        del constant["right"]
        arrays |= {f"predictions.{name}": array for name, array in constant.items()}
    return arrays | _text("record", json.dumps(state.record))


def _text(name: str, text: str) -> dict[str, NDArray[Any]]:
    return {name: np.frombuffer(text.encode(), np.uint8)}


def _decoded(content: bytes, folder: Path) -> State:
    """The state in the bytes of a file, with its rows from the row files in a folder. Raises DamagedState."""
    head, _, contents = content.partition(b"\n")
    magic = head[: len(MAGIC)]
    if magic not in (MAGIC, MAGIC_2):
        raise DamagedState("it does not begin as a state does")
    if head.removeprefix(magic) != hashlib.sha256(contents).hexdigest().encode():
        raise DamagedState("its checksum is another")
    try:
        arrays = archives.arrays(contents)
        if magic == MAGIC:
            _add_rows(arrays, folder)
        found = State(
            model=list(_numbered(arrays, "model")),
            optimizer=list(_numbered(arrays, "optimizer")),
            best=list(_numbered(arrays, "best")),
            metrics=_rows(arrays, "metrics"),
            timings=_rows(arrays, "timings"),
            record=files.parsed(arrays["record"].tobytes()),
            predictions=_predictions(arrays),
        )
        _refuse_misfits(found)
        return found
    except Exception as error:  # numpy and zipfile raise many kinds, whoever made the checksum
        raise DamagedState(str(error)) from None


def _refuse_misfits(found: State) -> None:
    """Raises ValueError for parts that do not fit one another, whoever made the checksum."""
    wanted = list(range(1, found.epoch + 1))
    if not wanted or any([row.get("epoch") for row in rows] != wanted for rows in (found.metrics, found.timings)):
        raise ValueError("its epochs do not count from 1")
    if not isinstance(found.record, dict):
        raise ValueError("its record is no mapping")
    if found.predictions:
        predictions.refuse_misfits(found.predictions)
        if len(found.predictions.right) != found.epoch:
            raise ValueError("its predictions are not those of its epochs")


def _add_rows(arrays: dict[str, NDArray[Any]], folder: Path) -> None:
    """Add the arrays of each epoch, under the names that they have in format 2."""
    epochs = int(arrays["epoch"])
    metrics, timings = (len(json.loads(arrays[f"{part}.columns"].tobytes())) for part in ("metrics", "timings"))
    size, digest = 8 * epochs * (metrics + timings), arrays["numbers.sha256"].tobytes().decode()
    numbers = np.frombuffer(row_file.read(folder / NUMBERS, size, digest), "<f8").reshape(epochs, -1)
    arrays |= {"metrics.rows": numbers[:, :metrics], "timings.rows": numbers[:, metrics:]}
    if "right.sha256" in arrays:
        width, digest = -(-len(arrays["predictions.examples"]) // 8), arrays["right.sha256"].tobytes().decode()
        right = row_file.read(folder / RIGHT, epochs * width, digest)
        arrays["predictions.right"] = np.frombuffer(right, np.uint8).reshape(epochs, width)


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
