"""`final PATH…`: train the network that validation chose on all but the test set, and open the test set once."""

import argparse
import shlex
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runner.cli import exit_status, run_display, trust
from runner.cli.run_display import TerminalProgress
from runner.compare import comparison
from runner.config import conditions, hydra_adapter
from runner.config.conditions import Condition
from runner.config.plugins import Trust, trusting
from runner.datasets.catalog import register_built_in
from runner.errors import refuse_usage
from runner.runs import search
from runner.runs.folder import OUTPUTS, VOCABULARY
from runner.runs.status import COMPLETED
from runner.runs.test_ledger import LEDGER
from runner.runs.writer import Outcome
from runner.selection import choice, final, wording
from runner.selection.final import Final
from runner.system.console import say

USAGE = "python -m runner final [PATH …] [--select TEST] [--updates] [--seeds N] [--against-last] [--to DIR]"


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    paths: list[str]
    select: list[Condition]
    updates: bool
    seeds: int
    against_last: bool
    to: Path | None
    trust: bool


def main(words: list[str]) -> int:
    """The exit code: 0 done, 1 failed, 2 refused, 130 and 143 interrupted."""
    return exit_status.guarded(lambda: _final(words))


@hydra_adapter.refusals()
def _final(words: list[str]) -> int:
    options = _options(words)
    register_built_in()
    compared = comparison.compare(search.some_runs(options.paths, warn=run_display.warn))
    chosen = choice.choose(compared, options.select)
    folder = options.to or final.new_folder(datetime.now())
    planned = final.plan(
        chosen,
        folder,
        options.seeds,
        Trust(options.trust),
        keep_updates=options.updates,
        against_last=options.against_last,
    )
    run_display.warnings(final.check(chosen, planned))
    for line in (*chosen.lines(), *wording.plan(chosen, planned, against_last=options.against_last)):
        say(line)
    final.write(planned)
    return finish(planned)


def _options(words: list[str]) -> Options:
    """Raises SystemExit where argparse refuses."""
    parser = argparse.ArgumentParser(
        prog="python -m runner final",
        description="Train the setting that validation chose on training and validation examples together, for the "
        "number of epochs that it chose, and open the test set once.",
    )
    add = parser.add_argument
    add("paths", nargs="*", default=[search.DEFAULT], metavar="PATH", help="folders of runs or sweeps, or globs")
    add("--select", action="append", default=[], metavar="TEST", help="choose among these settings: 'model.width=32'")
    add(
        "--updates",
        action="store_true",
        help="keep the number of updates, not of epochs: with more data an epoch has more of them. Where few epochs "
        "were chosen and much was held out, that is nearer to what was validated; by default the number of epochs is "
        "kept, as the textbooks do",
    )
    add("--seeds", type=_positive, default=1, metavar="N", help="train N networks, whose mean answers; one by default")
    add("--against-last", action="store_true", help="test the network of all epochs too: one more look at the test set")
    add("--to", type=Path, metavar="DIR", help="the folder, by default outputs/final/DATE/TIME")
    trust.add_option(parser)
    parser.error = refuse_usage(USAGE)  # type: ignore[method-assign, assignment]
    given = vars(parser.parse_intermixed_args(words))
    return Options(select=[conditions.parse(text, "--select") for text in given.pop("select")], **given)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1; got {text}")
    return int(text)


def finish(planned: Final, *, force: bool = False) -> int:
    """Train what is left of a final model, tell what came of it, and return the exit code."""
    outcome = final.train(planned, [OUTPUTS], LEDGER, TerminalProgress, force=force)
    _tell(planned, outcome)
    return exit_status.of_run(outcome)


def _tell(planned: Final, outcome: Outcome) -> None:
    """The last lines: what validation and test said, the folder, the next command."""
    folder = shlex.quote(str(planned.folder)) + trusting(planned.config.plugins)
    if outcome.error:
        say(f"failed: {outcome.error}", sys.stderr)
    if outcome.status == COMPLETED and not outcome.signal:
        for line in wording.result(planned, LEDGER):
            say(line)
    say(f"folder:     {planned.folder}")
    if outcome.status != COMPLETED or outcome.signal:
        return say(f"resume:     python -m runner resume {folder}")
    what = "TEXT" if (planned.folder / VOCABULARY).exists() else "FILE"
    say(f"predict:    python -m runner predict {folder} {what}")
