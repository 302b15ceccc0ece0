"""Writes that no reader sees half of."""

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

TEMPORARY = re.compile(r"^\..*-[0-9a-f]{16}-tmp(\.[^.]*)?$")


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
    temporary = path.with_name(f".{path.stem}-{_token()}{path.suffix}")
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


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
