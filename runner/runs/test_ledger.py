"""The ledger of test sets: each opening of one is a line, and lines are only added.

A choice that is made after a look at the test set fits that set too, and its test value is too good. So it is counted.
"""

import contextlib
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock

from runner.errors import DataError
from runner.formatting import counted
from runner.runs import shape
from runner.runs.folder import OUTPUTS
from runner.system import files

LEDGER = OUTPUTS / "test-ledger.jsonl"
MOST_BYTES = 256 * files.MIB  # some 600,000 openings
WAIT_SECONDS = 30.0  # for another process, which holds the ledger while it adds a line
OWN = "own"  # the source of a plugin's data, of which other data may have the name


@dataclass(frozen=True)
class Opening:
    """An opening of a test set.

    id        one for each opening: a run that is killed between the opening and its result goes on with the same one
    time      UTC, as ISO 8601 writes it
    name, source, fingerprint  the data, as run.json names it
    examples  number of test examples
    run       the folder of the run that was tested
    network   the file of the network in that folder
    epoch     the epoch after which it has these weights
    """

    id: str
    time: str
    name: str
    source: str
    fingerprint: str
    examples: int
    run: str
    network: str
    epoch: int


def opening(dataset: dict[str, Any], run: Path, network: str, epoch: int, id: str | None = None) -> Opening:
    """An opening of now; `dataset` is that of run.json, `id` the one with which an earlier start began."""
    data = {key: dataset[key] for key in ("name", "source", "fingerprint")}
    time = datetime.now(UTC).isoformat(timespec="seconds")
    return Opening(
        id or uuid.uuid4().hex, time, **data, examples=dataset["test"], run=str(run), network=network, epoch=epoch
    )


def enter(ledger: Path, new: Opening) -> int:
    """Add an opening unless it is there already; the number of earlier ones of the same test set.

    Raises DataError where another process holds the ledger, OSError where it cannot be written.
    """
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with _held(ledger):
        known = read(ledger)
        ids = [each.id for each in known]
        if new.id not in ids:
            _append(ledger, json.dumps(asdict(new)))
        earlier = known[: ids.index(new.id)] if new.id in ids else known
    return sum(is_same_test_set(asdict(new), each) for each in earlier)


def read(ledger: Path) -> list[Opening]:
    """All openings, the first one first; a line that a kill has cut off had opened nothing yet."""
    try:
        lines = files.read(ledger, MOST_BYTES).split(b"\n")
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise DataError(f"the ledger of test sets cannot be used: {error}: move it away") from None
    return list({each.id: each for each in map(_decoded, lines) if each}.values())


def _decoded(line: bytes) -> Opening | None:
    """The opening of a line; None where it is cut off, or no line that the runner writes."""
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        found = Opening(**files.parsed(line))
        checks = ((each.name, shape.is_count if each.type is int else shape.is_text) for each in fields(found))
        return found if all(check(getattr(found, name)) for name, check in checks) else None
    return None


def times_opened(ledger: Path, dataset: dict[str, Any]) -> int:
    """How often the test set of a data set was opened; `dataset` is that of run.json."""
    return sum(is_same_test_set(dataset, each) for each in read(ledger))


def is_same_test_set(dataset: dict[str, Any], of: Opening) -> bool:
    """Whether an opening was of the test set of a data set.

    The fingerprint changes with what is made of the examples (dataset.num_words); those of a built-in data set stay the
    same examples.
    """
    if dataset["fingerprint"] == of.fingerprint:
        return True
    return dataset["source"] != OWN and (dataset["name"], dataset["source"]) == (of.name, of.source)


def opened_in_words(times: int, ledger: Path, before: str = " before") -> str:
    """What a test set that was opened is worth for a choice now; `before` says that there is one opening more."""
    return f"was opened {counted(times, 'time')}{before} ({ledger}): a choice made after a look at it is not clean"


@contextlib.contextmanager
def _held(ledger: Path) -> Iterator[None]:
    try:
        with filelock.FileLock(ledger.with_name(f".{ledger.name}.lock"), timeout=WAIT_SECONDS):
            yield
    except filelock.Timeout:
        raise DataError(f"{ledger} is held by another process: wait for it") from None


def _append(ledger: Path, line: str) -> None:
    """Add a line, on the disk when this returns; one that a kill has cut off is cut away.

    A last line without an end, as some editors save it, stays where it is whole.
    """
    handle = os.open(ledger, os.O_RDWR | os.O_CREAT, 0o666)
    with os.fdopen(handle, "r+b") as stream:
        content = stream.read()
        start = content.rfind(b"\n") + 1
        if _decoded(content[start:]):
            line = f"\n{line}"
        else:
            stream.truncate(start)
        stream.seek(0, os.SEEK_END)
        stream.write(f"{line}\n".encode())
        stream.flush()
        os.fsync(stream.fileno())
