"""What makes two runs the same: everything that decides their numbers, and nothing else."""

import dataclasses
import functools
import hashlib
import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from runner import backend
from runner.config import Config
from runner.datasets import Data

LIBRARIES = ("keras", "tensorflow", "numpy", "scipy")
version = functools.cache(metadata.version)  # reads a file each time


def versions() -> dict[str, str]:
    """Of the libraries that compute the numbers, and of the runner."""
    return {name: version(name) for name in ("keras-experiment-runner", *LIBRARIES)}


def identity_of(config: Config, data: Data) -> str:
    """A hash of all that decides the numbers of a run; its number of epochs only where a schedule depends on it.

    Two runs of one identity are one learning curve, cut at different epochs.
    """
    deciding = {"config": _deciding(config), "plugins": _sources(config.plugins), **environment(data)}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


def environment(data: Data) -> dict[str, Any]:
    """What decides the numbers beside the config: data, libraries, threads, kind of device."""
    return {
        "fingerprint": data.fingerprint,
        "versions": {name: version(name) for name in LIBRARIES},
        "threads": backend.threads_wanted(),
        "device": backend.device_kind(),
    }


def _deciding(config: Config) -> dict[str, Any]:
    values = dataclasses.asdict(config)
    for key in ("reuse", "plan", "fail_fast"):
        del values[key]
    for key in ("path", "source"):
        del values["dataset"][key]
    for key in ("keep_state", "save_seconds", "tensorboard"):
        del values["training"][key]
    if config.optimizer.schedule != "cosine":
        del values["training"]["epochs"]
    return values


def _sources(modules: list[str]) -> dict[str, str]:
    """A hash of each plugin's source: another text may compute other numbers."""
    found = {}
    for module in modules:
        file = getattr(sys.modules.get(module), "__file__", None)
        found[module] = hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
    return found
