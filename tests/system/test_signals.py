"""Signals that end a process, wherever it is."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from runner.system import signals

# Python looks for the modules of a command here: the moment at which a user who has mistyped presses Ctrl-C.
IMPORTING = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, *rest):
        if name == "runner.cli.compare":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["runner", "compare", "nowhere"]
from runner.__main__ import main
main()
"""


def test_ctrl_c_while_a_command_is_imported_is_no_traceback() -> None:
    ran = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "interrupted\n")


@pytest.fixture
def hangup(request: pytest.FixtureRequest) -> Iterator[object]:
    """What a process does at SIGHUP before it is told otherwise."""
    earlier = signal.signal(signal.SIGHUP, request.param)
    yield request.param
    signal.signal(signal.SIGHUP, earlier)


@pytest.mark.parametrize("hangup", [signal.SIG_DFL], indirect=True)
def test_a_terminal_that_closes_interrupts_like_ctrl_c(hangup: object) -> None:
    with signals.watched() as interruption, interruption.waiting():
        os.kill(os.getpid(), signal.SIGHUP)
        assert interruption.signal == signal.SIGHUP
        with pytest.raises(signals.Interrupted):
            interruption.stop()


@pytest.mark.parametrize("hangup", [signal.SIG_IGN], indirect=True)
def test_under_nohup_a_terminal_that_closes_interrupts_nothing(hangup: object) -> None:
    with signals.watched() as interruption:
        os.kill(os.getpid(), signal.SIGHUP)
    assert interruption.signal is None
