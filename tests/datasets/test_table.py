"""dataset=csv: files as spreadsheets write them, labels of any kind, missing cells, test rows, and what is refused."""

import bz2
import gzip
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runner.config.schema import Config
from runner.datasets import catalog
from runner.datasets.base import Data
from runner.datasets.from_files import table
from runner.errors import ConfigError, DataError
from tests.datasets.files import table_config, table_file
from tests.own_data import TOPICS, write

ROWS = ("Käse für 5 €,pos", "bad film,neg", "good good one,pos", "a bad one,neg")


def loaded(path: Path, **keys: Any) -> Data:
    """The data with the features of all its training examples."""
    data = catalog.load(table_config(path, **keys))
    return data.fitted(np.arange(len(data.train), dtype=np.int32))


def words_of(data: Data) -> list[list[str]]:
    """The words of each training text, as the rows have them."""
    assert data.vocabulary
    return [sorted(data.vocabulary.decode(row.indices)) for row in data.train.features]


def refusal(path: Path, **keys: Any) -> str:
    """The line in which a table is refused."""
    with pytest.raises((ConfigError, DataError)) as caught:
        catalog.load(table_config(path, **keys))
    assert str(caught.value).isprintable()
    return str(caught.value)


def zipped(content: bytes, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tickets.csv", content)


def with_semicolons(rows: tuple[str, ...]) -> str:
    return "\r\n".join(["text;label", *(row.replace(",", ";") for row in rows)])


TEXT = "\n".join(["text,label", *ROWS])
FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "plain.csv": (lambda path: path.write_text(TEXT, "utf-8"), ""),
    "plain.txt": (lambda path: path.write_text(TEXT, "utf-8"), ""),
    "PLAIN.CSV": (lambda path: path.write_text(TEXT, "utf-8"), ""),
    "tabs.tsv": (lambda path: path.write_text(TEXT.replace(",", "\t"), "utf-8"), ""),
    "tabs.csv": (lambda path: path.write_text(TEXT.replace(",", "\t"), "utf-8"), "divided by tabs"),
    "excel.csv": (
        lambda path: path.write_text(with_semicolons(ROWS), "utf-8-sig"),
        "the byte order mark that Excel writes at its beginning is left out; its columns are divided by semicolons",
    ),
    "unicode.csv": (lambda path: path.write_text(TEXT, "utf-16"), "is read as UTF-16"),
    "latin.csv": (
        lambda path: path.write_bytes(TEXT.encode("cp1252")),
        "is read as Latin-1 (Windows-1252): save it in UTF-8 if letters look wrong",
    ),
    "packed.csv.gz": (lambda path: path.write_bytes(gzip.compress(TEXT.encode())), ""),
    "packed.csv.bz2": (lambda path: path.write_bytes(bz2.compress(TEXT.encode())), ""),
    "packed.csv.xz": (lambda path: path.write_bytes(lzma.compress(TEXT.encode())), ""),
    "packed.csv.zip": (lambda path: zipped(TEXT.encode(), path), ""),
}


@pytest.mark.parametrize("name", [*FILES])
def test_a_table_is_read_however_it_was_saved(tmp_path: Path, name: str) -> None:
    write_file, said = FILES[name]
    write_file(tmp_path / name)
    data = loaded(tmp_path / name)
    assert words_of(data) == [["5", "für", "käse", "€"], ["bad", "film"], ["good", "one"], ["a", "bad", "one"]]
    assert (data.class_names, data.train.labels.tolist()) == (("neg", "pos"), [1, 0, 1, 0])
    assert (len(data.notes), len(data.test)) == (bool(said), 0)
    assert all(note.startswith(f"{tmp_path / name}: ") and said in note for note in data.notes)


def test_parquet_is_read_as_the_same_table(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    columns = {"text": ["good", "bad", "good one", "bad one"], "label": [1, 0, 1, 0], "age": [1.5, 2.0, None, 4.0]}
    pd.DataFrame(columns).to_parquet(tmp_path / "t.parquet")
    data = loaded(tmp_path / "t.parquet", test_split=0)
    assert (words_of(data)[2], data.class_names) == (["good", "one"], ("0", "1"))
    ages = loaded(tmp_path / "t.parquet", text=None, features=["age"], missing="mean")
    np.testing.assert_allclose(ages.train.features[:, 0], [-1.069045, -0.534522, 0, 1.603567], atol=1e-6)


def test_parquet_without_its_package_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    monkeypatch.setitem(__import__("sys").modules, "fastparquet", None)
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    assert "needs the package pyarrow: python -m pip install '.[parquet]'" in refusal(tmp_path / "t.parquet")


def test_decimal_commas_are_numbers_where_semicolons_divide(tmp_path: Path) -> None:
    path = table_file(tmp_path / "t.csv", "1,5;x,y;a", "2,5;z;b", "-3;z;a", headings="age;note;label")
    data = loaded(path, text=None, features=["age"])
    assert "the commas of numbers in age are decimal points" in data.notes[0]
    assert data.columns
    np.testing.assert_allclose(data.columns.columns[0].mean, 1 / 3)  # type: ignore[union-attr]


def test_decimal_commas_are_numbers_where_cells_are_missing(tmp_path: Path) -> None:
    path = table_file(tmp_path / "t.csv", "1,5;a", "NA;b", ";a", "2,5;b", headings="age;label")
    data = loaded(path, text=None, missing="mean")
    assert data.columns
    assert data.columns.features == ["age"]
    np.testing.assert_allclose(data.train.features[:, 0], [-(2**0.5), 0, 0, 2**0.5], rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "names", "numbers"),
    [
        (["1", "0", "10", "2"], ("0", "1", "2", "10"), [1, 0, 3, 2]),
        (["3.0", "1.5", "3", "-1"], ("-1", "1.5", "3"), [2, 1, 2, 0]),
        (["007", "7", "007", "8"], ("007", "7", "8"), [0, 1, 0, 2]),
        (["9007199254740993", "9007199254740992"] * 2, ("9007199254740992", "9007199254740993"), [1, 0, 1, 0]),
        (["yes", " yes", "no", "no "], ("no", "yes"), [1, 1, 0, 0]),
        (["NA", "null", "NA", "null"], ("NA", "null"), [0, 1, 0, 1]),
        (['"a, b"', "b", '"a, b"', "b"], ("a, b", "b"), [0, 1, 0, 1]),
        (["True", "False", "True", "True"], ("False", "True"), [1, 0, 1, 1]),
        (["<b>x</b>", "\x1b[31mred", "<b>x</b>", "$x$"], ("$x$", "<b>x</b>", "[31mred"), [1, 2, 1, 0]),
    ],
)
def test_labels_are_sorted_and_named_by_their_values(
    tmp_path: Path, labels: list[str], names: tuple[str, ...], numbers: list[int]
) -> None:
    data = loaded(
        table_file(
            tmp_path / "t.csv", *(f"w{label}".replace(",", "").replace('"', "") + f",{label}" for label in labels)
        )
    )
    assert (data.class_names, data.train.labels.tolist()) == (names, numbers)


MANY = [f"text {row},{row}.5" for row in range(60)]
REFUSED: dict[str, tuple[list[str], dict[str, Any], str]] = {
    "no such column": (
        [],
        {"text": "txt"},
        "dataset.text must name a column of {path} (text, label); got txt; did you mean text?",
    ),
    "no such target": ([], {"target": "topic"}, "dataset.target must name a column of {path} (text, label); got topic"),
    "no such feature": ([], {"text": None, "features": ["age"]}, "dataset.features must name a column of {path}"),
    "one class": (["a,x", "b,x"], {}, "{path} cannot be used: column label holds the class x alone"),
    "a label missing": (
        ["a,x", "b,", "c,y", "d"],
        {},
        "{path}: column label misses a label in row 2 (1 more row), counted from 1 below the headings",
    ),
    "a text missing": (["a,x", ",y"], {}, "{path}: column text misses a text in row 2, counted from 1"),
    "a number missing": (
        ["1,x", "NA,y"],
        {"text": None},
        "{path}: column text misses a value in row 2, counted from 1 below the headings: fill it in, or leave",
    ),
    "too many cells": (
        ["a,x", "b, c,y"],
        {},
        "row 2 has 3 cells, the headings are 2: put cells with commas into quotes",
    ),
    "an open quote": (["a,x", '"b,y', "c,x"], {}, "a quote that opens in row 2 is never closed"),
    "amounts": (MANY, {}, "column label has 60 different labels in 60 rows: a label names a class of several"),
    "identifiers": (
        [f"n{row},{row % 2}" for row in range(1500)],
        {"text": None},
        "column text has 1,500 different values, and categories are at most 1,000: leave it out of dataset.features",
    ),
    "no words": (["?!,x", "...,y"], {}, "column text holds no words"),
    "test_split of few": (["a,x", "b,y"], {"test_split": 0.1}, "dataset.test_split must take at least one example"),
    "a long label": (
        ["a,x", f"b,{'y' * 300}"],
        {},
        "row 2 of column label has 300 characters, and a label at most 200",
    ),
    "labels alike": (["a,x", "b,x\x1b"], {}, "labels of column label differ in signs that cannot be shown"),
    "all dropped": (["a,", ",y"], {"missing": "drop"}, "each row misses a cell"),
    "a number mistyped": (
        [*(f"{row},{'xy'[row % 2]}" for row in range(20)), "l2,x", "inf,y"],
        {"text": None},
        "row 21 (1 more row) of column text must be a number, as the others are; got 'l2': correct it, or leave",
    ),
}


@pytest.mark.parametrize("name", [*REFUSED])
def test_a_table_that_cannot_be_learned_is_refused_in_a_line(tmp_path: Path, name: str) -> None:
    rows, keys, wanted = REFUSED[name]
    path = table_file(tmp_path / "t.csv", *rows)
    assert wanted.format(path=path) in refusal(path, **keys)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "it is empty: the first line names the columns"),
        (b"text,label\n", "it has no rows: the first line names the columns"),
        (b"text,text,label\na,b,c\n", "two columns are called 'text': rename one of them"),
        (b"text,label\n\0\0,x\n", "it holds zero bytes"),
        (b"\xff\xfea", "it begins as utf-16 and is not"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_a_line(tmp_path: Path, content: bytes, wanted: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    line = refusal(tmp_path / "t.csv")
    assert line.startswith(f"{tmp_path / 't.csv'} cannot be used: ")
    assert wanted in line


def test_what_is_no_regular_file_or_has_another_name_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert refusal(tmp_path / "pipe.csv").startswith(f"{tmp_path / 'pipe.csv'} is no regular file")
    assert refusal(tmp_path).startswith(f"{tmp_path} is no regular file")
    assert refusal(tmp_path / "none.csv").startswith(f"{tmp_path / 'none.csv'} does not exist")
    assert "its name must end with .csv, .tsv" in refusal(table_file(tmp_path / "t.xlsx"))
    (tmp_path / "t.csv.gz").write_bytes(b"no gzip")
    assert refusal(tmp_path / "t.csv.gz").endswith(": give another file")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["dataset.target=label"], "dataset.path must name a table, such as tickets.csv; got null"),
        (["dataset.path=t.csv"], "dataset.target must name the column of the labels; got null"),
        (["dataset.text=a", "dataset.features=[b]"], "dataset.text and dataset.features exclude each other"),
        (["dataset.features=[]"], "dataset.features must name a column at least; got []"),
        (["dataset.features=[a,b,a]"], "dataset.features must name each column once; got [a,b,a]"),
        (["dataset.target=a", "dataset.features=[a,b]"], "dataset.target=a must not be among what is learned from"),
        (["dataset.target=a", "dataset.text=a"], "dataset.target=a must not be among what is learned from"),
        (["dataset.text=a", "dataset.missing=mean"], "dataset.missing=mean is for columns of numbers"),
        (["dataset.test=t.csv", "dataset.test_split=0.2"], "exclude each other"),
    ],
)
def test_keys_that_do_not_fit_one_another_are_refused_before_a_file_is_read(
    config_of: Callable[..., Config], words: list[str], line: str
) -> None:
    assert any(line in each for each in catalog.problems(config_of("dataset=csv", *words).dataset))


def test_keys_that_fit_are_no_problem(config_of: Callable[..., Config]) -> None:
    words = ["dataset.path=t.csv", "dataset.target=label", "dataset.text=text"]
    assert catalog.problems(config_of("dataset=csv", *words).dataset) == []


def test_rows_that_miss_a_cell_are_dropped_where_that_is_asked_for_and_said(tmp_path: Path) -> None:
    path = table_file(tmp_path / "t.csv", "a,x", ",y", "b,y", "c,")
    data = loaded(path, missing="drop")
    assert words_of(data) == [["a"], ["b"]]
    assert data.notes == (f"{path}: 2 rows with missing cells left out",)


def test_a_fifth_of_each_class_is_drawn_for_the_test(tmp_path: Path) -> None:
    path = write(tmp_path / "tickets.csv", 400)
    data = catalog.load(table_config(path, text="body", target="topic", test_split=0.2))
    assert (len(data.train), len(data.test), data.class_names) == (320, 80, TOPICS)
    of_class = np.bincount(data.train.labels) + np.bincount(data.test.labels)
    np.testing.assert_allclose(np.bincount(data.test.labels), 0.2 * of_class, atol=1)
    again = catalog.load(table_config(path, text="body", target="topic", test_split=0.2))
    assert again.fingerprint == data.fingerprint


def test_a_file_of_test_examples_has_the_classes_and_columns_of_the_other(tmp_path: Path) -> None:
    path = table_file(tmp_path / "t.csv")
    other = table_file(tmp_path / "test.csv", "1,neg,good film", "2,pos,unheard", headings="n,label,text")
    data = loaded(path, test=str(other))
    assert data.test.labels.tolist() == [0, 1]
    assert data.test.features.sum(axis=1).ravel().tolist() == [[2, 0]]
    strange = table_file(tmp_path / "strange.csv", "good,pos", "good,sideways")
    assert "row 2 has the label 'sideways', and" in refusal(path, test=str(strange))
    lacking = table_file(tmp_path / "lacking.csv", "good,pos", headings="body,label")
    assert f"{lacking} cannot be used: it has no column text, as {path} has" in refusal(path, test=str(lacking))


def test_an_edited_file_is_other_data_and_a_renamed_one_the_same(tmp_path: Path) -> None:
    path = table_file(tmp_path / "t.csv")
    first = catalog.load(table_config(path)).fingerprint
    path.rename(tmp_path / "renamed.csv")
    assert catalog.load(table_config(tmp_path / "renamed.csv")).fingerprint == first
    table_file(path, "good film,pos", "bad film,neg", "good good one,pos", "a bad one,pos")
    assert catalog.load(table_config(path)).fingerprint != first


def test_damaged_arrays_are_prepared_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_CACHE_DIR", str(tmp_path / "cache"))
    path = table_file(tmp_path / "t.csv")
    wanted = words_of(loaded(path))
    (indices,) = (tmp_path / "cache").rglob("train_indices.npy")
    np.save(indices, np.load(indices) + 1_000_000)
    table._latest.clear()
    assert words_of(loaded(path)) == wanted


def test_three_rows_and_a_huge_cell_are_enough(tmp_path: Path) -> None:
    data = loaded(table_file(tmp_path / "t.csv", f"{'x' * 200_000},a", "b " * 200_000 + ",b", "b,b"))
    assert (len(data.train), data.train.features.shape[1]) == (3, 2)
