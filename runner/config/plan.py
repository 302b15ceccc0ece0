"""A command line: every job it means, and the words that make Hydra run just these."""

import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig

from runner.config import hydra_adapter, job_folders
from runner.config.compose import Composer
from runner.config.conditions import excluded
from runner.config.dotted import value_of
from runner.config.overrides import (
    as_given,
    as_word,
    is_hydras,
    is_null_recipe,
    last_of_each_key,
    opened,
    parsed,
    refuse_sweeps,
    single_words,
)
from runner.config.paths import Place, config_dir, with_absolute_path
from runner.config.schema import Config
from runner.config.zipped import Zip, clashes, without_zips
from runner.errors import ConfigError
from runner.formatting import shown

# Folders of the environment that a job in another folder has to find again.
VARIABLES = ("RUNNER_DATA_DIR", "RUNNER_CACHE_DIR", "KERAS_HOME")


@dataclass(frozen=True)
class Job:
    """One run: its number in the command, from 0, its folder in that of the sweep, its words, its config.

    `folder` is empty for a single run.
    """

    number: int
    folder: str
    words: tuple[str, ...]
    config: Config

    def value(self, key: str) -> str:
        """What the job has for a key, as it is written on the command line; of a group, the choice."""
        node = value_of(self.config, key)
        is_group = isinstance(node, dict) or dataclasses.is_dataclass(node)
        return shown(node) if node is not None and not is_group else self._given(key)

    def _given(self, key: str) -> str:
        given = (word.lstrip("+").partition("=") for word in self.words)
        return next((value for name, _, value in given if name == key), "")


@dataclass(frozen=True)
class Plan:
    """The jobs of a command, the words that make Hydra run just these, and the folder they go to.

    `n_jobs` is the number of workers, -1 for one on each core. With `chdir` Hydra makes each job's folder the current
    one. `excluded` is the number of jobs that `exclude` leaves out, None where it is not given. `mode` is what the
    config itself says of `hydra.mode`.
    """

    jobs: list[Job]
    multirun: bool
    words: list[str]
    folder: Path
    n_jobs: int = 1
    chdir: bool = False
    excluded: int | None = None
    mode: RunMode | None = None


class Typed(NamedTuple):
    """The words of a job, and its config."""

    words: tuple[str, ...]
    config: Config


def plan_of(words: list[str], multirun: bool = False, place: Place | None = None) -> Plan:
    """The plan of a command line: every job, composed and typed.

    Raises ConfigError with every problem of every word and job.
    """
    place = place or Place(config_dir())
    with hydra_adapter.loader(place) as loader:
        composer = Composer(loader, place.name)
        overrides, zips = _read(words, composer)
        composer.groups.searched = tuple(as_word(each) for each in overrides if each.key_or_group == "hydra.searchpath")
        _refuse_choices(composer, overrides)
        overrides = [each for each in overrides if not is_null_recipe(each)]
        fixed = [each for each in overrides if composer.is_structural(each) and not each.is_sweep_override()]
        choices = tuple(map(as_word, sorted(fixed, key=is_hydras, reverse=True)))  # in the order of each job's
        settings = composer.base(choices).hydra
        if multirun or str(settings.mode).endswith("MULTIRUN"):
            return _sweep(composer, overrides, zips, choices, settings)
        return _single(composer, overrides, zips, settings.mode)


def with_absolute_paths(plan: Plan) -> Plan:
    """The plan with absolute paths of its data; with `chdir` also of its folder and of those in the environment."""
    jobs = [dataclasses.replace(job, config=with_absolute_path(job.config)) for job in plan.jobs]
    if not plan.chdir:
        return dataclasses.replace(plan, jobs=jobs)
    for name in VARIABLES:
        if os.environ.get(name):
            os.environ[name] = os.path.abspath(os.path.expanduser(os.environ[name]))
    return dataclasses.replace(plan, jobs=jobs, folder=plan.folder.absolute())


def _read(words: list[str], composer: Composer) -> tuple[list[Override], list[Zip]]:
    """The words as Hydra reads them, each zip as the words of its keys, and the zips. Raises ConfigError."""
    plain, zips, problems = without_zips(words, composer.parser)
    return parsed(opened(plain), composer.parser, problems), zips


class _Line:
    """A command line without problems: the words of the config, and those of Hydra's settings."""

    def __init__(self, overrides: Sequence[Override], zips: Sequence[Zip] = ()) -> None:
        self.zips = {each.keys: each.rows for each in zips}
        self.given = [as_given(each) for each in overrides]
        self.own = [each for each in overrides if not is_hydras(each)]
        self.hydras = [as_word(each) for each in overrides if is_hydras(each)]

    @cached_property
    def constant(self) -> list[str]:
        """The keys that have one value in all jobs."""
        return [each.key_or_group for each in self.own if not each.is_sweep_override()]

    def combinations(self) -> Iterator[tuple[str, ...]]:
        """The words of each job."""
        for rows in itertools.product(*self._dimensions()):
            yield tuple(itertools.chain(*rows))

    def _dimensions(self) -> Iterator[list[tuple[str, ...]]]:
        """What varies by itself, in the order of the words: for each of its values the words."""
        for each in self.own:
            zips = [keys for keys in self.zips if each.key_or_group in keys]
            if not zips:
                yield [(word,) for word in single_words(each)]
            elif each.key_or_group == zips[0][0]:
                yield self.zips[zips[0]]


def _single(composer: Composer, overrides: list[Override], zips: list[Zip], mode: RunMode | None) -> Plan:
    if zips:
        raise ConfigError([f"{each.name}=zip(…) names several values: add -m to train each" for each in zips])
    refuse_sweeps(overrides)
    line = _Line(overrides)
    ((words, config),) = _configs(composer, line)
    job = Job(0, "", words, config)
    folder, chdir = _target(composer, job, line, "hydra.run.dir")
    return Plan([job], False, [*line.given, *job_folders.run_words(folder)], folder, chdir=chdir, mode=mode)


def _sweep(
    composer: Composer, overrides: list[Override], zips: list[Zip], choices: tuple[str, ...], settings: DictConfig
) -> Plan:
    hydra_adapter.refuse(settings)
    recipe, of_recipe = _read(_recipe_words(settings, overrides, zips), composer)
    zips = [*of_recipe, *zips]
    _refuse_clashes(composer, zips, [*recipe, *overrides])
    overrides = last_of_each_key([*recipe, *overrides])
    _refuse_sweep_of_sweeps(composer, overrides, choices)
    line = _Line(overrides, zips)
    found = _configs(composer, line)
    kept = [job for job, out in zip(found, excluded([each.config for each in found]), strict=True) if not out]
    jobs = _jobs(composer, line, kept)
    folder, chdir = _target(composer, jobs[0], line, "hydra.sweep.dir")
    n_jobs = hydra_adapter.n_jobs(settings)
    words = [*line.given, *(["hydra.sweeper.params=null"] if recipe else [])]
    words += job_folders.sweep_words(settings, folder, line.constant)
    words += ["~hydra.launcher.n_jobs"] if n_jobs else []
    left_out = len(found) - len(kept) if any(each.config.exclude for each in found) else None
    return Plan(jobs, True, words, folder, n_jobs or 1, chdir, left_out, settings.mode)


def _recipe_words(settings: DictConfig, overrides: list[Override], zips: list[Zip]) -> list[str]:
    """What a recipe sweeps over, without the keys and zips that the command line gives values of its own."""
    given = {each.key_or_group for each in overrides} | {each.name for each in zips}
    params = settings.sweeper.get("params") or {}
    return [f"{key}={value}" for key, value in params.items() if key not in given]


def _refuse_clashes(composer: Composer, zips: Sequence[Zip], overrides: Sequence[Override]) -> None:
    known = {each.name for each in dataclasses.fields(Config)}
    keys = [each.key_or_group for each in overrides]
    _raise(clashes(zips, keys, lambda name: name in known or bool(composer.groups.options(name))))


def _configs(composer: Composer, line: _Line) -> list[Typed]:
    """The words and the config of each combination. Raises ConfigError with the problems of all, each once."""
    found, problems = [], []
    for words in line.combinations():
        try:
            found.append(Typed(words, composer.config(words, line.hydras)))
        except ConfigError as error:
            problems += error.problems
    _raise(problems)
    return found


def _jobs(composer: Composer, line: _Line, found: list[Typed]) -> list[Job]:
    """The jobs of a sweep, each with its folder. Raises ConfigError with the problems of all folders."""
    jobs, problems = [], []
    for number, (words, config) in enumerate(found):
        try:
            jobs.append(Job(number, _folder(composer, number, words, line), words, config))
        except ConfigError as error:
            problems += error.problems
    _raise([*problems, *job_folders.folder_problems([job.folder for job in jobs])])
    return jobs


def _raise(problems: Iterable[str]) -> None:
    """Raises ConfigError with the problems, each once, if there are any."""
    found = list(dict.fromkeys(problems))
    if found:
        raise ConfigError(found)


def _folder(composer: Composer, number: int, words: tuple[str, ...], line: _Line) -> str:
    """A job's folder in that of the sweep. Raises ConfigError."""
    overrides = [composer.override(word) for word in words]
    settings = composer.base_of(words, line.hydras).hydra
    folder = job_folders.job_folder(settings, number, overrides, line.constant)
    if folder:  # resolving it takes 10 ms
        return folder
    composed = composer.settings(words, line.hydras)
    job_folders.fill_in(composed, overrides, line.constant, number)
    return hydra_adapter.resolved(composed, "hydra.sweep.subdir")


def _target(composer: Composer, job: Job, line: _Line, key: str) -> tuple[Path, bool]:
    """Where the runs of a command go, and whether they run there.

    Raises ConfigError where that cannot be said before Hydra runs.
    """
    settings = composer.settings(job.words, line.hydras)
    job_folders.fill_in(settings, line.own)
    return Path(hydra_adapter.resolved(settings, key)), bool(settings.hydra.job.chdir)


def _refuse_choices(composer: Composer, overrides: list[Override]) -> None:
    """Raises ConfigError for words that choose nothing of their group, with the problems of the other words."""
    found = [list(composer.groups.problems(each, overrides)) for each in overrides]
    if not any(found):
        return
    composer.base(composer.groups.searched)  # what is wrong with the primary config is said first
    sound = [each for each, problems in zip(overrides, found, strict=True) if not problems and not is_hydras(each)]
    others: list[str] = []
    try:
        composer.config([single_words(each)[0] for each in sound])
    except ConfigError as error:
        others = error.problems
    raise ConfigError([*itertools.chain(*found), *others])


def _refuse_sweep_of_sweeps(composer: Composer, overrides: list[Override], choices: tuple[str, ...]) -> None:
    for each in overrides:
        if each.key_or_group == "experiment" and each.is_sweep_override():
            for word in single_words(each):
                if composer.base((*choices, word)).hydra.sweeper.get("params"):
                    raise ConfigError([f"{word} sweeps by itself: give it alone, without other experiments"])
