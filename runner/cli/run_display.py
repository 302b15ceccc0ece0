"""What the terminal shows: a live bar where somebody looks, plain lines where output is piped."""

import contextlib
import logging
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from runner.config.schema import Config
from runner.formatting import number, shown
from runner.runs.history import Row
from runner.runs.status import FAILED, INTERRUPTED
from runner.system.console import say

if TYPE_CHECKING:
    from runner.datasets.base import Data
    from runner.runs.writer import Outcome
    from runner.training.fit import History, Observer

log = logging.getLogger("runner")


def warn_of_samples(configs: list[Config], data: "list[Data]") -> None:
    """Say, so that nobody misses it, which datasets are samples that stand in for the real data unasked."""
    standing_in = zip(configs, data, strict=True)
    for name in sorted(
        {its.name for each, its in standing_in if (each.dataset.source, its.source) == ("auto", "sample")}
    ):
        text = (
            f"WARNING: {name} (sample): this trains on a small sample that comes with the runner, "
            "not on the real data. For the real data set dataset.path or RUNNER_DATA_DIR, or connect to the network."
        )
        Console(stderr=True, highlight=False).print(Text(text, "bold black on yellow"), soft_wrap=True)


def warn(texts: list[str]) -> None:
    for text in texts:
        say(f"warning: {text}", sys.stderr)


class Screen:
    """How a single run is shown: its header, then an epoch after the other."""

    def header(self, config: Config, data: "Data", train: int, validation: int) -> None:
        for text in header(config, data, train, validation):
            print(text, flush=True)

    def inherited(self, epochs: int, source: Path, folder: Path) -> None:
        """Say that a run goes on from recorded epochs, its own or another run's."""
        whose = "this run" if source == folder else f"{source} (reuse=false trains from nothing)"
        print(f"going on after epoch {epochs} of {whose}", flush=True)

    def warn(self, text: str) -> None:
        print(f"warning: {text}", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def progress(self, epochs: int, done: int) -> "Iterator[Observer]":
        """An observer that shows each epoch after those done: on a terminal one live bar, else a line each."""
        if not sys.stdout.isatty():
            yield lambda history: print(line(history.metrics[-1], epochs), flush=True)
            return
        columns = [
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=None),
            TextColumn("{task.description}"),
            TimeRemainingColumn(compact=True),
        ]
        with Progress(*columns, console=Console(highlight=False), expand=True) as bar:
            task = bar.add_task("", total=epochs, completed=done)

            def observe(history: "History") -> None:
                row = history.metrics[-1]
                losses = [f"{name} {number(row[name])}" for name in ("loss", "val_loss") if name in row]
                bar.update(task, completed=int(row["epoch"]), description="  ".join(losses))

            yield observe


class Silent(Screen):
    """A run among others: what it would say goes to its log."""

    def header(self, config: Config, data: "Data", train: int, validation: int) -> None:
        for text in header(config, data, train, validation):
            log.info(text)

    def inherited(self, epochs: int, source: Path, folder: Path) -> None:
        log.info("going on after epoch %d of %s", epochs, source)

    def warn(self, text: str) -> None:
        log.warning(text)

    @contextlib.contextmanager
    def progress(self, epochs: int, done: int) -> "Iterator[Observer]":
        yield lambda history: None


def header(config: Config, data: "Data", train: int, validation: int) -> list[str]:
    """Two lines: the data and how it is divided, the network and how it is trained."""
    model, training = config.model, config.training
    network = model.name
    if model.name == "mlp":
        widths = shown(model.width) if isinstance(model.width, list) else f"{model.depth} × {model.width}"
        network = f"{widths} {model.activation}" if model.depth else "no hidden layer"
    epochs = f"{training.epochs} epoch{'s' if training.epochs > 1 else ''}"
    return [
        f"{data.label}: {train:,} to train on, {validation:,} for validation, {len(data.test):,} for the test",
        f"{network}, {config.optimizer.name} {config.optimizer.learning_rate:g}, {epochs}, "
        f"batches of {training.batch_size}, seed {config.seed}",
    ]


def line(row: Row, epochs: int) -> str:
    """An epoch as a line."""
    values = [f"{name} {number(value)}" for name, value in row.items() if name not in ("epoch", "learning_rate")]
    return f"epoch {int(row['epoch']):>{len(str(epochs))}}/{epochs}  " + "  ".join(values)


def result(outcome: "Outcome") -> None:
    """The last lines: best epoch, where the record is, what to do next; on stderr if the run failed."""
    if outcome.note:
        print(outcome.note)
    if outcome.error:
        print(f"failed: {outcome.error}", file=sys.stderr)
    if outcome.best:
        values = [f"{name} {number(value)}" for name, value in outcome.best.items() if name in outcome.shown]
        print(f"best epoch: {int(outcome.best['epoch'])} of {outcome.epochs}, {', '.join(values)}")
    print(f"folder:     {outcome.folder}")
    if outcome.status in (INTERRUPTED, FAILED):
        print(f"go on:      python -m runner resume {shlex.quote(str(outcome.folder))}")
    print(f"compare:    python -m runner compare {shlex.quote(str(outcome.folder.parent))}", flush=True)
