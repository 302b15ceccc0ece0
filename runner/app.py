"""Hydra in, one typed config out: everything is checked, then Hydra makes the folders and runs the jobs."""

import argparse
import errno
import hashlib
import importlib
import importlib.util
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner import backend, compose, config, run_folder
from runner.config import Config
from runner.errors import ConfigError, DataError
from runner.interruption import Interrupted

if TYPE_CHECKING:
    from runner.datasets import Data
    from runner.record import Outcome

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
        return _say(compose.one_line(error), 2)
    except OSError as error:
        remedy = "make room" if error.errno == errno.ENOSPC else "give another folder"
        return _say(f"{error.filename}: {error.strerror}: {remedy}", 1)
    except KeyboardInterrupt as error:
        print("interrupted", file=sys.stderr)
        return 128 + (error.number if isinstance(error, Interrupted) else signal.SIGINT)


def _train(words: list[str]) -> int:
    flags = _flags(words)
    OmegaConf.register_new_resolver("runner.slug", slug, replace=True)
    place = _place(flags)
    if any(getattr(flags, name) for name in INFORMATION):
        _inform(words, flags, place)
        return 0
    plan = compose.plan(flags.overrides, flags.multirun, place)
    data = check([job.config for job in plan.jobs])

    from runner import display, experiment, identity, sweep

    identities = [identity.identity_of(job.config, its) for job, its in zip(plan.jobs, data, strict=True)]
    refuse_other_runs(plan, identities)
    display.warn_of_samples([job.config for job in plan.jobs], data)
    shelves = [OUTPUTS, *([plan.folder] if plan.multirun else [])]
    keep = sweep.epochs_to_keep([job.config for job in plan.jobs], identities)
    if plan.multirun:
        sweep.write_plan(plan.folder, plan.jobs)
    outcomes: list[Outcome] = []
    refusals: list[Exception] = []

    def job(composed: DictConfig) -> None:
        setting = HydraConfig.get()
        folder = _from_here(Path(setting.runtime.output_dir))
        number = setting.job.num if plan.multirun else 0
        words = list(setting.overrides.task)
        try:
            outcome = experiment.run(compose.typed(composed), folder, words, shelves=shelves, keep=keep[number])
        except (ConfigError, DataError, OSError) as error:
            refusals.append(error)  # raised below, for Hydra would add lines of its own
            return
        outcomes.append(outcome)
        display.result(outcome)
        if outcome.signal:
            raise Interrupted(outcome.signal)

    further = [word for folder in place.further for word in ("--config-dir", str(folder))]
    _hydra([*(["--multirun"] if plan.multirun else []), *further, *plan.words], place, job)
    if refusals:
        raise refusals[0]
    return exit_code(outcomes)


def check(configs: list[Config]) -> "list[Data]":
    """The data of each config; refuses what cannot be trained before a folder is made or tensorflow imported.

    Raises ConfigError with every problem of every config, DataError if its data cannot be had.
    """
    load_plugins(sorted({module for each in configs for module in each.plugins}))
    _raise(problem for each in configs for problem in config.problems(each))

    from runner import batches, datasets, task

    known = [(each, config.CLASSES.get(each.dataset.name)) for each in configs]
    _raise(problem for each, classes in known if classes for problem in task.resolve(each, classes)[1])
    distinct = {repr(each.dataset): each.dataset for each in configs}
    data = {key: datasets.load(each) for key, each in distinct.items()}
    loaded = [data[repr(each.dataset)] for each in configs]
    _raise(
        problem
        for each, its in zip(configs, loaded, strict=True)
        for problem in (*task.resolve(each, its.classes)[1], *batches.split_problems(each.training, its))
    )
    return loaded


def load_plugins(modules: list[str]) -> None:
    """Import the modules that register a user's own names. Raises ConfigError."""
    problems = [f"plugins must name modules, without .py; got {each}" for each in modules if each.endswith(".py")]
    if problems:
        raise ConfigError(problems)
    if all(map(_is_found, modules)) and modules:
        backend.start()  # a plugin may well import Keras, which would not be quiet
    for module in modules:
        try:
            importlib.import_module(module)
        except (Exception, SystemExit) as error:
            problems.append(
                f"plugins: {module} cannot be imported: {type(error).__name__}: {error}; "
                f"modules are looked for in {os.getcwd()} and where Python finds packages"
            )
    if problems:
        raise ConfigError(problems)


def _is_found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def slug(text: str) -> str:
    """A job's overrides as a folder name: at most 60 characters of letters, digits, `.`, `-`, `_`, `=` and `,`."""
    if not text:
        return "default"
    clean = re.sub(r"[^A-Za-z0-9.,=_-]+", "-", text).replace("..", "-").strip("-.")
    if clean == text and len(clean) <= 60:
        return clean
    return f"{clean[:51]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def usage() -> str:
    """The text of --help, as Hydra would print it after composing everything, which takes a second."""
    text = OmegaConf.load(compose.config_dir() / "hydra" / "help" / "runner.yaml")
    return str(OmegaConf.create({"hydra": {"help": text}}).hydra.help.template)


def versions() -> str:
    """One line: the runner and what it stands on."""
    others = ", ".join(f"{name} {metadata.version(name)}" for name in ("keras", "tensorflow", "hydra-core"))
    return f"keras-experiment-runner {metadata.version('keras-experiment-runner')} ({others})"


def _hydra(words: list[str], place: compose.Place, job: Callable[[DictConfig], None]) -> None:
    sys.argv = [sys.argv[0], *words]
    hydra.main(version_base="1.3", config_path=str(place.folder), config_name=place.name)(job)()


def _inform(words: list[str], flags: argparse.Namespace, place: compose.Place) -> None:
    compose.register_schema()
    try:
        _hydra(compose.opened(words), place, lambda composed: None)
    except (HydraException, OmegaConfBaseException):
        compose.plan(flags.overrides, flags.multirun, place)  # says it better
        raise


def _flags(words: list[str]) -> argparse.Namespace:
    """Hydra's own flags, wherever they stand between the words. Raises ConfigError."""
    parser = get_args_parser()
    parser.error = refuse_usage("see --help, and --hydra-help for Hydra's flags")  # type: ignore[method-assign, assignment]
    flags = parser.parse_intermixed_args(words)
    if flags.experimental_rerun:
        raise ConfigError(["--experimental-rerun is not supported: give the command again"])
    return flags


def refuse_usage(remedy: str) -> Callable[[str], NoReturn]:
    """What a parser does with words that it does not take: raise ConfigError."""

    def refuse(message: str) -> NoReturn:
        raise ConfigError([f"{message}: {remedy}"])

    return refuse


def _place(flags: argparse.Namespace) -> compose.Place:
    """Where the flags say that configs are. Raises ConfigError."""
    folder = Path(flags.config_path).absolute() if flags.config_path else compose.config_dir()
    further = (Path(flags.config_dir).absolute(),) if flags.config_dir else ()
    missing = [each for each in (folder, *further) if not each.is_dir()]
    if missing:
        raise ConfigError([f"the config folder {each} does not exist" for each in missing])
    return compose.Place(folder, flags.config_name or "config", further)


def refuse_other_runs(plan: compose.Plan, identities: list[str]) -> None:
    """Raises ConfigError where the folder of a run or sweep holds other runs; a run of the same identity goes on."""
    if plan.multirun and any(plan.folder.glob("*/run.json")):
        raise ConfigError(
            [
                f"hydra.sweep.dir must not hold runs already; got {plan.folder}: give another folder, "
                f"or go on with python -m runner resume {plan.folder}"
            ]
        )
    record = plan.folder / run_folder.RECORD
    if not plan.multirun and record.exists() and run_folder.read_record(plan.folder)["identity"] != identities[0]:
        raise ConfigError([f"hydra.run.dir must not hold another run; got {plan.folder}: give another folder"])


def _raise(problems: Iterable[str]) -> None:
    found = list(dict.fromkeys(problems))
    if found:
        raise ConfigError(found)


def _from_here(folder: Path) -> Path:
    """The shorter name of a folder below the current one."""
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def exit_code(outcomes: "list[Outcome]") -> int:
    """1 if a run failed, else 0."""
    return 1 if any(outcome.status == "failed" for outcome in outcomes) else 0


def _say(what: object, code: int) -> int:
    print(what, file=sys.stderr)
    return code
