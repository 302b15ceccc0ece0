"""Hydra's own settings: which of them cannot be honoured, what they make of a job's folder, what the plan settles."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import hydra
from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from omegaconf import DictConfig, OmegaConf, flag_override

from runner.config.slug import slug
from runner.errors import ConfigError, refuse_usage

SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
LAUNCHER = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
SUBDIR = "${hydra.job.num}_${runner.slug:${hydra.job.override_dirname}}"  # as conf/config.yaml says it


def refuse(hydra_config: DictConfig) -> None:
    """Raises ConfigError for a sweep whose jobs cannot be planned, or cannot be run as it asks for."""
    problems = []
    if hydra_config.sweeper is None or hydra_config.sweeper.get("_target_") != SWEEPER:
        problems.append(
            f"hydra/sweeper must be basic, whose jobs are known before the first begins; "
            f"got {_choice(hydra_config, 'sweeper')}: give each key its values as key=a,b,c"
        )
    if hydra_config.launcher is None or hydra_config.launcher.get("_target_") != LAUNCHER:
        problems.append(
            f"hydra/launcher must be basic or joblib; got {_choice(hydra_config, 'launcher')}: leave it out, "
            "or run jobs beside one another with hydra/launcher=joblib"
        )
    callbacks = ", ".join(map(str, hydra_config.get("callbacks") or {}))
    if callbacks and not problems and n_jobs(hydra_config) not in (None, 1):
        problems.append(
            f"hydra.callbacks must be empty with hydra/launcher=joblib, which Hydra takes to end before it begins; "
            f"got {callbacks}: leave out hydra/launcher, or the callbacks as ~hydra.callbacks"
        )
    if problems:
        raise ConfigError(problems)


def _choice(hydra_config: DictConfig, group: str) -> str:
    """What was chosen of a group of Hydra's; its target, where that is not what the choice says."""
    choice = hydra_config.runtime.choices.get(f"hydra/{group}")
    return str(hydra_config[group]._target_ if choice in ("basic", "joblib") else choice)


def n_jobs(hydra_config: DictConfig) -> int | None:
    """What `hydra/launcher=joblib` asks for; None without it. Raises ConfigError."""
    if hydra_config.runtime.choices.get("hydra/launcher") != "joblib":
        return None
    asked = hydra_config.launcher.n_jobs
    if not isinstance(asked, int) or asked == 0 or asked < -1:
        raise ConfigError([f"hydra.launcher.n_jobs must be at least 1, or -1 for one a core; got {asked}"])
    return asked


def usual_folder(
    hydra_config: DictConfig, number: int, overrides: Sequence[Override], constant: Sequence[str]
) -> str | None:
    """A job's folder in a sweep's, where `hydra.sweep.subdir` is that of conf/."""
    subdir = OmegaConf.to_container(hydra_config.sweep, resolve=False)["subdir"]  # type: ignore[index,call-overload]
    return f"{number}_{slug(_dirname(hydra_config, overrides, constant))}" if subdir == SUBDIR else None


def tell(
    settings: DictConfig, overrides: Sequence[Override], constant: Sequence[str] = (), number: int | None = None
) -> None:
    """Put into Hydra's settings what it puts there itself when it composes a job, for folders named by it."""
    with flag_override(settings, ["struct", "readonly"], False):
        settings.hydra.job.override_dirname = _dirname(settings.hydra, overrides, constant)
        settings.hydra.overrides.task = [str(each.input_line) for each in overrides]
        if number is not None:
            settings.hydra.job.num = number
            settings.hydra.job.id = str(number)


def _dirname(hydra_config: DictConfig, overrides: Sequence[Override], constant: Sequence[str]) -> str:
    config = hydra_config.job.config.override_dirname
    excluded = [*config.exclude_keys, *constant]
    return get_overrides_dirname(list(overrides), excluded, config.item_sep, config.kv_sep)


def folder_problems(folders: list[str]) -> Iterator[str]:
    """Why the jobs of a sweep cannot each have the folder that `hydra.sweep.subdir` names."""
    for folder, times in Counter(map(os.path.normpath, folders)).items():
        if times > 1:
            yield f"hydra.sweep.subdir must be another for each job; got {folder} {times} times: add ${{hydra.job.num}}"
        if folder == "." or folder.startswith("..") or os.path.isabs(folder):
            yield f"hydra.sweep.subdir must lie inside the sweep's folder; got {folder}"


def settled(hydra_config: DictConfig, folder: Path, constant: list[str], multirun: bool) -> list[str]:
    """Words that settle for Hydra what the plan has said: the folder, and which keys name a job's own."""
    quoted = QuotedString(str(folder), Quote.single).with_quotes()
    if not multirun:
        return [f"hydra.run.dir={quoted}"]
    excluded = [*hydra_config.job.config.override_dirname.exclude_keys, *constant]
    return [
        f"hydra.sweep.dir={quoted}",
        f"hydra.job.config.override_dirname.exclude_keys=[{','.join(excluded)}]",
    ]


def run(
    words: list[str], folder: Path, name: str, further: Sequence[Path], job: Callable[[DictConfig], object]
) -> None:
    """Let Hydra run a job function with the words of a command line."""
    more = [word for each in further for word in ("--config-dir", str(each))]
    sys.argv = [sys.argv[0], *more, *words]
    hydra.main(version_base="1.3", config_path=str(folder), config_name=name)(job)()


def flags(words: list[str]) -> argparse.Namespace:
    """Hydra's own flags, wherever they stand between the words. Raises ConfigError."""
    parser = get_args_parser()
    parser.error = refuse_usage("see --help, and --hydra-help for Hydra's flags")  # type: ignore[method-assign, assignment]
    found = parser.parse_intermixed_args(words)
    if found.experimental_rerun:
        raise ConfigError(["--experimental-rerun is not supported: give the command again"])
    modes = [name for name in ("run", "multirun", "cfg", "info", "shell_completion") if getattr(found, name)]
    if len(modes) > 1 and modes != ["multirun", "cfg"]:
        raise ConfigError([f"only one of --{', --'.join(modes).replace('_', '-')} can be given: leave the others out"])
    if found.resolve and not (found.cfg or found.help):
        raise ConfigError(["--resolve goes with --cfg: give both, or leave it out"])
    return found
