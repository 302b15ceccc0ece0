"""What makes two runs the same: everything that decides their numbers, and nothing else."""

import dataclasses
import hashlib
import json
from importlib import metadata
from typing import Any

from runner.config import Config
from runner.datasets import Data

LIBRARIES = ("keras", "tensorflow", "numpy", "scipy")


def versions() -> dict[str, str]:
    """Of the libraries that compute the numbers, and of the runner."""
    return {name: metadata.version(name) for name in ("keras-experiment-runner", *LIBRARIES)}


def identity(config: Config, data: Data, threads: dict[str, int]) -> str:
    """A hash of config, data, libraries and threads; the number of epochs counts only where a schedule depends on it.

    Two runs of one identity are one learning curve, cut at different epochs.
    """
    deciding = {
        "config": _deciding(config),
        "data": data.fingerprint,
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "threads": threads,
    }
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


def _deciding(config: Config) -> dict[str, Any]:
    values = dataclasses.asdict(config)
    del values["reuse"]
    for where in ("path", "source"):
        del values["dataset"][where]
    if config.optimizer.schedule != "cosine":
        del values["training"]["epochs"]
    return values
