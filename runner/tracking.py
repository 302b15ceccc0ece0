"""`compare --tracker mlflow`: the records of runs in an MLflow store."""

import math
import os
from collections.abc import Iterable
from typing import Any

from runner.config import shown
from runner.display import counted, say
from runner.errors import ConfigError
from runner.recorded import COMPLETED, FAILED, Run, flat

EXPERIMENT = "keras-experiment-runner"
FOLDER, RECORDED = "runner.folder", "runner.recorded_at"  # tags by which a run is known again
PARAMETERS_AT_ONCE, METRICS_AT_ONCE = 100, 1_000  # as much as a store takes


def to_mlflow(runs: Iterable[Run]) -> None:
    """Send what the store that MLFLOW_TRACKING_URI names does not have yet. Raises ConfigError without mlflow."""
    try:
        import mlflow
    except ImportError:
        raise ConfigError(["--tracker mlflow needs the package mlflow: python -m pip install mlflow"]) from None
    client = mlflow.MlflowClient()
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
    experiment = mlflow.set_experiment(experiment_name=name).experiment_id
    known = {
        (each.data.tags.get(FOLDER), each.data.tags.get(RECORDED))
        for each in mlflow.search_runs([experiment], output_format="list")
    }
    sent = 0
    for run in runs:
        if (str(run.folder.resolve()), str(run.recorded_at)) not in known:
            _send(client, experiment, run)
            sent += 1
    say(f"{counted(sent, 'run')} sent to {mlflow.get_tracking_uri()}")


def _send(client: Any, experiment: str, run: Run) -> None:
    from mlflow.entities import Metric, Param

    milliseconds = round(run.recorded_at * 1000)
    tags = {FOLDER: str(run.folder.resolve()), RECORDED: str(run.recorded_at), "runner.status": run.status}
    sent = client.create_run(experiment, milliseconds, tags, run_name=run.folder.name).info.run_id
    parameters = [Param(key, shown(value)) for key, value in flat(run.record["config"])]
    metrics = [
        Metric(name, value, milliseconds, int(row["epoch"]))
        for rows in (run.metrics, run.timings)
        for row in rows
        for name, value in row.items()
        if name != "epoch" and math.isfinite(value)
    ]
    for place in range(0, len(parameters), PARAMETERS_AT_ONCE):
        client.log_batch(sent, params=parameters[place : place + PARAMETERS_AT_ONCE])
    for place in range(0, len(metrics), METRICS_AT_ONCE):
        client.log_batch(sent, metrics=metrics[place : place + METRICS_AT_ONCE])
    status = {COMPLETED: "FINISHED", FAILED: "FAILED"}.get(run.status, "KILLED")
    client.set_terminated(sent, status, milliseconds)
