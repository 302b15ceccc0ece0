"""Columns of numbers and categories: read once for all examples; means, scales and categories are those trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from runner.datasets import columns
from runner.datasets.base import Arrays, Data, Examples
from runner.datasets.cache import Prepared
from runner.datasets.columns import Category, Column, Columns, Number, rows_in_words
from runner.datasets.tables.file import refused
from runner.datasets.tables.rows import Chosen
from runner.formatting import one_line

MOST_CATEGORIES = 1000  # of a column; more are texts, or numbers of the rows
FEW_CATEGORIES = 20  # more than these, and more than half as many as examples, tell the examples apart, not the classes


def prepare(paths: Sequence[Path], chosen: Chosen) -> tuple[Arrays, list[dict[str, Any]]]:
    """Numbers, or places of categories, float64 [examples, columns], and what the columns are. Raises DataError."""
    train, test = chosen.cells["train"], chosen.cells["test"]
    kinds: list[dict[str, Any]] = []
    values: dict[str, list[NDArray[np.float64]]] = {"train": [], "test": []}
    for name in train.columns:
        if name in chosen.numeric:
            kinds.append({"name": name})
            values["train"].append(_numbers(paths[0], train[name]))
            values["test"].append(_numbers(paths[-1], test[name]))
            continue
        categories = _categories(paths[0], train[name])
        kinds.append({"name": name, "categories": categories})
        for split, cells in chosen.cells.items():
            values[split].append(pd.Index(categories).get_indexer(pd.Index(cells[name].str.strip())).astype(np.float64))
    arrays = {f"{split}_values": np.column_stack(parts) for split, parts in values.items()}
    return arrays, kinds


def _numbers(path: Path, cells: pd.Series) -> NDArray[np.float64]:
    """Numbers [rows], NaN where one is missing. Raises DataError for what is no number, as another file may have it."""
    found = columns.numbers(cells)
    bad = np.flatnonzero(~np.isfinite(found) & ~columns.absent(cells))
    if len(bad):
        row = cells.index.to_numpy()[bad]
        raise refused(
            path,
            f"{rows_in_words(row)} of column {one_line(str(cells.name), columns.NAME_WIDTH)} must be a number; "
            f"got {columns.shown(cells.iloc[bad[0]])}",
        )
    return np.where(np.isfinite(found), found, np.nan)


def _categories(path: Path, cells: pd.Series) -> list[str]:
    found = sorted(cells.str.strip().unique())
    if len(found) > MOST_CATEGORIES:
        name = one_line(str(cells.name), columns.NAME_WIDTH)
        raise refused(
            path,
            f"column {name} has {len(found):,} different values, and categories are at most {MOST_CATEGORIES:,}: leave "
            f"it out of dataset.features, or give dataset.text={name} if it holds texts",
        )
    return found


def notes(path: Path, kinds: Sequence[dict[str, Any]], examples: int) -> Iterator[str]:
    """A line for each column with a category for nearly each training example, as an odd way to write numbers makes."""
    for kind in kinds:
        count = len(kind.get("categories", ()))
        if count > max(FEW_CATEGORIES, examples / 2):
            name = one_line(kind["name"], columns.NAME_WIDTH)
            yield (
                f"{path}: column {name} has {count:,} different values in {examples:,} training examples, and each is "
                "a category: leave it out of dataset.features, or if it is of numbers, write them as 1234.5"
            )


def examples(arrays: Arrays) -> tuple[Examples, Examples]:
    """The values as they were read, which have no meaning before means, scales and categories are known."""
    train, test = (Examples(arrays[f"{split}_values"], arrays[f"{split}_labels"]) for split in ("train", "test"))
    return train, test


def fitted(data: Data, found: Prepared, trained: NDArray[np.int32], *, fills: bool) -> Data:
    """The data with the features that these training examples make."""
    train, test = data.train.features, data.test.features
    learned: list[Column] = []
    parts: dict[str, list[NDArray[Any]]] = {"train": [], "test": []}
    for place, kind in enumerate(found.about["columns"]):
        both = {"train": train[:, place], "test": test[:, place]}
        if "categories" not in kind:
            learned.append(_standardised(kind["name"], both["train"][trained]))
            numbers = both
        else:
            present = np.unique(both["train"][trained]).astype(int)
            learned.append(Category(kind["name"], tuple(kind["categories"][each] for each in present)))
            places = np.full(len(kind["categories"]) + 1, -1)  # the last one is that of -1
            places[present] = np.arange(len(present))
            numbers = {split: places[values.astype(int)] for split, values in both.items()}
        for split, values in numbers.items():
            parts[split].append(values)
    whole = Columns(tuple(learned), fills)
    splits = {split: Examples(whole.rows(values), getattr(data, split).labels) for split, values in parts.items()}
    return dataclasses.replace(data, train=splits["train"], test=splits["test"], columns=whole, fit=None)


def _standardised(name: str, trained: NDArray[np.float64]) -> Number:
    """Mean and scale of the training examples, [n], missing ones counted as the mean; the scale of equal ones is 1."""
    from sklearn.preprocessing import StandardScaler

    known = trained[~np.isnan(trained)]
    mean = float(known.mean()) if len(known) else 0.0
    scaler = StandardScaler().fit(np.where(np.isnan(trained), mean, trained)[:, None])
    return Number(name, mean, float(scaler.scale_[0]))
