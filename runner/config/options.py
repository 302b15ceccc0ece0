"""What the schema says of a key: the range of its value, and whether it decides the numbers of a run."""

from collections.abc import Callable
from dataclasses import field
from typing import Any, NamedTuple

from omegaconf import MISSING


class Rule(NamedTuple):
    """A constraint on a value: in words, and as a test."""

    words: str
    holds: Callable[[Any], bool]


Decides = bool | Callable[[Any], bool]  # of a whole config


def option(rule: Rule | None = None, *, decides: Decides = True, before: Any = MISSING) -> Any:
    """A key, whose value stands in conf/ and keeps the rule.

    `decides` says whether the key decides the numbers of a run, which makes runs with other values other runs; a
    function says it of a whole config. A key that is not known to leave the numbers alone decides. `before` is the
    value of runs that were recorded before there was the key.
    """
    return field(default=before, metadata={"rule": rule, "decides": decides})


def one_of(*choices: str, decides: Decides = True, before: Any = MISSING) -> Any:
    rule = Rule(f"one of {', '.join(choices)}", lambda value: value in choices)
    return option(rule, decides=decides, before=before)


def at_least(least: int, *, decides: Decides = True) -> Any:
    return option(Rule(f"at least {least}", lambda value: value >= least), decides=decides)


def null_or_at_least(least: int, *, decides: Decides = True, before: Any = MISSING) -> Any:
    rule = Rule(f"null or at least {least}", lambda value: value is None or value >= least)
    return option(rule, decides=decides, before=before)


def above_zero() -> Any:
    return option(Rule("above 0", lambda value: value > 0))


def fraction(*, with_one: bool = False) -> Any:
    """A number from 0 to 1; whether 1 itself is allowed depends on the key."""
    if with_one:
        return option(Rule("from 0 to 1", lambda value: 0 <= value <= 1))
    return option(Rule("at least 0 and below 1", lambda value: 0 <= value < 1))


def options() -> Any:
    return field(default_factory=dict)
