"""A sweep on the terminal: the plan, each job as it ends, the table at the end."""

import contextlib
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from runner.compare import comparison, wording
from runner.config.plan import Job
from runner.config.plugins import trusting
from runner.formatting import counted, number, one_line
from runner.runs.reader import Run
from runner.runs.reuse import Forecast
from runner.runs.status import COMPLETED
from runner.sweeps.executor import Work
from runner.sweeps.follower import followed
from runner.sweeps.summary import REPORT, SUMMARY, Line
from runner.sweeps.sweep import Sweep
from runner.system.console import say, table

ROWS = 40  # of a table on the screen; the others stand in summary.csv
OVERHEAD_EPOCHS = 4  # epochs of IMDB that take as long as building, tracing and saving


def plan(sweep: Sweep, work: Sequence[Work], excluded: int | None = None) -> None:
    """The number of jobs and of those excluded, what varies, what is recorded or equal, the epochs that this leaves."""
    varies = [f"{key}={','.join(dict.fromkeys(job.value(key) for job in sweep.jobs))}" for key in sweep.swept]
    parallel = f", {sweep.workers} in parallel" if sweep.workers > 1 else ""
    left_out = "" if excluded is None else f", {excluded:,} excluded"
    say(f"{counted(len(sweep.jobs), 'job')}{left_out}{parallel}: {' '.join(varies) or 'nothing varies'}")
    say(epochs_left([each.forecast for each in work]))


def epochs_left(forecasts: Sequence[Forecast]) -> str:
    """The epochs to train, and why they are fewer than those asked for."""
    left, total = sum(each.left for each in forecasts), sum(each.epochs for each in forecasts)
    text = f"{left:,} of {counted(total, 'epoch')} to train"
    known = sum(each.recorded for each in forecasts)
    equal = sum(each.equal_to is not None and not each.left for each in forecasts)
    if known:
        text += f"; {counted(known, 'job')} recorded already"
    if equal:
        text += f"; {counted(equal, 'job')} equal to another, trained once"
    return text


def planned_jobs(sweep: Sweep, work: Sequence[Work]) -> None:
    """A line for each job, for those who look before they train."""
    rows = []
    for each in work:
        job, forecast = each.job, each.forecast
        same = "" if forecast.equal_to is None else f"equal to job {forecast.equal_to}"
        note = "recorded already" if forecast.recorded else same
        rows.append([str(job.number), f"{forecast.left}/{forecast.epochs}", *map(job.value, sweep.swept), note])
    table(["job", "epochs to train", *sweep.swept, ""], rows)


@contextlib.contextmanager
def following(sweep: Sweep, work: Sequence[Work]) -> Iterator[None]:
    """Show each job as it ends, by its folder, whichever process runs it; on a terminal a bar with the time left."""
    columns = [
        TextColumn("{task.fields[done]}"),
        BarColumn(bar_width=None, table_column=Column(ratio=1)),
        TextColumn("{task.description}", table_column=Column(ratio=2, no_wrap=True, overflow="ellipsis"), markup=False),
        TimeRemainingColumn(compact=True),
    ]
    console = Console(highlight=False)
    bar = Progress(
        *columns, console=console, expand=True, disable=not console.is_terminal, speed_estimate_period=24 * 3600
    )
    shown = _Bar(sweep, work, bar)
    with bar, followed(sweep, work, shown.running, shown.ended):
        yield


class _Bar:
    def __init__(self, sweep: Sweep, work: Sequence[Work], bar: Progress) -> None:
        self.sweep, self.bar, self.done = sweep, bar, 0
        self.weights = {each.job.number: each.forecast.left + OVERHEAD_EPOCHS for each in work}
        self.task = bar.add_task("", total=sum(self.weights.values()), done=f"0/{len(work)} jobs")

    def running(self, job: Job, epochs: int) -> None:
        done = f"{epochs}/{job.config.training.epochs}"
        self.bar.update(self.task, description=f"{self.sweep.setting(job)}, epoch {done}")

    def ended(self, job: Job, run: Run) -> None:
        self.done += 1
        jobs = len(self.weights)
        done = f"{self.done}/{jobs}"
        self._say(f"{done:>{2 * len(str(jobs)) + 1}}  {self.sweep.setting(job)}  {ending(run)}")
        self.bar.update(self.task, advance=self.weights[job.number], done=f"{done} jobs")

    def _say(self, text: str) -> None:
        if self.bar.disable:
            say(text)
        else:
            self.bar.console.print(Text(one_line(text)), soft_wrap=True)


def ending(run: Run) -> str:
    """The end of a run in a few words."""
    if run.status != COMPLETED:
        return f"{run.status}: {run.record['error']}" if run.record["error"] else run.status
    if run.monitored is None:
        return COMPLETED
    best = f"{run.record['monitor']} {number(run.monitored)} in epoch {run.record['best_epoch']}"
    return f"{best} of {run.record['epochs']}, {run.seconds:.1f} s"


def end(sweep: Sweep, lines: list[Line]) -> None:
    """The answer, the table, best first, what went wrong and why, where the files are, and the next commands."""
    _results(sweep, lines)
    wrong = [line for line in lines if line.error]
    for line in wrong[:ROWS]:
        say(f"job {line.job.number} ({sweep.setting(line.job)}) {line.status}: {line.error}", sys.stderr)
    if len(wrong) > ROWS:
        say(f"… and {len(wrong) - ROWS} more, in {SUMMARY}", sys.stderr)
    unfinished = Counter(line.status for line in lines if line.status != COMPLETED)
    if unfinished:
        counts = ", ".join(f"{count:,} {status}" for status, count in unfinished.items())
        say(f"not done:   {counts} of {counted(len(lines), 'job')}")
    folder = shlex.quote(str(sweep.folder))
    say(f"summary:    {sweep.folder / SUMMARY}")
    if (sweep.folder / REPORT).exists():
        say(f"report:     {sweep.folder / REPORT}")
    if unfinished:
        say(f"resume:     python -m runner resume {folder}{trusting(sweep.plugins)}")
    say(f"compare:    python -m runner compare {folder}")


def _results(sweep: Sweep, lines: Sequence[Line]) -> None:
    """The jobs as `compare` judges them, the best first; those that are not completed come last, without a value."""
    jobs = {line.run.folder: line.job for line in lines if line.run and line.run.best}
    found = comparison.compare(line.run for line in lines if line.run and line.run.best)
    rows = [
        [number(value), f"{epoch}/{run.record['epochs']}", *_about(sweep, jobs[run.folder], run)]
        for run, value, epoch in comparison.results(found)
    ]
    rows += [["", f"-/{run.record['epochs']}", *_about(sweep, jobs[run.folder], run)] for run in found.left_out]
    if not rows:
        return
    for judged in found.tables:
        for line in wording.answer(judged):
            say(line)
    rules = list(dict.fromkeys(each.table.rule for each in found.tables))
    for rule in rules:
        say(f"by {rule}")
    monitors = dict.fromkeys(each.table.monitor.name for each in found.tables)
    table([" or ".join(monitors), "epoch", *sweep.swept, "seconds", "job"], rows[:ROWS])
    if len(rows) > ROWS:
        say(f"… and {len(rows) - ROWS} more, in {SUMMARY}")


def _about(sweep: Sweep, job: Job, run: Run) -> list[str]:
    name = str(job.number) if run.status == COMPLETED else f"{job.number} {run.status}"
    return [*map(job.value, sweep.swept), f"{run.seconds:.1f}", name]
