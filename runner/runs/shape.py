"""The shape of recorded values: what the runner has not written is refused when it is read, not where it is used."""

from collections.abc import Callable
from typing import Any

MOST = 2**53  # beyond it a count is no exact number in other programs
MOST_THREADS = 4096


def is_count(value: Any, least: int = 0, most: int = MOST) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_list_of(each: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A check for a list whose entries all pass a check."""
    return lambda value: isinstance(value, list) and all(map(each, value))


def is_mapping_of(each: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A check for a mapping whose values all pass a check; keys are texts, as in all of JSON."""
    return lambda value: isinstance(value, dict) and all(map(each, value.values()))


are_texts = is_list_of(is_text)


def are_threads(value: Any) -> bool:
    """Whether these are thread counts that a machine can have."""
    return is_mapping_of(lambda count: is_count(count, 1, MOST_THREADS))(value) and {"intra_op", "inter_op"} <= {*value}
