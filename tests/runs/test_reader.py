"""A run as its folder tells it: what counts of its files, who holds it, and files that are not those of a run."""

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runner.config.dotted import flat
from runner.runs import folder as run_folder
from runner.runs import reader as recorded
from tests.records import write_run


@contextmanager
def _held_elsewhere(folder: Path) -> Iterator[None]:
    """Another process claims the folder, and is killed in the end."""
    hold = (
        "import sys, time, pathlib; from runner.runs import folder as run_folder\n"
        "with run_folder.claimed(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold, str(folder)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == b"held\n"
            yield
        finally:
            holder.kill()


def test_a_run_is_what_its_three_files_say(tmp_path: Path) -> None:
    run = recorded.load(write_run(tmp_path / "a", (0.6, 0.8, 0.7), seconds=(1.0, 0.25, 0.5)))
    assert run.status == "completed"
    assert run.best["epoch"] == 2
    assert run.best["accuracy"] == 0.9
    assert run.monitored == 0.8
    assert run.last["val_accuracy"] == 0.7
    assert (run.updates, run.seconds) == (90, 1.75)


def test_the_best_epoch_of_a_loss_is_its_lowest(tmp_path: Path) -> None:
    run = recorded.load(write_run(tmp_path / "a", losses=(0.5, 0.4, 0.3), monitor="val_loss"))
    assert (run.best["epoch"], run.monitored) == (3, 0.3)


def test_runs_are_ranked_best_first_and_those_without_a_result_last(tmp_path: Path) -> None:
    for monitor, order in (("val_accuracy", ["high", "low", "none"]), ("val_loss", ["low", "high", "none"])):
        folder = tmp_path / monitor
        losses = {"low": (0.2,), "high": (0.7,), "none": (math.nan,)}
        for name, curve in (("none", (math.nan,)), ("low", (0.6,)), ("high", (0.7,))):
            write_run(folder / name, curve, losses=losses[name], monitor=monitor)
        runs = [recorded.load(each) for each in sorted(folder.iterdir())]
        assert [run.folder.name for run in sorted(runs, key=lambda run: run.rank)] == order


@pytest.mark.parametrize("claim", [True, False])
def test_a_run_that_says_running_has_crashed_where_nobody_holds_it(tmp_path: Path, claim: bool) -> None:
    folder = write_run(tmp_path / "a", status="running", holder={"pid": 1, "host": "here"})
    if claim:
        (folder / run_folder.CLAIM).touch()
    assert recorded.load(folder).status == "crashed"


def test_a_run_that_another_process_holds_is_running_until_that_process_dies(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", status="running")
    with _held_elsewhere(folder):
        assert recorded.load(folder).status == "running"
    assert recorded.load(folder).status == "crashed"


@pytest.mark.parametrize("torn", ["4,0.1", "4,0.15,0.85,0.3,0.6", "4,0.15,0.85,0.3,0.65\n"])
def test_a_row_that_a_run_is_writing_is_no_row_until_its_record_counts_it(tmp_path: Path, torn: str) -> None:
    folder = write_run(tmp_path / "a", (0.6, 0.8, 0.7), status="running")
    before = recorded.load(folder)
    for name in (run_folder.METRICS, run_folder.TIMINGS):
        with (folder / name).open("a") as file:
            file.write(torn)
    after = recorded.load(folder)
    assert len(after.metrics) == len(after.timings) == 3
    assert (after.metrics, after.timings) == (before.metrics, before.timings)


@pytest.mark.parametrize("status", ["completed", "failed", "interrupted"])
def test_a_run_that_has_ended_keeps_its_status_whoever_holds_its_folder(tmp_path: Path, status: str) -> None:
    folder = write_run(tmp_path / "a", status=status)
    assert recorded.load(folder).status == status
    with run_folder.claimed(folder):
        assert recorded.load(folder).status == status


def test_rows_that_the_record_does_not_know_yet_are_not_counted(tmp_path: Path) -> None:
    """metrics.csv is written before run.json, so a run that is going on may have a row more than its record says."""
    folder = write_run(tmp_path / "a", (0.6, 0.7, 0.9), seconds=(1, 2, 4), epochs=2, best_epoch=2)
    run = recorded.load(folder)
    assert (run.monitored, run.last["epoch"]) == (0.7, 2)
    assert (run.updates, run.seconds) == (60, 3)


def test_a_run_before_its_first_epoch_needs_no_rows(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", (), status="failed", dataset=None, monitor_direction=None)
    run = recorded.load(folder)
    assert (run.best, run.last, run.monitored, run.updates, run.seconds) == ({}, {}, None, 0, 0)


def _text(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


def _a_folder_in_its_place(folder: Path) -> None:
    (folder / "run.json").unlink()
    (folder / "run.json").mkdir()


def _without(key: str) -> Callable[[Path], None]:
    def drop(folder: Path) -> None:
        record = run_folder.read_record(folder)
        run_folder.write_record(folder, {name: value for name, value in record.items() if name != key})

    return drop


def _with(key: str, value: Any) -> Callable[[Path], None]:
    return lambda folder: run_folder.write_record(folder, {**run_folder.read_record(folder), key: value})


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no record": lambda folder: (folder / "run.json").unlink(),
    "an empty record": _text("run.json", ""),
    "half a record": lambda folder: (folder / "run.json").write_text((folder / "run.json").read_text()[:200]),
    "a record that is a list": _text("run.json", "[1, 2]"),
    "a record that is a folder": _a_folder_in_its_place,
    "a record of another program": _text("run.json", '{"status": "completed", "epochs": 3}'),
    "a record that is not text": lambda folder: (folder / "run.json").write_bytes(b"\xff\xfe\x00"),
    "no metrics": lambda folder: (folder / "metrics.csv").unlink(),
    "no timings": lambda folder: (folder / "timings.csv").unlink(),
    "empty metrics": _text("metrics.csv", ""),
    "metrics without a header": _text("metrics.csv", "1,0.5,0.6\n2,0.4,0.7\n3,0.3,0.8\n"),
    "a word for a number": _text("metrics.csv", "epoch,val_accuracy\n1,0.5\n2,high\n3,0.7\n"),
    "half a row": _text("metrics.csv", "epoch,loss,val_accuracy\n1,0.5,0.6\n2,0.4,0.8\n3,0.3\n"),
    "a row too long": _text("metrics.csv", "epoch,val_accuracy\n1,0.5\n2,0.8,0.9\n3,0.7\n"),
    "an epoch missing": _text("metrics.csv", "epoch,val_accuracy\n1,0.5\n3,0.7\n"),
    "fewer rows than the best epoch": _text("metrics.csv", "epoch,val_accuracy\n1,0.6\n"),
    "timings of something else": _text("timings.csv", "epoch,minutes\n1,1\n2,1\n3,1\n"),
    "epochs in words": _with("epochs", "three"),
    **{f"no {key}": _without(key) for key in ("epochs", "best_epoch", "monitor", "monitor_direction", "config")},
    "no data": _without("dataset"),
    "no status": _without("status"),
    "no seed": _without("seed"),
    "a config that is a word": _with("config", "mlp"),
    "sources that are a list": _with("plugin_sources", ["mine"]),
    "a change without an epoch": _with("mixed", [{"changes": ["data changed"]}]),
    "data without a fingerprint": _with("dataset", {"name": "imdb", "source": "full"}),
    "fewer rows than recorded": _text("metrics.csv", "epoch,val_accuracy\n1,0.5\n2,0.8\n"),
    "fewer timings than recorded": _text("timings.csv", "epoch,seconds,updates\n1,0.5,30\n"),
    "an endless cell": _text("metrics.csv", f"epoch,val_accuracy\n1,{'0' * 200_000}\n"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_folder_whose_files_are_not_those_of_a_run_is_refused(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    folder = write_run(tmp_path / "a")
    recorded.load(folder)
    damage(folder)
    with pytest.raises((OSError, ValueError)):
        recorded.load(folder)


def test_a_nested_config_is_dotted_keys_whose_lists_and_nulls_are_values() -> None:
    """An empty group has no keys."""
    config = {"model": {"width": [4, 8], "options": {}, "l2": None}, "training": {"early": {"patience": 2}}, "seed": 0}
    assert dict(flat(config)) == {
        "model.width": [4, 8],
        "model.l2": None,
        "training.early.patience": 2,
        "seed": 0,
    }
