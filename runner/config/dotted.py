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
