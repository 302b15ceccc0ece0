"""Keys and settings in few words, for headings, axes and legends."""

from collections.abc import Iterable, Sequence
from typing import Any

from runner.compare.grouping import Setting, Table
from runner.formatting import shown

# Columns of a table that are no keys: a key of the same last word keeps its group.
COLUMNS = {"seeds", "gap", "updates", "seconds", "epoch"}


def short_keys(table: Table) -> dict[str, str]:
    """Each key of a table without its group, where that is clear."""
    names = [key.removesuffix(".name").rpartition(".")[2] for key in table.keys]
    taken = COLUMNS | {table.monitor.name}
    return {
        key: key if names.count(name) > 1 or name in taken else name
        for key, name in zip(table.keys, names, strict=True)
    }


def short_name(table: Table, setting: Setting, keys: Sequence[str] | None = None) -> str:
    """What sets a setting apart, by the keys that tell it; a key that it does not have is left out."""
    short = short_keys(table)
    known = [key for key in (table.telling_keys if keys is None else keys) if setting.values.get(key) is not None]
    return ", ".join(f"{short[key]} {shown(setting.values[key])}" for key in known) or "the only setting"


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def ordered(values: Iterable[Any]) -> list[Any]:
    """Each value once: numbers by size, then the rest by its text."""
    unique = {shown(value): value for value in values}
    numbers = sorted(value for value in unique.values() if is_number(value))
    return [*numbers, *(value for text, value in sorted(unique.items()) if not is_number(value))]


def by_values(settings: Sequence[Setting], keys: Sequence[str]) -> list[Setting]:
    """Settings in the order of the values of their keys."""
    places = {
        key: {shown(value): place for place, value in enumerate(ordered(each.values.get(key) for each in settings))}
        for key in keys
    }
    return sorted(settings, key=lambda each: [places[key][shown(each.values.get(key))] for key in keys])
