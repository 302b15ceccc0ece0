"""Checksums of prepared arrays: a few milliseconds for all of them, so that each process can look.

The sum of the 64-bit words of each block finds what a disk, a kill or an editor does to a file. It is no proof against
somebody who wants to deceive: he would write the checksums too.
"""

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 2**20  # bytes
AT_ONCE = 16  # blocks of a mapped array that are in memory
FORGET = getattr(mmap, "MADV_DONTNEED", None)  # not on Windows


def of_array(array: NDArray[Any]) -> list[Any]:
    """Type, shape, the sum of each block, and that of the last bytes, as JSON holds them."""
    sums, rest = [], 0
    for block in blocks(array):
        whole = len(block) // 8 * 8
        if whole:
            sums.append(int(block[:whole].view("<u8").sum()))
        rest = int(block[whole:].sum())
    return [array.dtype.str, list(array.shape), *sums, rest]


def blocks(array: NDArray[Any]) -> Iterator[NDArray[np.uint8]]:
    """The bytes of an array in the order in which they stand, a block at a time; of a mapped one few stay in memory."""
    source: Any = array.base
    content = np.asarray(array).ravel("K").view(np.uint8)
    for number, start in enumerate(range(0, len(content), BLOCK), 1):
        yield content[start : start + BLOCK]
        if number % AT_ONCE == 0 and FORGET is not None and isinstance(source, mmap.mmap):
            source.madvise(FORGET)
