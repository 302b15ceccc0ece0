"""A table of what was recorded, best first, without tensorflow."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runner import compare, run_folder
from runner.record import Outcome

Train = Callable[..., Outcome]
Command = Callable[..., subprocess.CompletedProcess[str]]


def test_runs_are_ranked_by_their_monitor_with_what_differs(
    train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for width in (1, 8):
        train("dataset.source=sample", "training.epochs=12", f"model.width={width}", folder=f"width-{width}")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "run.json").write_text('{"schema_version": 1, "stat')
    capsys.readouterr()
    assert compare.main([str(tmp_path)]) == 0
    shown = capsys.readouterr()
    title, header, *rows = shown.out.splitlines()
    assert title == "imdb (sample)"
    assert header.split() == ["best", "epoch", "status", "folder", "what", "differs"]
    assert [row.split()[-1] for row in rows] == ["model.width=8", "model.width=1"]
    assert f"completed  {tmp_path / 'width-8'}" in rows[0]
    assert f"{tmp_path / 'half'} is passed over" in shown.err


def test_a_run_whose_process_is_dead_has_crashed(
    train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = train("dataset.source=sample", "training.epochs=1").folder
    run_folder.write_record(folder, {**run_folder.read_record(folder), "status": "running"})
    assert compare.main([str(tmp_path)]) == 0
    assert "  crashed  " in capsys.readouterr().out
    with run_folder.claimed(folder):
        assert compare.main([str(tmp_path)]) == 0
    assert "  running  " in capsys.readouterr().out


def test_a_path_without_runs_is_refused(runner: Command, tmp_path: Path) -> None:
    for words in ([], ["nowhere"], ["outputs/*/*"]):
        result = runner("compare", *words)
        assert result.returncode == 2
        assert "holds no runs: train one with python -m runner" in result.stderr
