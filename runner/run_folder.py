"""A run's folder: its file names, the claim on it, and writes that no reader sees half of."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock

from runner.errors import ConfigError, DataError

SCHEMA_VERSION = 1
RECORD = "run.json"
METRICS = "metrics.csv"
TIMINGS = "timings.csv"
CURVES = "curves.png"
MODEL = "model.keras"
BEST_MODEL = "checkpoints/best.keras"
CLAIM = ".claim"


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a folder for one run. Raises DataError if another process holds it, ConfigError if a run is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        claim = filelock.FileLock(folder / CLAIM, timeout=0)
        with claim:
            refuse_other_run(folder)
            yield
    except filelock.Timeout:
        raise DataError(f"{folder} is in use by another process: wait for it, or give another hydra.run.dir") from None


def refuse_other_run(folder: Path) -> None:
    """Raises ConfigError where the folder holds a run already."""
    if (folder / RECORD).exists():
        raise ConfigError([f"hydra.run.dir must not hold a run already; got {folder}: give another folder"])


def write(path: Path, content: str | bytes) -> None:
    """Put a file in place as a whole: a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary(path) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def temporary(path: Path) -> Iterator[Path]:
    """A file beside `path`, with its suffix, that takes its place at the end of the block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write run.json; NaN and infinity, which JSON does not know, must not be in it."""
    write(
        folder / RECORD,
        json.dumps({"schema_version": SCHEMA_VERSION, **record}, indent=2, allow_nan=False) + "\n",
    )


def read_record(folder: Path) -> dict[str, Any]:
    """The run.json of a folder. Raises OSError or ValueError."""
    record = json.loads((folder / RECORD).read_text())
    if not isinstance(record, dict) or "schema_version" not in record:
        raise ValueError(f"{folder / RECORD} is not the record of a run")
    return record
