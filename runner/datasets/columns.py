"""Columns of numbers and of categories as rows of features: what was learned of them, and how a row is made."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from runner.formatting import counted, one_line
from runner.system import files
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
else:
    np, pd = late("numpy"), late("pandas")

SCHEMA_VERSION = 1  # of the file
ABSENT = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None")  # in a column of numbers
NAME_WIDTH = 40


class UnusableCells(Exception):
    """Cells that make no row: why, with row and column."""


@dataclass(frozen=True)
class Number:
    """A column of numbers: a cell becomes (cell - mean) / scale, by the training examples."""

    name: str
    mean: float
    scale: float


@dataclass(frozen=True)
class Category:
    """A column of categories: a cell becomes a one among a place for each category; all zero for an unknown one."""

    name: str
    categories: tuple[str, ...]


Column: TypeAlias = Number | Category


@dataclass(frozen=True)
class Columns:
    """What turns the cells of a row into features; `fills` says that the mean stands for a number that is missing."""

    columns: tuple[Column, ...]
    fills: bool

    @property
    def features(self) -> list[str]:
        """What each feature of a row is, in order, such as "age" or "colour=red"."""
        names: list[str] = []
        for each in self.columns:
            of_categories = each.categories if isinstance(each, Category) else ()
            names += [each.name] if isinstance(each, Number) else [f"{each.name}={value}" for value in of_categories]
        return names

    def rows(self, values: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """Features, float32 [rows, features], of an array [rows] for each column.

        Of numbers it holds the cells, NaN where one is missing; of categories their places among `categories`, -1 for
        none of them.
        """
        found = np.zeros((len(values[0]), len(self.features)), np.float32)
        place = 0
        for each, column in zip(self.columns, values, strict=True):
            if isinstance(each, Number):
                found[:, place] = np.nan_to_num((column - each.mean) / each.scale, nan=0.0)
                place += 1
            else:
                known = np.flatnonzero(column >= 0)
                found[known, place + column[known]] = 1
                place += len(each.categories)
        return found

    def encode(self, cells: pd.DataFrame) -> tuple[NDArray[np.float32], list[str]]:
        """Features of cells, and what there is to say of each row. Raises UnusableCells, naming rows from 1."""
        if missing := [each.name for each in self.columns if each.name not in cells]:
            names = ", ".join(one_line(each, NAME_WIDTH) for each in missing)
            raise UnusableCells(f"has no {'column' if len(missing) == 1 else 'columns'} {names}")
        remarks: list[list[str]] = [[] for _ in range(len(cells))]
        values = []
        for each in self.columns:
            found, strange = self._values(each, cells[each.name])
            values.append(found)
            for row, remark in strange:
                remarks[row].append(remark)
        return self.rows(values), ["; ".join(each) for each in remarks]

    def _values(self, column: Column, cells: pd.Series) -> tuple[NDArray[Any], Iterator[tuple[int, str]]]:
        """What `rows` takes of a column, and remarks with the number, from 0, of the row."""
        name = one_line(column.name, NAME_WIDTH)
        if isinstance(column, Number):
            found = numbers(cells)
            bad = np.flatnonzero(~np.isfinite(found))
            refused = bad[~absent(cells)[bad]] if self.fills else bad
            if len(refused):
                row = refused[0]
                raise UnusableCells(f"has no number in row {row + 1} of column {name}: {shown(cells.iloc[row])}")
            return found, ((row, f"{name} is missing: the mean stands for it") for row in bad.tolist())
        texts = cells.fillna("").str.strip()
        places = pd.Index(column.categories).get_indexer(pd.Index(texts))
        unknown = np.flatnonzero(places < 0).tolist()
        return places, ((row, f"unknown {name}: {shown(texts.iloc[row])}") for row in unknown)

    def example(self) -> dict[str, str | float]:
        """A row: of numbers the means, of categories the first."""
        return {each.name: each.mean if isinstance(each, Number) else each.categories[0] for each in self.columns}

    def to_json(self) -> str:
        """The contents of a file of it; equal ones are equal bytes."""
        columns = [{"kind": type(each).__name__.lower(), **asdict(each)} for each in self.columns]
        return json.dumps({"schema_version": SCHEMA_VERSION, "fills": self.fills, "columns": columns}, indent=1) + "\n"


def from_json(text: str) -> Columns:
    """The columns of a file's contents. Raises ValueError where they are not as the runner writes them."""
    try:
        entries = files.parsed(text)
        found = Columns(tuple(_column(each) for each in entries["columns"]), bool(entries["fills"]))
        fits = entries["schema_version"] == SCHEMA_VERSION and len(found.columns) > 0
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is damaged: {error}") from None
    if not fits:
        raise ValueError("it has no columns, or another version of the runner wrote it")
    return found


def _column(entry: dict[str, Any]) -> Column:
    """Raises ValueError, KeyError or TypeError."""
    if not isinstance(entry["name"], str):
        raise TypeError("a column's name must be a text")
    if entry["kind"] == "category":
        if not all(isinstance(each, str) for each in entry["categories"]):
            raise TypeError("categories must be texts")
        if len({*entry["categories"]}) != len(entry["categories"]) or not entry["categories"]:
            raise ValueError("categories must differ")
        return Category(entry["name"], tuple(entry["categories"]))
    mean, scale = float(entry["mean"]), float(entry["scale"])
    if entry["kind"] != "number" or not math.isfinite(mean) or not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"column {entry['name']} is neither of numbers nor of categories")
    return Number(entry["name"], mean, scale)


def numbers(cells: pd.Series) -> NDArray[np.float64]:
    """Texts [rows] as numbers, NaN where one is missing or none."""
    return pd.to_numeric(cells.fillna("").str.strip(), errors="coerce").to_numpy(np.float64)


def absent(cells: pd.Series) -> NDArray[np.bool_]:
    """Whether a cell of a column of numbers is missing, [rows]."""
    return cells.fillna("").str.strip().isin(ABSENT).to_numpy(bool)


def shown(cell: Any) -> str:
    """A cell in a message."""
    return repr(one_line(cell, NAME_WIDTH)) if isinstance(cell, str) and cell.strip() else "an empty cell"


def rows_in_words(rows: NDArray[np.integer]) -> str:
    """Rows by their numbers from 0, as "row 3 (and 12 more)" counts them from 1."""
    return f"row {rows[0] + 1}" + (f" ({counted(len(rows) - 1, 'more row')})" if len(rows) > 1 else "")
