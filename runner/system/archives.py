"""Arrays in zip files that nobody vouches for: what they announce is compared with limits before memory is taken."""

from __future__ import annotations

import functools
import io
import math
import zipfile
from typing import IO, TYPE_CHECKING, Any

from runner.system.files import MIB
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = late("numpy")

MOST_BYTES = 4096 * MIB  # of all that an archive unpacks to
SIZES = {(1, 0): 2, (2, 0): 4}  # bytes that tell the length of a header's text, by version of the format
MOST_OF_HEADER = 1 << 16  # bytes; NumPy itself refuses more than 10,000
SMALL, RATIO = 64 * MIB, 16  # what a recorded archive may unpack to in any case, or for each byte of it
SMALL_DATA, DATA_RATIO = 256 * MIB, 500  # the same of a file of data: dense rows of ones and zeros pack 300 to 1


def refuse_bomb(archive: zipfile.ZipFile, most: int = MOST_BYTES) -> None:
    """Raises ValueError for an archive that unpacks to more than `most` bytes, as its entries announce.

    What is read of an entry never goes beyond what it announces.
    """
    total = sum(each.file_size for each in archive.infolist())
    if total > most:
        raise ValueError(f"it unpacks to {total:,} bytes, at most {most:,} are read")


def most_of_data(packed: int) -> int:
    """What a file of data of `packed` bytes may unpack to."""
    return min(MOST_BYTES, max(SMALL_DATA, DATA_RATIO * packed))


def arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file by their names, none of them of objects.

    Raises ValueError, also for a file that unpacks to much more than numbers of a run do, and what zipfile raises for a
    damaged one.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        refuse_bomb(archive, max(SMALL, RATIO * len(content)))
        return {each.filename.removesuffix(".npy"): _array(archive, each) for each in archive.infolist()}


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(entry) as stream:
        shape, is_fortran, dtype = header(stream, entry.file_size)
        if dtype.hasobject:
            raise ValueError(f"{entry.filename} holds objects")
        values = np.frombuffer(stream.read(), dtype)
    return values.reshape(shape, order="F" if is_fortran else "C")


def header(stream: IO[bytes], size: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of an array in a stream of `size` bytes.

    Raises ValueError where it is no array, or numbers that take another room than the stream has.
    """
    version = np.lib.format.read_magic(stream)
    if version not in SIZES:
        raise ValueError(f"its format version {version} is unknown")
    size_of_text = SIZES[version]
    start = stream.read(size_of_text)
    text = stream.read(min(int.from_bytes(start, "little"), MOST_OF_HEADER))
    shape, order, dtype = _parsed(version, start + text)
    wanted = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or (not dtype.hasobject and wanted != size - stream.tell()):
        raise ValueError(f"its header announces {wanted:,} bytes, and {size - stream.tell():,} are there")
    return shape, order, dtype


@functools.lru_cache(256)  # runs have arrays of the same shapes, and NumPy takes 0.1 ms for the text
def _parsed(version: tuple[int, int], head: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    return readers[version](io.BytesIO(head))
