"""What a training has recorded, epoch by epoch, and its files metrics.csv and timings.csv.

The files hold full precision; equal numbers are equal bytes.
"""

import csv
import io
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from runner.formatting import number
from runner.runs.folder import MOST_BYTES_OF_ROWS
from runner.runs.predictions import Growing
from runner.system import files

Row = dict[str, float]

INTEGERS = ("epoch", "updates")
SAVED_ANEW = ": perhaps a spreadsheet has saved it; put back the file that the runner wrote"


@dataclass
class History:
    """The epochs that a training has recorded: their rows of metrics.csv and timings.csv, and the best one's weights.

    `best_epoch` counts from 1; None without a finite value of the monitor. `problem` says why the training failed.
    `predictions` are those of the validation examples, None where they are not kept of every epoch. A training that
    continues another begins with the other's history.
    """

    metrics: list[Row] = field(default_factory=list)
    timings: list[Row] = field(default_factory=list)
    best_epoch: int | None = None
    best_weights: list[NDArray[Any]] = field(default_factory=list)
    predictions: Growing | None = None
    problem: str | None = None

    @property
    def best(self) -> Row | None:
        """The row of the best epoch."""
        return self.metrics[self.best_epoch - 1] if self.best_epoch else None


def text(rows: Sequence[Row], *, header: bool = True) -> str:
    """The rows as CSV; lines end in a line feed."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    if rows and header:
        writer.writeheader()
    writer.writerows({key: cell(key, value) for key, value in row.items()} for row in rows)
    return stream.getvalue()


def extend(file: files.Growing, rows: Sequence[Row], first: int) -> None:
    """Append to a file those of all `rows` that it has not yet, from index `first` on. Raises OSError."""
    file.extend(text(rows[first:], header=not first).encode(), lambda: text(rows).encode())


def cell(key: str, value: float) -> str:
    """A number as it stands in a file: in full precision, a count as a whole number, NaN as all readers spell it."""
    if key in INTEGERS:
        return str(int(value))
    return "NaN" if math.isnan(value) else repr(float(value))


def read(path: Path, most: int | None = None) -> list[Row]:
    """The rows of a file, at most the first `most`: what comes after them may be half written by a run that goes on.

    Raises OSError, or ValueError where it is not as the runner wrote it.
    """
    try:
        rows = _rows(path, most)
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text{SAVED_ANEW}") from None
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
    if [row.get("epoch") for row in rows] != list(range(1, len(rows) + 1)):
        raise ValueError(f"{path}: the epochs do not count from 1")
    return rows


def _rows(path: Path, most: int | None) -> list[Row]:
    lines = csv.reader(io.StringIO(files.read(path, MOST_BYTES_OF_ROWS).decode("utf-8"), newline=""))
    header = next(lines, [])
    if any(name.startswith("\ufeff") for name in header):
        raise ValueError(f"a byte order mark stands before the header{SAVED_ANEW}")
    if header and "epoch" not in header:
        raise ValueError(
            f"its columns must be apart by commas and one of them epoch; got {_short(','.join(header))}{SAVED_ANEW}"
        )
    return [_row(header, cells, lines.line_num) for cells in itertools.islice(filter(None, lines), most)]


def _row(header: list[str], cells: list[str], line: int) -> Row:
    if len(cells) != len(header):
        raise ValueError(f"line {line} must have {len(header)} cells, as the header has; got {len(cells)}{SAVED_ANEW}")
    try:
        return dict(zip(header, map(float, cells), strict=True))
    except ValueError:
        return {name: _number(name, cell, line) for name, cell in zip(header, cells, strict=True)}


def _number(name: str, cell: str, line: int) -> float:
    try:
        return float(cell)
    except ValueError:
        raise ValueError(f"line {line}: {name} must be a number; got {_short(cell)}{SAVED_ANEW}") from None


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def line(row: Row, epochs: int) -> str:
    """A row as a line of a log or a terminal, in a training of `epochs` epochs."""
    values = [f"{name} {number(value)}" for name, value in row.items() if name not in ("epoch", "learning_rate")]
    return f"epoch {int(row['epoch']):>{len(str(epochs))}}/{epochs}  " + "  ".join(values)
