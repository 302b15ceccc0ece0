"""What makes two runs the same: everything that decides their numbers, and nothing else.

Which keys of a config do, `decides=` says in config/schema.py.
"""

import functools
import hashlib
import json
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from runner.config import plugins, schema
from runner.config.schema import Config
from runner.system import backend

# Raised when the runner itself computes other numbers from the same config, data and libraries.
# 1: validation columns of several chunks were those of the last one. 2: of all validation examples.
NUMERICS = 2
LIBRARIES = ("keras", "tensorflow", "numpy", "scipy")
version = functools.cache(metadata.version)  # which reads a file


def versions() -> dict[str, str]:
    """The versions of the libraries that compute the numbers, and of the runner."""
    return {name: version(name) for name in ("keras-experiment-runner", *LIBRARIES)}


def identity_of(config: Config, fingerprint: str) -> str:
    """A hash of all that decides the numbers of a run; the number of epochs only where a schedule depends on it.

    `fingerprint` is that of the data. Two runs of one identity are one learning curve, cut at different epochs.
    """
    return hashed(config, surroundings(config, fingerprint))


def hashed(config: Config, circumstances: dict[str, Any]) -> str:
    """The identity of a config under circumstances, as `surroundings` gives them or a run.json tells them."""
    return _hash({"config": schema.deciding(config), **circumstances})


def mixed(earlier: str, now: str, epoch: int) -> str:
    """The identity of a run whose epochs after this one were trained under another identity; no other run has it."""
    return _hash({"earlier": earlier, "now": now, "epoch": epoch})


def surroundings(config: Config, fingerprint: str) -> dict[str, Any]:
    """What decides the numbers besides the config: data, libraries, threads, device, code, environment."""
    return {
        "fingerprint": fingerprint,
        "versions": {name: version(name) for name in LIBRARIES},
        "threads": backend.threads_wanted(),
        "device": backend.device_kind(),
        "numerics": NUMERICS,
        "plugin_sources": plugins.sources(config.plugins),
        "environment": backend.environment(),
    }


def differences(record: dict[str, Any], config: Config, fingerprint: str, source: str) -> Iterator[str]:
    """What decides the numbers besides the config and differs from a run.json, one line each.

    `fingerprint` and `source` are those of the data now.
    """
    if not record.get("dataset"):
        return
    now = surroundings(config, fingerprint)
    if record.get("numerics", 1) != NUMERICS:
        yield f"numerics: recorded by the runner's version {record.get('numerics', 1)} of them, now {NUMERICS}"
    recorded = record["dataset"]
    if recorded["source"] == "full" and source == "sample":
        yield "dataset: the real data is not found now, only the sample: set RUNNER_DATA_DIR or connect to the network"
    elif recorded["fingerprint"] != fingerprint:
        yield f"dataset: the data has changed; recorded {recorded['fingerprint'][:12]}, now {fingerprint[:12]}"
    versions = record.get("versions") or {}
    for name in LIBRARIES:
        if versions.get(name) != now["versions"][name]:
            yield f"versions.{name}: recorded {versions.get(name)}, now {now['versions'][name]}"
    then = record.get("plugin_sources") or {}
    for name in sorted({*then, *now["plugin_sources"]}):
        if then.get(name) != now["plugin_sources"].get(name):
            yield f"plugins: the code of {name} has changed"
    for key in ("threads", "device", "environment"):
        if key in record and record[key] != now[key]:
            yield f"{key}: recorded {record[key]}, now {now[key]}"


def _hash(deciding: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
