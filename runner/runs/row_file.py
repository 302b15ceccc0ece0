"""Rows of equal size, one for each epoch, in a file next to the states: it grows, and each state counts its part of it.

Appended durably before the state that counts them is put in place, they make the cost of a state constant. A state
knows the SHA-256 of its rows; what comes after them in the file is of later epochs, or has been cut short by a kill.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from runner.runs.folder import MOST_BYTES_OF_ARRAYS
from runner.system import files


class RowFile:
    """The rows of a run, written by the one process that holds its folder."""

    def __init__(self, path: Path) -> None:
        self.file = files.Growing(path)
        self.epochs, self.hash = 0, hashlib.sha256()

    def extend(self, epochs: int, packed: Callable[[int], bytes]) -> str:
        """Write the rows until an epoch; `packed(first)` has those from index `first` on. The SHA-256 of them all.

        Raises OSError.
        """
        new, hashed = packed(self.epochs), self.hash.copy()
        hashed.update(new)
        self.file.extend(new, lambda: packed(0))
        self.epochs, self.hash = epochs, hashed
        return hashed.hexdigest()


def read(path: Path, size: int, digest: str) -> bytes:
    """The first `size` bytes of a file. Raises ValueError where they are not those of the SHA-256."""
    try:
        content = files.read(path, MOST_BYTES_OF_ARRAYS)[:size]
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(f"{path.name} does not have its rows")
    return content
