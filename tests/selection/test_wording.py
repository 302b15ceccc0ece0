"""What final says before and after the training: each sentence true for the choice at hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from runner.compare.comparison import compare
from runner.config import conditions
from runner.runs import search
from runner.selection import final, wording
from runner.selection.choice import Choice, choose
from tests.records import write_run

STOPPED = {"optimizer.schedule": "cosine", "training.epochs": 20, "training.early_stopping.patience": 1}
TEST: dict[str, Any] = {"examples": 400, "network": "model.keras", "epoch": 2, "looked_at_before": 0}
TEST |= {"accuracy": 0.875, "accuracy_standard_error": 0.002}


def chosen(folder: Path, *select: str) -> Choice:
    runs = search.some_runs([folder], warn=pytest.fail)
    return choose(compare(runs), [conditions.parse(text, "--select") for text in select])


def planned(folder: Path, *, keep_updates: bool = False) -> list[str]:
    choice = chosen(folder)
    made = final.plan(choice, folder / "f", 1, keep_updates=keep_updates, against_last=True)
    return list(wording.plan(choice, made, against_last=True))


def result(folder: Path, *select: str, **test: Any) -> list[str]:
    made = final.plan(chosen(folder, *select), folder / "f", 1, keep_updates=False, against_last=False)
    made.folder.mkdir(exist_ok=True)
    (made.folder / "test.json").write_text(json.dumps(TEST | test))
    return list(wording.result(made, folder / "ledger"))


def test_a_cosine_schedule_was_drawn_over_the_epochs_that_were_asked_for(tmp_path: Path) -> None:
    """Early stopping ended the runs after 3 of 20: at the chosen epoch, or one later."""
    write_run(tmp_path / "later" / "a", (0.8, 0.9, 0.7), STOPPED)
    write_run(tmp_path / "there" / "a", (0.8, 0.85, 0.9), STOPPED)
    assert planned(tmp_path / "later")[0].startswith("the cosine schedule is drawn over 2 epochs now, not over 20: ")
    assert planned(tmp_path / "there")[0].startswith("the cosine schedule is drawn over 3 epochs now, not over 20: ")
    assert "drawn over 1 epoch now, not over 20" in planned(tmp_path / "later", keep_updates=True)[0]
    write_run(tmp_path / "whole" / "a", (0.8, 0.85, 0.9), STOPPED | {"training.epochs": 3})
    assert not any("cosine" in line for line in planned(tmp_path / "whole"))


def test_against_last_says_so_where_it_would_be_the_same_network(tmp_path: Path) -> None:
    write_run(tmp_path / "a", (0.7, 0.8, 0.9))
    assert planned(tmp_path) == ["--against-last: the final model is the network of all 3 epochs itself"]


def test_luck_lowers_a_loss(tmp_path: Path) -> None:
    for seed, level in enumerate((0.30, 0.32, 0.34)):
        for units in (8, 16):
            losses = (0.5, level + units / 1000, level + 0.01 * (seed % 2))
            settings = {"model.width": units, "seed": seed}
            write_run(tmp_path / f"{units}-{seed}", losses=losses, settings=settings, seed=seed, monitor="val_loss")
    assert "the best of 2 (luck has lowered it by about 0.00" in result(tmp_path, loss=0.35)[0]
    assert result(tmp_path, loss=0.35)[0].endswith("; the test says loss 0.3500, accuracy 0.8750 ± 0.0020")


def test_a_choice_by_select_is_called_so_where_validation_would_have_made_another(tmp_path: Path) -> None:
    for units, best in ((8, 0.80), (16, 0.84)):
        write_run(tmp_path / str(units), (0.7, best), {"model.width": units})
    assert result(tmp_path, "model.width=16")[0].startswith("validation said 0.8400, the best of 2; ")
    assert result(tmp_path, "model.width=8")[0].startswith("validation said 0.8000, by --select; ")


def test_no_other_number_stands_for_the_monitored_metric(tmp_path: Path) -> None:
    """`precision` in test.json is a list, of the classes; the metric stands beside it."""
    rows = "epoch,loss,accuracy,val_loss,val_accuracy,val_precision\n1,0.5,0.7,0.5,0.7,0.81\n"
    write_run(
        tmp_path / "a", (0.7,), {"training.metrics": ["accuracy", "precision"]}, monitor="val_precision", best_epoch=1
    )
    (tmp_path / "a" / "metrics.csv").write_text(rows)
    told = "validation said precision 0.8100; the test says "
    assert result(tmp_path, precision=[0.8, 0.9])[0] == f"{told}accuracy 0.8750 ± 0.0020"
    assert result(tmp_path, precision=[0.8, 0.9], metric_precision=0.9)[0] == (
        f"{told}precision 0.9000, accuracy 0.8750 ± 0.0020"
    )
