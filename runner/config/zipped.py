"""`sizes=zip(model.width=[8,16],model.depth=[1,2])`: keys that a sweep varies together, row by row.

Syntax and refusals follow Hydra's design of zipped sweeps (docs/design/zipped_sweeps.md in its repository), which no
release has yet. The name is that of the dimension, and no key of the config.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from runner.config.overrides import is_hydras, opened, single_words
from runner.errors import ConfigError
from runner.formatting import counted

WORD = re.compile(r"^([^=]*)=\s*(shuffle\(\s*)?zip\((.*)\)\s*(?(2)\)\s*)$", re.DOTALL)
MEMBER = re.compile(r"^\s*([^\s=\[\](){}'\"]+)\s*=(.*)$", re.DOTALL)


@dataclass(frozen=True)
class Zip:
    """One dimension of a sweep: its name, and the words of each row, one for each of its keys."""

    name: str
    keys: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def words(self) -> list[str]:
        """A word with all its values for each key: what the rows vary."""
        columns = zip(*self.rows, strict=True)
        return [f"{column[0].partition('=')[0]}=choice({','.join(map(_value, column))})" for column in columns]


def _value(word: str) -> str:
    return word.partition("=")[2]


def without_zips(words: Sequence[str], parser: OverridesParser) -> tuple[list[str], list[Zip], list[str]]:
    """The words, in which a zip is replaced by those of its keys; the zips; the problems of those that are none."""
    plain, zips, problems = [], [], []
    for word in words:
        if not WORD.match(word):
            plain.append(word)
            continue
        try:
            zips.append(_read(word, parser))
            plain += zips[-1].words()
        except ConfigError as error:
            problems += error.problems
    return plain, zips, problems


def clashes(zips: Sequence[Zip], keys: Sequence[str], known: Callable[[str], bool]) -> Iterator[str]:
    """Names of zips that are given twice or known as those of a key, and keys that other words give too.

    `keys` are those of all words, with those of the zips.
    """
    for name, times in Counter(each.name for each in zips).items():
        if times > 1:
            yield f"{name}=zip(…) is given {times} times: give each zip a name of its own"
        if known(name):
            yield f"{name}=zip(…): the name before zip must not be a key of the config; got {name}: write pairs=zip(…)"
    for each in zips:
        for key in each.keys:
            if keys.count(key) > 1:
                yield f"{key} is given by {each.name}=zip(…) and by another word: leave one of them out"


def _read(word: str, parser: OverridesParser) -> Zip:
    """The dimension that a word describes. Raises ConfigError with every problem."""
    match = WORD.match(word)
    assert match
    name, shuffled, text = match[1].strip(), match[2], match[3]
    members, problems = [], []
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        problems = [f"the name before zip must be of letters, digits and _; got {name or 'none'}: write pairs=zip(…)"]
    for part in _parts(text):
        try:
            members.append(_member(part, parser))
        except ConfigError as error:
            problems += error.problems
    keys = [each.key_or_group for each in members]
    columns = [single_words(each) for each in members]
    problems = problems or list(_shape_problems(keys, [len(each) for each in columns]))
    if problems:
        raise ConfigError([f"{name}=zip(…): {problem}" for problem in problems])
    rows = list(zip(*columns, strict=True))
    if shuffled:
        random.shuffle(rows)
    return Zip(name, tuple(keys), rows)


def _shape_problems(keys: Sequence[str], lengths: Sequence[int]) -> Iterator[str]:
    if len(keys) < 2:
        yield f"must have two keys or more; got {len(keys)}: write zip(a=[1,2],b=[3,4])"
    for key, times in Counter(keys).items():
        if times > 1:
            yield f"must have each key once; got {key} {times} times"
    if len(set(lengths)) > 1:
        given = ", ".join(f"{counted(length, 'value')} of {key}" for key, length in zip(keys, lengths, strict=True))
        yield f"must have equally many values of each key; got {given}"


def _member(part: str, parser: OverridesParser) -> Override:
    """The sweep of one key. Raises ConfigError with the reason why a part is none."""
    match = MEMBER.match(part)
    if not match:
        raise ConfigError([f"each part must be a key and its values; got {part.strip()}: write key=[a,b]"])
    key, value = match[1], match[2].strip()
    if re.search(r"\b(zip|shuffle)\(", value):
        raise ConfigError([f"{key} must have its values in their order; got {value}: write {key}=[a,b]"])
    try:
        override = parser.parse_overrides(opened([f"{key}={value}"]))[0]
        if not override.is_sweep_override() and isinstance(override.value(), list) and override.value():
            override = parser.parse_overrides(opened([f"{key}=choice({value[1:-1]})"]))[0]
    except HydraException:
        raise ConfigError([f"{key} must have a list of values, as [a,b]; got {value}, which cannot be read"]) from None
    if is_hydras(override):
        raise ConfigError([f"{key} must be a key of the config, and is one of Hydra's: give it for all jobs"])
    if not override.is_discrete_sweep():
        raise ConfigError([f"{key} must have a list of values, as [a,b]; got {value}"])
    return override


def _parts(text: str) -> Iterator[str]:
    """The text between the commas that stand in no brackets and no quotes."""
    part, depth, quote, before = "", 0, "", ""
    for character in text:
        if quote:
            quote = "" if character == quote and before != "\\" else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and not depth:
            yield part
            part, before = "", ""
            continue
        part, before = part + character, character
    if part.strip():
        yield part
