"""The records of runs in an MLflow store."""

import contextlib
import math
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from runner.config.dotted import flat
from runner.errors import ConfigError
from runner.formatting import shown
from runner.runs import circumstances, search
from runner.runs.folder import CURVES, METRICS, RECORD
from runner.runs.history import Row
from runner.runs.reader import Run
from runner.runs.status import COMPLETED, FAILED, RUNNING

EXPERIMENT = "keras-experiment-runner"
FOLDER, RECORDED = "runner.folder", "runner.recorded_at"  # tags by which a run is recognised
ARTIFACTS = (RECORD, METRICS, CURVES)
PARAMETERS_PER_CALL, ENTRIES_PER_CALL = 100, 1_000  # MLflow's limits; entries are parameters and metrics together
SERVER_THREADS = 8  # runs sent at the same time to a server; a file has one writer at a time anyway


@dataclass(frozen=True)
class Sent:
    """What `to_mlflow` did: the number of runs that it sent, and the URI of their store."""

    runs: int
    store: str


def to_mlflow(runs: Iterable[Run]) -> Sent:
    """Send the runs that the store of MLFLOW_TRACKING_URI does not have yet, except those still running.

    Raises ConfigError without mlflow, or where the store refuses.
    """
    try:
        import mlflow
    except ImportError:
        raise ConfigError(["--tracker mlflow needs the package mlflow: python -m pip install mlflow"]) from None
    store = mlflow.get_tracking_uri()
    try:
        sent = _send_new(mlflow, [run for run in runs if run.status != RUNNING])
    except Exception as error:  # each kind of store raises its own: a database, a server, a bucket
        reason = " ".join(str(error).split())[:300]
        raise ConfigError([f"MLFLOW_TRACKING_URI must name a store that can be written; {store}: {reason}"]) from None
    return Sent(sent, store)


def _send_new(mlflow: Any, runs: list[Run]) -> int:
    """The number of runs sent."""
    client = mlflow.MlflowClient()
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
    experiment = mlflow.set_experiment(experiment_name=name).experiment_id
    known = {
        (each.data.tags.get(FOLDER), each.data.tags.get(RECORDED))
        for each in mlflow.search_runs([experiment], output_format="list")
        if each.info.status != "RUNNING"  # what was sent in part is sent again
    }
    new = [run for run in runs if (str(run.folder.resolve()), str(run.recorded_at)) not in known]
    pool = ThreadPoolExecutor(SERVER_THREADS if mlflow.get_tracking_uri().startswith("http") else 1)
    try:
        for each in [pool.submit(_send, client, experiment, run) for run in new]:
            each.result()
    finally:
        pool.shutdown(cancel_futures=True)  # after an error or Ctrl-C no more are sent
    return len(new)


def _send(client: Any, experiment: str, run: Run) -> None:
    """Send one run in as few calls as the store allows. Its end is sent last: it marks a run as sent completely."""
    from mlflow.entities import Metric, Param

    end = run.recorded_at
    sent = client.create_run(experiment, _milliseconds(end - run.seconds), _tags(run), run_name=run.folder.name)
    number = sent.info.run_id
    for path in (run.folder / name for name in ARTIFACTS):
        with contextlib.suppress(FileNotFoundError):  # of a run that is removed meanwhile too
            client.log_artifact(number, path.resolve(strict=True))
    parameters = [Param(key, shown(value)) for key, value in flat(run.record["config"])]
    metrics = [Metric(name, value, _milliseconds(time), epoch) for name, value, time, epoch in _metrics(run)]
    while parameters or metrics:
        some, parameters = parameters[:PARAMETERS_PER_CALL], parameters[PARAMETERS_PER_CALL:]
        room = ENTRIES_PER_CALL - len(some)
        client.log_batch(number, metrics[:room], some)
        metrics = metrics[room:]
    status = {COMPLETED: "FINISHED", FAILED: "FAILED"}.get(run.status, "KILLED")
    client.set_terminated(number, status, _milliseconds(end))


def _tags(run: Run) -> dict[str, str]:
    about = {
        "status": run.status,
        "identity": run.record.get("identity"),
        "best_epoch": run.record["best_epoch"],
        "sweep": search.sweep_of(run),
        "error": run.record["error"],
        "mixed": circumstances.mixed(run.record),
    }
    known = {f"runner.{name}": str(value) for name, value in about.items() if value}
    return {FOLDER: str(run.folder.resolve()), RECORDED: str(run.recorded_at), **known}


def _metrics(run: Run) -> Iterator[tuple[str, float, float, int]]:
    """Name, value, time (seconds since 1970) and epoch of each finite number: of every epoch, then of the best one."""
    start = run.recorded_at - run.seconds
    for row, timing, seconds in zip(run.metrics, run.timings, run.along("seconds"), strict=True):
        yield from _of_row({**row, **timing}, start + seconds)
    best = {f"best_{name}": value for name, value in run.best.items()}
    if best:
        yield from _of_row({**best, "epoch": run.best["epoch"]}, run.recorded_at)


def _of_row(row: Row, time: float) -> Iterator[tuple[str, float, float, int]]:
    numbers = ((name, value) for name, value in row.items() if name != "epoch" and math.isfinite(value))
    yield from ((name, value, time, int(row["epoch"])) for name, value in numbers)


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)
