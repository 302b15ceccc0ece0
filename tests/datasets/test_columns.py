"""Columns of numbers and categories as rows: against scikit-learn, from the training examples alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from runner.datasets import catalog, columns
from runner.datasets.columns import Category, Columns, Number, UnusableCells
from tests.datasets.files import table_config, table_file
from tests.own_data import write

COLUMNS = Columns((Number("age", 10.0, 2.0), Category("plan", ("free", "paid"))), fills=False)


def test_rows_are_those_of_scikit_learn_fitted_to_the_training_examples_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 300)
    frame = pd.read_csv(path)
    frame.loc[[3, 40, 41], "age"] = np.nan
    frame["plan"] = np.where(frame.index == 0, "trial", frame["plan"])  # a category of no training example
    frame.to_csv(path, index=False)
    names = ["age", "visits", "plan"]
    config = table_config(path, text=None, features=names, target="topic", missing="mean")
    trained = np.arange(1, 300, 2, dtype=np.int32)
    data = catalog.load(config).fitted(trained)
    numeric = make_pipeline(SimpleImputer(), StandardScaler())
    oracle = make_column_transformer((numeric, names[:2]), (OneHotEncoder(handle_unknown="ignore"), ["plan"]))
    wanted = oracle.fit(frame.iloc[trained]).transform(frame)
    np.testing.assert_allclose(data.train.features, wanted, atol=1e-6)
    assert data.columns
    assert data.columns.features == ["age", "visits", "plan=free", "plan=paid"]
    read = columns.from_json(data.columns.to_json())
    rows, remarks = read.encode(pd.read_csv(path, dtype=str, keep_default_na=False))
    np.testing.assert_array_equal(rows, data.train.features)
    assert (remarks[0], remarks[3]) == ("unknown plan: 'trial'", "age is missing: the mean stands for it")


def test_all_columns_but_the_target_are_learned_from_unless_some_are_named(tmp_path: Path) -> None:
    path = table_file(tmp_path / "t.csv", "1,a,x", "2,b,y", "3,a,x", headings="n,kind,label")
    data = catalog.load(table_config(path, text=None)).fitted(np.arange(3, dtype=np.int32))
    assert data.columns
    assert data.columns.features == ["n", "kind=a", "kind=b"]


def test_a_category_for_nearly_each_example_is_said(tmp_path: Path) -> None:
    rows = [f'"{1000 + place:,}",c{place % 21},{place % 2}' for place in range(42)]
    path = table_file(tmp_path / "t.csv", *rows, headings="pay,kind,label")
    assert catalog.load(table_config(path, text=None)).notes == (
        f"{path}: column pay has 42 different values in 42 training examples, and each is a category: leave it out of "
        "dataset.features, or if it is of numbers, write them as 1234.5",
    )


def test_a_column_of_equal_numbers_is_zero(tmp_path: Path) -> None:
    path = table_file(tmp_path / "t.csv", "7,x", "7,y", "7,x", headings="n,label")
    data = catalog.load(table_config(path, text=None)).fitted(np.arange(3, dtype=np.int32))
    assert data.train.features.tolist() == [[0], [0], [0]]


def test_rows_that_are_dropped_or_filled_are_those_that_miss_a_number(tmp_path: Path) -> None:
    path = table_file(tmp_path / "t.csv", "1,x", "NA,y", "3,x", "n/a,y", "5,y", headings="n,label")
    every = np.arange(3, dtype=np.int32)
    dropped = catalog.load(table_config(path, text=None, missing="drop")).fitted(every)
    assert dropped.train.labels.tolist() == [0, 0, 1]
    filled = catalog.load(table_config(path, text=None, missing="mean")).fitted(np.arange(5, dtype=np.int32))
    assert filled.train.features[[1, 3]].tolist() == [[0], [0]]


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({"age": ["1"]}, "has no column plan"),
        ({}, "has no columns age, plan"),
        ({"age": ["1", "x"], "plan": ["free", "free"]}, "has no number in row 2 of column age: 'x'"),
        ({"age": ["1", None], "plan": ["free", "free"]}, "has no number in row 2 of column age: an empty cell"),
        ({"age": ["1", "inf"], "plan": ["free", "free"]}, "has no number in row 2 of column age: 'inf'"),
    ],
)
def test_cells_that_make_no_row_are_refused(cells: dict[str, Any], wanted: str) -> None:
    with pytest.raises(UnusableCells) as caught:
        COLUMNS.encode(pd.DataFrame(cells))
    assert str(caught.value) == wanted


def test_the_mean_stands_for_missing_cells_alone() -> None:
    filling = Columns(COLUMNS.columns, fills=True)
    plans = ["free", "paid"]
    rows, _ = filling.encode(pd.DataFrame({"age": ["NA", " "], "plan": plans}))
    assert rows[:, 0].tolist() == [0, 0]
    with pytest.raises(UnusableCells, match="has no number in row 2 of column age: '1,5'"):
        filling.encode(pd.DataFrame({"age": ["NA", "1,5"], "plan": plans}))


@pytest.mark.parametrize(
    "change",
    [
        '"scale": 2.0|"scale": 0.0',
        '"mean": 10.0|"mean": NaN',
        '"kind": "number"|"kind": "x"',
        '"free"|1',
        '"free"|"paid"',
        "{|",
        "1|9",
    ],
)
def test_a_file_that_the_runner_has_not_written_is_refused(change: str) -> None:
    old, _, new = change.partition("|")
    assert old in COLUMNS.to_json()
    with pytest.raises(ValueError, match=r"it is damaged|another version"):
        columns.from_json(COLUMNS.to_json().replace(old, new, 1))
