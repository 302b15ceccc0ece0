"""Modules that are imported late on purpose."""

import importlib
from types import ModuleType
from typing import Any


class _Late(ModuleType):
    def __getattr__(self, name: str) -> Any:
        found = getattr(importlib.import_module(self.__name__), name)
        setattr(self, name, found)  # the next use does not come here
        return found


def late(module: str) -> ModuleType:
    """A stand-in for a module, which is imported when a name of it is first used."""
    return _Late(module)
