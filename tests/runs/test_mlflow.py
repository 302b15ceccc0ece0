"""Records in a real MLflow store."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.config.dotted import flat
from runner.runs import reader
from runner.runs.folder import read_record
from tests.records import write_run

mlflow = pytest.importorskip("mlflow", reason="mlflow (extra mlflow, 850 MB) is not installed")

# MLflow 3.17 on SQLAlchemy 2.1 warns of its own code.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = "outputs/example/width"


def sent(store: str, *paths: Path) -> str:
    """The last line of `compare --tracker mlflow`; artifacts are in the store's folder."""
    command = [sys.executable, "-m", "runner", "compare", *map(str, paths), "--tracker", "mlflow"]
    environment = {"PATH": "", "MLFLOW_TRACKING_URI": store, "PYTHONPATH": str(REPOSITORY)}
    folder = Path(store.removeprefix("sqlite:///")).parent
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()[-1]


def received(store: str) -> list[mlflow.entities.Run]:
    mlflow.set_tracking_uri(store)
    return mlflow.search_runs(experiment_names=["keras-experiment-runner"], output_format="list")


def test_each_run_is_sent_once_with_its_config_and_every_epoch(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/mlflow.db"
    assert sent(store, REPOSITORY / EXAMPLE) == f"10 runs sent to {store}"
    assert sent(store, REPOSITORY / EXAMPLE) == f"0 runs sent to {store}"
    runs = received(store)
    assert sorted(run.data.params["model.width"] for run in runs) == ["1"] * 5 + ["32"] * 5
    assert {run.info.status for run in runs} == {"FINISHED"}
    client = mlflow.MlflowClient()
    for run in runs:
        history = client.get_metric_history(run.info.run_id, "val_accuracy")
        folder = REPOSITORY / EXAMPLE / run.info.run_name
        written = (folder / "metrics.csv").read_text().splitlines()
        place = written[0].split(",").index("val_accuracy")
        values = [float(line.split(",")[place]) for line in written[1:]]
        assert [(each.step, each.value) for each in history] == list(enumerate(values, 1))
        best = values.index(max(values)) + 1
        assert (run.data.tags["runner.best_epoch"], run.data.metrics["best_epoch"]) == (str(best), best)
        assert run.data.metrics["best_val_accuracy"] == max(values)
        assert run.data.tags["runner.identity"] == read_record(folder)["identity"]
        assert run.data.tags["runner.sweep"] == str(REPOSITORY / EXAMPLE)
        artifacts = {each.path: each.file_size for each in client.list_artifacts(run.info.run_id)}
        assert artifacts == {name: (folder / name).stat().st_size for name in ("run.json", "metrics.csv")}


def test_a_run_takes_its_times_its_error_and_its_picture_along(tmp_path: Path) -> None:
    """Epochs of 2, 4 and 8 s, recorded at 1,000,000 s; a thousand metrics and more go in several calls."""
    failed = write_run(
        tmp_path / "runs" / "failed", seconds=(2, 4, 8), status="failed", error="the loss is not a number"
    )
    write_run(tmp_path / "runs" / "long", [0.5 + epoch / 10_000 for epoch in range(400)])
    (failed / "curves.png").write_bytes(b"\x89PNG")
    (failed / "model.keras").write_bytes(b"large")
    record = reader.load(failed)
    os.utime(failed / "run.json", (1e6, 1e6))
    store = f"sqlite:///{tmp_path}/mlflow.db"
    assert sent(store, tmp_path / "runs") == f"2 runs sent to {store}"
    runs = {run.info.run_name: run for run in received(store)}
    client = mlflow.MlflowClient()
    of_failed, of_long = runs["failed"], runs["long"]
    assert (of_failed.info.status, of_failed.data.tags["runner.error"]) == ("FAILED", "the loss is not a number")
    assert (of_failed.info.start_time, of_failed.info.end_time) == (999_986_000, 1_000_000_000)
    history = client.get_metric_history(of_failed.info.run_id, "val_accuracy")
    assert [each.timestamp for each in history] == [999_988_000, 999_992_000, 1_000_000_000]
    assert {each.path for each in client.list_artifacts(of_failed.info.run_id)} == {
        "run.json",
        "metrics.csv",
        "curves.png",
    }
    assert of_failed.data.params.keys() == dict(flat(record.record["config"])).keys()
    for name in ("loss", "val_accuracy", "seconds", "updates"):
        assert len(client.get_metric_history(of_long.info.run_id, name)) == 400
    assert "runner.sweep" not in of_long.data.tags
    assert "runner.error" not in of_long.data.tags


def test_a_run_that_was_sent_in_part_is_sent_again(tmp_path: Path) -> None:
    """As a power cut leaves it: begun in the store, not ended."""
    write_run(tmp_path / "runs" / "a")
    store = f"sqlite:///{tmp_path}/mlflow.db"
    assert sent(store, tmp_path / "runs") == f"1 run sent to {store}"
    [run] = received(store)
    mlflow.MlflowClient().update_run(run.info.run_id, status="RUNNING")
    assert sent(store, tmp_path / "runs") == f"1 run sent to {store}"
    assert sent(store, tmp_path / "runs") == f"0 runs sent to {store}"
