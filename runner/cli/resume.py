"""`resume PATH`: continue a run to its number of epochs, or what is unfinished of a sweep."""

import argparse
import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from runner.cli import exit_status, run_display, sweep_display, trust
from runner.cli.final import finish
from runner.cli.launch import check
from runner.cli.run_display import TerminalProgress
from runner.config import compose, hydra_adapter
from runner.config.dotted import flat, value_of
from runner.config.overrides import SYNONYMS, is_value
from runner.config.plugins import Trust
from runner.config.schema import Config
from runner.config.validate import out_of_range
from runner.datasets.catalog import register_built_in
from runner.errors import ConfigError, DataError, did_you_mean, refuse_usage
from runner.experiment import run as experiment
from runner.experiment.preflight import Checked
from runner.formatting import shown
from runner.runs import identity, reuse, shape, writer
from runner.runs.folder import CHOICE, OUTPUTS, PLAN, RECORD, claimed, logged
from runner.runs.status import COMPLETED
from runner.selection import final
from runner.sweeps import executor, summary, sweep
from runner.sweeps.executor import Work
from runner.sweeps.summary import SUMMARY, Line
from runner.system import backend
from runner.system.console import say

USAGE = "python -m runner resume PATH [training.epochs=N] [--anyway] [--trust]"
PLUGINS = "plugins="
WHERE_DATA_IS = ("dataset.path", "dataset.test", "dataset.source")  # the fingerprint says what the data is
ANYWAY = "what was trained may not go on as it would have: give --anyway to continue"


def main(words: list[str]) -> int:
    """The exit code: 0 done or finished already, 1 failed, 2 refused, 130 and 143 interrupted."""
    return exit_status.guarded(lambda: _resume(words))


@hydra_adapter.refusals()
def _resume(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        usage=USAGE,
        description="Continue a run to its number of epochs, or what a sweep or a final model has not finished.",
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="the folder of a run, a sweep or a final model")
    parser.add_argument("overrides", nargs="*", default=[], metavar="training.epochs=N", help="of a run: more epochs")
    parser.add_argument("--anyway", action="store_true", help="even where libraries, data or threads have changed")
    trust.add_option(parser)
    parser.error = refuse_usage(USAGE)  # type: ignore[method-assign, assignment]
    options = parser.parse_intermixed_args(words)
    register_built_in()
    trusted = Trust(options.trust, _named(options.overrides))
    for name, resume in ((CHOICE, _resume_final), (RECORD, _resume_run), (PLAN, _resume_sweep)):
        if (options.path / name).is_file():
            return resume(options.path, options.overrides, trusted, force=options.anyway)
    raise ConfigError([f"{options.path} holds no run and no sweep: give the folder with {RECORD} or {PLAN}"])


def _named(overrides: Iterable[str]) -> frozenset[str]:
    """The modules of a word `plugins=[a,b]`, which says that they are to be imported."""
    given = [word.removeprefix(PLUGINS).strip("[]") for word in overrides if word.startswith(PLUGINS)]
    return frozenset(name.strip() for names in given for name in names.split(","))


def _resume_run(folder: Path, overrides: list[str], trusted: Trust, *, force: bool) -> int:
    record = writer.read(folder)
    _refuse_other_numerics([(folder, record)])
    _take_threads(record)
    config = compose.from_record(record["config"], trusted)
    _apply(config, overrides, record["epochs"])
    (checked,) = check([config])
    if not force:
        _refuse_differences([(record, checked)])
    with logged(folder):
        outcome = experiment.run(
            config,
            folder,
            record["overrides"],
            run_roots=[OUTPUTS],
            epochs_to_keep=reuse.doublings(config),
            force=force,
            progress=TerminalProgress(),
        )
    run_display.result(outcome)
    return exit_status.of_run(outcome)


def _take_threads(record: dict[str, Any]) -> None:
    if not shape.are_threads(record.get("threads")):
        raise DataError(f"the recorded threads must be the counts of a machine; got {record.get('threads')}")
    backend.take_threads(record["threads"])


def _apply(config: Config, overrides: list[str], recorded: int) -> None:
    """Set the one value that may change; refuse every other that is not the recorded one."""
    problems = []
    known = [key for key, _ in flat(dataclasses.asdict(config))]
    for word in overrides:
        key, equals, given = word.partition("=")
        if not equals:
            problems.append(f"{word} cannot be read: {USAGE}")
        elif is_value(given, _recorded(config, key)):
            continue
        elif key in WHERE_DATA_IS and hasattr(config.dataset, key.rpartition(".")[2]):
            _move_data(config, key, given)
        elif key not in known and _recorded(config, key) is None:
            problems.append(f"{key} is not a key of the config{did_you_mean(key, known, SYNONYMS)}")
        elif key != "training.epochs":
            value = shown(_recorded(config, key))
            problems.append(f"{key} must stay as recorded, {value}; got {given}: train a new run")
        elif not given.isdecimal() or int(given) < max(recorded, 1):
            problems.append(f"training.epochs must be at least the {recorded} recorded; got {given}")
        elif config.optimizer.schedule == "cosine":
            problems.append(f"training.epochs must stay as recorded, the cosine schedule depends on it; got {given}")
        else:
            config.training.epochs = int(given)
    problems += out_of_range(config)
    if problems:
        raise ConfigError(problems)


def _recorded(config: Config, key: str) -> Any:
    """The value of a key; of a group, the choice."""
    value = value_of(config, key)
    return getattr(value, "name", value)


def _move_data(config: Config, key: str, given: str) -> None:
    is_path = key != "dataset.source" and given != "null"
    value = str(Path(os.path.expanduser(given)).absolute()) if is_path else None if given == "null" else given
    setattr(config.dataset, key.rpartition(".")[2], value)


def _refuse_other_numerics(records: Iterable[tuple[Path, dict[str, Any]]]) -> None:
    """Raises ConfigError for runs whose numbers an earlier version of the runner has computed in another way."""
    problems = [
        f"{folder} was recorded by an earlier version of the runner, which computed other validation columns: it can "
        "be compared, not continued; train it anew in another folder"
        for folder, record in records
        if record.get("dataset") and record.get("numerics", 1) != identity.NUMERICS
    ]
    if problems:
        raise ConfigError(problems)


def _refuse_differences(begun: Iterable[tuple[dict[str, Any], Checked]]) -> None:
    """Raises ConfigError where a run that has begun would not go on as it would have."""
    found = [
        text
        for record, now in begun
        for text in identity.differences(record, now.config, now.data.fingerprint, now.data.source)
    ]
    if found:
        raise ConfigError([*dict.fromkeys(found), ANYWAY])


def _resume_final(folder: Path, overrides: list[str], trusted: Trust, *, force: bool) -> int:
    """Train what is left of a final model, and open the test set if that has not been done."""
    if asked := _other_than_plugins(overrides):
        raise ConfigError([f"a final model is trained as it was chosen; got {asked}: choose anew with runner final"])
    planned = final.read(folder, trusted)
    begun = [(path, writer.read(path), config) for path, config in planned.runs() if (path / RECORD).exists()]
    _refuse_other_numerics((path, record) for path, record, _ in begun)
    if begun:
        _take_threads(begun[0][1])
    checked = check([config for _, config in planned.runs()])
    if not force:
        _refuse_differences((record, Checked(config, checked[0].data, "")) for _, record, config in begun)
    return finish(planned, force=force)


def _resume_sweep(folder: Path, overrides: list[str], trusted: Trust, *, force: bool) -> int:
    """Run what is unfinished, failed or missing; leave the rest as it is, and make the summary anew."""
    if asked := _other_than_plugins(overrides):
        raise ConfigError([f"a sweep is resumed as it was planned; got {asked}: resume its runs one by one"])
    whole = sweep.read(folder, trusted)
    if (folder / SUMMARY).exists() and not _unfinished(summary.lines(whole)):
        say(f"{folder} is finished already")
        return 0
    backend.take_threads(whole.threads)
    checked = check([job.config for job in whole.jobs])
    with claimed(folder):
        unfinished = _unfinished(summary.lines(whole))
        begun = [(line.run, checked[line.job.number]) for line in unfinished if line.run]
        _refuse_other_numerics((run.folder, run.record) for run, _ in begun)
        if not force:
            _refuse_differences((run.record, now) for run, now in begun)
        every = executor.work(whole, checked, [OUTPUTS, folder], force=force)
        work = [every[line.job.number] for line in unfinished]

        def hand_out(run: Callable[[Work], object]) -> None:
            for each in work:
                # A worker writes the log of a job itself.
                with logged(each.folder) if whole.workers == 1 else contextlib.nullcontext():
                    run(each)

        ended = executor.run_all(whole, work, hand_out, sweep_display.following(whole, work), run_display.warn)
        sweep_display.end(whole, ended.lines)
        return exit_status.of_sweep(ended)


def _other_than_plugins(overrides: Iterable[str]) -> str:
    return " ".join(word for word in overrides if not word.startswith(PLUGINS))


def _unfinished(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if line.status != COMPLETED]
