"""A nested config by dotted keys, such as `model.width`."""

from collections.abc import Iterator
from typing import Any

MAPPINGS = frozenset({"training.class_weight"})  # keys whose value may be a mapping; any other is a group of keys


def flat(node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """A nested config as dotted keys and their values."""
    for key, value in node.items():
        if isinstance(value, dict) and f"{prefix}{key}" not in MAPPINGS:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def value_of(node: Any, key: str) -> Any:
    """The value of a dotted key in nested dictionaries or dataclasses; None where there is no such key."""
    for name in key.split("."):
        node = node.get(name) if isinstance(node, dict) else getattr(node, name, None)
    return node
