"""A run's folder: file names, the claim of a process on it, the log, the record."""

import contextlib
import json
import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock

from runner.errors import DataError
from runner.runs import shape
from runner.system import files

if sys.platform != "win32":
    import fcntl

SCHEMA_VERSION = 1
RECORD = "run.json"
METRICS = "metrics.csv"
TIMINGS = "timings.csv"
PREDICTIONS = "predictions.npz"
VOCABULARY = "vocabulary.json"  # of texts: what turns one into a row
COLUMNS = "columns.json"  # of tables of numbers and categories: the same
CURVES = "curves.png"
TEST = "test.json"
CONFUSION = "confusion.png"
BEST_TEST, BEST_CONFUSION = "test-best.json", "confusion-best.png"
CHOICE = "choice.json"  # of the folder of a final model
LOG = "runner.log"
MODEL = "model.keras"
CHECKPOINTS = "checkpoints"
BEST_MODEL = f"{CHECKPOINTS}/best.keras"
CLAIM = ".claim"
PLAN = "sweep.json"  # of a sweep's folder
OUTPUTS = Path("outputs")
MOST_BYTES = 16 * files.MIB  # of run.json and its like, which hold some kB
MOST_BYTES_OF_WORDS = 512 * files.MIB  # of vocabulary.json and columns.json: a line for each word
MOST_BYTES_OF_ROWS = 32 * files.MIB  # of metrics.csv and timings.csv: some 200,000 epochs
MOST_BYTES_OF_PLAN = 256 * files.MIB  # of sweep.json: some 100,000 jobs
MOST_BYTES_OF_ARRAYS = 1024 * files.MIB  # of predictions.npz and of a state
LOOK_SECONDS = 0.2  # a claim held for less is that of a process which looks, where a look has to take it


def test_of(network: str) -> str:
    """The file that has what the test says of a network of the folder."""
    return TEST if network == MODEL else BEST_TEST


def confusion_of(network: str) -> str:
    """The picture next to it."""
    return CONFUSION if network == MODEL else BEST_CONFUSION


@contextlib.contextmanager
def logged(folder: Path) -> Iterator[None]:
    """Write the log into the run's folder, as conf/hydra/job_logging does where Hydra runs the job.

    Raises DataError where a link in the folder leads out of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_links(folder)
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
    """Hold a folder for one run; the system releases the claim of a process that died.

    Raises DataError if another process holds it, or a link in it leads out of it; one that only looks is waited for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_links(folder)
    with _claim(folder):
        for each in (folder, folder / CHECKPOINTS):
            files.remove_leftovers(each)
        yield


def _claim(folder: Path) -> filelock.AcquireReturnProxy:
    claim = filelock.FileLock(folder / CLAIM)
    while True:
        try:
            return claim.acquire(timeout=LOOK_SECONDS, poll_interval=0.01)
        except filelock.Timeout:
            if is_held(folder):
                in_use = f"{folder} is in use by {_described_holder(folder)}: wait, or give another folder"
                raise DataError(in_use) from None


def _refuse_links(folder: Path) -> None:
    """Raises DataError where what is written into a received folder would go elsewhere; other files are replaced."""
    for name in (LOG, CLAIM, CHECKPOINTS):
        if not files.is_inside(folder, name):
            raise DataError(
                f"{folder / name} is a link that leads out of the folder: remove it, or give another folder"
            )


def me() -> dict[str, Any]:
    """This process, as run.json names the holder of a claim."""
    return {"pid": os.getpid(), "host": socket.gethostname()}


def is_held(folder: Path) -> bool:
    """Whether a living process holds the folder.

    On Linux and macOS a shared lock tells: other looks have one at the same time, and `claimed` does not take it for a
    claim. So it does on a network disk that knows flock. On Windows, whose locks Python cannot share, the look takes
    the claim for a moment, and another look may take that for a run. Where a claim cannot be opened or locked, the
    holder that run.json names decides; one on another machine counts as alive.
    """
    try:
        return not _is_free(folder / CLAIM)
    except FileNotFoundError:
        return False
    except OSError:
        return _is_alive(_holder(folder))


def _is_free(claim: Path) -> bool:
    """Whether no process has the lock of this file. Raises OSError where it cannot be known."""
    if sys.platform == "win32":
        if not claim.exists():
            return True
        with contextlib.suppress(filelock.Timeout), filelock.FileLock(claim, timeout=0):
            return True
        return False
    handle = os.open(claim, os.O_RDONLY | os.O_NONBLOCK)  # does not wait for somebody to write into a FIFO
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _holder(folder: Path) -> dict[str, Any]:
    """The holder that run.json names; empty where it names none."""
    with contextlib.suppress(OSError, ValueError):
        return read_record(folder).get("holder") or {}
    return {}


def _is_alive(holder: dict[str, Any]) -> bool:
    if holder.get("host") != socket.gethostname():
        return bool(holder)
    try:
        os.kill(int(holder["pid"]), 0)
    except PermissionError:
        return True  # another user's
    except (OSError, KeyError, TypeError, ValueError):
        return False
    return True


def _described_holder(folder: Path) -> str:
    holder = _holder(folder)
    return f"process {holder.get('pid')} on {holder.get('host')}" if holder else "another process"


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write run.json; NaN and infinity, which JSON does not know, must not be in it."""
    files.write(
        folder / RECORD,
        json.dumps({"schema_version": SCHEMA_VERSION, **record}, indent=2, allow_nan=False) + "\n",
        durable=True,
    )


def read_record(folder: Path) -> dict[str, Any]:
    """The run.json of a folder. Raises OSError or ValueError."""
    record = read_json(folder / RECORD)
    if "schema_version" not in record:
        raise ValueError(f"{folder / RECORD} is not the record of a run")
    return record


def read_json(path: Path, most: int = MOST_BYTES) -> dict[str, Any]:
    """A recorded JSON file. Raises OSError, or ValueError for what the runner does not write."""
    try:
        found = files.parsed(files.read(path, most))
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} is not a mapping")
    return found


def read_test(folder: Path, name: str = TEST) -> dict[str, Any]:
    """What the test said of a run. Raises OSError where it was not opened, DataError where the file is damaged."""
    try:
        found = read_json(folder / name)
        shape.refuse_damaged(found, shape.TEST)
        return found
    except ValueError as error:
        raise DataError(f"{folder / name} is damaged ({error}): remove it, and open the test set again") from None
