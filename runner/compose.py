"""The words of a command line → the typed config of every job, with every problem found at once.

Hydra composes one choice of groups in 50 ms and stops at its first error. Here each choice is composed once, and the
values are put on copies of it, so that 200 jobs take half a second and each word's error is gathered.
"""

import copy
import difflib
import itertools
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, flag_override
from omegaconf.errors import OmegaConfBaseException

from runner.config import GROUPS, Config, out_of_range, shown
from runner.errors import ConfigError

OPTIONS = re.compile(r"^[+~]*(dataset|model|optimizer)\.options(\.|=)")


def config_dir() -> Path:
    """conf/ as the wheel ships it, inside the package, else beside it in a checkout."""
    inside = Path(__file__).parent / "conf"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "conf"


def register_schema() -> None:
    """Tell Hydra the types; conf/config.yaml and the options of the groups name them in their defaults."""
    store = ConfigStore.instance()
    store.store("schema", Config)
    for group, options in GROUPS.items():
        for name, schema in options.items():
            store.store(name, schema, group=f"schema/{group}")


@dataclass(frozen=True)
class Job:
    """One run of the command: what its command line says, and the config that comes of it."""

    words: tuple[str, ...]
    config: Config


@dataclass(frozen=True)
class Plan:
    """The jobs of a command, the words that make Hydra run just these, and the folder of a single run."""

    jobs: list[Job]
    multirun: bool
    words: list[str]
    run_dir: Path | None


def opened(words: list[str]) -> list[str]:
    """`options` are free for a plugin's own fields: spare the user the `+` that Hydra wants for new keys."""
    return [f"++{word.lstrip('+')}" if OPTIONS.match(word) and word[0] != "~" else word for word in words]


def plan(words: list[str], multirun: bool, where: Path, name: str, search: list[str]) -> Plan:
    """Compose and type every job of a command line.

    `where` is the folder of the primary config `name`; `search` are further folders.
    Raises ConfigError with every problem of every word and job.
    """
    register_schema()
    if search:
        words = [f"hydra.searchpath=[{','.join(search)}]", *words]
    with initialize_config_dir(str(where), job_name="runner", version_base="1.3"):
        return _Composer(name, GlobalHydra.instance().config_loader()).plan(opened(words), multirun)


class _Composer:
    def __init__(self, name: str, loader: ConfigLoader) -> None:
        self.name, self.loader = name, loader
        self.parser = OverridesParser.create(loader)
        self.options: dict[str, list[str]] = {}
        self.bases: dict[tuple[str, ...], DictConfig] = {}

    def plan(self, words: list[str], multirun: bool) -> Plan:
        overrides = self._parsed(words)
        problems = [each for override in overrides for each in self._choice_problems(override)]
        if problems:
            raise ConfigError(problems)
        fixed = tuple(_word(each) for each in overrides if self._structural(each) and not each.is_sweep_override())
        hydra_config = self._base(fixed).hydra
        multirun = multirun or str(hydra_config.mode).endswith("MULTIRUN")
        recipe = self._recipe_words(hydra_config, overrides) if multirun else []
        overrides = [*self._parsed(recipe), *overrides]
        if not multirun:
            _refuse_sweeps(overrides)
        sweep = [_words(each) for each in overrides if each.key_or_group.partition(".")[0] != "hydra"]
        always = [_word(each) for each in overrides if each.key_or_group.partition(".")[0] == "hydra"]
        jobs = self._jobs(list(itertools.product(*sweep)), always)
        if recipe:
            words = [*recipe, *words, "hydra.sweeper.params=null"]
        return Plan(jobs, multirun, words, None if multirun else self._run_dir(always))

    def _run_dir(self, always: list[str]) -> Path | None:
        """Where a single run would go; None where that is known only once Hydra runs it."""
        try:
            return Path(str(self._base(tuple(always)).hydra.run.dir))
        except OmegaConfBaseException:
            return None

    def _parsed(self, words: list[str]) -> list[Override]:
        overrides, problems = [], []
        for word in words:
            try:
                overrides.append(self.parser.parse_override(word))
            except HydraException:
                problems.append(f"{word} cannot be read: write key=value, and quote a value with special characters")
        if problems:
            raise ConfigError(problems)
        return overrides

    def _group_options(self, key: str) -> list[str]:
        if key not in self.options:
            self.options[key] = self.loader.get_group_options(key)
        return self.options[key]

    def _structural(self, override: Override) -> bool:
        """Whether Hydra has to compose anew for this word: a choice of a group, a deletion, its own settings."""
        key = override.key_or_group
        hydra = key.partition(".")[0].partition("/")[0] == "hydra"
        return hydra or override.is_delete() or bool(self._group_options(key))

    def _choice_problems(self, override: Override) -> Iterator[str]:
        key, options = override.key_or_group, self._group_options(override.key_or_group)
        if not options or override.is_delete() or key.startswith("hydra/"):
            return
        if isinstance(override.value(), (dict, list)):
            yield f"{key} must be one of {', '.join(options)}; got {_word(override)}: set its keys as {key}.key=value"
            return
        for word in _words(override):
            choice = word.partition("=")[2]
            if choice not in options and choice != "null":
                yield f"{key} must be one of {', '.join(options)}; got {choice}{_did_you_mean(choice, options)}"

    def _recipe_words(self, hydra_config: DictConfig, overrides: list[Override]) -> list[str]:
        """What a recipe sweeps over, less the keys that the command line gives values of its own."""
        given = {each.key_or_group for each in overrides}
        params = hydra_config.sweeper.get("params") or {}
        return [f"{key}={value}" for key, value in params.items() if key not in given]

    def _base(self, words: tuple[str, ...]) -> DictConfig:
        if words not in self.bases:
            self.bases[words] = compose(self.name, overrides=list(words), return_hydra_config=True)
        return self.bases[words]

    def _jobs(self, combinations: list[tuple[str, ...]], always: list[str]) -> list[Job]:
        jobs, problems = [], []
        for words in combinations:
            try:
                jobs.append(Job(words, self._typed(words, always)))
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(list(dict.fromkeys(problems)))
        return jobs

    def _typed(self, words: tuple[str, ...], always: list[str]) -> Config:
        overrides = self.parser.parse_overrides(list(words))
        choices = tuple(_word(each) for each in overrides if self._structural(each))
        base = self._base((*always, *choices))
        composed = copy.deepcopy(base)
        with flag_override(composed, ["struct", "readonly"], False):
            composed.pop("hydra", None)
        problems = [problem for each in overrides if not self._structural(each) for problem in _put(composed, each)]
        config = typed(composed)
        problems += out_of_range(config)
        if problems:
            raise ConfigError(problems)
        return config


def typed(composed: DictConfig) -> Config:
    """The typed config of a composed one, its interpolations resolved."""
    if OmegaConf.get_type(composed) is not Config:
        raise ConfigError(["the primary config must list `schema` first in its defaults, as conf/config.yaml does"])
    missing = sorted(OmegaConf.missing_keys(composed))
    if missing:
        raise ConfigError([f"{key} must have a value; got none: set {key}=…" for key in missing])
    config = OmegaConf.to_object(composed)
    assert isinstance(config, Config)
    return config


def _put(config: DictConfig, override: Override) -> Iterator[str]:
    """Put a value in place, or say why it cannot be put."""
    key, value = override.key_or_group, override.value()
    free = bool(OPTIONS.match(f"{key}="))
    known = list(_keys(config))
    if not free and key not in known:
        yield f"{key} is not a key of the config{_did_you_mean(key, known) or ': --cfg job prints all keys'}"
        return
    try:
        OmegaConf.update(config, key, value, merge=True, force_add=free)
    except OmegaConfBaseException:
        yield f"{key} must be {_kind(config, key)}; got {shown(value)}"


def _keys(node: DictConfig, prefix: str = "") -> Iterator[str]:
    for key, value in node.items_ex(resolve=False):
        yield f"{prefix}{key!s}"
        if isinstance(value, DictConfig):
            yield from _keys(value, f"{prefix}{key!s}.")


def _kind(config: DictConfig, key: str) -> str:
    """The type of a key in words."""
    parent, _, leaf = key.rpartition(".")
    schema = OmegaConf.get_type(OmegaConf.select(config, parent) if parent else config)
    hint = typing.get_type_hints(schema).get(leaf, Any)
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "null"}
    kinds = typing.get_args(hint) or (hint,)
    if typing.get_origin(hint) is list:
        return "a list, as [a,b]"
    if set(kinds) == {int, float}:
        return "a number"
    return " or ".join(words.get(each, "a group of keys") for each in kinds)


def _did_you_mean(name: str, known: list[str]) -> str:
    leaves = [each for each in known if each.rpartition(".")[2] == name.rpartition(".")[2]]
    close = difflib.get_close_matches(name, known, n=1) or leaves[:1]
    return f"; did you mean {close[0]}?" if close else ""


def _words(override: Override) -> list[str]:
    """A word's single choices: `a=1,2` is `a=1` and `a=2`."""
    if not override.is_sweep_override():
        return [_word(override)]
    key: str = override.get_key_element()
    return [f"{key}={value}" for value in map(str, override.sweep_string_iterator())]


def _word(override: Override) -> str:
    key: str = override.get_key_element()
    if override.is_delete() and override.value() is None:
        return key
    return f"{key}={override.get_value_element_as_str()}"


def _refuse_sweeps(overrides: list[Override]) -> None:
    problems = [
        f"{each.input_line} names several values: add -m to train each, or write a list as [a,b]"
        for each in overrides
        if each.is_sweep_override()
    ]
    if problems:
        raise ConfigError(problems)
