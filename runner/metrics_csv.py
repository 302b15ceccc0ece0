"""metrics.csv and timings.csv: one row an epoch, in full precision, equal bytes for equal numbers."""

import csv
import io
import math
from pathlib import Path

Row = dict[str, float]

INTEGERS = ("epoch", "updates")


def text(rows: list[Row]) -> str:
    """The rows as CSV with a header; lines end in a line feed."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    if rows:
        writer.writeheader()
    writer.writerows({key: cell(key, value) for key, value in row.items()} for row in rows)
    return stream.getvalue()


def cell(key: str, value: float) -> str:
    """A number as it stands in a file: in full precision, a count as a whole number, NaN as all readers spell it."""
    if key in INTEGERS:
        return str(int(value))
    return "NaN" if math.isnan(value) else repr(float(value))


def read(path: Path) -> list[Row]:
    """The rows of a file. Raises OSError or ValueError where it is not one of ours."""
    with path.open(newline="") as stream:
        try:
            rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(stream)]
        except csv.Error as error:
            raise ValueError(f"{path}: {error}") from None
    if [row.get("epoch") for row in rows] != list(range(1, len(rows) + 1)):
        raise ValueError(f"{path}: the epochs do not count from 1")
    return rows


def best_epoch(rows: list[Row], monitor: str, direction: str) -> int | None:
    """The epoch with the best value of a column, the earliest of equal ones; None without a finite value."""
    sign = -1 if direction == "max" else 1
    finite = [(sign * row[monitor], int(row["epoch"])) for row in rows if math.isfinite(row.get(monitor, math.nan))]
    return min(finite)[1] if finite else None
