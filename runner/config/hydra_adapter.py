"""Hydra behind one door: what it keeps private, and its own settings. No other module imports `hydra._internal`.

Read from hydra-core 1.3.8, tried with 1.4.0rc3. tests/config/test_hydra_adapter.py names the version and fails for
another one, so that an update is read before it is used.
"""

import argparse
import contextlib
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, flag_override
from omegaconf.errors import OmegaConfBaseException

from runner.config.paths import Place
from runner.config.schema import GROUPS, Config
from runner.config.slug import slug
from runner.errors import ConfigError, refuse_usage

# What 1.4 wants otherwise than 1.3: it announces the end of `version_base`, of configs that are stored
# twice without a word, and of the longer name.
IS_1_3 = hydra.__version__.startswith("1.3.")
VERSION_BASE = {"version_base": "1.3"} if IS_1_3 else {}
REPLACE: dict[str, Any] = {} if IS_1_3 else {"replace": True}
register_resolver: Any = OmegaConf.register_new_resolver if IS_1_3 else OmegaConf.register_resolver
SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
LAUNCHER = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
# `hydra/launcher=local`: Hydra hands the jobs out one by one, and runner/sweeps/workers.py runs them in parallel.
# Not a dataclass, for the plan takes `n_jobs` (-1: one for each core) out before Hydra makes its launcher of this.
LOCAL = {"_target_": LAUNCHER, "n_jobs": -1}
LOCAL_NAMES = ("local", "joblib")  # joblib is an alias
# What conf/config.yaml says, and what it said when 1.3 was the newest Hydra: with either a folder is quick to name.
SUBDIRS = (
    "${hydra.job.num}_${runner.slug:${runner.words:}}",
    "${hydra.job.num}_${runner.slug:${hydra.job.override_dirname}}",
)


def register_schema() -> None:
    """Tell Hydra our types, resolvers and launcher; conf/config.yaml and the choices of the groups name the types."""
    register_resolver("runner.slug", slug, replace=True)
    register_resolver("runner.words", _words_of_job, replace=True)
    Plugins.instance()  # plugins store first what they have, a launcher named joblib perhaps
    store = ConfigStore.instance()
    for name in LOCAL_NAMES:
        store.store(name, LOCAL, group="hydra/launcher", **REPLACE)
    store.store("schema", Config, **REPLACE)
    for group, choices in GROUPS.items():
        for name, schema in choices.items():
            store.store(name, schema, group=f"schema/{group}", **REPLACE)


@contextlib.contextmanager
def loader(place: Place) -> Iterator[ConfigLoader]:
    """What finds and composes the configs of a place; `hydra.compose` works within the block."""
    register_schema()
    search = create_config_search_path(str(place.folder))
    for folder in place.further:
        search.prepend("command-line", f"file://{folder}", SearchPathQuery(provider="schema"))
    GlobalHydra.instance().clear()
    try:
        yield Hydra.create_main_hydra2("runner", search).config_loader
    finally:
        GlobalHydra.instance().clear()


def flags(words: list[str]) -> argparse.Namespace:
    """Hydra's own flags, wherever they stand between the words, and the words as `overrides`. Raises ConfigError."""
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


def run(words: list[str], place: Place, job: Callable[[DictConfig], object]) -> None:
    """Let Hydra do what the words say: print what they ask for, or call `job` with the config that it composes."""
    register_schema()
    further = [word for folder in place.further for word in ("--config-dir", str(folder))]
    sys.argv = [sys.argv[0], *further, *words]
    hydra.main(config_path=str(place.folder), config_name=place.name, **VERSION_BASE)(job)()


def run_jobs(
    words: list[str], jobs: Sequence[Sequence[str]], place: Place, job: Callable[[DictConfig], object]
) -> None:
    """Let Hydra hand out these jobs, each given by its words, and call `job` with each config that it composes.

    Its sweeper does all but one step: where it would multiply the values of the words, it takes the jobs.
    """
    sweeper: Any = Plugins.instance().class_name_to_class[SWEEPER]
    multiply, listed = sweeper.split_arguments, [list(each) for each in jobs]
    sweeper.split_arguments = staticmethod(lambda _, size: list(sweeper.split_overrides_to_chunks(listed, size)))
    try:
        run(["--multirun", *words], place, job)
    finally:
        sweeper.split_arguments = staticmethod(multiply)


def resolved(settings: DictConfig, key: str) -> str:
    """A setting of Hydra's as text. Raises ConfigError where its interpolations lead nowhere."""
    current = HydraConfig.instance()
    before = current.cfg
    current.cfg = settings  # type: ignore[assignment]  # for `${hydra:…}`
    try:
        return str(OmegaConf.select(settings, key, throw_on_missing=True))
    except OmegaConfBaseException as error:
        raise ConfigError([f"{key} cannot be resolved: {one_line(error)}"]) from None
    finally:
        current.cfg = before


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Turn what Hydra and OmegaConf refuse into a ConfigError of one line."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError([one_line(error)]) from None


def one_line(error: Exception) -> str:
    """The message of a library's error without line breaks, at most 500 characters of it."""
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())[:500]


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
            f"hydra/launcher must be basic or local; got {_choice(hydra_config, 'launcher')}: leave it out, "
            "or run jobs in parallel with hydra/launcher=local"
        )
    callbacks = ", ".join(map(str, hydra_config.get("callbacks") or {}))
    if callbacks and not problems and n_jobs(hydra_config) not in (None, 1):
        problems.append(
            "hydra.callbacks must be empty with hydra/launcher=local, where jobs begin after Hydra believes that they "
            f"have ended; got {callbacks}: leave out hydra/launcher, or the callbacks as ~hydra.callbacks"
        )
    if problems:
        raise ConfigError(problems)


def _choice(hydra_config: DictConfig, group: str) -> str:
    """What was chosen of a group of Hydra's; the target, where that is not what the choice stands for."""
    choice = hydra_config.runtime.choices.get(f"hydra/{group}")
    return str(hydra_config[group]._target_ if choice in ("basic", *LOCAL_NAMES) else choice)


def n_jobs(hydra_config: DictConfig) -> int | None:
    """Number of workers that `hydra/launcher=local` asks for, -1 for one on each core; None without it.

    Raises ConfigError.
    """
    if hydra_config.runtime.choices.get("hydra/launcher") not in LOCAL_NAMES:
        return None
    asked = hydra_config.launcher.n_jobs
    if not isinstance(asked, int) or asked == 0 or asked < -1:
        raise ConfigError([f"hydra.launcher.n_jobs must be at least 1, or -1 for one a core; got {asked}"])
    return asked


def job_folder(
    hydra_config: DictConfig, number: int, overrides: Sequence[Override], constant: Sequence[str]
) -> str | None:
    """A job's folder in that of the sweep; None where `hydra.sweep.subdir` is not that of conf/."""
    subdir = OmegaConf.to_container(hydra_config.sweep, resolve=False)["subdir"]  # type: ignore[index,call-overload]
    if subdir not in SUBDIRS:
        return None
    given = [str(each.input_line) for each in overrides if each.key_or_group not in _excluded(hydra_config, constant)]
    return f"{number}_{slug(_dirname(hydra_config, given))}"


def fill_in(
    settings: DictConfig, overrides: Sequence[Override], constant: Sequence[str] = (), number: int | None = None
) -> None:
    """Set in Hydra's settings what Hydra sets when it composes a job, for folders that are named by it."""
    with flag_override(settings, ["struct", "readonly"], False):
        settings.hydra.job.config.override_dirname.exclude_keys = _excluded(settings.hydra, constant)
        settings.hydra.overrides.task = [str(each.input_line) for each in overrides]
        settings.hydra.job.override_dirname = _words_of_job(_root_=settings)
        if number is not None:
            settings.hydra.job.num = number
            settings.hydra.job.id = str(number)


def _words_of_job(*, _root_: DictConfig) -> str:
    """The resolver `runner.words`: the words of a job, without the excluded keys, as Hydra joins them for a folder."""
    hydra_config: Any = OmegaConf.select(_root_, "hydra") or HydraConfig.get()
    given: Any = OmegaConf.to_container(hydra_config.overrides.task, resolve=False)
    read = zip(given, OverridesParser.create().parse_overrides(given), strict=True)
    excluded = _excluded(hydra_config)
    return _dirname(hydra_config, [word for word, override in read if override.key_or_group not in excluded])


def _dirname(hydra_config: DictConfig, words: list[str]) -> str:
    """As `hydra.job.override_dirname` is made, which Hydra 1.4 gives up."""
    config = hydra_config.job.config.override_dirname
    return re.sub("=", str(config.kv_sep), str(config.item_sep).join(sorted(words)))


def _excluded(hydra_config: DictConfig, constant: Sequence[str] = ()) -> list[str]:
    return [*hydra_config.job.config.override_dirname.exclude_keys, *constant]


def folder_problems(folders: list[str]) -> Iterator[str]:
    """Why the jobs of a sweep cannot each have the folder that `hydra.sweep.subdir` names."""
    for folder, times in Counter(map(os.path.normpath, folders)).items():
        if times > 1:
            yield f"hydra.sweep.subdir must be another for each job; got {folder} {times} times: add ${{hydra.job.num}}"
        if folder == "." or folder.startswith("..") or os.path.isabs(folder):
            yield f"hydra.sweep.subdir must lie inside the sweep's folder; got {folder}"


def run_words(folder: Path) -> list[str]:
    """Words that make Hydra use the planned folder of a run."""
    return [f"hydra.run.dir={_quoted(folder)}"]


def sweep_words(hydra_config: DictConfig, folder: Path, constant: Sequence[str]) -> list[str]:
    """Words that make Hydra use the planned folder of a sweep, and name those of its jobs by the keys that vary."""
    return [
        f"hydra.sweep.dir={_quoted(folder)}",
        f"hydra.job.config.override_dirname.exclude_keys=[{','.join(_excluded(hydra_config, constant))}]",
    ]


def _quoted(folder: Path) -> str:
    return str(QuotedString(str(folder), Quote.single).with_quotes())
