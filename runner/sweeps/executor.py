"""The jobs of a sweep, run one after the other or in workers; the summary is left whatever happens."""

import contextlib
import logging
import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hydra.core.utils import env_override

from runner.cli import run_display as display
from runner.cli import sweep_display
from runner.config import plugins
from runner.config.schema import Config
from runner.experiment import run as experiment
from runner.runs import folder as run_folder
from runner.runs import reader as recorded
from runner.runs.status import COMPLETED, FAILED, INTERRUPTED
from runner.runs.writer import Outcome, Record
from runner.sweeps import summary
from runner.sweeps.sweep import Planned, Sweep
from runner.sweeps.workers import Workers
from runner.system import signals as interruption
from runner.system.signals import Interrupted

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """A job that is to be run: where, after which epochs others want its state, how many epochs are left.

    `environment` and `chdir` are what Hydra's settings ask for, which a worker has to do itself.
    """

    job: Planned
    config: Config
    folder: Path
    shelves: Sequence[Path]
    keep: set[int]
    left: int
    anyway: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    chdir: bool = False


class FailFast(BaseException):
    """A job has failed, and no further one is to begin. No Exception, for Hydra goes on after those."""


def run_all(sweep: Sweep, works: Sequence[Work], hand_out: Callable[[Callable[[Work], object]], None]) -> int:
    """Run the works that `hand_out` hands on, show how it goes, leave the summary; the exit code.

    0 all jobs of the sweep are completed, 1 one is not, 128 and the signal's number where one came.
    """
    fail_fast = any(work.config.fail_fast for work in works)
    ended_by = None
    try:
        jobs, left = [work.job for work in works], [work.left for work in works]
        with interruption.watched(), sweep_display.following(sweep, jobs, left):
            if sweep.workers == 1:
                hand_out(lambda work: _run_here(work, fail_fast))
            else:
                with Workers(sweep.workers, fail_fast) as workers:
                    hand_out(lambda work: workers.submit(run_in_worker, work))
    except FailFast:
        pass
    except KeyboardInterrupt as error:
        ended_by = error.number if isinstance(error, Interrupted) else signal.SIGINT
    finally:
        lines = summary.write(sweep)
    sweep_display.end(sweep, lines)
    if ended_by:
        return 128 + ended_by
    return 0 if all(line.status == COMPLETED for line in lines) else 1


def _run_here(work: Work, fail_fast: bool) -> float | None:
    """Run a job in this process; the monitored value of its best epoch, None if it failed."""
    outcome = run(work)
    if outcome.signal:
        raise Interrupted(outcome.signal)
    if fail_fast and outcome.status == FAILED:
        raise FailFast
    return monitored(outcome)


def monitored(outcome: Outcome) -> float | None:
    """What Hydra's callbacks are told of a run: the monitored value of its best epoch."""
    return recorded.load(outcome.folder).monitored if outcome.status == COMPLETED else None


def run_in_worker(work: Work) -> str:
    """Run a job where Hydra has set nothing up; the status of its run."""
    try:
        with env_override(work.environment), run_folder.logged(work.folder), contextlib.ExitStack() as stack:
            if work.chdir:
                stack.enter_context(contextlib.chdir(work.folder))
            return run(work).status
    except KeyboardInterrupt:
        return INTERRUPTED


def run(work: Work) -> Outcome:
    """Run a job in silence; whatever goes wrong with it is in its record and its log, and is no exception."""
    try:
        plugins.load(work.config.plugins)
        return experiment.run(
            work.config,
            work.folder,
            work.job.words,
            shelves=work.shelves,
            keep=work.keep,
            anyway=work.anyway,
            screen=display.Silent(),
        )
    except (Exception, SystemExit) as error:
        log.error("the run failed\n%s", traceback.format_exc())
        with contextlib.suppress(OSError, ValueError):
            Record(work.folder, work.config, work.job.words).fail_before_begin(experiment.reason(error))
        return Outcome(work.folder, FAILED, experiment.reason(error))
