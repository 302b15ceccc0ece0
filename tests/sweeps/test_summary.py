"""summary.csv and curves.png of a sweep, made from its folders alone."""

import csv
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from runner.cli import compare, train
from runner.runs import folder as run_folder
from runner.sweeps import summary, sweep

pytestmark = pytest.mark.slow

COLUMNS = (
    "job,status,training.metrics,seed,best_epoch,"
    "best_loss,best_accuracy,best_val_loss,best_val_accuracy,best_auc,best_val_auc,"
    "last_loss,last_accuracy,last_val_loss,last_val_accuracy,last_auc,last_val_auc,"
    "updates,seconds,inherited_epochs,folder,error"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a sweep of four jobs, two of which measure other things than the other two; only to be read."""
    folder = tmp_path_factory.mktemp("trained")
    words = ["dataset.source=sample", "dataset.num_words=200", "model.depth=0", "training.epochs=3"]
    words += ["training.monitor=val_loss"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert train.main(["-m", *words, "training.metrics=[accuracy],[auc]", "seed=0,1", "hydra.sweep.dir=sweep"]) == 0
        yield folder / "sweep"


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(trained, tmp_path / "sweep"))


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "summary.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def job(folder: Path, number: int) -> Path:
    (found,) = folder.glob(f"{number}_*")
    return found


def test_it_has_the_documented_columns_and_the_values_of_the_runs(trained: Path) -> None:
    assert (trained / "summary.csv").read_text().splitlines()[0] == COLUMNS
    rows = rows_of(trained)
    assert [(row["job"], row["status"], row["training.metrics"], row["seed"]) for row in rows] == [
        ("0", "completed", "[accuracy]", "0"),
        ("1", "completed", "[accuracy]", "1"),
        ("2", "completed", "[auc]", "0"),
        ("3", "completed", "[auc]", "1"),
    ]
    for row in rows:
        run = trained / row["folder"]
        epochs = list(csv.DictReader((run / "metrics.csv").read_text().splitlines()))
        timings = list(csv.DictReader((run / "timings.csv").read_text().splitlines()))
        losses = [float(each["val_loss"]) for each in epochs]
        assert int(row["best_epoch"]) == losses.index(min(losses)) + 1
        for name in ("loss", "accuracy", "val_loss", "val_accuracy", "auc", "val_auc"):
            assert row[f"best_{name}"] == epochs[int(row["best_epoch"]) - 1].get(name, "")
            assert row[f"last_{name}"] == epochs[-1].get(name, "")
        assert int(row["updates"]) == sum(int(each["updates"]) for each in timings)
        assert math.isclose(float(row["seconds"]), sum(float(each["seconds"]) for each in timings), abs_tol=1e-3)
        assert (row["inherited_epochs"], row["error"]) == ("0", "")


def test_its_picture_is_that_of_the_comparison_and_names_the_same_best(trained: Path, tmp_path: Path) -> None:
    assert compare.main([str(trained), "--png", str(tmp_path / "compared.png")]) == 0
    drawn = (trained / "curves.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert drawn == (tmp_path / "compared.png").read_bytes()


def test_made_again_from_the_folders_it_has_the_same_bytes(folder: Path) -> None:
    before = (folder / "summary.csv").read_bytes()
    (folder / "summary.csv").unlink()
    (folder / "curves.png").unlink()
    summary.write(sweep.read(folder))
    assert (folder / "summary.csv").read_bytes() == before
    assert (folder / "curves.png").exists()


def test_pandas_reads_it_with_numbers_as_numbers(trained: Path) -> None:
    table = pd.read_csv(trained / "summary.csv")
    assert list(table.columns) == COLUMNS.split(",")
    assert list(table["seed"]) == [0, 1, 0, 1]
    assert table["best_val_loss"].dtype == float
    assert list(table["best_auc"].isna()) == [True, True, False, False]
    assert list(table["best_accuracy"].isna()) == [False, False, True, True]
    last = float((trained / table["folder"][0] / "metrics.csv").read_text().splitlines()[-1].split(",")[1])
    assert math.isclose(table["last_loss"][0], last)


@pytest.mark.parametrize("content", ['{"schema_version": 1, "stat', "", "[]", '{"schema_version": 1}', "\0\xff"])
def test_a_job_whose_record_is_damaged_has_crashed_and_has_its_row(folder: Path, content: str) -> None:
    (job(folder, 1) / "run.json").write_text(content)
    summary.write(sweep.read(folder))
    rows = rows_of(folder)
    assert [row["status"] for row in rows] == ["completed", "crashed", "completed", "completed"]
    assert rows[1]["error"].startswith("its record cannot be read: ")
    assert len(rows[1]["error"].splitlines()) == 1
    assert (rows[1]["seed"], rows[1]["folder"], rows[1]["last_loss"]) == ("1", job(folder, 1).name, "")


def test_damaged_metrics_do_not_keep_the_others_from_their_rows(folder: Path) -> None:
    (job(folder, 0) / "metrics.csv").write_text("epoch,loss\n1,0.5\n3,")
    (job(folder, 2) / "timings.csv").unlink()
    summary.write(sweep.read(folder))
    assert [row["status"] for row in rows_of(folder)] == ["crashed", "completed", "crashed", "completed"]


def test_a_job_never_begun_is_pending_and_one_whose_process_is_dead_has_crashed(folder: Path) -> None:
    shutil.rmtree(job(folder, 0))
    shutil.rmtree(job(folder, 3) / "checkpoints")
    run_folder.write_record(job(folder, 3), {**run_folder.read_record(job(folder, 3)), "status": "running"})
    lines = summary.write(sweep.read(folder))
    rows = rows_of(folder)
    assert [row["status"] for row in rows] == ["pending", "completed", "completed", "crashed"]
    assert (rows[0]["training.metrics"], rows[0]["seed"], rows[0]["updates"], rows[0]["error"]) == (
        "[accuracy]",
        "0",
        "",
        "",
    )
    assert rows[3]["error"].startswith("its process died without reporting")
    assert sorted(lines, key=lambda line: line.rank)[-1].job.number == 0


def test_a_sweep_of_which_nothing_has_begun_is_pending_throughout(folder: Path) -> None:
    for number in range(4):
        shutil.rmtree(job(folder, number))
    (folder / "curves.png").unlink()
    summary.write(sweep.read(folder))
    assert [row["status"] for row in rows_of(folder)] == ["pending"] * 4
    assert (folder / "summary.csv").read_text().splitlines()[0] == (
        "job,status,training.metrics,seed,best_epoch,updates,seconds,inherited_epochs,folder,error"
    )
    assert not (folder / "curves.png").exists()
