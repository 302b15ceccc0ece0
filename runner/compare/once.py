"""What is worked out of a setting is worked out once: table, verdicts and sentences ask for the same."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from runner.compare.grouping import Setting

Found = TypeVar("Found")


def once(function: Callable[[Setting], Found]) -> Callable[[Setting], Found]:
    """A function of a setting that remembers its answer as long as the setting lives."""
    known: WeakKeyDictionary[Setting, Found] = WeakKeyDictionary()

    @wraps(function)
    def remembering(setting: Setting) -> Found:
        if setting not in known:
            known[setting] = function(setting)
        return known[setting]

    return remembering
