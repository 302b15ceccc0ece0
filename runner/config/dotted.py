"""A nested config by dotted keys, such as `model.width`."""

from collections.abc import Iterator
from typing import Any


def flat(node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """A nested config as dotted keys and their values."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def value_of(node: Any, key: str) -> Any:
    """The value of a dotted key in nested dictionaries or dataclasses; None where there is no such key."""
    for name in key.split("."):
        node = node.get(name) if isinstance(node, dict) else getattr(node, name, None)
    return node
