"""Conditions on values by dotted keys, as `model.width>64 and model.depth>2`: for `--filter` and `exclude`."""

import json
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runner.config.dotted import flat
from runner.config.schema import Config
from runner.errors import ConfigError, did_you_mean
from runner.formatting import shown

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "==": operator.eq,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
TEST = re.compile(r"^\s*([\w.]+)\s*(>=|<=|!=|==|=|>|<)\s*(.*?)\s*$")
AND = re.compile(r"\s+and\s+(?=[\w.]+\s*[<>=!])")


@dataclass(frozen=True)
class Test:
    """A test of the value of one key."""

    key: str
    passes: Callable[[Any, Any], bool]
    value: Any

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the value passes; without the key it does not, and text does not compare with a number."""
        found = values.get(self.key)
        try:
            return self.key in values and self.passes(shown(found) if isinstance(found, dict) else found, self.value)
        except TypeError:
            return False


@dataclass(frozen=True)
class Condition:
    """Tests that must all hold."""

    text: str
    tests: tuple[Test, ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        return all(test.holds(values) for test in self.tests)

    def unknown(self, known: Collection[str]) -> Iterator[str]:
        """The keys that are not known, each with a hint at what was meant."""
        for test in self.tests:
            if test.key not in known:
                yield f"{test.key}{did_you_mean(test.key, sorted(known))}"


def parse(text: str, option: str) -> Condition:
    """The condition that a text means, which `option` was given. Raises ConfigError where it is none."""
    matches = [TEST.match(part) for part in AND.split(text)]
    if not all(match and _is_value(match[3]) for match in matches):
        signs = " ".join(OPERATORS)
        raise ConfigError([f"{option} must be a key, one of {signs}, and a value, several joined by and; got {text}"])
    return Condition(text, tuple(Test(m[1], OPERATORS[m[2]], _value(m[3])) for m in matches if m))


def excluded(configs: Sequence[Config]) -> list[bool]:
    """Whether a sweep leaves out a job with this config: one of the conditions of its `exclude` holds.

    Raises ConfigError for a condition that cannot be read or names no key, and where no job is left.
    """
    values = [dict(flat(asdict(config))) for config in configs]
    texts = dict.fromkeys(text for config in configs for text in config.exclusions())
    conditions = {text: parse(text, "exclude") for text in texts}
    known = {key for each in values for key in each}
    problems = [
        f"exclude={text}: no job has the key {key}" for text, each in conditions.items() for key in each.unknown(known)
    ]
    found = [
        any(conditions[text].holds(own) for text in config.exclusions())
        for config, own in zip(configs, values, strict=True)
    ]
    if all(found) and not problems:
        problems = [
            f"exclude must leave a job to train; got {' or '.join(texts)}, true of all {len(found)}: "
            "give another condition, or more values"
        ]
    if problems:
        raise ConfigError(problems)
    return found


def _is_value(text: str) -> bool:
    """Whether a text is a value, and no further test; a text with signs in it stands in quotes."""
    return text[:1] in ("'", '"', "[") or not re.search("[<>=]", text)


def _value(text: str) -> Any:
    """The value that JSON reads (32, 0.1, true, null, [64,32]), else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip("'\"")
