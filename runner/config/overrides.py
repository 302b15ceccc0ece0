"""The words of a command line: how each is read, applied to a config, and refused with a hint."""

import os
import re
import shlex
import typing
from collections.abc import Container, Iterator, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString, ValueType
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner.config.schema import CLASSES, GROUPS, Config
from runner.errors import ConfigError, did_you_mean
from runner.formatting import shown

OPTIONS = re.compile(r"^[+~]*(dataset|model|optimizer)\.options(\.|=)")


EXCLUDE = re.compile(r"^exclude=(?!null$)([^\[\"'$].*)$", re.DOTALL)


def opened(words: list[str]) -> list[str]:
    """The words as Hydra wants them, and the user need not write them.

    A plugin's own options, which are new keys, get `++` before them. Conditions of `exclude` get quotes, and several
    of them become a list.
    """
    words = [f"++{word.lstrip('+')}" if OPTIONS.match(word) and word[0] != "~" else word for word in words]
    given = [word for word in words if EXCLUDE.match(word)]
    if not given:
        return words
    texts = [QuotedString(word.partition("=")[2], Quote.double).with_quotes() for word in given]
    exclude = texts[0] if len(texts) == 1 else f"[{','.join(texts)}]"
    return [f"exclude={exclude}" if word == given[0] else word for word in words if word not in given[1:]]


# The keys of its group that a plugin's dataset, model or optimizer uses, in addition to its options.
TAKEN = {
    "dataset": {"name", "labels", "options"},
    "model": {"name", "head", "output_units", "options"},
    "optimizer": {"name", "learning_rate", "schedule", "alpha", "decay_rate", "options"},
}


def unused(config: Config, words: Sequence[str]) -> Iterator[str]:
    """Words that a plugin's dataset, model or optimizer would not use."""
    built_in: dict[str, Container[str]] = {**GROUPS, "dataset": CLASSES}
    for word in words:
        group, _, key = word.partition("=")[0].lstrip("+").partition(".")
        if group in TAKEN and key and key.partition(".")[0] not in TAKEN[group]:
            name = getattr(config, group).name
            if name not in built_in[group]:
                yield f"{group}.{key} is not used by {group}.name={name}: give it as {group}.options.{key}"


def apply(config: DictConfig, override: Override) -> Iterator[str]:
    """Set the value of a word in a config, or say why it cannot be set."""
    key, value = override.key_or_group, override.value()
    free = bool(OPTIONS.match(f"{key}="))
    known = list(_keys(config))
    if not free and key not in known:
        yield _unknown_key(config, key, known)
    elif not free and override.is_add():
        yield f"{key} is a key of the config already; got {override.input_line}: write it without the +"
    else:
        try:
            OmegaConf.update(config, key, value, merge=True, force_add=free)
        except OmegaConfBaseException:
            yield f"{key} must be {_kind(config, key)}; got {shown(value)}"


def _unknown_key(config: DictConfig, key: str, known: list[str]) -> str:
    group, _, leaf = key.partition(".")
    owners = [name for name, schema in GROUPS.get(group, {}).items() if hasattr(schema, leaf)]
    if owners:
        return f"{key} is not a key of {group}={config[group].name}, but of {', '.join(owners)}"
    hint = did_you_mean(key, known, SYNONYMS) or ": python -m runner --cfg job prints all keys"
    return f"{key} is not a key of the config{hint}"


def _keys(node: DictConfig, prefix: str = "") -> Iterator[str]:
    for key, value in node.items_ex(resolve=False):
        if not prefix and key == "hydra":
            continue
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


# What other libraries and papers call a key.
SYNONYMS = {
    "lr": "optimizer.learning_rate",
    "batch": "training.batch_size",
    "bs": "training.batch_size",
    "layers": "model.depth",
    "hidden_layers": "model.depth",
    "units": "model.width",
    "neurons": "model.width",
    "hidden_units": "model.width",
    "filters": "model.width",
    "kernel_size": "model.kernel",
    "dropout_rate": "model.dropout",
}


def parsed(words: Sequence[str], parser: OverridesParser, found: Sequence[str] = ()) -> list[Override]:
    """The words as Hydra reads them.

    Raises ConfigError with every word that cannot be read, after the problems that were found before.
    """
    overrides, problems = [], list(found)
    for word in words:
        try:
            override = parser.parse_overrides([word])[0]
            if not override.key_or_group:
                raise HydraException
            overrides.append(drawn(override, parser))
            if override.is_interval_sweep():
                problems.append(f"{word} names no single values: list them as {override.get_key_element()}=a,b,c")
        except HydraException:
            problems.append(unreadable(word, parser))
    if problems:
        raise ConfigError(problems)
    return overrides


def is_hydras(override: Override) -> bool:
    """Whether a word sets something of Hydra's own."""
    return re.split(r"[./]", override.key_or_group)[0] == "hydra"


def is_null_recipe(override: Override) -> bool:
    """Whether a word chooses no recipe, as `experiment=null`."""
    return override.key_or_group == "experiment" and not override.is_sweep_override() and override.value() is None


def as_given(override: Override) -> str:
    """The word as it was typed, but for what `opened` and `drawn` have changed."""
    return str(override.input_line)


def single_words(override: Override) -> list[str]:
    """The single values of a word, as words: `a=1,2` is `a=1` and `a=2`."""
    if not override.is_sweep_override():
        return [as_word(override)]
    key: str = override.get_key_element()
    return [f"{key}={value}" for value in map(str, override.sweep_string_iterator())]


def as_word(override: Override) -> str:
    """The word in the one spelling that Hydra gives it."""
    key: str = override.get_key_element()
    if override.is_delete() and override.value() is None:
        return key
    return f"{key}={override.get_value_element_as_str()}"


def drawn(override: Override, parser: OverridesParser) -> Override:
    """The word with the order that `shuffle()` has drawn: whoever reads the original again draws another one."""
    if "shuffle(" not in as_given(override):
        return override
    values = ",".join(word.partition("=")[2] for word in single_words(override))
    return parser.parse_overrides([f"{override.get_key_element()}={values}"])[0]


def last_of_each_key(overrides: Sequence[Override]) -> list[Override]:
    """The words without repeated keys: as Hydra does, the last value of a key in the place of the first."""
    return list({each.get_key_element(): each for each in overrides}.values())


def is_value(text: str, value: Any) -> bool:
    """Whether a text of the command line is this value, however it is written: `1e-3` is 0.001."""
    if text == shown(value):
        return True
    try:
        read = OverridesParser.create().parse_overrides([f"key={text}"])[0].value()
    except HydraException:
        return False
    return bool(read == value) and isinstance(read, bool) == isinstance(value, bool)


def refuse_sweeps(overrides: list[Override]) -> None:
    """Raises ConfigError for words with several values."""
    problems = [
        f"{as_given(each).lstrip('+')} names several values: add -m to train each, or write a list as [a,b]"
        f"{_as_text(each)}"
        for each in overrides
        if each.is_sweep_override()
    ]
    if problems:
        raise ConfigError(problems)


def _as_text(override: Override) -> str:
    """A hint at how a text with commas is written, for keys whose value may be one."""
    is_simple = override.value_type == ValueType.SIMPLE_CHOICE_SWEEP
    if not is_simple or not {"path", "dir"} & {override.key_or_group.rpartition(".")[2]}:
        return ""
    return f", or a text as {quoted(*as_given(override).split('=', 1))}"


def quoted(key: str, value: str) -> str:
    """The word to type in a shell to give a key a text, whatever characters are in it."""
    return shlex.quote(f"{key}={QuotedString(os.path.expanduser(value), Quote.double).with_quotes()}")


def unreadable(word: str, parser: OverridesParser) -> str:
    """The message for a word that Hydra's grammar does not know, with the one that works."""
    key, equals, value = word.partition("=")
    try:
        parser.parse_overrides([f"{key}=1"])
    except HydraException:
        equals = ""
    hint = f", and a value with special characters as {quoted(key, value)}" if key and equals and value else ""
    return f"{word} cannot be read: write key=value{hint}"
