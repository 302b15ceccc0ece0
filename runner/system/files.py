"""Writes that no reader sees half of, and reads of files that anybody may have put there."""

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TEMPORARY = re.compile(r"^\..*-[0-9a-f]{16}-tmp(\.[^.]*)?$")
HALF_A_SIGN = re.compile(rb"\\ud", re.IGNORECASE)  # perhaps: as JSON writes it
MIB = 2**20
NO_WAITING = getattr(os, "O_NONBLOCK", 0)  # for the writer of a pipe


def read(path: Path, most: int) -> bytes:
    """The content of a file of at most `most` bytes.

    Raises OSError, and ValueError for what is larger or no regular file, such as a pipe, which could be read for ever.
    """
    handle = os.open(path, os.O_RDONLY | NO_WAITING)
    try:
        about = os.fstat(handle)
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(about.st_mode):
            raise ValueError(f"{path} is no regular file")
        if about.st_size > most:
            raise ValueError(f"{path} is too large: {about.st_size:,} bytes, at most {most:,} are read")
        parts = []
        while part := os.read(handle, about.st_size + 1):
            parts.append(part)
            if len(parts) > 1 and sum(map(len, parts)) > most:  # it grows
                raise ValueError(f"{path} is too large: at most {most:,} bytes are read")
        return b"".join(parts)
    finally:
        os.close(handle)


def parsed(content: str | bytes) -> Any:
    """The value of a JSON text that anybody may have written.

    Raises ValueError for what is none, also for NaN and half a sign, which no file and no terminal takes, and
    RecursionError where it is nested too deeply.
    """
    try:
        found = json.loads(content, parse_constant=_no_number)
        if HALF_A_SIGN.search(content if isinstance(content, bytes) else content.encode()):
            json.dumps(found, ensure_ascii=False).encode()
    except MemoryError:
        raise RecursionError from None
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def write(path: Path, content: str | bytes, *, durable: bool = False) -> None:
    """Put a file in place as a whole: a reader sees the old one or the new one.

    A durable one is on the disk when this returns. Raises OSError, the old file untouched.
    """
    with replacing(path, durable=durable) as temporary, temporary.open("wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


class Growing:
    """A file that is put in place as a whole first, and to which pieces are appended from then on.

    All of it is on the disk when a call returns; until then a reader may see a part of the latest piece.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, -1

    def extend(self, piece: bytes, whole: Callable[[], bytes]) -> None:
        """Append a piece. The first time, and where the file is not as it was left, `whole()` replaces it instead.

        So a piece that a kill or a full disk has cut short is gone after the next call. Raises OSError.
        """
        if self._is_as_it_was_left():
            with self.path.open("ab") as stream:
                stream.write(piece)
            to_disk(self.path)
            self.size += len(piece)
        else:
            content = whole()
            write(self.path, content, durable=True)
            self.size = len(content)

    def _is_as_it_was_left(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return self.path.lstat().st_size == self.size  # of a link that somebody has put there: its own
        return False


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A temporary file in the folder of `path`, with the same suffix, that replaces it at the end of the block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{_token()}{path.suffix}")
    try:
        yield temporary
        if durable:
            to_disk(temporary)
        temporary.replace(path)
        if durable:
            to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder next to `path`, which it becomes at the end of the block; `path` is new or empty.

    Where the block fails, nothing is left of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.absolute().with_name(f".{path.absolute().name}-{_token()}")
    temporary.mkdir()
    try:
        yield temporary
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that killed writers have left in a folder, which must have no other writer now."""
    for each in folder.glob(".*"):
        if TEMPORARY.search(each.name) and each.is_file():
            with contextlib.suppress(OSError):
                each.unlink()


def _token() -> str:
    """What another user of the machine cannot guess, to put a link there."""
    return f"{secrets.token_hex(8)}-tmp"


def is_inside(folder: Path, name: str) -> bool:
    """Whether a name leads to something below a folder, with all links followed."""
    try:
        place = os.path.realpath(folder / name)
    except ValueError:  # no name of a file, such as one with a zero byte
        return False
    root = os.path.realpath(folder)
    return place != root and Path(place).is_relative_to(root)


def to_disk(path: Path) -> None:
    """Wait until what was written of a file, or the names in a folder, are on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
