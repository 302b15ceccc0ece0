"""`compare --tracker mlflow`: the records of runs in an MLflow store."""

import math
import os
import sys
from collections.abc import Iterable
from typing import Any

from runner.config import shown
from runner.display import counted, say
from runner.errors import ConfigError
from runner.recorded import COMPLETED, FAILED, RUNNING, Run, flat

EXPERIMENT = "keras-experiment-runner"
FOLDER, RECORDED = "runner.folder", "runner.recorded_at"  # tags by which a run is known again
PARAMETERS_AT_ONCE, METRICS_AT_ONCE = 100, 1_000  # as much as a store takes


def to_mlflow(runs: Iterable[Run]) -> None:
    """Send what the store that MLFLOW_TRACKING_URI names does not have yet; not the runs that are going on.

    Raises ConfigError without mlflow, or where the store refuses.
    """
    try:
        import mlflow
    except ImportError:
        raise ConfigError(["--tracker mlflow needs the package mlflow: python -m pip install mlflow"]) from None
    store = mlflow.get_tracking_uri()
    try:
        sent = _send_new(mlflow, [run for run in runs if run.status != RUNNING])
    except mlflow.exceptions.MlflowException as error:
        reason = " ".join(str(error).split())[:300]
        raise ConfigError([f"MLFLOW_TRACKING_URI must name a store that can be written; {store}: {reason}"]) from None
    say(f"{counted(sent, 'run')} sent to {store}", sys.stderr)


def _send_new(mlflow: Any, runs: list[Run]) -> int:
    client = mlflow.MlflowClient()
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
    experiment = mlflow.set_experiment(experiment_name=name).experiment_id
    known = {
        (each.data.tags.get(FOLDER), each.data.tags.get(RECORDED))
        for each in mlflow.search_runs([experiment], output_format="list")
    }
    new = [run for run in runs if (str(run.folder.resolve()), str(run.recorded_at)) not in known]
    for run in new:
        _send(client, experiment, run)
    return len(new)


def _send(client: Any, experiment: str, run: Run) -> None:
    from mlflow.entities import Metric, Param

    milliseconds = round(run.recorded_at * 1000)
    tags = {FOLDER: str(run.folder.resolve()), "runner.status": run.status}
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
    client.set_tag(sent, RECORDED, str(run.recorded_at))  # last: without it the run is sent again
