"""Writes that no reader sees half of."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


def write(path: Path, content: str | bytes, *, durable: bool = False) -> None:
    """Put a file in place as a whole: a reader sees the old one or the new one.

    A durable one is on the disk when this returns. Raises OSError, the old file untouched.
    """
    with replacing(path, durable=durable) as temporary, temporary.open("wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A temporary file in the folder of `path`, with the same suffix, that replaces it at the end of the block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        yield temporary
        if durable:
            _to_disk(temporary)
        temporary.replace(path)
        if durable:
            _to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder next to `path`, which it becomes at the end of the block; `path` is new or empty.

    Where the block fails, nothing is left of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.absolute().with_name(f".{path.absolute().name}-{os.getpid()}")
    temporary.mkdir()
    try:
        yield temporary
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def is_inside(folder: Path, name: str) -> bool:
    """Whether a name leads to something below a folder, with all links followed."""
    try:
        place = os.path.realpath(folder / name)
    except ValueError:  # no name of a file, such as one with a zero byte
        return False
    root = os.path.realpath(folder)
    return place != root and Path(place).is_relative_to(root)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
