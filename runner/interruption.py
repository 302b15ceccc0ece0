"""Ctrl-C and SIGTERM: the first lets the epoch in hand finish, a second one stops at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """A signal that ends the command; `number` is SIGINT or SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Interruption:
    """Which signal has come, if any; `patient` is true while an epoch may finish first."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.patient = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        first = self.signal is None
        self.signal = number
        if not (self.patient and first):
            self.stop()

    def stop(self) -> None:
        """Raise what the signal means; nothing where none has come."""
        if self.signal is not None:
            raise Interrupted(self.signal)


@contextmanager
def watched() -> Iterator[Interruption]:
    """Handle SIGINT and SIGTERM until the end of the block, then put the earlier handlers back."""
    interruption = Interruption()
    earlier = {number: signal.signal(number, interruption.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
