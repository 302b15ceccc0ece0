"""`compare PATH…`: which choice is better, and whether the difference is real. Reads records only, never tensorflow."""

import argparse
import csv
import json
import math
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.compare import comparison, filters
from runner.compare import wording as sentences
from runner.compare.comparison import Comparison, Judged
from runner.compare.dataframe import hashable
from runner.compare.grouping import Setting
from runner.errors import ConfigError
from runner.formatting import counted, number, shown
from runner.runs import catalog
from runner.runs import history as metrics_csv
from runner.runs.reader import Run
from runner.runs.status import RUNNING
from runner.system import files
from runner.system.console import say, table

if TYPE_CHECKING:
    pass

REDRAW_SECONDS = 2.0
SENTENCES = 20  # settings that the screen says something of
NAMED = 10  # of the runs that are left out


def main(words: list[str]) -> int:
    """The exit code: 0 done, 1 a file cannot be written, 2 what was asked is invalid, or there are no runs."""
    try:
        options = _options(words)
        if options.watch:
            return _watch(options)
        return _compare(options)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}: give another file", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m runner compare",
        description="Which choice is better, and whether the difference is real: a row a setting, the best first.",
    )
    parser.add_argument(
        "paths", nargs="*", default=[catalog.DEFAULT], metavar="PATH", help="folders of runs or sweeps, or globs"
    )
    parser.add_argument(
        "--reference", type=Path, metavar="RUN", help="hold all against this run's setting, not the best"
    )
    parser.add_argument(
        "--filter", action="append", default=[], metavar="TEST", help="as 'model.width>=32'; repeatable"
    )
    parser.add_argument(
        "--sort", metavar="COLUMN", help="by this column, ascending; -COLUMN: descending, as --sort=-seconds"
    )
    parser.add_argument("--columns", type=_names, metavar="A,B", help="show just these columns")
    parser.add_argument("--top", type=_positive, metavar="N", help="show the first N settings")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table")
    parser.add_argument("--json", action="store_true", help="print table and verdicts as JSON")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw curves and effects")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report, one file that opens offline")
    parser.add_argument("--watch", action="store_true", help="draw anew while runs are going on")
    parser.add_argument("--tracker", choices=["mlflow"], help="send the records to an MLflow store")
    options = parser.parse_intermixed_args(words)
    options.words = words
    if options.watch and options.json:
        raise ConfigError(["--watch shows a table, --json prints for programs: give one of them"])
    return options


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1; got {text}")
    return int(text)


def _compare(options: argparse.Namespace) -> int:
    found = _compared(options)
    _write(found, options)  # first: `| head` ends the command in the middle of what it prints
    if options.json:
        print(json.dumps(_as_json(found), indent=2, allow_nan=False))
    else:
        _print(found, options)
    return 0


def _compared(options: argparse.Namespace) -> Comparison:
    """Raises ConfigError where there are no runs, or what was asked of them does not fit."""
    runs = list(catalog.runs(options.paths))
    if not runs:
        raise ConfigError([f"{' '.join(options.paths)} holds no runs: train one with python -m runner"])
    runs = filters.chosen(runs, [filters.parse(text) for text in options.filter])
    if not runs:
        raise ConfigError([f"--filter {' and '.join(options.filter)}: no run passes"])
    if options.reference:
        _refuse_reference(options.reference, runs)
    found = comparison.compare(runs, options.reference)
    _refuse_unknown_columns(found, options)
    return found


def _refuse_reference(reference: Path, runs: list[Run]) -> None:
    fitting = [run for run in runs if run.folder.resolve() == reference.resolve()]
    if not fitting:
        raise ConfigError([f"--reference must be the folder of one of the runs compared; got {reference}"])
    if not comparison.counts(fitting[0]):
        why = ", ".join(filter(None, [fitting[0].status, sentences.reason(fitting[0])]))
        raise ConfigError([f"--reference must be a completed run with a result of its own; {reference} is {why}"])


def _print(found: Comparison, options: argparse.Namespace) -> None:
    """A table for each data set: runs on different data do not compare."""
    if len(found.tables) > 1:
        say("runs on different data, or chosen by different metrics, do not compare: a table each")
    prepared = [(judged, *_prepared(judged, options)) for judged in found.tables]
    for place, (judged, rows, columns) in enumerate(prepared):
        if place:
            say("")
        say(judged.table.title)
        table(*_cells(judged, rows, columns))
        if len(rows) < len(judged.table.settings):
            say(f"… and {counted(len(judged.table.settings) - len(rows), 'more setting')}")
        _print_findings(judged, rows)
    for line in _left_out(found.left_out):
        say(line)


def _print_findings(judged: Judged, rows: list[dict[str, Any]]) -> None:
    """Verdicts and overfitting of the settings that the table shows."""
    shown_folders = {row["folder"] for row in rows[:SENTENCES]}

    def is_shown(setting: Setting) -> bool:
        return comparison.row(judged.table, setting)["folder"] in shown_folders

    if judged.verdicts:
        say("verdict")
        for setting, verdict in judged.verdicts:
            if is_shown(setting):
                say(f"  {sentences.verdict(judged, setting, verdict)}")
        say(f"  {sentences.method(judged)}")
    say("overfitting")
    for setting, text in zip(judged.table.settings, sentences.overfit(judged.table), strict=True):
        if is_shown(setting):
            say(f"  {text}")
    if len(rows) > SENTENCES:
        say(f"  … and {counted(len(rows) - SENTENCES, 'more setting')}: --json has all")
    say(sentences.best_run(judged.table))


def _rows(judged: Judged, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows to show; also those keys of the config stand in them in which the settings do not differ."""
    rows = [{**setting.values, **comparison.row(judged.table, setting)} for setting in judged.table.settings]
    if options.sort:
        column, descending = options.sort.removeprefix("-"), options.sort.startswith("-")
        known = [row for row in rows if row.get(column) is not None]
        known.sort(key=lambda row: _order(row[column]), reverse=descending)
        rows = known + [row for row in rows if row.get(column) is None]
    return rows[: options.top]


def _order(value: Any) -> tuple[int, Any]:
    """Numbers, then text."""
    return (0, value) if isinstance(value, (int, float)) else (1, shown(value))


def _refuse_unknown_columns(found: Comparison, options: argparse.Namespace) -> None:
    """Raises ConfigError for a column that no table has."""
    rows = [(comparison.row(each.table, one), one.values) for each in found.tables for one in each.table.settings]
    columns = dict.fromkeys(name for row, _ in rows for name in row)
    keys = {name for _, values in rows for name in values}
    asked = {"--columns": options.columns or [], "--sort": [options.sort.removeprefix("-")] if options.sort else []}
    problems = [
        f"{option} must name columns ({', '.join(columns)}) or keys of the config; got {name}"
        for option, names in asked.items()
        for name in names
        if rows and name not in columns and name not in keys
    ]
    if problems:
        raise ConfigError(problems)


def _prepared(judged: Judged, options: argparse.Namespace) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows and columns to show."""
    rows = _rows(judged, options)
    if options.columns:
        return rows, options.columns
    shown_anyway = [*judged.table.keys, "seeds", judged.table.monitor]
    metrics = [judged.table.training, "gap"] if judged.table.training != judged.table.monitor else []
    return rows, [*shown_anyway, *metrics, "best_epoch", "updates", "seconds"]


def _cells(judged: Judged, rows: list[dict[str, Any]], columns: list[str]) -> tuple[list[str], list[list[str]]]:
    def cell(row: dict[str, Any], name: str) -> str:
        value = row.get(name)
        if value is None:
            return ""
        if name == judged.table.monitor and row["deviation"] is not None and "deviation" not in columns:
            return f"{number(value)} ± {number(row['deviation'])}"
        if name == "best_epoch" and "epochs" not in columns:
            return f"{value:g}/{row['epochs']:g}"
        if name in judged.table.keys or not isinstance(value, float) or not math.isfinite(value):
            return shown(value)
        if "epoch" in name or name == "rises_from":
            return f"{value:g}"
        if name in ("seconds", "saved_seconds"):
            return f"{value:.1f}"
        return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else number(value)

    names = {"best_epoch": "best epoch" if "epochs" in columns else "epoch"}  # short: all fits 80 columns
    header = [names.get(name, name) for name in columns]
    return header, [[cell(row, name) for name in columns] for row in rows]


def _left_out(runs: list[Run]) -> Iterator[str]:
    """Runs that are counted and named, and not mixed in."""
    if runs:
        statuses = sorted({run.status for run in runs})
        counts = ", ".join(f"{sum(run.status == status for run in runs)} {status}" for status in statuses)
        yield f"left out: {counts}"
    for run in runs[:NAMED]:
        epochs = f"{run.record['epochs']} of {run.record['config']['training']['epochs']} epochs"
        yield ": ".join(filter(None, [f"  {run.folder} {run.status}, {epochs}", sentences.reason(run)]))
    if len(runs) > NAMED:
        yield f"  … and {len(runs) - NAMED} more"


def _write(found: Comparison, options: argparse.Namespace) -> None:
    if options.png and not found.tables:
        raise ConfigError(["--png needs a completed run: all are left out"])
    if options.csv:
        _write_csv(found, options)
    if options.png:
        from runner.runs import learning_curves as plots

        files.write(options.png, plots.comparison([judged.table for judged in found.tables]))
    if options.html:
        from runner.compare.report import page as report

        command = shlex.join(["python", "-m", "runner", "compare", *options.words])
        files.write(options.html, report.page(found, command=command, sentences=sentences.every(found)))
    if options.tracker:
        from runner.runs import mlflow as tracking

        tracking.to_mlflow(found.runs)


def _write_csv(found: Comparison, options: argparse.Namespace) -> None:
    rows = [{"data": judged.table.title, **row} for judged in found.tables for row in _rows(judged, options)]
    shown_rows = [comparison.row(each.table, setting) for each in found.tables for setting in each.table.settings]
    names = ["data", *dict.fromkeys(name for row in shown_rows for name in row)]
    options.csv.parent.mkdir(parents=True, exist_ok=True)
    with options.csv.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow(["" if row.get(name) is None else _plain(row[name]) for name in names])


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return metrics_csv.cell("", value)
    return shown(value) if isinstance(value, bool) else hashable(value)


def _as_json(found: Comparison) -> dict[str, Any]:
    return {
        "tables": [_table_as_json(judged) for judged in found.tables],
        "left_out": [
            {
                "folder": str(run.folder),
                "status": run.status,
                "error": run.record["error"],
                "reason": sentences.reason(run),
            }
            for run in found.left_out
        ],
    }


def _table_as_json(judged: Judged) -> dict[str, Any]:
    table = judged.table
    return {
        "title": table.title,
        "monitor": table.monitor,
        "direction": table.direction,
        "keys": table.keys,
        "settings": [
            {"name": table.name(each), **comparison.row(table, each), "runs": [str(run.folder) for run in each.runs]}
            for each in table.settings
        ],
        "reference": table.name(judged.reference),
        "verdicts": [
            {
                "setting": table.name(setting),
                "reference_is_better": found.is_better,
                "difference": found.difference,
                "interval": found.interval,
                "p": found.p,
                "adjusted_p": found.adjusted,
                "method": found.method,
                "more_seeds": found.more_seeds,
                "sentence": sentences.verdict(judged, setting, found),
            }
            for setting, found in judged.verdicts
        ],
    }


def _watch(options: argparse.Namespace) -> int:
    """Draw anew until no run and no sweep is going on; wait for the first run of a sweep that is."""
    while True:
        sweep_goes_on = catalog.sweep_goes_on(options.paths)
        try:
            found = _compared(options)
        except ConfigError:
            if not sweep_goes_on:
                raise
            time.sleep(REDRAW_SECONDS)
            continue
        going_on = [run for run in found.left_out if run.status == RUNNING]
        is_last = not going_on and not sweep_goes_on
        if is_last:
            _write(found, options)
        if sys.stdout.isatty():
            print("\033[2J\033[H", end="")
        _print(found, options)
        if is_last:
            return 0
        say(f"{counted(len(going_on), 'run')} going on; Ctrl-C ends the watch, not the runs\n")
        time.sleep(REDRAW_SECONDS)
