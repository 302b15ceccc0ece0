"""Jobs in parallel. Each worker is a process of its own: one that dies takes its job with it, and no other.

The launcher of joblib has one pool for all: a worker that is killed ends it, and with it the jobs of the others.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Self

from runner.runs.status import CRASHED, FAILED
from runner.system import backend


def count(n_jobs: int, jobs: int) -> int:
    """Number of workers, at most one for each job. n_jobs: -1 is one for each core, 0 is refused, 1 is one worker."""
    return max(1, min(backend.cores() if n_jobs == -1 else n_jobs, jobs))


class Workers:
    """Processes that import what they need once; a thread hands each of them jobs, one after the other.

    A job is an importable function that returns the status of its run. Leaving the block waits for all jobs. A signal
    is passed to the workers as SIGTERM: jobs in progress end as single runs do, and no other begins; a second one
    kills. With `fail_fast` no job begins after one that failed.
    """

    def __init__(self, number: int, fail_fast: bool = False) -> None:
        self.fail_fast = fail_fast
        self._stopped = False
        self._threads = ThreadPoolExecutor(number)
        self._own = threading.local()
        self._processes: list[ProcessPoolExecutor] = []
        self._futures: list[Future[None]] = []

    def submit(self, job: Callable[..., str], *arguments: Any) -> None:
        self._futures.append(self._threads.submit(self._run, job, arguments))

    def _run(self, job: Callable[..., str], arguments: tuple[Any, ...]) -> None:
        if self._stopped:
            return
        if getattr(self._own, "process", None) is None:
            self._own.process = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)
            self._processes.append(self._own.process)
        try:
            status = self._own.process.submit(job, *arguments).result()
        except BrokenProcessPool:
            status, self._own.process = CRASHED, None
        self._stopped |= self.fail_fast and status in (FAILED, CRASHED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            if error is None:
                wait(self._futures)
            else:
                self._stop()
        except KeyboardInterrupt:
            self._stop()
            raise
        finally:
            self._threads.shutdown()
            for process in self._processes:
                process.shutdown()
        for future in self._futures:
            future.result()

    def _stop(self) -> None:
        """Let the jobs in progress end by themselves; a signal meanwhile ends them at once."""
        self._stopped = True
        told: set[int | None] = set()
        try:
            while wait(self._futures, timeout=0.2).not_done:
                for process in multiprocessing.active_children():
                    if process.pid not in told:
                        process.terminate()
                        told.add(process.pid)
        except KeyboardInterrupt:
            for process in multiprocessing.active_children():
                process.kill()


def _begin() -> None:
    """In a worker: leave Ctrl-C to the parent, which passes it on, and end with the parent."""
    os.setpgrp()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        while signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:  # the job in progress ends first
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGTERM)
