"""What the terminal shows of a sweep: the plan, a line a job as it ends, the table at the end."""

import contextlib
import shlex
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from runner.formatting import counted, number
from runner.runs import folder as run_folder
from runner.runs import reader as recorded
from runner.runs.reader import Run
from runner.runs.reuse import Ahead
from runner.runs.status import COMPLETED, CRASHED, FAILED, INTERRUPTED, RUNNING
from runner.sweeps.summary import REPORT, SUMMARY, Line
from runner.sweeps.sweep import Planned, Sweep
from runner.system.console import say, table

ROWS = 40  # of a table on the screen; the others stand in summary.csv
SECONDS = 0.3  # between two looks at the folders
BESIDE_EPOCHS = 4  # building, tracing and saving take about as long as so many epochs of IMDB


def plan(sweep: Sweep, ahead: Sequence[Ahead]) -> None:
    """How many jobs, what varies, what is recorded or equal, how many epochs that leaves."""
    varies = [f"{key}={','.join(dict.fromkeys(job.value(key) for job in sweep.jobs))}" for key in sweep.swept]
    beside = f", {sweep.workers} beside one another" if sweep.workers > 1 else ""
    say(f"{counted(len(sweep.jobs), 'job')}{beside}: {' '.join(varies) or 'nothing varies'}")
    say(epochs_left(ahead))


def epochs_left(ahead: Sequence[Ahead]) -> str:
    left, total = sum(each.left for each in ahead), sum(each.epochs for each in ahead)
    text = f"{left:,} of {counted(total, 'epoch')} to train"
    known = sum(each.recorded for each in ahead)
    equal = sum(each.equal_to is not None and not each.left for each in ahead)
    if known:
        text += f"; {counted(known, 'job')} recorded already"
    if equal:
        text += f"; {counted(equal, 'job')} equal to another, trained once"
    return text


def planned_jobs(sweep: Sweep, ahead: Sequence[Ahead]) -> None:
    """A line a job, for those who look before they train."""
    rows = []
    for job, its in zip(sweep.jobs, ahead, strict=True):
        note = (
            "recorded already" if its.recorded else f"equal to job {its.equal_to}" if its.equal_to is not None else ""
        )
        rows.append([str(job.number), f"{its.left}/{its.epochs}", *map(job.value, sweep.swept), note])
    table(["job", "epochs to train", *sweep.swept, ""], rows)


@contextlib.contextmanager
def following(sweep: Sweep, jobs: Sequence[Planned], left: Sequence[int]) -> Iterator[None]:
    """Show each job as it ends, from its folder, whichever process runs it; on a terminal a bar with the time left."""
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
    follower = _Follower(sweep, jobs, left, bar)
    over = threading.Event()

    def follow() -> None:
        while not over.wait(SECONDS):
            follower.look()

    thread = threading.Thread(target=follow, daemon=True)
    with bar:
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            follower.look()


class _Follower:
    def __init__(self, sweep: Sweep, jobs: Sequence[Planned], left: Sequence[int], bar: Progress) -> None:
        self.sweep, self.bar = sweep, bar
        self.weights = {job.number: epochs + BESIDE_EPOCHS for job, epochs in zip(jobs, left, strict=True)}
        self.open = {job.number: job for job in jobs}
        self.earlier = {job.number: self._changed(job) for job in jobs}  # what an earlier start has left says nothing
        self.task = bar.add_task("", total=sum(self.weights.values()), done=f"0/{len(jobs)} jobs")

    def look(self) -> None:
        for job in list(self.open.values()):
            if self._changed(job) == self.earlier[job.number]:
                continue
            try:
                run = recorded.load(self.sweep.place(job))
            except (OSError, ValueError):
                continue  # it is about to begin
            if run.status in (COMPLETED, FAILED, INTERRUPTED, CRASHED):
                self._ended(job, run)
            elif run.status == RUNNING:
                epochs = f"{run.record['epochs']}/{run.record['config']['training']['epochs']}"
                self.bar.update(self.task, description=f"{self.sweep.setting(job)}, epoch {epochs}")

    def _ended(self, job: Planned, run: Run) -> None:
        del self.open[job.number]
        jobs = len(self.weights)
        done = f"{jobs - len(self.open)}/{jobs}"
        self._say(f"{done:>{2 * len(str(jobs)) + 1}}  {self.sweep.setting(job)}  {ending(run)}")
        self.bar.update(self.task, advance=self.weights[job.number], done=f"{done} jobs")

    def _say(self, text: str) -> None:
        if self.bar.disable:
            say(text)
        else:
            self.bar.console.print(Text(text), soft_wrap=True)

    def _changed(self, job: Planned) -> int | None:
        try:
            return (self.sweep.place(job) / run_folder.RECORD).stat().st_mtime_ns
        except OSError:
            return None


def ending(run: Run) -> str:
    """How a run ended, in a few words."""
    if run.status != COMPLETED:
        return f"{run.status}: {run.record['error']}" if run.record["error"] else run.status
    if run.monitored is None:
        return COMPLETED
    best = f"{run.record['monitor']} {number(run.monitored)} in epoch {run.record['best_epoch']}"
    return f"{best} of {run.record['epochs']}, {run.seconds:.1f} s"


def end(sweep: Sweep, lines: list[Line]) -> None:
    """The table, best first, what went wrong and why, where the files are, and how to go on."""
    ranked = sorted(lines, key=lambda line: line.rank)
    trained = [line for line in ranked if line.run and line.run.best]
    if trained:
        _table(sweep, trained)
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
        say(f"go on:      python -m runner resume {folder}")
    say(f"compare:    python -m runner compare {folder}")


def _table(sweep: Sweep, trained: list[Line]) -> None:
    runs = [(line.job, line.run) for line in trained[:ROWS] if line.run]
    monitors = {run.record["monitor"] for _, run in runs}
    rows = [
        [
            number(run.monitored or 0.0),
            f"{run.record['best_epoch']}/{run.record['epochs']}",
            *map(job.value, sweep.swept),
            f"{run.seconds:.1f}",
            str(job.number) if run.status == COMPLETED else f"{job.number} {run.status}",
        ]
        for job, run in runs
    ]
    table([" or ".join(sorted(monitors)), "best epoch", *sweep.swept, "seconds", "job"], rows)
    if len(trained) > ROWS:
        say(f"… and {len(trained) - ROWS} more, in {SUMMARY}")
