"""What a run predicts of its validation examples, and its file predictions.npz. Imports no TensorFlow."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.runs.folder import MOST_BYTES_OF_ARRAYS, PREDICTIONS
from runner.system import archives, files


@dataclass(frozen=True)
class Predictions:
    """Predictions of v validation examples after each recorded epoch.

    examples  int32 [v], their numbers in the training data, ascending
    labels    int32 [v], their classes
    right     uint8 [epochs, ceil(v / 8)], whether the weights after an epoch classify an example right, as Keras'
              accuracy counts it: the bits of numpy.packbits, `numpy.unpackbits(right, axis=1, count=v)` reads them
    best      float16 [v, classes], probabilities after the best epoch (sigmoid head: [v, 1], of class 1); NaN where
              no epoch is the best
    last      those after the last epoch
    """

    examples: NDArray[np.int32]
    labels: NDArray[np.int32]
    right: NDArray[np.uint8]
    best: NDArray[np.float16]
    last: NDArray[np.float16]

    def answers(self, epochs: Sequence[int]) -> NDArray[np.uint8]:
        """Whether each example is answered right after epochs, from 1: uint8 [epochs, v], 1 where it is."""
        return np.unpackbits(self.right[np.asarray(epochs) - 1], axis=1, count=len(self.examples))

    def fits(self, other: "Predictions | None") -> bool:
        """Whether others are of the same examples and classes."""
        if other is None or self.last.shape != other.last.shape:
            return False
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in ("examples", "labels"))

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


NAMES = [each.name for each in fields(Predictions)]


class Growing:
    """Predictions to which epochs are added, each in the same time however many there are."""

    def __init__(self, begun: Predictions) -> None:
        self._latest, self._epochs = begun, len(begun.right)
        self._rows = begun.right  # the first `_epochs` are in use

    def add(self, right: NDArray[np.bool_], outputs: NDArray[np.float16], *, is_best: bool) -> None:
        """Add an epoch, which is the best one so far or is not. right [v], outputs [v, classes]."""
        if self._epochs == len(self._rows):
            room = np.empty((max(8, self._epochs), self._rows.shape[1]), np.uint8)
            self._rows = np.concatenate([self._rows, room])
        self._rows[self._epochs] = np.packbits(right)
        self._epochs += 1
        self._latest = replace(self._latest, best=outputs if is_best else self._latest.best, last=outputs)

    @property
    def now(self) -> Predictions:
        """Those of the epochs until now, not copied; epochs that are added later do not change them."""
        return replace(self._latest, right=self._rows[: self._epochs])


def before_the_first_epoch(examples: NDArray[np.int32], labels: NDArray[np.integer], units: int) -> Predictions:
    """Predictions without a row. examples and labels [v]; the network has `units` outputs."""
    none = np.full((len(examples), units), np.nan, np.float16)
    rows = np.empty((0, -(-len(examples) // 8)), np.uint8)
    return Predictions(examples, labels.astype(np.int32), rows, none, none)


def write(folder: Path, predictions: Predictions | None) -> None:
    """Write the file of a run; None removes one that is there. Equal predictions are equal bytes. Raises OSError."""
    if predictions is None:
        return (folder / PREDICTIONS).unlink(missing_ok=True)
    stream = io.BytesIO()
    np.savez(stream, **predictions.arrays())  # type: ignore[arg-type]  # which dates each array 1980
    files.write(folder / PREDICTIONS, stream.getvalue(), durable=True)


def write_of_test(folder: Path, labels: NDArray[np.integer], outputs: NDArray[np.float32]) -> None:
    """Write what a run without validation examples predicts of the test examples. Raises OSError.

    `examples` are their numbers in the test data, `labels` [t], and `last` outputs [t, classes] as in `Predictions`.
    """
    stream = io.BytesIO()
    numbers, last = np.arange(len(labels), dtype=np.int32), outputs.astype(np.float16)
    np.savez(stream, examples=numbers, labels=labels.astype(np.int32), last=last)
    files.write(folder / PREDICTIONS, stream.getvalue(), durable=True)


def read(folder: Path) -> Predictions | None:
    """The predictions of a run's folder; None where it has no file of them.

    Raises ValueError for a file that is not as the runner wrote it, OSError where it cannot be opened.
    """
    file = folder / PREDICTIONS
    try:
        content = files.read(file, MOST_BYTES_OF_ARRAYS)
    except FileNotFoundError:
        return None
    try:
        found = _decoded(content)
        refuse_misfits(found)
    except Exception as error:  # numpy and zipfile raise many kinds for a damaged file
        reason = " ".join(str(error).split())
        raise ValueError(f"{file} is damaged, put back the file that the runner wrote: {reason}") from None
    return found


def _decoded(content: bytes) -> Predictions:
    if not zipfile.is_zipfile(io.BytesIO(content)):  # which numpy would take for a pickle
        raise ValueError("it is no npz file, or cut off")
    arrays = archives.arrays(content)
    return Predictions(*(arrays[name] for name in NAMES))


def refuse_misfits(found: Predictions) -> None:
    """Raises ValueError for arrays that do not fit one another."""
    v, epochs, classes = len(found.examples), len(found.right), found.best.shape[-1]
    wanted = {
        "examples": ("int32", (v,)),
        "labels": ("int32", (v,)),
        "right": ("uint8", (epochs, -(-v // 8))),
        "best": ("float16", (v, classes)),
        "last": ("float16", (v, classes)),
    }
    for name, array in found.arrays().items():
        if (str(array.dtype), array.shape) != wanted[name]:
            dtype, shape = wanted[name]
            raise ValueError(f"{name} must be {dtype} {list(shape)}; got {array.dtype} {list(array.shape)}")
