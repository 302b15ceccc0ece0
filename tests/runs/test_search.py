"""The runs and sweeps below folders: what is found, and what the caller is told of."""

from pathlib import Path

import pytest

from runner.errors import ConfigError
from runner.runs import search
from runner.runs.folder import CHOICE, PLAN, claimed
from tests.records import write_run


def test_runs_are_found_at_any_depth_in_the_order_of_their_folders(tmp_path: Path) -> None:
    for name in ("b/deep/down", "a", "c"):
        write_run(tmp_path / name)
    told: list[str] = []
    found = search.runs([tmp_path / "[bc]", tmp_path], warn=told.append)
    assert [run.folder.relative_to(tmp_path).as_posix() for run in found] == ["a", "b/deep/down", "c"]
    assert told == []


def test_the_caller_is_told_of_each_record_that_cannot_be_read(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_run(tmp_path / name)
    (tmp_path / "a" / "run.json").write_text("")
    (tmp_path / "c" / "metrics.csv").unlink()
    told: list[str] = []
    assert [run.folder.name for run in search.runs([tmp_path], warn=told.append)] == ["b"]
    assert [each.split(": ")[0] for each in told] == [f"{tmp_path / name} is skipped" for name in ("a", "c")]
    assert "its run.json is empty" in told[0]


def test_final_models_alone_are_nothing_to_compare_and_the_reason_is_told(tmp_path: Path) -> None:
    write_run(tmp_path / "final" / "today" / "noon", monitor="accuracy", data={"validation": 0})
    (tmp_path / "final" / "today" / "noon" / CHOICE).write_text("{}")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError) as refused:
        search.some_runs([tmp_path / "final", tmp_path / "empty"], warn=pytest.fail)
    final, empty = refused.value.problems
    assert final.startswith(f"{tmp_path / 'final'} holds final models alone, which were trained without validation")
    assert "test.json in the folder of each has the test values" in final
    assert empty.startswith(f"{tmp_path / 'empty'} holds no runs: ")


def test_a_run_knows_the_sweep_that_it_belongs_to(tmp_path: Path) -> None:
    write_run(tmp_path / "sweep" / "job")
    write_run(tmp_path / "alone")
    (tmp_path / "sweep" / PLAN).write_text("{}")
    runs = search.runs([tmp_path], warn=lambda _: None)
    assert {run.folder.name: search.sweep_of(run) for run in runs} == {"job": tmp_path / "sweep", "alone": None}


def test_a_sweep_goes_on_while_a_process_holds_it(tmp_path: Path) -> None:
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / PLAN).write_text("{}")
    assert not search.sweep_goes_on([tmp_path])
    with claimed(tmp_path / "sweep"):
        assert search.sweep_goes_on([tmp_path])
    assert not search.sweep_goes_on([tmp_path])
