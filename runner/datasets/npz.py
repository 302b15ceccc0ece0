"""Arrays from an npz file that cannot be trusted: no code in it is run, and every fault is one line."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.datasets import labels as class_labels
from runner.errors import DataError
from runner.formatting import one_line
from runner.system import archives
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = late("numpy")

# What arrays of lists of whole numbers need, by NumPy's old and new module names; everything else is refused.
ADMITTED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}


# A whole number as NumPy pickles one in a list.
SCALARS = {("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar")}


class Unusable(DataError):
    """A file that cannot be used. What to do about it depends on where the file came from, and is added later."""


def _number(dtype: Any, contents: bytes) -> Any:
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biuf":
        raise pickle.UnpicklingError("it holds a NumPy scalar that is no number")
    return np.frombuffer(contents, dtype)[0]


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ADMITTED:
            return super().find_class(module, name)
        if (module, name) in SCALARS:
            return _number
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no array needs")


def read(path: Path, names: Iterable[str], optional: Iterable[str] = ()) -> dict[str, NDArray[Any]]:
    """The named arrays of an npz file, the optional ones where it has them. Raises DataError, naming the file."""
    if not path.is_file():
        raise DataError(f"{path} does not exist: give another dataset.path")
    try:
        with zipfile.ZipFile(path) as archive:
            archives.refuse_bomb(archive)
            there = [name for name in optional if f"{name}.npy" in archive.namelist()]
            return {name: _member(archive, path, name) for name in (*names, *there)}
    except zipfile.BadZipFile:
        raise refused(path, "it is truncated or not an npz file") from None
    except DataError:
        raise
    except Exception as error:  # a hostile pickle or archive can raise anything, MemoryError too
        raise refused(path, f"{error}") from None


def refused(path: Path, why: str) -> Unusable:
    """The error for a file that cannot be used."""
    return Unusable(f"{path} cannot be used: {one_line(why)}")


def labels(path: Path, name: str, values: NDArray[Any]) -> NDArray[np.int64]:
    """The labels in a named array of a file, as whole numbers."""
    try:
        return class_labels.whole(values)
    except ValueError as error:
        raise refused(path, f"{name} {error}") from None


def _member(archive: zipfile.ZipFile, path: Path, name: str) -> NDArray[Any]:
    if f"{name}.npy" not in archive.namelist():
        held = class_labels.listed([one_line(each.removesuffix(".npy"), 40) for each in archive.namelist()])
        raise refused(path, f"it has no array {name}, but {held or 'none at all'}")
    with archive.open(f"{name}.npy") as stream:
        shape, _, dtype = archives.header(stream, archive.getinfo(f"{name}.npy").file_size)
        if dtype.hasobject:
            array = _ArraysOnly(stream).load()
            if not isinstance(array, np.ndarray) or array.shape != shape:
                raise refused(path, f"{name} is not the array that its header announces")
            return array
    with archive.open(f"{name}.npy") as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
