"""The words of a command line → the typed config of every job, with every problem found at once.

Hydra composes one choice of groups in 50 ms and stops at its first error. Here each choice is composed once, and the
values are put on copies of it, so that 200 jobs take half a second and each word's error is gathered.
"""

import copy
import itertools
from dataclasses import asdict, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from hydra import compose
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, flag_override
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from runner.config import hydra_adapter as hydra_settings
from runner.config.dotted import flat
from runner.config.groups import Groups
from runner.config.overrides import (
    as_given,
    as_word,
    drawn,
    is_hydras,
    is_null_recipe,
    last_of_each_key,
    opened,
    put,
    refuse_sweeps,
    single_words,
    unreadable,
    unused,
)
from runner.config.schema import GROUPS, Config
from runner.config.slug import register_resolver
from runner.config.validate import out_of_range, unknown_names
from runner.errors import ConfigError
from runner.formatting import shown


def config_dir() -> Path:
    """conf/ as the wheel ships it, inside the package, else beside it in a checkout."""
    package = Path(str(resources.files("runner")))
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def register_schema() -> None:
    """Tell Hydra our types, resolver and launcher; conf/config.yaml and the groups' options name the types."""
    register_resolver()
    Plugins.instance()  # store first what they have, a launcher named joblib perhaps
    store = ConfigStore.instance()
    store.store("joblib", JOBLIB, group="hydra/launcher")
    store.store("schema", Config)
    for group, options in GROUPS.items():
        for name, schema in options.items():
            store.store(name, schema, group=f"schema/{group}")


# `hydra/launcher=joblib`: Hydra hands the jobs out one by one, and runner/sweeps/workers.py runs them beside one
# another. Not a dataclass, for `n_jobs` (-1: one a core) is taken out before Hydra's own launcher sees it.
JOBLIB = {"_target_": "hydra._internal.core_plugins.basic_launcher.BasicLauncher", "n_jobs": -1}


@dataclass(frozen=True)
class Place:
    """Where configs are: the folder of the primary one, its name, and folders of the user's own beside it."""

    folder: Path
    name: str = "config"
    further: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Job:
    """One run of the command: what its command line says, and the config that comes of it.

    In a sweep `folder` is its place inside the sweep's.
    """

    words: tuple[str, ...]
    config: Config
    folder: str = ""


@dataclass(frozen=True)
class Plan:
    """The jobs of a command, the words that make Hydra run just these, and the folder they go to.

    `n_jobs` is how many are to run beside one another, as joblib counts: -1 is one a core. With `chdir` Hydra makes
    each job's folder the current one.
    """

    jobs: list[Job]
    multirun: bool
    words: list[str]
    folder: Path
    n_jobs: int = 1
    chdir: bool = False


def plan(words: list[str], multirun: bool = False, place: Place | None = None) -> Plan:
    """Compose and type every job of a command line. Raises ConfigError with every problem of every word and job."""
    place = place or Place(config_dir())
    register_schema()
    search = create_config_search_path(str(place.folder))
    for folder in place.further:
        search.prepend("command-line", f"file://{folder}", SearchPathQuery(provider="schema"))
    GlobalHydra.instance().clear()
    try:
        loader = Hydra.create_main_hydra2("runner", search).config_loader
        return _Composer(place.name, loader).plan(opened(words), multirun)
    finally:
        GlobalHydra.instance().clear()


class _Composer:
    def __init__(self, name: str, loader: ConfigLoader) -> None:
        self.name = name
        self.parser = OverridesParser.create(loader)
        self.groups = Groups(loader, name, lambda words: self._base(words).hydra)
        self.overrides: dict[str, Override] = {}
        self.bases: dict[tuple[str, ...], DictConfig] = {}
        self.bases_alone: dict[tuple[str, ...], DictConfig] = {}

    def plan(self, words: list[str], multirun: bool) -> Plan:
        overrides = self._parsed(words)
        self.groups.searched = tuple(as_word(each) for each in overrides if each.key_or_group == "hydra.searchpath")
        self._base(self.groups.searched)  # what is wrong with the primary config is said first
        self._refuse_choices(overrides)
        overrides = [each for each in overrides if not is_null_recipe(each)]
        fixed = tuple(as_word(each) for each in overrides if self._structural(each) and not each.is_sweep_override())
        hydra_config = self._base(fixed).hydra
        multirun = multirun or str(hydra_config.mode).endswith("MULTIRUN")
        recipe = []
        if multirun:
            hydra_settings.refuse(hydra_config)
            recipe = self._parsed(self._recipe_words(hydra_config, overrides))
            overrides = last_of_each_key([*recipe, *overrides])
            self._refuse_sweep_of_sweeps(overrides, fixed)
        else:
            refuse_sweeps(overrides)
        sweep = [single_words(each) for each in overrides if not is_hydras(each)]
        always = [as_word(each) for each in overrides if is_hydras(each)]
        constant = [each.key_or_group for each in overrides if not each.is_sweep_override() and not is_hydras(each)]
        jobs = self._jobs(list(itertools.product(*sweep)), always, constant, multirun)
        folder, chdir = self._place(jobs[0], [each for each in overrides if not is_hydras(each)], always, multirun)
        n_jobs = hydra_settings.n_jobs(hydra_config) if multirun else None
        words = [*map(as_given, overrides), *(["hydra.sweeper.params=null"] if recipe else [])]
        words += hydra_settings.settled(hydra_config, folder, constant, multirun)
        words += ["~hydra.launcher.n_jobs"] if n_jobs else []
        return Plan(jobs, multirun, words, folder, n_jobs or 1, chdir)

    def _place(self, job: Job, given: list[Override], always: list[str], multirun: bool) -> tuple[Path, bool]:
        """Where the command's runs go, and whether they run there.

        Raises ConfigError where that cannot be said before Hydra runs.
        """
        settings = self._composed(job.words, always)[0]
        hydra_settings.tell(settings, given)
        key = "hydra.sweep.dir" if multirun else "hydra.run.dir"
        return Path(_resolved(settings, key)), bool(settings.hydra.job.chdir)

    def _refuse_choices(self, overrides: list[Override]) -> None:
        problems = {id(override): list(self.groups.problems(override, overrides)) for override in overrides}
        if any(problems.values()):
            sound = tuple(single_words(each)[0] for each in overrides if not problems[id(each)] and not is_hydras(each))
            raise ConfigError([*itertools.chain(*problems.values()), *self._problems(sound)])

    def _parsed(self, words: list[str]) -> list[Override]:
        overrides, problems = [], []
        for word in words:
            try:
                override = self.parser.parse_overrides([word])[0]
                if not override.key_or_group:
                    raise HydraException
                overrides.append(drawn(override, self.parser))
                if override.is_interval_sweep():
                    problems.append(f"{word} names no single values: list them as {override.get_key_element()}=a,b,c")
            except HydraException:
                problems.append(unreadable(word, self.parser))
        if problems:
            raise ConfigError(problems)
        return overrides

    def _override(self, word: str) -> Override:
        """A word read once, however many jobs have it."""
        if word not in self.overrides:
            self.overrides[word] = self.parser.parse_overrides([word])[0]
        return self.overrides[word]

    def _structural(self, override: Override) -> bool:
        """Whether Hydra has to compose anew for this word: a choice of a group, its own settings."""
        key = override.key_or_group
        return is_hydras(override) or bool(self.groups.options(key))

    def _recipe_words(self, hydra_config: DictConfig, overrides: list[Override]) -> list[str]:
        """What a recipe sweeps over, less the keys that the command line gives values of its own."""
        given = {each.key_or_group for each in overrides}
        params = hydra_config.sweeper.get("params") or {}
        return opened([f"{key}={value}" for key, value in params.items() if key not in given])

    def _refuse_sweep_of_sweeps(self, overrides: list[Override], fixed: tuple[str, ...]) -> None:
        for each in overrides:
            if each.key_or_group == "experiment" and each.is_sweep_override():
                for word in single_words(each):
                    if self._base((*fixed, word)).hydra.sweeper.get("params"):
                        raise ConfigError([f"{word} sweeps by itself: give it alone, without other experiments"])

    def _base(self, words: tuple[str, ...]) -> DictConfig:
        if words not in self.bases:
            try:
                self.bases[words] = compose(self.name, overrides=list(words), return_hydra_config=True)
            except Exception as error:  # whatever Hydra raises for a word that it cannot compose
                overrides = [self._override(word) for word in words]
                raise ConfigError(list(self.groups.headless(overrides)) or [one_line(error)]) from None
        return self.bases[words]

    def _base_alone(self, words: tuple[str, ...]) -> DictConfig:
        """Without Hydra's settings, which are most of it and would be copied for each job."""
        if words not in self.bases_alone:
            self.bases_alone[words] = copy.deepcopy(self._base(words))
            with flag_override(self.bases_alone[words], ["struct", "readonly"], False):
                self.bases_alone[words].pop("hydra", None)
        return self.bases_alone[words]

    def _jobs(
        self, combinations: list[tuple[str, ...]], always: list[str], constant: list[str], multirun: bool
    ) -> list[Job]:
        jobs, problems = [], []
        for number, words in enumerate(combinations):
            try:
                folder = self._job_folder(number, words, always, constant) if multirun else ""
                jobs.append(Job(words, self._typed(words, always), folder))
            except ConfigError as error:
                problems += error.problems
        problems += hydra_settings.folder_problems([job.folder for job in jobs]) if multirun else []
        if problems:
            raise ConfigError(list(dict.fromkeys(problems)))
        return jobs

    def _problems(self, words: tuple[str, ...]) -> list[str]:
        try:
            self._typed(words, [])
        except ConfigError as error:
            return error.problems
        return []

    def _job_folder(self, number: int, words: tuple[str, ...], always: list[str], constant: list[str]) -> str:
        """Where in a sweep's folder Hydra will put a job. Raises ConfigError."""
        overrides = [self._override(word) for word in words]
        choices = tuple(as_word(each) for each in overrides if self._structural(each))
        hydra_config = self._base((*always, *choices)).hydra
        folder = hydra_settings.usual_folder(hydra_config, number, overrides, constant)
        if folder:  # composing it takes 10 ms
            return folder
        settings = self._composed(words, always)[0]
        hydra_settings.tell(settings, overrides, constant, number)
        return _resolved(settings, "hydra.sweep.subdir")

    def _typed(self, words: tuple[str, ...], always: list[str]) -> Config:
        composed, problems = self._composed(words, always, settings=False)
        config = typed(composed)
        problems += [*out_of_range(config), *unused(config, words)]
        if not config.plugins:  # which may register further names
            problems += unknown_names(config)
        if problems:
            raise ConfigError(problems)
        return config

    def _composed(
        self, words: tuple[str, ...], always: list[str], settings: bool = True
    ) -> tuple[DictConfig, list[str]]:
        """The config of one job, with Hydra's settings in it or without them, and the problems of its values."""
        overrides = [self._override(word) for word in words]
        choices = tuple(as_word(each) for each in overrides if self._structural(each))
        base = (*always, *choices)
        composed = copy.deepcopy(self._base(base) if settings else self._base_alone(base))
        values = [each for each in overrides if not self._structural(each)]
        return composed, [problem for each in values for problem in put(composed, each)]


def typed(composed: DictConfig) -> Config:
    """The typed config of a composed one, its interpolations resolved."""
    if OmegaConf.get_type(composed) is not Config:
        raise ConfigError(["the primary config must list `schema` first in its defaults, as conf/config.yaml does"])
    try:
        config = OmegaConf.to_object(composed)
    except MissingMandatoryValue:
        missing = sorted(OmegaConf.missing_keys(composed))
        raise ConfigError([f"{key} must have a value; got none: set {key}=…" for key in missing]) from None
    assert isinstance(config, Config)
    return config


def differences(planned: Config, composed: Config) -> list[str]:
    """Where Hydra has composed something else than was planned."""
    before, now = (dict(flat(asdict(each))) for each in (planned, composed))
    return [
        f"{key} was planned as {shown(before.get(key))}, and is {shown(now.get(key))} now: "
        "give a value that stays the same"
        for key in {**before, **now}
        if before.get(key) != now.get(key)
    ]


def one_line(error: Exception) -> str:
    """What a library says, without its line breaks."""
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())[:500]


def _resolved(settings: DictConfig, key: str) -> str:
    """A setting of Hydra's as text. Raises ConfigError where it leads nowhere."""
    hydras = HydraConfig.instance()
    before = hydras.cfg
    hydras.cfg = settings  # type: ignore[assignment]  # for `${hydra:…}`
    try:
        return str(OmegaConf.select(settings, key, throw_on_missing=True))
    except OmegaConfBaseException as error:
        raise ConfigError([f"{key} cannot be resolved: {one_line(error)}"]) from None
    finally:
        hydras.cfg = before


def from_record(values: dict[str, Any]) -> Config:
    """The typed config that a run.json holds. Raises ConfigError where it is none."""
    schema = {group: _schema_of(values[group], options) for group, options in GROUPS.items()}
    base = OmegaConf.structured(Config(**{group: made() for group, made in schema.items() if made}))
    try:
        return typed(OmegaConf.merge(base, values))  # type: ignore[arg-type]
    except OmegaConfBaseException as error:
        raise ConfigError([f"the recorded config is of another version: {one_line(error)}"]) from None


def _schema_of(values: dict[str, Any], options: dict[str, type]) -> type | None:
    """The option of a group whose keys these are: a plugin's name stands on the keys of a built-in one."""
    fitting = [each for each in options.values() if {field.name for field in fields(each)} == set(values)]
    named = options.get(values["name"])
    return named if named in fitting else next(iter(fitting), named)
