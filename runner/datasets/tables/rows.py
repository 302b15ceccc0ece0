"""The rows of a table that are learned from: the columns that a config names, missing cells, labels, the test rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from runner.datasets import columns, split
from runner.datasets import labels as class_labels
from runner.datasets.columns import rows_in_words
from runner.datasets.tables import file as table_file
from runner.datasets.tables.file import TableFile, refused
from runner.errors import ConfigError, DataError, did_you_mean
from runner.formatting import counted, one_line

if TYPE_CHECKING:
    from runner.datasets.tables.keys import Table

LONGEST_LABEL = 200  # characters
LARGEST_LABEL = 2**53  # from there on a label in floating point is no exact number
FEW_CLASSES = 20  # more than these, and more than half as many as rows, are no classes
MISTYPED = 0.1  # of a column of numbers; one of which more is no number has categories
NAMES_WIDTH = 200


@dataclass(frozen=True)
class Chosen:
    """Rows of cells, by the splits `train` and `test`: those of the columns that are learned from, by column.

    labels       `train_labels` and `test_labels`, int64 [rows]
    class_names  sorted, in the order of the labels
    numeric      the columns of numbers
    facts        how each file was read, and how many rows were left out, as JSON holds it
    """

    cells: dict[str, pd.DataFrame]
    labels: dict[str, NDArray[np.int64]]
    class_names: list[str]
    numeric: list[str]
    facts: list[dict[str, Any]]


def choose(config: Table, paths: Sequence[Path]) -> Chosen:
    """The rows of the table, and of that of the test if there is one. Raises ConfigError, DataError."""
    tables = [table_file.read(path) for path in paths]
    _refuse_columns(config, paths[0], tables[0])
    names = _learned_from(config, tables[0])
    numeric = (
        [] if config.text is not None else [each for each in names if _is_numeric(paths[0], tables[0].cells[each])]
    )
    wanted = [*names, str(config.target)]
    parts = [_complete(config, path, table, wanted, numeric) for path, table in zip(paths, tables, strict=True)]
    found = _Labels(paths[0], parts[0][str(config.target)])
    labels = [found.of(path, part[str(config.target)]) for path, part in zip(paths, parts, strict=True)]
    cells = [part[names] for part in parts]
    if len(paths) == 1:
        cells, labels = _divided(config, cells[0], labels[0])
    _refuse_unlearnable(config, paths[0], labels[0], found.names)
    facts = [table.facts | _dropped(table, part) for table, part in zip(tables, parts, strict=True)]
    return Chosen(
        {"train": cells[0], "test": cells[1]},
        {"train_labels": labels[0], "test_labels": labels[1]},
        found.names,
        numeric,
        facts,
    )


def notes(paths: Sequence[Path], facts: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What there is to say of how the files were read, a line for each file."""
    for path, of_file in zip(paths, facts, strict=True):
        sentences = table_file.said(of_file)
        if dropped := of_file.get("dropped"):
            sentences.append(f"{counted(dropped, 'row')} with missing cells left out")
        if sentences:
            yield f"{path}: {'; '.join(sentences)}"


def _refuse_columns(config: Table, path: Path, table: TableFile) -> None:
    """Raises ConfigError for each name that is none of a column."""
    known = list(table.cells.columns)
    asked = [("dataset.target", config.target), ("dataset.text", config.text)]
    asked += [("dataset.features", name) for name in config.features or ()]
    listed = one_line(", ".join(one_line(name, columns.NAME_WIDTH) for name in known), NAMES_WIDTH)
    found = [
        f"{key} must name a column of {path} ({listed}); got {one_line(name)}{did_you_mean(name, known)}"
        for key, name in asked
        if name is not None and name not in known
    ]
    if found:
        raise ConfigError(found)


def _learned_from(config: Table, table: TableFile) -> list[str]:
    if config.text is not None:
        return [config.text]
    return list(config.features or (name for name in table.cells.columns if name != config.target))


def _is_numeric(path: Path, cells: pd.Series) -> bool:
    """Whether a column is of numbers. Raises DataError where nearly all of it is."""
    strange = np.flatnonzero(~np.isfinite(columns.numbers(cells)) & ~columns.absent(cells))
    if 0 < len(strange) <= MISTYPED * len(cells):
        name = one_line(str(cells.name), columns.NAME_WIDTH)
        raise refused(
            path,
            f"{rows_in_words(strange)} of column {name} must be a number, as the others are; got "
            f"{columns.shown(cells.iloc[strange[0]])}: correct it, or leave the column out",
        )
    return not len(strange)


def _complete(config: Table, path: Path, table: TableFile, wanted: list[str], numeric: list[str]) -> pd.DataFrame:
    """The wanted columns, without rows that miss a cell if they are to be dropped. Raises DataError."""
    if lacking := [name for name in wanted if name not in table.cells]:
        raise refused(path, f"it has no column {one_line(lacking[0], columns.NAME_WIDTH)}, as {config.path} has")
    cells = table.cells[wanted]
    missing = {name: columns.absent(cells[name]) if name in numeric else _is_empty(cells[name]) for name in wanted}
    if config.missing == "drop":
        cells = cells[~np.logical_or.reduce(list(missing.values()))]
        if not len(cells):
            raise refused(path, "each row misses a cell: nothing is left of it with dataset.missing=drop")
        return cells
    filled = numeric if config.missing == "mean" else []
    lines = [
        f"{path}: column {one_line(name, columns.NAME_WIDTH)} misses {_what(name, config)} in "
        f"{rows_in_words(np.flatnonzero(gaps))}, counted from 1 below the headings: "
        f"fill it in, or leave such rows out with dataset.missing=drop"
        for name, gaps in missing.items()
        if gaps.any() and name not in filled
    ]
    if lines:
        raise DataError("\n".join(lines))
    return cells


def _what(name: str, config: Table) -> str:
    return "a label" if name == config.target else "a text" if name == config.text else "a value"


def _is_empty(cells: pd.Series) -> NDArray[np.bool_]:
    return (cells.fillna("").str.strip() == "").to_numpy(bool)


def _dropped(table: TableFile, kept: pd.DataFrame) -> dict[str, int]:
    dropped = len(table.cells) - len(kept)
    return {"dropped": dropped} if dropped else {}


class _Labels:
    """The classes of a column of labels: sorted, as numbers where all are numbers, and named so."""

    def __init__(self, path: Path, cells: pd.Series) -> None:
        self.of_table = path
        texts = _stripped(path, cells)
        self.are_numbers = _are_numbers(texts)
        shown = {name: one_line(name) for name in {self._name(each) for each in texts.unique()}}
        if len({*shown.values()}) < len(shown) or not all(shown.values()):
            raise refused(path, f"labels of column {cells.name} differ in signs that cannot be shown: name them anew")
        order = sorted(shown, key=lambda name: (float(name) if self.are_numbers else 0, shown[name]))
        self.names = [shown[name] for name in order]
        self.numbers = {name: number for number, name in enumerate(order)}

    def _name(self, text: str) -> str:
        if not self.are_numbers:
            return text
        value = float(text)
        return str(int(value)) if value == math.trunc(value) else repr(value)

    def of(self, path: Path, cells: pd.Series) -> NDArray[np.int64]:
        """The labels of a column as numbers of classes. Raises DataError for one that the table does not have."""
        texts = _stripped(path, cells)
        numbers = {each: self.numbers.get(self._safe_name(each), -1) for each in texts.unique()}
        found = texts.map(numbers).to_numpy(np.int64)
        if (unknown := np.flatnonzero(found < 0)).size:
            row = int(cells.index[unknown[0]])
            raise refused(
                path,
                f"row {row + 1} has the label {columns.shown(texts.iloc[unknown[0]])}, and {self.of_table} has none",
            )
        return found

    def _safe_name(self, text: str) -> str:
        try:
            return self._name(text)
        except (ValueError, OverflowError):
            return text


def _stripped(path: Path, cells: pd.Series) -> pd.Series:
    texts = cells.str.strip()
    if (long := np.flatnonzero(texts.str.len() > LONGEST_LABEL)).size:
        row = int(cells.index[long[0]])
        raise refused(
            path,
            f"row {row + 1} of column {cells.name} has {len(texts.iloc[long[0]]):,} characters, and a label at most "
            f"{LONGEST_LABEL}: dataset.target must name the column of the labels",
        )
    return texts


def _are_numbers(texts: pd.Series) -> bool:
    """Whether all labels are numbers that keep their digits: 007 would lose its zeros, what is larger its last ones."""
    distinct = pd.Series(texts.unique(), dtype=object)
    are_exact = np.abs(columns.numbers(distinct)) < LARGEST_LABEL
    return bool(are_exact.all() and not distinct.str.match(r"[+-]?0\d").any())


def _divided(
    config: Table, cells: pd.DataFrame, labels: NDArray[np.int64]
) -> tuple[list[pd.DataFrame], list[NDArray[np.int64]]]:
    """Training and test rows of the one table. Raises ConfigError."""
    try:
        parts = split.without_test(labels, config.test_split)
    except ValueError as error:
        raise ConfigError([f"dataset.test_split {error}"]) from None
    return [cells.iloc[part] for part in parts], [labels[part] for part in parts]


def _refuse_unlearnable(config: Table, path: Path, labels: NDArray[np.int64], names: Sequence[str]) -> None:
    classes = len(names)
    if class_labels.one_class(labels):
        raise refused(
            path,
            f"column {config.target} holds the class {one_line(names[labels[0]], 40)} alone, and two or more can be "
            "told apart; dataset.target names another column",
        )
    if classes > max(FEW_CLASSES, len(labels) / 2):
        raise refused(
            path,
            f"column {config.target} has {classes:,} different labels in {len(labels):,} rows: a label names a class "
            "of several examples, no amount",
        )
