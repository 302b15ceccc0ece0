"""`resume PATH`: go on with a run to its number of epochs, or with what is unfinished of a sweep."""

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner import app, compose, display, experiment, identity, run_folder, sweep
from runner.config import Config, shown
from runner.datasets import Data
from runner.errors import ConfigError, DataError
from runner.interruption import Interrupted
from runner.record import Outcome

USAGE = "python -m runner resume PATH [training.epochs=N] [--anyway]"


def main(words: list[str]) -> int:
    """The exit code: 0 done or finished already, 1 failed, 2 refused, 130 and 143 interrupted."""
    return app.guarded(lambda: _resume(words))


def _resume(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="resume", usage=USAGE)
    parser.add_argument("path", type=Path)
    parser.add_argument("overrides", nargs="*", default=[])
    parser.add_argument("--anyway", action="store_true")
    parser.error = app.refuse_usage(USAGE)  # type: ignore[method-assign, assignment]
    options = parser.parse_intermixed_args(words)
    if (options.path / run_folder.RECORD).is_file():
        outcomes = [_resume_run(options.path, options.overrides, options.anyway, [app.OUTPUTS], set())]
    elif (options.path / sweep.PLAN).is_file():
        outcomes = _resume_sweep(options.path, options.overrides, options.anyway)
    else:
        raise ConfigError([f"{options.path} holds no run and no sweep: give the folder with run.json or {sweep.PLAN}"])
    return app.exit_code(outcomes)


def _resume_run(folder: Path, overrides: list[str], anyway: bool, shelves: list[Path], keep: set[int]) -> Outcome:
    try:
        record = run_folder.read_record(folder)
    except ValueError as error:
        raise DataError(f"{folder / run_folder.RECORD} cannot be read ({error})") from None
    config = compose.from_record(record["config"])
    _take(config, overrides, record["epochs"])
    (data,) = app.check([config])
    display.warn_of_samples([config], [data])
    differences = list(_differences(record, data))
    if differences and not anyway:
        raise ConfigError([*differences, "what was trained may not go on as it would have: give --anyway to go on"])
    return _run(config, folder, record["overrides"], shelves, keep, anyway)


def _run(
    config: Config, folder: Path, words: list[str], shelves: list[Path], keep: set[int], anyway: bool = False
) -> Outcome:
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(folder / "runner.log")
    handler.setFormatter(logging.Formatter("[%(asctime)s][%(name)s][%(levelname)s] - %(message)s"))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        outcome = experiment.run(config, folder, words, shelves=shelves, keep=keep, anyway=anyway)
    finally:
        root.removeHandler(handler)
        handler.close()
    display.result(outcome)
    if outcome.signal:
        raise Interrupted(outcome.signal)
    return outcome


def _take(config: Config, overrides: list[str], recorded: int) -> None:
    """Put the one value that may change; refuse every other that is not the recorded one."""
    problems = []
    for word in overrides:
        key, equals, given = word.partition("=")
        if not equals:
            problems.append(f"{word} cannot be read: {USAGE}")
        elif given == _recorded(config, key):
            continue
        elif key != "training.epochs":
            problems.append(f"{key} must stay as recorded, {_recorded(config, key)}; got {given}: train a new run")
        elif not given.isdecimal() or int(given) < max(recorded, 1):
            problems.append(f"training.epochs must be at least the {recorded} recorded; got {given}")
        elif config.optimizer.schedule == "cosine":
            problems.append(f"training.epochs must stay as recorded, the cosine schedule depends on it; got {given}")
        else:
            config.training.epochs = int(given)
    if problems:
        raise ConfigError(problems)


def _recorded(config: Config, key: str) -> str:
    node: Any = config
    for name in key.split("."):
        node = node.get(name) if isinstance(node, dict) else getattr(node, name, None)
    return shown(node)


def _differences(record: dict[str, Any], data: Data) -> Iterator[str]:
    """What beside the config decides the numbers and is not as it was."""
    if not record["dataset"]:
        return
    now = identity.environment(data)
    fingerprint, source = record["dataset"]["fingerprint"], record["dataset"]["source"]
    if source == "full" and data.source == "sample":
        yield "dataset: the real data is not found now, only the sample: set RUNNER_DATA_DIR or connect to the network"
    elif fingerprint != now["fingerprint"]:
        yield f"dataset: the data has changed; recorded {fingerprint[:12]}, now {now['fingerprint'][:12]}"
    for name, version in now["versions"].items():
        if record["versions"].get(name) != version:
            yield f"versions.{name}: recorded {record['versions'].get(name)}, now {version}"
    for key in ("threads", "device"):
        if record[key] != now[key]:
            yield f"{key}: recorded {record[key]}, now {now[key]}"


def _resume_sweep(folder: Path, overrides: list[str], anyway: bool) -> list[Outcome]:
    """Run what is unfinished, failed or missing; leave the rest as it is."""
    if overrides:
        raise ConfigError(
            [f"a sweep is resumed as it was planned; got {' '.join(overrides)}: resume its runs one by one"]
        )
    planned = sweep.read_plan(folder)
    configs = [compose.from_record(job.config) for job in planned]
    data = app.check(configs)
    identities = [identity.identity_of(config, its) for config, its in zip(configs, data, strict=True)]
    keep = sweep.epochs_to_keep(configs, identities)
    there = sweep.folders(folder)
    outcomes = []
    for job, config, kept in zip(planned, configs, keep, strict=True):
        where = there.get(tuple(job.words))
        shelves = [app.OUTPUTS, folder]
        if where is None:
            where = folder / f"{job.number}_{app.slug(','.join(job.words))}"
            outcomes.append(_run(config, where, job.words, shelves, kept))
        elif run_folder.read_record(where)["status"] != "completed":
            outcomes.append(_resume_run(where, [], anyway, shelves, kept))
    if not outcomes:
        print(f"{folder} is finished already", file=sys.stdout)
    return outcomes
