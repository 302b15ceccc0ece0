"""Writes that no reader sees half of."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def write(path: Path, content: str | bytes, *, durable: bool = False) -> None:
    """Put a file in place as a whole: a reader sees the old one or the new one.

    A durable one is on the disk when this returns. Raises OSError, the old file untouched.
    """
    with replacing(path, durable=durable) as beside, beside.open("wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A file beside `path`, with its suffix, that takes its place at the end of the block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        yield beside
        if durable:
            _to_disk(beside)
        beside.replace(path)
        if durable:
            _to_disk(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
