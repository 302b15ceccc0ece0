"""The jobs of a sweep as they go on, by what their folders tell, whichever process runs them."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from runner.config.plan import Job
from runner.runs import reader
from runner.runs.folder import RECORD
from runner.runs.reader import Run
from runner.runs.status import COMPLETED, CRASHED, FAILED, INTERRUPTED, RUNNING
from runner.sweeps.executor import Work
from runner.sweeps.sweep import Sweep

ENDED = (COMPLETED, FAILED, INTERRUPTED, CRASHED)
SECONDS = 0.3  # between two looks at the folders

Running = Callable[[Job, int], None]
Ended = Callable[[Job, Run], None]


@contextlib.contextmanager
def followed(sweep: Sweep, work: Sequence[Work], running: Running, ended: Ended) -> Iterator[None]:
    """Look at the jobs until the end of the block.

    `running` is told of one that goes on, with the number of epochs that it has recorded, `ended` once of each.
    """
    follower = _Follower(sweep, work, running, ended)
    over = threading.Event()

    def follow() -> None:
        while not over.wait(SECONDS):
            follower.look()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        follower.look()


class _Follower:
    def __init__(self, sweep: Sweep, work: Sequence[Work], running: Running, ended: Ended) -> None:
        self.sweep, self.running, self.ended = sweep, running, ended
        self.open = {each.job.number: each.job for each in work}
        self.earlier = {job.number: self._changed(job) for job in self.open.values()}  # left by an earlier start

    def look(self) -> None:
        for job in list(self.open.values()):
            if self._changed(job) == self.earlier[job.number]:
                continue
            try:
                status, record = reader.told(self.sweep.place(job))
                run = reader.load(self.sweep.place(job)) if status in ENDED else None  # whose rows take time to read
            except (OSError, ValueError):
                continue  # it is about to begin
            if run and run.status in ENDED:
                del self.open[job.number]
                self.ended(job, run)
            elif status == RUNNING:
                self.running(job, record["epochs"])

    def _changed(self, job: Job) -> int | None:
        try:
            return (self.sweep.place(job) / RECORD).stat().st_mtime_ns
        except OSError:
            return None
