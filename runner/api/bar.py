"""A live bar in a notebook; elsewhere nothing is shown."""

import contextlib
import html
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from runner.config.plan import Job
from runner.experiment.progress import Progress
from runner.formatting import number
from runner.runs.history import History
from runner.runs.reader import Run
from runner.sweeps.executor import Work
from runner.sweeps.follower import followed
from runner.sweeps.sweep import Sweep

SECONDS = 0.1  # between two updates


class Bar:
    """A bar in the cell that is being executed, which grows in place."""

    def __init__(self, total: int) -> None:
        from IPython.display import display

        self.total, self.shown_at = total, 0.0
        self.handle: Any = display(self._drawn(0, ""), display_id=True)  # type: ignore[no-untyped-call]

    def show(self, done: int, text: str) -> None:
        """Where it stands, and a few words; an update that follows another too soon is left out, but for the last."""
        if done >= self.total or time.monotonic() - self.shown_at >= SECONDS:
            self.shown_at = time.monotonic()
            self.handle.update(self._drawn(done, text))

    def _drawn(self, done: int, text: str) -> Any:
        from IPython.display import HTML

        numbers = f"<progress value='{done}' max='{self.total}'></progress> {done}/{self.total}"
        return HTML(f"{numbers} {html.escape(text)}")  # type: ignore[no-untyped-call]


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell else None
    return found is not None and hasattr(found, "kernel")


class NotebookProgress(Progress):
    """A run whose epochs are a bar."""

    @contextlib.contextmanager
    def epochs(self, total: int, done: int) -> Iterator[Callable[[History], None]]:
        if done >= total:
            yield lambda history: None
            return
        bar = Bar(total)

        def observe(history: History) -> None:
            row = history.metrics[-1]
            values = [f"{name} {number(row[name])}" for name in ("loss", "val_loss") if name in row]
            bar.show(int(row["epoch"]), f"epochs  {'  '.join(values)}")

        yield observe


def progress() -> Progress:
    """What shows a run here."""
    return NotebookProgress() if in_notebook() else Progress()


@contextlib.contextmanager
def following(sweep: Sweep, work: Sequence[Work]) -> Iterator[None]:
    """Show the jobs of a sweep as they end."""
    if not in_notebook():
        yield
        return
    bar, ended = Bar(len(work)), []

    def end(job: Job, run: Run) -> None:
        ended.append(job)
        bar.show(len(ended), f"jobs  {sweep.setting(job)} {run.status}")

    def going_on(job: Job, epochs: int) -> None:
        bar.show(len(ended), f"jobs  {sweep.setting(job)}, epoch {epochs}")

    with followed(sweep, work, going_on, end):
        yield
