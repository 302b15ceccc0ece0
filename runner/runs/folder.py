"""A run's folder: its file names, the claim on it, and writes that no reader sees half of."""

import contextlib
import json
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock

from runner.errors import DataError
from runner.system import files

SCHEMA_VERSION = 1
RECORD = "run.json"
METRICS = "metrics.csv"
TIMINGS = "timings.csv"
CURVES = "curves.png"
LOG = "runner.log"
MODEL = "model.keras"
BEST_MODEL = "checkpoints/best.keras"
CLAIM = ".claim"
PLAN = "sweep.json"  # of a sweep's folder


@contextlib.contextmanager
def logged(folder: Path) -> Iterator[None]:
    """Write what is logged into the run's folder, as conf/hydra/job_logging does where Hydra runs the job."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(folder / LOG, encoding="utf-8")
    handler.setFormatter(logging.Formatter("[%(asctime)s][%(name)s][%(levelname)s] - %(message)s"))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a folder for one run; the system lets go of a dead holder's claim. Raises DataError if another holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(folder / CLAIM, timeout=0):
            yield
    except filelock.Timeout:
        raise DataError(f"{folder} is in use by {_holder(folder)}: wait for it, or give another folder") from None


def me() -> dict[str, Any]:
    """Who holds a claim, as run.json says it."""
    return {"pid": os.getpid(), "host": socket.gethostname()}


def is_held(folder: Path) -> bool:
    """Whether a living process holds the folder."""
    if not (folder / CLAIM).exists():
        return False
    try:
        with filelock.FileLock(folder / CLAIM, timeout=0):
            return False
    except filelock.Timeout:
        return True


def _holder(folder: Path) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        holder = read_record(folder)["holder"]
        return f"process {holder['pid']} on {holder['host']}"
    return "another process"


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write run.json; NaN and infinity, which JSON does not know, must not be in it."""
    files.write(
        folder / RECORD,
        json.dumps({"schema_version": SCHEMA_VERSION, **record}, indent=2, allow_nan=False) + "\n",
        durable=True,
    )


def read_record(folder: Path) -> dict[str, Any]:
    """The run.json of a folder. Raises OSError or ValueError."""
    record = json.loads((folder / RECORD).read_text())
    if not isinstance(record, dict) or "schema_version" not in record:
        raise ValueError(f"{folder / RECORD} is not the record of a run")
    return record
