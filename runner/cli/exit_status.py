"""How a command ends: an exception as a line on stderr and an exit code, the same for every verb.

0 done · 1 a run failed, the data or a disk cannot be used · 2 what was asked is invalid · 129, 130, 143 interrupted.
"""

import errno
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from runner.errors import ConfigError, DataError
from runner.runs.status import COMPLETED, FAILED
from runner.system import signals
from runner.system.console import say
from runner.system.signals import Interrupted

if TYPE_CHECKING:
    from runner.runs.writer import Outcome
    from runner.sweeps.executor import Ended


def guarded(command: Callable[[], int], remedy: str = "give another folder") -> int:
    """Run a command and return its exit code; `remedy` is what to do about a path that cannot be used."""
    try:
        with signals.raised():
            return command()
    except (Exception, KeyboardInterrupt) as error:
        if interruption := signals.behind(error):
            return _told("interrupted", 128 + signals.number_of(interruption))
        if isinstance(error, ConfigError):
            return _told(error, 2)
        if isinstance(error, DataError):
            return _told(error, 1)
        if isinstance(error, OSError):
            what_to_do = "make room" if error.errno == errno.ENOSPC else remedy
            return _told(f"{error.filename}: {error.strerror}: {what_to_do}", 1)
        raise


def of_run(outcome: "Outcome") -> int:
    """The exit code of a single run: 1 if it failed. Raises Interrupted."""
    if outcome.signal:
        raise Interrupted(outcome.signal)
    return 1 if outcome.status == FAILED else 0


def of_sweep(ended: "Ended") -> int:
    """The exit code of a sweep: 0 where every job is completed."""
    if ended.signal:
        return 128 + ended.signal
    return 0 if all(line.status == COMPLETED for line in ended.lines) else 1


def _told(what: object, code: int) -> int:
    say(str(what), sys.stderr)
    return code
