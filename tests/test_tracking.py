"""Records in a real MLflow store."""

import subprocess
import sys
from pathlib import Path

import pytest

mlflow = pytest.importorskip("mlflow", reason="mlflow (extra mlflow, 850 MB) is not installed")

REPOSITORY = Path(__file__).parent.parent
EXAMPLE = "outputs/example/width"


def sent(store: str) -> str:
    """What `--tracker mlflow` says, called in the repository."""
    command = [sys.executable, "-m", "runner", "compare", EXAMPLE, "--tracker", "mlflow"]
    environment = {"PATH": "", "MLFLOW_TRACKING_URI": store}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()[-1]


def test_each_run_is_sent_once_with_its_config_and_every_epoch(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/mlflow.db"
    assert sent(store) == f"10 runs sent to {store}"
    assert sent(store) == f"0 runs sent to {store}"
    mlflow.set_tracking_uri(store)
    runs = mlflow.search_runs(experiment_names=["keras-experiment-runner"], output_format="list")
    assert sorted(run.data.params["model.width"] for run in runs) == ["1"] * 5 + ["32"] * 5
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in runs:
        history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "val_accuracy")
        written = (REPOSITORY / EXAMPLE / run.info.run_name / "metrics.csv").read_text().splitlines()
        place = written[0].split(",").index("val_accuracy")
        assert [(each.step, each.value) for each in history] == [
            (epoch, float(line.split(",")[place])) for epoch, line in enumerate(written[1:], 1)
        ]
