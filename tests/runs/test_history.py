"""Rows in full precision, and the best of them."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.config.monitor import Monitor
from runner.runs import history
from runner.runs.writer import Outcome
from runner.system import files

VALUES = st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=50)


@given(VALUES)
def test_what_is_written_is_read_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "metrics.csv"
    rows = [{"epoch": epoch, "loss": value} for epoch, value in enumerate(values, 1)]
    path.write_text(history.text(rows))
    assert history.read(path) == rows


@given(VALUES)
def test_the_rows_of_a_shorter_run_are_a_prefix(values: list[float]) -> None:
    rows = [{"epoch": epoch, "loss": value} for epoch, value in enumerate(values, 1)]
    for shorter in range(1, len(rows)):
        assert history.text(rows).startswith(history.text(rows[:shorter]))


@given(VALUES, st.data())
def test_rows_that_are_appended_make_the_file_of_all_rows(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], data: st.DataObject
) -> None:
    rows = [{"epoch": epoch, "loss": value} for epoch, value in enumerate(values, 1)]
    file = files.Growing(tmp_path_factory.mktemp("csv") / "metrics.csv")
    done = 0
    while done < len(rows):
        until = data.draw(st.integers(done + 1, len(rows)))
        history.extend(file, rows[:until], done)
        done = until
    assert file.path.read_text() == history.text(rows)


@given(st.lists(st.sampled_from([math.nan, -math.inf, math.inf, -1.0, 0.0, 0.25, 1.0]), min_size=1))
def test_the_best_row_is_found_without_looking_at_earlier_ones(values: list[float]) -> None:
    """NumPy's argmax takes the first of equal ones too."""
    finite = np.where(np.isfinite(values), values, np.nan)
    for direction, oracle in (("max", np.nanargmax), ("min", np.nanargmin)):
        best: dict[str, float] | None = None
        for epoch, value in enumerate(values, 1):
            row = {"epoch": epoch, "val_accuracy": value}
            if Monitor("val_accuracy", direction).is_better(row, best):
                best = row
        wanted = None if np.isnan(finite).all() else oracle(finite) + 1
        assert (best["epoch"] if best else None) == wanted


@pytest.mark.parametrize(
    ("values", "direction", "best"),
    [
        ([0.5, 0.7, 0.7, 0.6], "max", 2),
        ([0.5, 0.2, 0.2], "min", 2),
        ([math.nan, 0.3, math.inf], "max", 2),
        ([math.nan], "max", None),
    ],
)
def test_the_best_epoch_is_the_earliest_of_equals(values: list[float], direction: str, best: int | None) -> None:
    rows = [{"epoch": epoch, "val_accuracy": value} for epoch, value in enumerate(values, 1)]
    assert Monitor("val_accuracy", direction).best_epoch(rows) == best


def test_a_file_whose_epochs_do_not_count_from_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,loss\n1,0.5\n3,0.4\n")
    with pytest.raises(ValueError, match="count from 1"):
        history.read(path)


WRITTEN = "epoch,loss,val_accuracy\n1,0.5,0.6\n2,0.25,0.75\n"


@pytest.mark.parametrize(
    ("saved", "problem"),
    [
        (WRITTEN.replace(",", ";").encode(), "columns must be apart by commas .* got epoch;loss;val_accuracy"),
        (WRITTEN.replace(",", "\t").encode(), "columns must be apart by commas"),
        (WRITTEN.encode("utf-8-sig"), "a byte order mark stands before the header"),
        (WRITTEN.encode("utf-16"), "is not UTF-8 text"),
        (WRITTEN.replace("0.25", '"0,25"').encode(), "line 3: loss must be a number; got 0,25"),
        (WRITTEN.replace(".", ",").encode(), "line 2 must have 3 cells, as the header has; got 5"),
        (WRITTEN.replace("0.75", "#NAME?").encode(), "line 3: val_accuracy must be a number; got #NAME\\?"),
        (WRITTEN.replace("0.75", "").encode(), "line 3: val_accuracy must be a number"),
        (WRITTEN.replace(",0.75", "").encode(), "line 3 must have 3 cells, as the header has; got 2"),
    ],
)
def test_what_a_spreadsheet_has_made_of_a_file_is_said_with_its_name(
    tmp_path: Path, saved: bytes, problem: str
) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(saved)
    with pytest.raises(ValueError, match=problem) as refused:
        history.read(path)
    assert str(path) in str(refused.value)
    assert "perhaps a spreadsheet has saved it; put back the file that the runner wrote" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_other_line_ends_and_quotes_change_no_number(tmp_path: Path) -> None:
    """As git on Windows and a spreadsheet write them."""
    path = tmp_path / "metrics.csv"
    path.write_bytes(WRITTEN.replace("0.25", '"0.25"').replace("\n", "\r\n").encode())
    assert history.read(path) == [
        {"epoch": 1, "loss": 0.5, "val_accuracy": 0.6},
        {"epoch": 2, "loss": 0.25, "val_accuracy": 0.75},
    ]


@pytest.mark.slow
def test_a_finished_run_writes_a_file_again_that_was_damaged(train: Callable[..., Outcome]) -> None:
    words = ["dataset.source=sample", "model.depth=0", "training.epochs=2"]
    path = train(*words).folder / "metrics.csv"
    written = path.read_bytes()
    for damage in (lambda: path.write_bytes(written.replace(b",", b";")), path.unlink):
        damage()
        again = train(*words)
        assert (again.status, again.epochs) == ("completed", 2)
        assert path.read_bytes() == written


def test_nan_and_infinity_are_spelt_as_every_reader_takes_them(tmp_path: Path) -> None:
    """Polars takes `nan` for a text, and `Infinity` too."""
    rows = [{"epoch": 1, "loss": math.nan, "val_loss": math.inf}, {"epoch": 2, "loss": -math.inf, "val_loss": 0.5}]
    path = tmp_path / "metrics.csv"
    path.write_text(history.text(rows))
    assert path.read_text() == "epoch,loss,val_loss\n1,NaN,inf\n2,-inf,0.5\n"
    assert pd.read_csv(path).dtypes.map(str).tolist() == ["int64", "float64", "float64"]
    assert repr(history.read(path)) == repr([{**row, "epoch": float(row["epoch"])} for row in rows])


def test_a_file_of_an_earlier_version_is_read_with_its_nan(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,loss\n1,nan\n")
    assert math.isnan(history.read(path)[0]["loss"])
