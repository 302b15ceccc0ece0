"""The result of a sweep, made from its folders alone and at any time again: summary.csv, curves.png, report.html."""

import csv
import io
import logging
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from runner.config.plan import Job
from runner.formatting import spreadsheet_text
from runner.runs import reader
from runner.runs.folder import CURVES, RECORD
from runner.runs.history import cell
from runner.runs.reader import Run
from runner.runs.status import CRASHED, DIED, PENDING
from runner.sweeps.sweep import Sweep
from runner.system import files

log = logging.getLogger(__name__)

SUMMARY = "summary.csv"
REPORT = "report.html"


@dataclass(frozen=True)
class Line:
    """A planned job and what became of it; `error` is one line, empty where nothing went wrong."""

    job: Job
    status: str
    error: str
    run: Run | None

    @property
    def rank(self) -> tuple[float, int]:
        """Sorts the better value of the monitor first, jobs without one last."""
        return (self.run.rank[0] if self.run else float("inf"), self.job.number)


def lines(sweep: Sweep) -> list[Line]:
    """A line for every planned job, in their order."""
    return [_line(sweep, job) for job in sweep.jobs]


def _line(sweep: Sweep, job: Job) -> Line:
    folder = sweep.place(job)
    if not (folder / RECORD).exists():
        return Line(job, PENDING, "", None)
    try:
        run = reader.load(folder)
    except (OSError, ValueError) as error:
        return Line(job, CRASHED, f"its record cannot be read: {error}", None)
    return Line(job, run.status, DIED if run.status == CRASHED else run.record["error"] or "", run)


def write(sweep: Sweep, warn: Callable[[str], None] = log.warning) -> list[Line]:
    """Write the files, and return what they tell; `warn` is told of a picture that cannot be made. Raises OSError."""
    found = lines(sweep)
    files.write(sweep.folder / SUMMARY, text(sweep, found))
    runs = [line.run for line in found if line.run and line.run.metrics]
    if runs:
        try:
            _draw(sweep, runs)
        except Exception as error:  # no picture is worth the end of a sweep
            warn(f"{CURVES} or {REPORT} cannot be made: {type(error).__name__}: {error}")
    return found


def _draw(sweep: Sweep, runs: list[Run]) -> None:
    """The picture of the comparison, which names the same best; none where no job is completed. The report."""
    from runner.compare import comparison, picture
    from runner.compare.report import page

    compared = comparison.compare(runs)
    if compared.tables:
        files.write(sweep.folder / CURVES, picture.comparison(compared.tables))
    command = shlex.join(["python", "-m", "runner", "compare", str(sweep.folder), "--html", str(sweep.folder / REPORT)])
    text = page.page(compared, command=command)
    files.write(sweep.folder / REPORT, text)


def text(sweep: Sweep, found: list[Line]) -> str:
    """summary.csv: one row for each job; floats in full precision, empty where there is no value.

    No text is a formula for a spreadsheet: formatting.spreadsheet_text.
    """
    runs = [line.run for line in found if line.run]
    metrics = list(dict.fromkeys(name for run in runs for name in run.last if name not in ("epoch", "learning_rate")))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["job", "status", *map(spreadsheet_text, sweep.swept), "best_epoch"]
        + [f"{which}_{name}" for which in ("best", "last") for name in metrics]
        + ["updates", "seconds", "inherited_epochs", "folder", "error"]
    )
    for line in found:
        run = line.run
        values = [run.best.get(name) for name in metrics] + [run.last.get(name) for name in metrics] if run else []
        writer.writerow(
            [line.job.number, line.status, *(spreadsheet_text(line.job.value(key)) for key in sweep.swept)]
            + [(run.record["best_epoch"] or "") if run else ""]
            + ["" if value is None else cell("", value) for value in values or [None] * 2 * len(metrics)]
            + ([run.updates, round(run.seconds, 3), run.record["inherited_epochs"]] if run else ["", "", ""])
            + [spreadsheet_text(line.job.folder), spreadsheet_text(line.error)]
        )
    return stream.getvalue()
