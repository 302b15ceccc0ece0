"""Arrays from an npz file that cannot be trusted: no code in it is run, and every fault is one line."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

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

Shapes: TypeAlias = dict[str, tuple[int, ...]]

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


def read(
    path: Path,
    names: Iterable[str],
    optional: Iterable[str] = (),
    check: Callable[[Shapes], None] = lambda shapes: None,
) -> dict[str, NDArray[Any]]:
    """The named arrays of an npz file, the optional ones where it has them. Raises DataError, naming the file.

    `check` raises DataError for shapes that do not fit, before an array is read; those of objects are not among them.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist: give another dataset.path")
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(archive, path)
            there = [name for name in optional if f"{name}.npy" in archive.namelist()]
            wanted = (*names, *there)
            headers = {name: _header(archive, path, name) for name in wanted}
            check({name: shape for name, (shape, dtype) in headers.items() if not dtype.hasobject})
            return {name: _member(archive, path, name) for name in wanted}
    except zipfile.BadZipFile:
        raise refused(path, "it is truncated or not an npz file") from None
    except DataError:
        raise
    except Exception as error:  # a hostile pickle or archive can raise anything, MemoryError too
        raise refused(path, f"{error}") from None


def _refuse_bomb(archive: zipfile.ZipFile, path: Path) -> None:
    """Raises ValueError for a file that unpacks to much more than data does."""
    most = archives.most_of_data(path.stat().st_size)
    try:
        archives.refuse_bomb(archive, most)
    except ValueError as error:
        remedy = " of so small a file: save it by np.savez, which does not pack" if most < archives.MOST_BYTES else ""
        raise ValueError(f"{error}{remedy}") from None


def refused(path: Path, why: str) -> Unusable:
    """The error for a file that cannot be used."""
    return Unusable(f"{path} cannot be used: {one_line(why)}")


def labels(path: Path, name: str, values: NDArray[Any]) -> NDArray[np.int64]:
    """The labels in a named array of a file, as whole numbers."""
    try:
        return class_labels.whole(values)
    except ValueError as error:
        raise refused(path, f"{name} {error}") from None


def _header(archive: zipfile.ZipFile, path: Path, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array that its header announces. Raises DataError where there is none of the name."""
    if f"{name}.npy" not in archive.namelist():
        held = class_labels.listed([one_line(each.removesuffix(".npy"), 40) for each in archive.namelist()])
        raise refused(path, f"it has no array {name}, but {held or 'none at all'}")
    with archive.open(f"{name}.npy") as stream:
        shape, _, dtype = archives.header(stream, archive.getinfo(f"{name}.npy").file_size)
    return shape, dtype


def _member(archive: zipfile.ZipFile, path: Path, name: str) -> NDArray[Any]:
    shape, dtype = _header(archive, path, name)
    with archive.open(f"{name}.npy") as stream:
        if not dtype.hasobject:
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
        archives.header(stream, archive.getinfo(f"{name}.npy").file_size)  # the pickle stands behind it
        array = _ArraysOnly(stream).load()
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise refused(path, f"{name} is not the array that its header announces")
    return array
