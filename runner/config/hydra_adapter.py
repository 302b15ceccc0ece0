"""Hydra behind one door: what it keeps private, and its own settings. No other module imports `hydra._internal`.

Read from hydra-core 1.3.8, tried with 1.4.0rc3. tests/config/test_hydra_adapter.py names the version and fails for
another one, so that an update is read before it is used.
"""

import argparse
import contextlib
import copy
import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import hydra
from hydra._internal import config_loader_impl
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core import utils
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner.config.job_folders import words_of_job
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


class ReadOnce(ConfigRepository):
    """The configs of a search path; a file is read again only where it has changed.

    Hydra's own reads all files for each composition, which takes a third of its time.
    """

    read: ClassVar[dict[tuple[str, ...], tuple[list[Any], ConfigResult]]] = {}

    def load_config(self, config_path: str) -> ConfigResult | None:
        key = (config_path, *(f"{each.provider} {each.path}" for each in self.sources))
        stamps = [_stamp(each, config_path) for each in self.sources]
        known, found = self.read.get(key, (None, None))
        if known != stamps:
            found = super().load_config(config_path)
            if found is not None and found.path.startswith("file:"):
                self.read[key] = stamps, copy.deepcopy(found)
            return found
        return copy.deepcopy(found)

    def __deepcopy__(self, memo: object) -> "ReadOnce":
        """What Hydra makes for each composition, which may search further folders."""
        return copy.copy(self)


def _stamp(source: ConfigSource, config_path: str) -> tuple[int, ...] | None:
    """What changes when the file of a config does; None where the source has no such file."""
    if source.scheme() != "file":
        return None
    try:
        found = os.stat(os.path.join(source.path, f"{config_path.removesuffix('.yaml')}.yaml"))
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


config_loader_impl.ConfigRepository = ReadOnce  # type: ignore[attr-defined]


def register_schema() -> None:
    """Tell Hydra our types, resolvers and launcher; conf/config.yaml and the choices of the groups name the types."""
    register_resolver("runner.slug", slug, replace=True)
    register_resolver("runner.words", words_of_job, replace=True)
    Plugins.instance()  # plugins store first what they have, a launcher named joblib perhaps
    for name in LOCAL_NAMES:
        ConfigStore.instance().store(name, LOCAL, group="hydra/launcher", **REPLACE)
    _store("schema", Config)
    for group, choices in GROUPS.items():
        for name, schema in choices.items():
            _store(name, schema, f"schema/{group}")


@functools.cache
def _store(name: str, schema: type, group: str | None = None) -> None:
    """Store a type, once in a process: making a config of it takes a millisecond."""
    ConfigStore.instance().store(name, schema, group=group, **REPLACE)


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


def choices(config_loader: ConfigLoader, name: str, words: Sequence[str]) -> set[str]:
    """The groups that have a choice in the defaults list of a primary config, with the recipes that words choose."""
    found = config_loader.compute_defaults_list(name, list(words), RunMode.RUN)
    return set(found.overrides.known_choices)


def run(words: list[str], place: Place, job: Callable[[DictConfig], object], mode: RunMode | None = None) -> None:
    """Let Hydra do what the words say: print what they ask for, or call `job` with the config that it composes.

    `mode` is `hydra.mode` as it was planned, which Hydra would compose all for.
    """
    register_schema()
    further = [word for folder in place.further for word in ("--config-dir", str(folder))]
    sys.argv = [sys.argv[0], *further, *words]
    find: Any = Hydra.get_mode
    Hydra.get_mode = lambda *_, **__: mode  # type: ignore[method-assign]
    try:
        hydra.main(config_path=str(place.folder), config_name=place.name, **VERSION_BASE)(job)()
    finally:
        Hydra.get_mode = find  # type: ignore[method-assign]


@contextlib.contextmanager
def configs_held_back() -> Iterator[Callable[[], None]]:
    """Let Hydra write the `.hydra/` of a job when the yielded function is called, not before the job.

    The job may be refused its folder, which holds the `.hydra/` of another process then.
    """
    write: Any = utils._save_config
    kept: list[tuple[DictConfig, str, Path]] = []

    def keep(config: DictConfig, name: str, folder: Path) -> None:
        kept.append((copy.deepcopy(config), name, folder))

    def write_kept() -> None:
        for each in kept:
            write(*each)

    private: Any = utils
    private._save_config = keep
    try:
        yield write_kept
    finally:
        private._save_config = write


def run_jobs(
    words: list[str],
    jobs: Sequence[Sequence[str]],
    place: Place,
    job: Callable[[DictConfig], object],
    mode: RunMode | None = None,
) -> None:
    """Let Hydra hand out these jobs, each given by its words, and call `job` with each config that it composes.

    Its sweeper does all but two steps: where it would multiply the values of the words, it takes the jobs; and it does
    not compose each of them beforehand to see whether it can be, for the plan has done that.
    """
    sweeper: Any = Plugins.instance().class_name_to_class[SWEEPER]
    multiply, listed = sweeper.split_arguments, [list(each) for each in jobs]
    sweeper.split_arguments = staticmethod(lambda _, size: list(sweeper.split_overrides_to_chunks(listed, size)))
    sweeper.validate_batch_is_legal = lambda self, batch: None
    try:
        run(["--multirun", *words], place, job, mode)
    finally:
        sweeper.split_arguments = staticmethod(multiply)
        del sweeper.validate_batch_is_legal


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
