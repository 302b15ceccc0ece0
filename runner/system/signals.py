"""Ctrl-C, SIGTERM and SIGHUP: the first lets the epoch in hand finish, a second one stops at once."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


class Interrupted(KeyboardInterrupt):
    """A signal that ends the command; `number` is one of NUMBERS."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Interruption:
    """The signal that has come, if any.

    signal   its number, None before it
    urgent   whether it was not to wait: it came outside `waiting`, or was the second one
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.urgent = False
        self._waits = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        self.urgent = not self._waits or self.signal is not None
        self.signal = number
        if self.urgent:
            self.stop()

    def stop(self) -> None:
        """Raise Interrupted if a signal has come."""
        if self.signal is not None:
            raise Interrupted(self.signal)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let the first signal wait for the next `stop`: Keras hides what is raised in the midst of it."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False


def behind(error: BaseException) -> KeyboardInterrupt | None:
    """The interruption that an error comes of: a library that is interrupted may fail in what it does to clean up."""
    each: BaseException | None = error
    while each is not None:
        if isinstance(each, KeyboardInterrupt):
            return each
        each = each.__cause__ or each.__context__
    return None


def number_of(interruption: KeyboardInterrupt) -> int:
    """The signal: SIGINT, unless it is told."""
    return interruption.number if isinstance(interruption, Interrupted) else signal.SIGINT


@contextmanager
def watched() -> Iterator[Interruption]:
    """Handle the signals until the end of the block, then put the earlier handlers back.

    An error after a signal is taken for its consequence, since a library may hide the exception that a signal raised:
    Interrupted is raised instead.
    """
    interruption = Interruption()
    with _handled(interruption.handle):
        try:
            yield interruption
        except Exception:
            interruption.stop()
            raise


@contextmanager
def held_back() -> Iterator[None]:
    """Let the signals wait for the end of the block; raised within the import of TensorFlow they abort it."""
    came: list[int] = []
    try:
        with _handled(lambda number, frame: came.append(number)):
            yield
    finally:
        if came:
            signal.raise_signal(came[0])


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Let a function handle the signals; in the main thread alone, for no other ever gets a signal.

    A SIGHUP that is ignored, as under nohup, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ignored = [each for each in NUMBERS[2:] if signal.getsignal(each) == signal.SIG_IGN]
    earlier = {number: signal.signal(number, handler) for number in NUMBERS if number not in ignored}
    try:
        yield
    finally:
        for number, before in earlier.items():
            signal.signal(number, before)


def leave(number: int, frame: FrameType | None) -> None:
    """Handle Ctrl-C where there is nothing to clean up: the import of a command, the end of the process."""
    with contextlib.suppress(OSError):
        os.write(2, b"interrupted\n")
    os._exit(128 + number)


@contextmanager
def raised() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt until the end of the block, where `leave` has handled it before."""
    if signal.getsignal(signal.SIGINT) is not leave:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, leave)
