"""Processes that tests start: several at once, one that is watched, what is left of them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PATIENCE = 900  # seconds; who waits looks again and again, and gives up only where nothing will come


@contextlib.contextmanager
def started(folder: Path, *words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a session of its own, its output for `said` to read; no process of it may be left at the end."""
    with (folder / "said").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "runner", *words],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
        process.wait(timeout=PATIENCE)
        wait_until(lambda: not of_session(process.pid), "processes are left")
    finally:
        for pid in of_session(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def said(folder: Path) -> str:
    """What a `started` command has written, for an assertion about its end to show."""
    return (folder / "said").read_text()


def of_session(leader: int) -> list[int]:
    """The living processes of a session."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    found = []
    for pid, state in (line.split() for line in table.splitlines()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(int(pid)) == leader and not state.startswith("Z"):
                found.append(int(pid))
    return found


def wait_until(true: Callable[[], object], otherwise: str) -> None:
    """Look every 20 ms whether it is true; fail after `PATIENCE` seconds, which a slow machine needs at most."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)


def at_once(program: str, *arguments: str, count: int = 4) -> list[subprocess.CompletedProcess[str]]:
    """The program in several processes that have all imported what it imports before any goes on.

    The program calls `start()` where the race is to begin.
    """
    started = "import sys\ndef start() -> None: print('ready', flush=True); sys.stdin.readline()\n"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", started + program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    ended = [(each, *each.communicate(timeout=PATIENCE)) for each in processes]
    return [subprocess.CompletedProcess(each.args, each.returncode, out, err) for each, out, err in ended]
