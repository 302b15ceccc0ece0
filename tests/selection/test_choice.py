"""Which setting final takes, and after how many epochs: hand-worked cases."""

from pathlib import Path
from typing import Any

import pytest

from runner.compare.comparison import compare
from runner.config import conditions
from runner.errors import ConfigError
from runner.runs import search
from runner.selection.choice import Choice, choose
from tests.records import write_run


def chosen(folder: Path, *select: str) -> Choice:
    runs = search.some_runs([folder], warn=pytest.fail)
    return choose(compare(runs), [conditions.parse(text, "--select") for text in select])


def width(choice: Choice) -> Any:
    return choice.setting.values["model.width"]


def test_the_best_mean_curve_chooses_the_setting_and_one_epoch_for_all_its_seeds(tmp_path: Path) -> None:
    """Width 8: means 0.80, 0.85, 0.82; width 16: 0.84, 0.81, 0.83, though one seed of it has 0.90 in epoch 3."""
    for seed, curve in enumerate([(0.79, 0.86, 0.81), (0.81, 0.84, 0.83)]):
        write_run(tmp_path / f"8-{seed}", curve, {"model.width": 8, "seed": seed}, seed=seed)
    for seed, curve in enumerate([(0.84, 0.82, 0.76), (0.84, 0.80, 0.90)]):
        write_run(tmp_path / f"16-{seed}", curve, {"model.width": 16, "seed": seed}, seed=seed)
    found = chosen(tmp_path)
    assert (width(found), found.epochs, found.longest, found.updates) == (8, 2, 3, 60)
    assert found.entries()["value"] == pytest.approx(0.85)
    assert found.is_best


def test_equal_epochs_are_decided_by_the_loss_then_by_fewer_epochs(tmp_path: Path) -> None:
    write_run(tmp_path / "a", (0.8, 0.9, 0.9, 0.9), losses=(0.5, 0.4, 0.3, 0.3))
    assert chosen(tmp_path).epochs == 3


def test_equal_settings_are_decided_by_the_folder_and_none_is_called_better(tmp_path: Path) -> None:
    for name, units in (("b", 8), ("a", 16)):
        write_run(tmp_path / name, (0.8, 0.9), {"model.width": units})
    found = chosen(tmp_path)
    assert width(found) == 16
    assert found.entries()["not_told_from_best"] == ["model.width=16", "model.width=8"]


def test_where_epochs_were_swept_the_value_after_the_last_one_chooses(tmp_path: Path) -> None:
    """The longest run is better in epoch 2 than at its end, which is what its model holds."""
    curve = (0.80, 0.88, 0.84, 0.83)
    for epochs in (1, 2, 4):
        write_run(tmp_path / str(epochs), curve[:epochs], {"training.epochs": epochs})
    found = chosen(tmp_path)
    assert (found.epochs, found.longest) == (2, 4)
    assert found.entries()["judged_at"] == "last"


def test_a_monitor_that_is_minimised_chooses_the_lowest(tmp_path: Path) -> None:
    for units, losses in ((8, (0.5, 0.3, 0.4)), (16, (0.5, 0.45, 0.35))):
        settings = {"model.width": units}
        write_run(tmp_path / str(units), (0.5, 0.6, 0.7), settings, losses=losses, monitor="val_loss")
    found = chosen(tmp_path)
    assert (width(found), found.epochs, found.entries()["value"]) == (8, 2, 0.3)


def test_failed_jobs_do_not_count(tmp_path: Path) -> None:
    write_run(tmp_path / "good", (0.8, 0.7), {"model.width": 8})
    write_run(tmp_path / "failed", (0.9, 0.95), {"model.width": 16}, status="failed", error="it broke")
    found = chosen(tmp_path)
    assert (width(found), found.entries()["compared"]["runs"]) == (8, 1)


def test_folds_are_averaged(tmp_path: Path) -> None:
    """Of width 8 the folds have 0.9 and 0.7, of width 16 0.85 and 0.81."""
    for units, values in ((8, (0.9, 0.7)), (16, (0.85, 0.81))):
        for fold, value in enumerate(values, 1):
            settings = {"model.width": units, "training.folds": 2, "training.fold": fold}
            data = {"train": 12_500, "validation": 12_500}
            write_run(tmp_path / f"{units}-{fold}", (0.6, value), settings, data=data)
    found = chosen(tmp_path)
    assert (width(found), found.epochs) == (16, 2)
    assert found.entries()["value"] == pytest.approx(0.83)


def test_select_overrides_the_choice_and_says_what_validation_would_have_chosen(tmp_path: Path) -> None:
    for units, best in ((8, 0.80), (16, 0.84), (32, 0.82)):
        write_run(tmp_path / str(units), (0.7, best), {"model.width": units})
    found = chosen(tmp_path, "model.width!=16")
    assert (width(found), found.is_best) == (32, False)
    assert found.entries()["best"] == "model.width=16"
    assert found.lines()[-1] == (
        "chosen by --select, not by validation, whose best is model.width=16 (0.8400): model.width=32, 2 epochs; "
        "val_accuracy 0.8200, a single seed"
    )


def test_folds_and_seeds_are_told_apart(tmp_path: Path) -> None:
    for seed in (0, 1):
        for fold in (1, 2, 3):
            settings = {"training.folds": 3, "training.fold": fold, "seed": seed}
            write_run(tmp_path / f"{seed}-{fold}", (0.6, 0.8), settings, seed=seed)
    assert chosen(tmp_path).lines()[-1].endswith(", mean of 3 folds with 2 seeds")


def test_what_cannot_be_chosen_from_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "imdb" / "a")
    write_run(tmp_path / "mnist" / "a", data={"name": "mnist", "fingerprint": "0"})
    write_run(tmp_path / "none" / "a", data={"validation": 0}, monitor="accuracy")
    write_run(tmp_path / "failed" / "a", status="failed")
    cases = {
        ("imdb", "mnist"): "on the same data; got imdb (full): 15,000 to train on, 10,000 for validation; mnist",
        ("none",): "by validation; got imdb (full): 15,000 to train on, 0 for validation, by accuracy",
        ("failed",): "no completed run",
    }
    for folders, told in cases.items():
        with pytest.raises(ConfigError, match=r".*") as refused:
            choose(compare(search.some_runs([tmp_path / each for each in folders], warn=pytest.fail)), [])
        assert told in str(refused.value)
    for select, told in {"model.widht=8": "did you mean model.width", "model.width=9": "no setting passes"}.items():
        with pytest.raises(ConfigError, match=told):
            chosen(tmp_path / "imdb", select)
