"""The jobs of a sweep, run one after the other or in workers; the summary is left whatever happens."""

import contextlib
import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hydra.core.utils import env_override

from runner.config import plugins
from runner.config.plan import Job
from runner.experiment import run as experiment
from runner.experiment.failures import reason
from runner.experiment.preflight import Checked
from runner.runs import reader, reuse
from runner.runs.folder import logged
from runner.runs.reuse import Forecast
from runner.runs.status import COMPLETED, FAILED, INTERRUPTED
from runner.runs.test_ledger import LEDGER
from runner.runs.writer import Outcome, Record
from runner.sweeps import summary
from runner.sweeps.summary import Line
from runner.sweeps.sweep import Sweep
from runner.sweeps.workers import Workers
from runner.system import signals
from runner.system.signals import Interrupted, Interruption

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """A job to run: in which folder, what can be reused, after which epochs another job wants the state.

    `environment` and `chdir` are what the settings of Hydra ask for, which a worker has to do itself.
    """

    job: Job
    folder: Path
    run_roots: Sequence[Path]
    epochs_to_keep: set[int]
    forecast: Forecast
    force: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    chdir: bool = False
    ledger: Path = field(default_factory=LEDGER.absolute)


@dataclass(frozen=True)
class Ended:
    """What became of the jobs of a sweep, a line for each; `signal` is the one that ended it, if any."""

    lines: list[Line]
    signal: int | None


class FailFast(BaseException):
    """A job has failed, and no other is to begin. Not an Exception: Hydra continues after those."""


def work(sweep: Sweep, checked: Sequence[Checked], run_roots: Sequence[Path], *, force: bool = False) -> list[Work]:
    """What there is to do for each job of a sweep, in order; `checked` are their configs, `run_roots` as in a run."""
    configs, identities = [each.config for each in checked], [each.identity for each in checked]
    epochs_to_keep = reuse.epochs_to_keep(configs, identities)
    forecasts = reuse.forecast(configs, identities, run_roots)
    return [
        Work(job, sweep.place(job), run_roots, epochs, forecast, force)
        for job, epochs, forecast in zip(sweep.jobs, epochs_to_keep, forecasts, strict=True)
    ]


def run_all(
    sweep: Sweep,
    work: Sequence[Work],
    hand_out: Callable[[Callable[[Work], object]], None],
    watching: contextlib.AbstractContextManager[object] | None = None,
    warn: Callable[[str], None] = log.warning,
) -> Ended:
    """Run the work that `hand_out` hands on, while `watching` shows it, and write the summary of the sweep.

    `warn` is told of a picture that cannot be made.
    """
    fail_fast = any(each.job.config.fail_fast for each in work)
    ended_by = None
    try:
        with signals.watched() as interruption, watching or contextlib.nullcontext():
            if sweep.workers == 1:
                hand_out(lambda each: _run_here(each, fail_fast, interruption))
            else:
                with Workers(sweep.workers, fail_fast) as workers:
                    hand_out(lambda each: workers.submit(run_in_worker, each))
    except FailFast:
        pass
    except (Exception, KeyboardInterrupt) as error:
        came = signals.behind(error)
        if came is None:
            raise
        ended_by = signals.number_of(came)
    finally:
        lines = summary.write(sweep, warn)
    return Ended(lines, ended_by)


def _run_here(work: Work, fail_fast: bool, interruption: Interruption) -> float | None:
    """Run a job in this process; the monitored value of its best epoch, None if it failed."""
    interruption.stop()
    outcome = run(work)
    if outcome.signal:
        raise Interrupted(outcome.signal)
    if fail_fast and outcome.status == FAILED:
        raise FailFast
    return monitored(outcome)


def monitored(outcome: Outcome) -> float | None:
    """The monitored value of the best epoch, which Hydra hands to callbacks; None for a run that is not completed."""
    return reader.load(outcome.folder).monitored if outcome.status == COMPLETED else None


def run_in_worker(work: Work) -> str:
    """Run a job where Hydra has set nothing up; the status of its run."""
    try:
        with env_override(work.environment), logged(work.folder), contextlib.ExitStack() as stack:
            if work.chdir:
                stack.enter_context(contextlib.chdir(work.folder))
            return run(work).status
    except KeyboardInterrupt:
        return INTERRUPTED


def run(work: Work) -> Outcome:
    """Run a job without printing. Failures are recorded and logged, never raised."""
    try:
        with signals.watched():
            plugins.load(work.job.config.plugins)
            return experiment.run(
                work.job.config,
                work.folder,
                list(work.job.words),
                run_roots=work.run_roots,
                epochs_to_keep=work.epochs_to_keep,
                ledger=work.ledger,
                force=work.force,
            )
    except (Exception, SystemExit) as error:
        if interruption := signals.behind(error):
            raise interruption from None
        log.error("the run failed\n%s", traceback.format_exc())
        with contextlib.suppress(OSError, ValueError):
            Record(work.folder, work.job.config, list(work.job.words)).fail_before_begin(reason(error))
        return Outcome(work.folder, FAILED, reason(error))
