"""`compare PATH…`: which choice is better, and whether the difference is real. Reads records only."""

import argparse
import json
import math
import shlex
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from runner.cli import compare_display
from runner.cli.compare_display import Wanted
from runner.cli.exit_status import guarded
from runner.compare import comparison, filters, paper, serialize, wording
from runner.compare.comparison import Comparison, Sort
from runner.compare.grouping import At
from runner.config.conditions import Condition
from runner.errors import ConfigError, refuse_usage
from runner.formatting import counted
from runner.runs import search
from runner.runs.reader import Run
from runner.runs.status import RUNNING
from runner.system import files
from runner.system.console import say

REDRAW_SECONDS = 2.0
FIGURES = {".png": "png", ".pdf": "pdf", ".svg": "svg", "": "png"}  # the format of a picture by the suffix of its file


@dataclass(frozen=True)
class Options:
    """What the command line asks for; `words` are its words, for the report to repeat."""

    words: list[str]
    paths: list[str]
    reference: Path | None
    at: At | None
    margin: float | None
    pairs: bool
    filters: list[Condition]
    sort: Sort | None
    columns: list[str] | None
    top: int | None
    csv: Path | None
    md: Path | None
    latex: Path | None
    json: bool
    png: Path | None
    html: Path | None
    watch: bool
    tracker: str | None


def main(words: list[str]) -> int:
    """Exit code 0: done; 1: a file cannot be written; 2: the request is invalid, or there are no runs; 130: Ctrl-C."""
    return guarded(lambda: _run(words), remedy="give another file")


def _run(words: list[str]) -> int:
    options = _options(words)
    if not options.watch:
        _compare(options)
        return 0
    try:
        _watch(options)
    except KeyboardInterrupt:  # as it is meant to end
        return 130
    return 0


def _options(words: list[str]) -> Options:
    """Raises ConfigError where options are not as they should be."""
    parser = argparse.ArgumentParser(
        prog="python -m runner compare",
        description="Which choice is better, and whether the difference is real: one row per setting, the best first.",
    )
    add = parser.add_argument
    add("paths", nargs="*", default=[search.DEFAULT], metavar="PATH", help="folders of runs or sweeps, or globs")
    add("--reference", type=Path, metavar="RUN", help="compare with this run's setting, not with the best one")
    add("--at", type=_at, metavar="EPOCH", help="judge after the last epoch, the chosen one, or N: last, chosen or N")
    add("--margin", type=_above_zero, metavar="D", help="a difference below D is none in practice; shares: 0.005")
    add("--pairs", action="store_true", help="a verdict on each setting against the best one, or the reference")
    add("--filter", action="append", default=[], metavar="TEST", help="for example 'model.width>=32'; repeatable")
    add("--sort", type=_sort, metavar="COLUMN", help="ascending; -COLUMN: descending, for example --sort=-seconds")
    add("--columns", type=_names, metavar="A,B", help="show only these columns")
    add("--top", type=_positive, metavar="N", help="show the first N settings")
    add("--csv", type=Path, metavar="FILE", help="write the table")
    add("--md", type=Path, metavar="FILE", help="write the table for a paper, in Markdown")
    add("--latex", type=Path, metavar="FILE", help="write the table for a paper, in LaTeX")
    add("--json", action="store_true", help="print table and verdicts as JSON")
    add("--png", "--figure", type=Path, metavar="FILE", help="draw settings, curves, effects: .png, .pdf or .svg")
    add("--html", type=Path, metavar="FILE", help="write the report, one file that opens offline")
    add("--watch", action="store_true", help="redraw until all runs have ended")
    add("--tracker", choices=["mlflow"], help="send the records to an MLflow store")
    parser.error = refuse_usage("see python -m runner compare --help")  # type: ignore[method-assign, assignment]
    given = vars(parser.parse_intermixed_args(words))
    if given["watch"] and given["json"]:
        raise ConfigError(["--watch shows a table, --json prints for programs: give one of them"])
    if given["png"] and given["png"].suffix.lower() not in FIGURES:
        raise ConfigError([f"--png must name a file that ends in .png, .pdf or .svg; got {given['png']}"])
    return Options(words=words, filters=[filters.parse(text) for text in given.pop("filter")], **given)


def _sort(text: str) -> Sort:
    return Sort(text.removeprefix("-"), descending=text.startswith("-"))


def _at(text: str) -> At:
    if text in ("last", "chosen"):
        return "last" if text == "last" else "chosen"
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be last, chosen, or a whole number of at least 1; got {text}")
    return int(text)


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number above 0; got {text}")
    return value


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1; got {text}")
    return int(text)


def _compare(options: Options) -> None:
    found = _compared(options)
    options = _with_known_columns(found, options)
    _write(found, options)  # first: `| head` ends the command while it prints
    if options.json:
        say(json.dumps(serialize.as_json(found), indent=2, allow_nan=False))
    else:
        _show(found, options)


def _compared(options: Options) -> Comparison:
    """Raises ConfigError where there are no runs, or the options do not fit them."""
    runs = filters.chosen(search.some_runs(options.paths, warn=_warn), options.filters)
    if not runs:
        raise ConfigError([f"--filter {' and '.join(each.text for each in options.filters)}: no run passes"])
    if options.reference:
        _refuse_reference(options.reference, runs)
    return comparison.compare(runs, options.reference, options.at, options.margin)


def _warn(message: str) -> None:
    say(message, sys.stderr)


def _refuse_reference(reference: Path, runs: list[Run]) -> None:
    fitting = [run for run in runs if run.folder.resolve() == reference.resolve()]
    if not fitting:
        raise ConfigError([f"--reference must be the folder of one of the runs compared; got {reference}"])
    if not comparison.counts(fitting[0]):
        why = ", ".join(filter(None, [fitting[0].status, wording.reason(fitting[0])]))
        raise ConfigError([f"--reference must be a completed run with a result of its own; {reference} is {why}"])


def _with_known_columns(found: Comparison, options: Options) -> Options:
    """The options with columns by their names, also where they are given by a heading. Raises ConfigError."""
    if not options.columns and not options.sort:
        return options
    tables = [judged.table for judged in found.tables]
    by_heading = {heading: name for table in tables for name, heading in compare_display.headings(table).items()}
    columns = dict.fromkeys(name for judged in found.tables for row in judged.rows for name in row)
    keys = {name for table in tables for setting in table.settings for name in setting.values}

    def known(name: str) -> str:
        return name if name in columns or name in keys else by_heading.get(name, name)

    wanted = [known(name) for name in options.columns] if options.columns else None
    sort = replace(options.sort, column=known(options.sort.column)) if options.sort else None
    asked = {"--columns": wanted or [], "--sort": [sort.column] if sort else []}
    problems = [
        f"{option} must name columns ({', '.join(columns)}) or keys of the config; got {name}"
        for option, names in asked.items()
        for name in names
        if tables and name not in columns and name not in keys
    ]
    if problems:
        raise ConfigError(problems)
    return replace(options, columns=wanted, sort=sort)


def _show(found: Comparison, options: Options) -> None:
    compare_display.show(found, Wanted(options.columns, options.sort, options.top, options.pairs))


def _write(found: Comparison, options: Options) -> None:
    """The files asked for, and the tracker's store. What draws them is imported late, as it is slow to import."""
    if options.png and not found.tables:
        raise ConfigError(["--png needs a completed run: all are left out"])
    if options.csv:
        options.csv.parent.mkdir(parents=True, exist_ok=True)
        options.csv.write_text(serialize.csv_text(found, options.sort, options.top), newline="")
    if options.md:
        files.write(options.md, paper.markdown(found, options.sort, options.top))
    if options.latex:
        files.write(options.latex, paper.latex(found, options.sort, options.top))
    if options.png:
        from runner.compare import picture

        files.write(options.png, picture.comparison(found.tables, FIGURES[options.png.suffix.lower()]))
    if options.html:
        from runner.compare.report.page import page

        command = shlex.join(["python", "-m", "runner", "compare", *options.words])
        files.write(options.html, page(found, command=command))
    for file in filter(None, (options.csv, options.md, options.latex, options.png, options.html)):
        say(f"{file} written", sys.stderr)
    if options.tracker:
        from runner.runs.mlflow import to_mlflow

        sent = to_mlflow(found.runs)
        say(f"{counted(sent.runs, 'run')} sent to {sent.store}", sys.stderr)


def _watch(options: Options) -> None:
    """Redraw until no run and no sweep is running; wait for the first run of a sweep that is.

    It ends too where all that it has shown is removed. Raises ConfigError where it has nothing to show at first.
    """
    shown = known = False
    while True:
        sweep_goes_on = search.sweep_goes_on(options.paths)
        try:
            found = _compared(options)
        except ConfigError as error:
            if not sweep_goes_on and not shown:
                raise
            if not sweep_goes_on:
                return _warn(f"the watch has ended: {error}")
            time.sleep(REDRAW_SECONDS)
            continue
        if not known:
            options, known = _with_known_columns(found, options), bool(found.tables)
        running = sum(run.status == RUNNING for run in found.left_out)
        is_last = not running and not sweep_goes_on
        if is_last:
            _write(found, options)
        if sys.stdout.isatty():
            print("\033[2J\033[H", end="")
        _show(found, options)
        shown = True
        if is_last:
            return None
        say(f"{counted(running, 'run')} going on; Ctrl-C ends the watch, not the runs\n")
        time.sleep(REDRAW_SECONDS)
