"""Config-driven experiments with Keras: train, sweep, compare, with an honest record."""

import importlib
from typing import TYPE_CHECKING, Any

from runner import register

if TYPE_CHECKING:
    from runner import compare
    from runner.api.recorded import load
    from runner.api.training import final, sweep, train

__all__ = ["compare", "final", "load", "register", "sweep", "train"]

LATE = {"train": "training", "sweep": "training", "final": "training", "load": "recorded"}


def __getattr__(name: str) -> Any:
    """What takes half a second to import comes with the first use: a plugin needs `register` alone."""
    if name in LATE:
        return getattr(importlib.import_module(f"runner.api.{LATE[name]}"), name)
    if name == "compare":
        return importlib.import_module("runner.compare")
    raise AttributeError(f"module 'runner' has no attribute '{name}'")
