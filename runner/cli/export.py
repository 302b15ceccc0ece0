"""`export RUN --to DIR`: the network of a run for other programs."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from runner.cli import trust
from runner.cli.exit_status import guarded
from runner.config.plugins import Trust
from runner.errors import refuse_usage
from runner.inference import export
from runner.inference.export import README, Exported
from runner.inference.load import load
from runner.system.console import say
from runner.training.formats import FORMATS

USAGE = "python -m runner export RUN --to DIR [--best] [--format NAME …] [--with-text] [--trust]"


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    run: Path
    to: Path
    format: list[str]
    best: bool
    with_text: bool
    trust: bool


def main(words: list[str]) -> int:
    """The exit code: 0 done, 1 nothing of it can be made, or a file cannot be used, 2 refused, 130 interrupted."""
    return guarded(lambda: _export(words))


def _export(words: list[str]) -> int:
    options = _options(words)
    run = load(options.run, Trust(options.trust), best=options.best)
    _tell(options.to, export.export(run, options.to, options.format or FORMATS, with_text=options.with_text))
    return 0


def _options(words: list[str]) -> Options:
    """Raises ConfigError, SystemExit for --help."""
    parser = argparse.ArgumentParser(
        usage=USAGE,
        description="Write the network of a run in formats that other programs read, with a README.md and a "
        "signature.json that say what goes in and comes out.",
    )
    add = parser.add_argument
    add("run", type=Path, metavar="RUN", help="the folder of a run")
    add("--to", type=Path, metavar="DIR", required=True, help="the folder to write, new or empty")
    add("--best", action="store_true", help="the network after the best epoch, not after the last one")
    add(
        "--format",
        action="append",
        default=[],
        choices=list(FORMATS),
        metavar="NAME",
        help=f"{', '.join(FORMATS)}, each with a --format of its own; by default all that can be made here",
    )
    add("--with-text", action="store_true", help="a network that takes texts as they are: a SavedModel only")
    trust.add_option(parser)
    parser.error = refuse_usage(USAGE)  # type: ignore[method-assign, assignment]
    return Options(**vars(parser.parse_intermixed_args(words)))


def _tell(folder: Path, exported: Exported) -> None:
    for line in exported.refused:
        say(line, sys.stderr)
    say(f"folder:     {folder}")
    width = max(len(each.file) for each in exported.made)
    for each in exported.made:
        say(f"  {each.file:{width}}  {each.title}")
    say(f"read first: {folder / README}")
