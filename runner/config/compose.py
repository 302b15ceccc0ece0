"""The words of one job: its typed config, with the problems of every word found at once."""

import copy
import functools
import pickle
import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import cached_property
from typing import Any

from hydra import compose
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, flag_override
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from runner.config import plugins
from runner.config.dotted import flat
from runner.config.groups import Groups
from runner.config.hydra_adapter import choices, one_line
from runner.config.overrides import apply, as_word, is_hydras, unused
from runner.config.plugins import Trust
from runner.config.schema import GROUPS, Config
from runner.config.validate import out_of_range, unknown_names
from runner.errors import ConfigError
from runner.formatting import shown


class Base:
    """What Hydra composes for a choice of groups, with its own settings in it."""

    def __init__(self, whole: DictConfig) -> None:
        self.whole = whole

    @property
    def hydra(self) -> Any:
        """Hydra's own settings."""
        return self.whole.hydra

    def config(self) -> DictConfig:
        """A copy without Hydra's settings, which are most of it; unpickling takes a quarter of copy.deepcopy's time."""
        copied: DictConfig = pickle.loads(self._config)
        return copied

    @cached_property
    def _config(self) -> bytes:
        config = copy.deepcopy(self.whole)
        with flag_override(config, ["struct", "readonly"], False):
            config.pop("hydra", None)
        return pickle.dumps(config)


class Composer:
    """The configs of the jobs of one primary config.

    Hydra takes 50 ms for a choice of groups and stops at its first error. So each choice is composed once, and the
    values are applied to copies of it: 200 jobs take half a second, and no problem hides another.
    """

    def __init__(self, loader: ConfigLoader, name: str) -> None:
        self.loader, self.name = loader, name
        self.parser = OverridesParser.create(loader)
        self.override = functools.cache(self._override)
        self.base = functools.cache(self._base)
        self.groups = Groups(loader, name, lambda words: self.base(words).hydra, self._choices)

    def _override(self, word: str) -> Override:
        return self.parser.parse_overrides([word])[0]

    def _base(self, words: tuple[str, ...]) -> Base:
        """What Hydra composes of words that choose groups or set something of Hydra's. Raises ConfigError."""
        try:
            return Base(compose(self.name, overrides=list(words), return_hydra_config=True))
        except Exception as error:  # whatever Hydra raises for a word that it cannot compose
            if words != self.groups.searched:
                self.base(self.groups.searched)  # what is wrong with the primary config is said first
            overrides = [self.override(word) for word in words]
            raise ConfigError(list(self.groups.headless(overrides)) or [one_line(error)]) from None

    def _choices(self, words: tuple[str, ...]) -> set[str]:
        """The groups that have a choice in the defaults list, a sixth of a composition. Raises ConfigError."""
        try:
            return choices(self.loader, self.name, words)
        except Exception:  # whatever Hydra raises, composing raises it too
            return {str(key) for key in self.base(words).hydra.runtime.choices}

    def is_structural(self, override: Override) -> bool:
        """Whether Hydra has to compose anew for a word: one that chooses of a group, or sets something of Hydra's."""
        return is_hydras(override) or bool(self.groups.options(override.key_or_group))

    def base_of(self, words: Sequence[str], hydras: Sequence[str]) -> Base:
        """What Hydra composes for a job; `words` are those of the config, `hydras` those of Hydra's settings."""
        choices = [as_word(each) for each in map(self.override, words) if self.is_structural(each)]
        return self.base((*hydras, *choices))

    def config(self, words: Sequence[str], hydras: Sequence[str] = ()) -> Config:
        """The typed config of a job. Raises ConfigError with every problem."""
        composed = self.base_of(words, hydras).config()
        problems = self._apply(composed, words)
        config = typed(composed)
        problems += [*out_of_range(config), *unused(config, words)]
        if not config.plugins:  # which may register further names
            problems += unknown_names(config)
        if problems:
            raise ConfigError(problems)
        return config

    def settings(self, words: Sequence[str], hydras: Sequence[str]) -> DictConfig:
        """The config of a job with Hydra's settings in it, not typed: their interpolations may need it."""
        composed = copy.deepcopy(self.base_of(words, hydras).whole)
        self._apply(composed, words)
        return composed

    def _apply(self, composed: DictConfig, words: Sequence[str]) -> list[str]:
        """Set the values of the words; the problems of those that cannot be set."""
        values = [each for each in map(self.override, words) if not self.is_structural(each)]
        return [problem for each in values for problem in apply(composed, each)]


def typed(composed: DictConfig) -> Config:
    """The typed config of a composed one, with interpolations resolved. Raises ConfigError."""
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
    """Where Hydra has composed something else than was planned, one line for each key."""
    before, now = (dict(flat(asdict(each))) for each in (planned, composed))
    return [
        f"{key} was planned as {shown(before.get(key))}, and is {shown(now.get(key))} now: "
        "give a value that stays the same"
        for key in {**before, **now}
        if before.get(key) != now.get(key)
    ]


def from_record(values: dict[str, Any], trust: Trust = plugins.NONE) -> Config:
    """The typed config that a run.json holds: values alone, nothing in it is resolved.

    Raises ConfigError where it is none, and where it names modules that `trust` does not admit: whoever has the config
    of a record may import them.
    """
    schema = {group: _schema_of(values[group], choices) for group, choices in GROUPS.items()}
    base = OmegaConf.structured(Config(**{group: made() for group, made in schema.items() if made}))
    try:
        config = typed(OmegaConf.merge(base, _literal(values)))  # type: ignore[arg-type]
    except OmegaConfBaseException as error:
        raise ConfigError([f"the recorded config is of another version: {one_line(error)}"]) from None
    if damaged := [f"the recorded config cannot be used: {problem}" for problem in out_of_range(config)]:
        raise ConfigError(damaged)
    if untrusted := trust.untrusted(config.plugins):
        raise ConfigError(untrusted)
    return config


def _literal(value: Any) -> Any:
    """A value whose texts OmegaConf takes as they are: a received record must not read the environment."""
    if isinstance(value, dict):
        return {key: _literal(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_literal(each) for each in value]
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", value) if isinstance(value, str) else value


def _schema_of(values: dict[str, Any], choices: dict[str, type]) -> type | None:
    """The choice of a group that has these keys: a plugin's name stands on the keys of a built-in one."""
    fitting = [each for each in choices.values() if {field.name for field in fields(each)} == set(values)]
    named = choices.get(values["name"])
    return named if named in fitting else next(iter(fitting), named)
