"""A single run on the terminal: a live bar where somebody watches, plain lines where output is piped."""

import contextlib
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from runner.config.plugins import trusting
from runner.config.schema import Config
from runner.experiment import preflight
from runner.experiment.preflight import Checked
from runner.experiment.progress import Progress, header
from runner.formatting import number, one_line
from runner.runs.history import History, line
from runner.runs.status import FAILED, INTERRUPTED
from runner.runs.test_ledger import LEDGER, opened_in_words
from runner.runs.writer import DatasetInfo, Outcome
from runner.system.console import dropped, say


def warnings(checked: Sequence[Checked]) -> None:
    """Say what there is to say of configs before the training: a sample that nobody asked for stands out."""
    for text in preflight.unasked_samples(checked):
        console = Console(stderr=True, highlight=False)
        with console.capture() as drawn:  # rich itself would end the command where nobody reads
            console.print(Text(f"WARNING: {one_line(text)}", "bold black on yellow"), soft_wrap=not console.is_terminal)
        with dropped(sys.stderr):
            print(drawn.get(), end="", file=sys.stderr, flush=True)
    for text in preflight.warnings(checked):
        warn(text)


def warn(text: str) -> None:
    """A warning on stderr."""
    say(f"warning: {one_line(text)}", sys.stderr)


class TerminalProgress(Progress):
    """A run that is watched: the header, then each epoch."""

    def header(self, config: Config, dataset: DatasetInfo) -> None:
        for text in header(config, dataset):
            say(text)

    def inherited(self, epochs: int, total: int, source: Path, folder: Path) -> None:
        whose = "this run" if source == folder else f"{source} (reuse=false trains from nothing)"
        if epochs == total:
            say(f"recorded already: epochs 1 to {epochs} are taken from {whose}")
        else:
            say(f"continuing after epoch {epochs} of {whose}")

    def warn(self, text: str) -> None:
        warn(text)

    @contextlib.contextmanager
    def epochs(self, total: int, done: int) -> Iterator[Callable[[History], None]]:
        """One live bar on a terminal, elsewhere a line for each epoch."""
        if not sys.stdout.isatty() or done >= total:
            yield lambda history: say(line(history.metrics[-1], total))
            return
        columns = [
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=None),
            TextColumn("{task.description}"),
            TimeRemainingColumn(compact=True),
        ]
        with Bar(*columns, console=Console(highlight=False), expand=True) as bar:
            task = bar.add_task("", total=total, completed=done)

            def observe(history: History) -> None:
                row = history.metrics[-1]
                losses = [f"{name} {number(row[name])}" for name in ("loss", "val_loss") if name in row]
                bar.update(task, completed=int(row["epoch"]), description="  ".join(losses))

            yield observe


def result(outcome: Outcome) -> None:
    """The last lines: the best epoch, the folder, the next commands. Why a run failed goes to stderr."""
    if outcome.note:
        say(outcome.note)
    if outcome.error:
        say(f"failed: {outcome.error}", sys.stderr)
    if outcome.best:
        values = [f"{name} {number(value)}" for name, value in outcome.best.items() if name in outcome.shown]
        say(f"best epoch: {int(outcome.best['epoch'])} of {outcome.epochs}, {', '.join(values)}")
    if outcome.test:
        say(tested(outcome.test))
    say(f"folder:     {outcome.folder}")
    for text in _models(outcome):
        say(text)
    if outcome.status in (INTERRUPTED, FAILED):
        say(f"resume:     python -m runner resume {shlex.quote(str(outcome.folder))}{trusting(outcome.plugins)}")
    say(f"compare:    python -m runner compare {shlex.quote(str(outcome.folder.parent))}")


def tested(test: dict[str, Any]) -> str:
    """What the test said, in a line."""
    accuracy = f"accuracy {number(test['accuracy'])} ± {number(test['accuracy_standard_error'])}"
    text = f"test: {accuracy} of {test['examples']:,} examples, {test['network']} after epoch {test['epoch']}"
    return f"{text}; this test set {opened_in_words(before, LEDGER)}" if (before := test["looked_at_before"]) else text


def _models(outcome: Outcome) -> list[str]:
    """A line for each saved network: its file in the folder, the epoch whose weights it holds, the monitored value."""
    names, epochs = max(map(len, outcome.models), default=0), len(str(outcome.epochs))
    return [
        f"  {name:<{names}}  epoch {int(row['epoch']):>{epochs}}, {outcome.shown[0]} {number(row[outcome.shown[0]])}"
        for name, row in outcome.models.items()
    ]
