"""Hydra in, one typed config out: everything is checked, then Hydra makes the folders and runs the jobs."""

import argparse
import dataclasses
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner.config import compose, hydra_adapter, overrides
from runner.config.paths import Place, config_dir, with_absolute_path
from runner.config.plan import Plan, plan_of, with_absolute_paths
from runner.config.schema import Config
from runner.datasets.catalog import register_built_in
from runner.errors import ConfigError, DataError
from runner.runs import folder as run_folder
from runner.runs.folder import PLAN
from runner.runs.status import FAILED
from runner.sweeps import workers
from runner.system import backend
from runner.system.console import say
from runner.system.signals import Interrupted, broken_pipes_survived

if TYPE_CHECKING:
    from runner.datasets.base import Data
    from runner.runs.writer import Outcome
    from runner.sweeps.executor import Work

OUTPUTS = Path("outputs")
INFORMATION = ("help", "hydra_help", "cfg", "info", "shell_completion")


def train(words: list[str]) -> int:
    """Train what a command line says, once or as a sweep, and return the exit code.

    0 done, 1 a run failed or the data cannot be used, 2 what was asked is invalid, 130 and 143 interrupted.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # its exceptions reach us, and become one line each
    if "--version" in words:
        print(versions())
        return 0
    if words in (["--help"], ["-h"]):
        print(usage())
        return 0
    return guarded(lambda: _train(words))


def guarded(command: Callable[[], int]) -> int:
    """Run a command; what stops it becomes plain lines on stderr and an exit code."""
    try:
        return command()
    except ConfigError as error:
        return _say(error, 2)
    except DataError as error:
        return _say(error, 1)
    except (HydraException, OmegaConfBaseException) as error:
        return _say(hydra_adapter.one_line(error), 2)
    except OSError as error:
        remedy = "make room" if error.errno == errno.ENOSPC else "give another folder"
        return _say(f"{error.filename}: {error.strerror}: {remedy}", 1)
    except KeyboardInterrupt as error:
        print("interrupted", file=sys.stderr)
        return 128 + (error.number if isinstance(error, Interrupted) else signal.SIGINT)


def _train(words: list[str]) -> int:
    register_built_in()
    flags = hydra_adapter.flags(words)
    place = _place(flags)
    if any(getattr(flags, name) for name in INFORMATION):
        _inform(words, flags, place)
        return 0
    plan = with_absolute_paths(plan_of(flags.overrides, flags.multirun, place))
    backend.share_cores(workers.count(plan.n_jobs, len(plan.jobs)))

    from runner.cli import run_display as display
    from runner.experiment import preflight as check
    from runner.runs import identity

    configs = [job.config for job in plan.jobs]
    data = check.check(configs)
    identities = [identity.identity_of(config, its) for config, its in zip(configs, data, strict=True)]
    refuse_other_runs(plan, identities)
    display.warn_of_samples(configs, data)
    display.warn(check.warnings(configs, data))
    if plan.multirun:
        with broken_pipes_survived():
            return _sweep(plan, identities, place)
    return _single(plan, data[0], identities[0], place)


def _single(plan: Plan, data: "Data", identity: str, place: Place) -> int:
    config = plan.jobs[0].config
    if config.plan:
        from runner.cli import run_display as display
        from runner.cli import sweep_display
        from runner.datasets import split as batches
        from runner.runs import reuse as outlook

        split = batches.split(config.training, data.train.labels)
        print(*display.header(config, data, len(split.train), len(split.validation)), sep="\n")
        print(sweep_display.epochs_left(outlook.ahead([config], [identity], [OUTPUTS])))
        return 0

    from runner.experiment import run as experiment
    from runner.sweeps import executor as jobs

    outcomes: list[Outcome] = []
    refusals: list[Exception] = []
    shelves, here = [_outputs(plan)], Path.cwd()

    def run(composed: DictConfig) -> float | None:
        folder = plan.folder if plan.chdir else _from_here(Path(HydraConfig.get().runtime.output_dir))
        config = with_absolute_path(compose.typed(composed), here)
        try:
            outcomes.append(experiment.run(config, folder, list(HydraConfig.get().overrides.task), shelves=shelves))
            return jobs.monitored(outcomes[0])
        except (ConfigError, DataError, OSError) as error:
            refusals.append(error)  # raised below, for Hydra would add lines of its own
            return None

    hydra_adapter.run(plan.words, place, run)
    if refusals:
        raise refusals[0]
    return ended(outcomes[0])


def _sweep(plan: Plan, identities: list[str], place: Place) -> int:
    from runner.cli import sweep_display
    from runner.runs import reuse as outlook
    from runner.sweeps import sweep

    configs = [job.config for job in plan.jobs]
    shelves = [_outputs(plan), plan.folder]
    planned = [
        sweep.Planned(number, job.folder, list(job.words), dataclasses.asdict(job.config))
        for number, job in enumerate(plan.jobs)
    ]
    beside = workers.count(plan.n_jobs, len(planned))
    whole = sweep.Sweep(plan.folder, planned, beside, backend.threads_wanted())
    ahead = outlook.ahead(configs, identities, shelves)
    sweep_display.plan(whole, ahead)
    if any(config.plan for config in configs):
        sweep_display.planned_jobs(whole, ahead)
        return 0

    from runner.sweeps import executor as jobs

    keep = outlook.epochs_to_keep(configs, identities)
    works = [
        jobs.Work(job, config, whole.place(job), shelves, kept, its.left)
        for job, config, kept, its in zip(planned, configs, keep, ahead, strict=True)
    ]
    refusals: list[str] = []
    with run_folder.claimed(whole.folder):
        sweep.write(whole)
        say(f"folder:     {whole.folder}")
        code = jobs.run_all(whole, works, lambda run: _hand_out(plan, place, works, run, refusals))
    if refusals:
        raise ConfigError(refusals)
    return code


def _hand_out(
    plan: Plan,
    place: Place,
    works: "list[Work]",
    run: "Callable[[Work], object]",
    refusals: list[str],
) -> None:
    """Let Hydra hand the jobs on one by one; none any more where one is not the planned one, with the reason noted."""
    from runner.sweeps.executor import FailFast

    here = Path.cwd()

    def job(composed: DictConfig) -> object:
        setting = HydraConfig.get()
        work, config = works[setting.job.num], with_absolute_path(compose.typed(composed), here)
        others = [*compose.differences(work.config, config), *_elsewhere(work.folder, setting.runtime.output_dir)]
        if others:
            refusals.extend(f"job {work.job.number}: {other}" for other in others)
            raise FailFast
        return run(dataclasses.replace(work, environment=dict(setting.job.env_set), chdir=plan.chdir))

    hydra_adapter.run(["--multirun", *plan.words], place, job)


def _outputs(plan: Plan) -> Path:
    return OUTPUTS.absolute() if plan.chdir else OUTPUTS


def _elsewhere(planned: Path, composed: str) -> Iterator[str]:
    """Why a job's folder is not the planned one."""
    if os.path.abspath(planned) != composed:
        yield f"its folder was planned as {planned}, and is {composed} now: name it by what stays the same"


def usage() -> str:
    """The text of --help, as Hydra would print it after composing everything, which takes a second."""
    text = OmegaConf.load(config_dir() / "hydra" / "help" / "runner.yaml")
    return str(OmegaConf.create({"hydra": {"help": text}}).hydra.help.template)


def versions() -> str:
    """One line: the runner and what it stands on."""
    others = ", ".join(f"{name} {metadata.version(name)}" for name in ("keras", "tensorflow", "hydra-core"))
    return f"keras-experiment-runner {metadata.version('keras-experiment-runner')} ({others})"


def _inform(words: list[str], flags: argparse.Namespace, place: Place) -> None:
    if flags.cfg and flags.multirun:
        return _show_jobs(flags, place)
    try:
        hydra_adapter.run(overrides.opened(words), place, lambda composed: None)
    except (HydraException, OmegaConfBaseException):
        plan_of(flags.overrides, flags.multirun, place)  # says it better
        raise


def _show_jobs(flags: argparse.Namespace, place: Place) -> None:
    """Print the config of each job of a sweep, below its words."""
    plan = plan_of(flags.overrides, True, place)
    shown = ["--cfg", flags.cfg, *(["--package", flags.package] if flags.package else [])]
    hydras = [word for word in flags.overrides if word.lstrip("+~").startswith(("hydra.", "hydra/"))]
    for number, job in enumerate(plan.jobs):
        print("# job", number, *job.words, flush=True)
        hydra_adapter.run(
            [*shown, *(["--resolve"] if flags.resolve else []), *hydras, *job.words], place, lambda composed: None
        )


def _place(flags: argparse.Namespace) -> Place:
    """Where the flags say that configs are. Raises ConfigError."""
    folder = Path(flags.config_path).absolute() if flags.config_path else config_dir()
    further = (Path(flags.config_dir).absolute(),) if flags.config_dir else ()
    missing = [each for each in (folder, *further) if not each.is_dir()]
    if missing:
        raise ConfigError([f"the config folder {each} does not exist" for each in missing])
    return Place(folder, flags.config_name or "config", further)


def refuse_other_runs(plan: Plan, identities: list[str]) -> None:
    """Raises ConfigError where the folder of a run or sweep holds other runs; a run of the same identity goes on."""
    if plan.multirun and run_folder.is_held(plan.folder):
        raise DataError(f"{plan.folder} is in use by another process: wait for it, or give another folder")
    if plan.multirun and ((plan.folder / PLAN).exists() or any(plan.folder.glob("*/run.json"))):
        raise ConfigError(
            [
                f"hydra.sweep.dir must not hold runs already; got {plan.folder}: give another folder, "
                f"or go on with python -m runner resume {plan.folder}"
            ]
        )
    if not plan.multirun:
        _refuse_other_run(plan.folder, plan.jobs[0].config, identities[0])


def _refuse_other_run(folder: Path, config: Config, identity: str) -> None:
    from runner.runs.writer import Record

    record = Record(folder, config, [])
    record.refuse_other_runs(identity)
    if record.entries and not config.reuse:
        raise ConfigError(
            [
                f"reuse=false trains from nothing, but {folder} holds a run: give another folder with hydra.run.dir, "
                f"or go on with python -m runner resume {folder}"
            ]
        )


def _from_here(folder: Path) -> Path:
    """The shorter name of a folder below the current one."""
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def ended(outcome: "Outcome") -> int:
    """Say how a single run ended; the exit code, 1 if it failed. Raises Interrupted."""
    from runner.cli import run_display as display

    display.result(outcome)
    if outcome.signal:
        raise Interrupted(outcome.signal)
    return 1 if outcome.status == FAILED else 0


def _say(what: object, code: int) -> int:
    print(what, file=sys.stderr)
    return code
