"""`resume PATH`: go on with a run to its number of epochs, or with what is unfinished of a sweep."""

import argparse
import contextlib
import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from runner.cli import run_display as display
from runner.cli import train as app
from runner.config import compose
from runner.config.dotted import flat
from runner.config.overrides import SYNONYMS, is_value
from runner.config.schema import Config
from runner.config.validate import out_of_range
from runner.datasets.base import Data
from runner.datasets.catalog import register_built_in
from runner.errors import ConfigError, did_you_mean, refuse_usage
from runner.experiment import preflight as check
from runner.experiment import run as experiment
from runner.formatting import shown
from runner.runs import folder as run_folder
from runner.runs import identity
from runner.runs import reuse as outlook
from runner.runs import writer as records
from runner.runs.status import COMPLETED
from runner.sweeps import executor as jobs
from runner.sweeps import summary, sweep
from runner.system import backend
from runner.system import signals as interruption
from runner.system.console import say

USAGE = "python -m runner resume PATH [training.epochs=N] [--anyway]"
WHERE_DATA_IS = ("dataset.path", "dataset.source")  # what the data is, its fingerprint says
ANYWAY = "what was trained may not go on as it would have: give --anyway to go on"


def main(words: list[str]) -> int:
    """The exit code: 0 done or finished already, 1 failed, 2 refused, 130 and 143 interrupted."""
    return app.guarded(lambda: _resume(words))


def _resume(words: list[str]) -> int:
    register_built_in()
    parser = argparse.ArgumentParser(
        usage=USAGE, description="Go on with a run to its number of epochs, or with what a sweep has not finished."
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="the folder of a run or a sweep")
    parser.add_argument("overrides", nargs="*", default=[], metavar="training.epochs=N", help="of a run: more epochs")
    parser.add_argument("--anyway", action="store_true", help="even where libraries, data or threads have changed")
    parser.error = refuse_usage(USAGE)  # type: ignore[method-assign, assignment]
    options = parser.parse_intermixed_args(words)
    if (options.path / run_folder.RECORD).is_file():
        return _resume_run(options.path, options.overrides, options.anyway)
    if (options.path / run_folder.PLAN).is_file():
        return _resume_sweep(options.path, options.overrides, options.anyway)
    raise ConfigError([f"{options.path} holds no run and no sweep: give the folder with run.json or {run_folder.PLAN}"])


def _resume_run(folder: Path, overrides: list[str], anyway: bool) -> int:
    record = records.read(folder)
    _refuse_other_numerics([(folder, record)])
    backend.take_threads(record["threads"])
    config = compose.from_record(record["config"])
    _take(config, overrides, record["epochs"])
    (data,) = check.check([config])
    display.warn_of_samples([config], [data])
    display.warn(check.warnings([config], [data]))
    differences = list(identity.differences(record, config, data))
    if differences and not anyway:
        raise ConfigError([*differences, ANYWAY])
    with run_folder.logged(folder):
        outcome = experiment.run(config, folder, record["overrides"], shelves=[app.OUTPUTS], anyway=anyway)
    return app.ended(outcome)


def _take(config: Config, overrides: list[str], recorded: int) -> None:
    """Put the one value that may change; refuse every other that is not the recorded one."""
    problems = []
    known = [key for key, _ in flat(dataclasses.asdict(config))]
    for word in overrides:
        key, equals, given = word.partition("=")
        if not equals:
            problems.append(f"{word} cannot be read: {USAGE}")
        elif is_value(given, _node(config, key)):
            continue
        elif key in WHERE_DATA_IS:
            _move_data(config, key, given)
        elif key not in known and _node(config, key) is None:
            problems.append(f"{key} is not a key of the config{did_you_mean(key, known, SYNONYMS)}")
        elif key != "training.epochs":
            problems.append(f"{key} must stay as recorded, {_recorded(config, key)}; got {given}: train a new run")
        elif not given.isdecimal() or int(given) < max(recorded, 1):
            problems.append(f"training.epochs must be at least the {recorded} recorded; got {given}")
        elif config.optimizer.schedule == "cosine":
            problems.append(f"training.epochs must stay as recorded, the cosine schedule depends on it; got {given}")
        else:
            config.training.epochs = int(given)
    problems += out_of_range(config)
    if problems:
        raise ConfigError(problems)


def _move_data(config: Config, key: str, given: str) -> None:
    if key == "dataset.source":
        config.dataset.source = given
    else:
        config.dataset.path = None if given == "null" else str(Path(given).expanduser().absolute())


def _node(config: Config, key: str) -> Any:
    """What the config has for a key; of a group, the choice."""
    node: Any = config
    for name in key.split("."):
        node = node.get(name) if isinstance(node, dict) else getattr(node, name, None)
    return getattr(node, "name", node)


def _recorded(config: Config, key: str) -> str:
    return shown(_node(config, key))


def _refuse_other_numerics(records: Iterable[tuple[Path, dict[str, Any]]]) -> None:
    """Raises ConfigError for runs whose numbers an earlier version of the runner has computed in its own way."""
    problems = [
        f"{folder} was recorded by an earlier version of the runner, which computed other validation columns: it can "
        "be compared, not continued; train it anew in another folder"
        for folder, record in records
        if record.get("dataset") and record.get("numerics", 1) != identity.NUMERICS
    ]
    if problems:
        raise ConfigError(problems)


def _resume_sweep(folder: Path, overrides: list[str], anyway: bool) -> int:
    """Run what is unfinished, failed or missing; leave the rest as it is, and make the summary anew."""
    if overrides:
        raise ConfigError(
            [f"a sweep is resumed as it was planned; got {' '.join(overrides)}: resume its runs one by one"]
        )
    whole = sweep.read(folder)
    backend.take_threads(whole.threads)
    configs = [compose.from_record(job.config) for job in whole.jobs]
    data = check.check(configs)
    display.warn_of_samples(configs, data)
    display.warn(check.warnings(configs, data))
    identities = [identity.identity_of(config, its) for config, its in zip(configs, data, strict=True)]
    shelves = [app.OUTPUTS, folder]
    keep = outlook.epochs_to_keep(configs, identities)
    ahead = outlook.ahead(configs, identities, shelves)
    with interruption.broken_pipes_survived(), run_folder.claimed(folder):
        lines = summary.lines(whole)
        unfinished = [line for line in lines if line.status != COMPLETED]
        works = [
            jobs.Work(line.job, config, whole.place(line.job), shelves, kept, its.left, anyway)
            for line, config, kept, its in zip(lines, configs, keep, ahead, strict=True)
            if line.status != COMPLETED
        ]
        _refuse_other_numerics((line.run.folder, line.run.record) for line in unfinished if line.run)
        if not anyway:
            _refuse_differences([(line, configs[line.job.number], data[line.job.number]) for line in unfinished])
        if not works:
            say(f"{folder} is finished already")

        def hand_out(run: Callable[[jobs.Work], object]) -> None:
            for work in works:
                # A worker writes its log itself.
                with run_folder.logged(work.folder) if whole.workers == 1 else contextlib.nullcontext():
                    run(work)

        return jobs.run_all(whole, works, hand_out)


def _refuse_differences(unfinished: list[tuple[summary.Line, Config, Data]]) -> None:
    """Raises ConfigError where a run that has begun would not go on as it would have."""
    found = [
        text
        for line, config, data in unfinished
        if line.run
        for text in identity.differences(line.run.record, config, data)
    ]
    if found:
        raise ConfigError([*dict.fromkeys(found), ANYWAY])
