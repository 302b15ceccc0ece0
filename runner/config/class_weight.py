"""The value of `training.class_weight`: null, `balanced`, or a weight for classes by their names."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from runner.config.options import Rule
from runner.errors import did_you_mean
from runner.formatting import shown

BALANCED = "balanced"


def _is_class_weight(value: Any) -> bool:
    if not isinstance(value, dict):
        return value is None or value == BALANCED
    return bool(value) and all(type(each) in (int, float) and 0 <= each < math.inf for each in value.values())


CLASS_WEIGHT = Rule("null, balanced or numbers of at least 0 by class names, as {negative:2}", _is_class_weight)


def by_name(value: Any) -> Any:
    """The value with the names as texts, and 2.0 as 2, which is the same weight; what is no mapping stays."""
    if not isinstance(value, dict):
        return value
    return {shown(name): _shortest(weight) for name, weight in value.items()}


def _shortest(weight: Any) -> Any:
    return int(weight) if isinstance(weight, float) and weight.is_integer() else weight


def problems(value: Any, data: str, class_names: Sequence[str]) -> Iterator[str]:
    """Reasons why a value that keeps the rule does not fit the classes of the data of this name."""
    if not isinstance(value, dict):
        return
    for name in value:
        if name not in class_names:
            hint = did_you_mean(name, class_names)
            yield f"training.class_weight must name classes of {data}: {_listed(class_names)}; got {name}{hint}"
    if not any(value.get(name, 1) for name in class_names):
        yield f"training.class_weight must leave a class of {data} a weight above 0; got {shown(value)}"


def _listed(names: Sequence[str], most: int = 20) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
