"""What decided the numbers of a run besides config and data, as its record tells: code, versions, machine."""

from typing import Any

HASH = 8  # digits of a hash that are shown
NUMERICS = 1  # of records that are older than their count
OWN = "keras-experiment-runner"  # a version of it decides nothing: NUMERICS counts what does


def of(record: dict[str, Any]) -> dict[str, Any]:
    """Values by dotted names such as `plugins.mine`; what the record does not tell is absent."""
    sources = {module: source[:HASH] for module, source in _part(record, "plugin_sources").items()}
    versions = {name: version for name, version in _part(record, "versions").items() if name != OWN}
    parts = {"plugins": sources, "versions": versions, "threads": _part(record, "threads")}
    parts["environment"] = _part(record, "environment")
    named = {f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()}
    return {**named, "device": record.get("device"), "numerics": record.get("numerics") or NUMERICS}


def mixed(record: dict[str, Any]) -> str:
    """What changed in the middle of a run that `resume --anyway` continued; empty where nothing did."""
    changes = [f"after epoch {each['epoch']}: {', '.join(each['changes'])}" for each in record.get("mixed") or []]
    return f"mixed {'; '.join(changes)}" if changes else ""


def _part(record: dict[str, Any], name: str) -> dict[str, Any]:
    return record.get(name) or {}
