"""The tables of the report: the settings in full, single runs, configs, the runs left out."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from runner.compare.comparison import MOST
from runner.compare.grouping import Setting
from runner.compare.labels import is_number
from runner.compare.report.view import View, escaped, value_of
from runner.compare.wording import reason
from runner.formatting import counted, shown
from runner.runs.reader import Run

TERMS = {
    "± se": "standard error of the mean, with the examples and the spread of all epochs that could have been chosen",
    "± sd": "standard deviation over the runs, in the epoch that is judged",
    "gap": "by how much the network is better on what it was trained on",
    "epoch": "where it is judged",
    "as good": "epochs that cannot be told from the best one",
    "fewest": "the first epoch within one standard error of it",
}


@dataclass(frozen=True)
class Column:
    """A column of a table.

    title   its heading; `about` says more
    values  what the column is sorted by
    texts   what is shown
    """

    title: str
    values: Sequence[Any]
    texts: list[str]
    about: str = ""

    @cached_property
    def is_number(self) -> bool:
        return all(value is None or is_number(value) for value in self.values)


def settings_table(view: View) -> str:
    """A row for each setting, with all that is known of it; the best first."""
    columns = [column for column in _of_settings(view) if any(column.texts)]
    terms = "; ".join(f"{column.title}: {TERMS[column.title]}" for column in columns if column.title in TERMS)
    table = _table(columns, f"{view.prefix}-table", "All settings, the best first")
    return f'{table}<p class="caption">{terms}.</p>'


def runs_table(view: View, runs: Sequence[Run]) -> str:
    """A row for each of these runs; the best first."""
    sign, known = view.table.monitor.sign, {run.folder for run in runs}
    placed = [(setting, run) for setting in view.table.settings for run in setting.runs if run.folder in known]
    placed.sort(key=lambda each: -sign * each[0].result(each[1]))
    return _table(list(_of_runs(view, placed)), f"{view.prefix}-runs", "Runs, the best first")


def _of_settings(view: View) -> Iterator[Column]:
    rows, settings, monitor = view.judged.rows, view.table.settings, view.table.monitor
    yield from _keys(view, settings)
    yield _column("seeds", [row["seeds"] for row in rows], "d")
    yield _column(monitor.name, [row[monitor.name] for row in rows], ".4f")
    yield _column("± se", [row["standard_error"] for row in rows], ".4f")
    yield _column("± sd", [row["deviation"] for row in rows], ".4f")
    if any("gap" in row for row in rows):
        yield _column("gap", [row.get("gap") for row in rows], ".4f")
    yield _column("epoch", [row["epoch"] for row in rows], "g")
    yield _column("best epoch", [row["chosen_epoch"] for row in rows], "d")
    ranges = [row["epochs_as_good"] for row in rows]
    texts = ["–".join(map(str, dict.fromkeys(each))) if each else "" for each in ranges]
    yield Column("as good", [each and each[0] for each in ranges], texts)
    yield _column("fewest", [row["fewest_epochs"] for row in rows], "d")
    yield _column("parameters", [each.runs[0].record.get("parameter_count") for each in settings], ",d")
    yield _column("updates", [row["updates"] for row in rows], ",.0f", "optimizer steps, mean over the seeds")
    yield _column("seconds", [row["seconds"] for row in rows], ",.1f", "of training, mean over the seeds")


def _of_runs(view: View, placed: list[tuple[Setting, Run]]) -> Iterator[Column]:
    settings, runs = [setting for setting, _ in placed], [run for _, run in placed]
    monitor = view.table.monitor
    yield Column("run", names := [view.names[run.folder] for run in runs], names)
    yield from _keys(view, settings)
    yield _column("seed", [run.record["seed"] for run in runs], "d")
    yield _column(monitor.name, [setting.result(run) for setting, run in placed], ".4f")
    yield _column("epoch", [setting.epoch(run) for setting, run in placed], "d", "after which it is judged")
    yield _column(
        "own best", [run.monitored for run in runs], ".4f", f"{monitor.name} after the best epoch of this run"
    )
    yield _column("after", [run.record["best_epoch"] for run in runs], "d", "the best epoch of this run")
    yield _column("updates", [run.updates for run in runs], ",d")
    yield _column("seconds", [run.seconds for run in runs], ",.1f")


def _keys(view: View, settings: Sequence[Setting]) -> Iterator[Column]:
    for key, title in view.keys.items():
        values = [setting.values.get(key) for setting in settings]
        numbers = all(value is None or is_number(value) for value in values)
        texts = [value_of(setting, key) if key in setting.values else "" for setting in settings]
        yield Column(title, values if numbers else texts, texts, key)


def _column(title: str, values: Sequence[Any], form: str, about: str = "") -> Column:
    return Column(title, values, ["" if value is None else format(value, form) for value in values], about)


def _table(columns: list[Column], name: str, caption: str) -> str:
    """A table that a click on a heading sorts; its first column stays where the others are scrolled."""
    heads = "".join(
        f'<th scope="col"{_class(column)} title="{escaped(column.about)}"><button type="button">{escaped(column.title)}'
        "</button></th>"
        for column in columns
    )
    rows = "".join(_cells(columns, place) for place in range(len(columns[0].texts)))
    return (
        f'<div class="box tall" tabindex="0" role="group" aria-label="{caption}"><table class="data" id="{name}">'
        f'<caption class="unseen">{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cells(columns: list[Column], place: int) -> str:
    first, *rest = columns
    cells = "".join(
        f"<td{_class(column)}{_sorted(column, place)}>{escaped(column.texts[place])}</td>" for column in rest
    )
    return f'<tr><th scope="row"{_class(first)}{_sorted(first, place)}>{escaped(first.texts[place])}</th>{cells}</tr>'


def _class(column: Column) -> str:
    return ' class="number"' if column.is_number else ""


def _sorted(column: Column, place: int) -> str:
    """What a number is sorted by, where its text is not it."""
    value = column.values[place]
    is_told = not column.is_number or value is None or str(value) == column.texts[place]
    return "" if is_told else f' data-by="{value!r}"'


def configs(runs: Sequence[Run], names: dict[Path, str]) -> str:
    """The config that all runs have in common, and for each run its command and what it has of its own."""
    if not runs:
        return ""
    lines = {run.folder: dict.fromkeys(_lines(run)) for run in runs}
    common = dict.fromkeys(line for line in lines[runs[0].folder] if all(line in each for each in lines.values()))
    items = "".join(
        f"<dt>{escaped(names[run.folder])}</dt><dd>{_pre(_own(run, lines[run.folder], common))}</dd>" for run in runs
    )
    return (
        f'<p class="head">In common</p>{_pre(common)}'
        f'<p class="head">{counted(len(runs), "run")}</p><dl class="configs">{items}</dl>'
    )


def _pre(lines: Iterable[str]) -> str:
    return f'<pre tabindex="0">{escaped(chr(10).join(lines))}</pre>'


def _own(run: Run, lines: dict[str, None], common: dict[str, None]) -> list[str]:
    """The folder, the command that trains the run again, and the words of its config that not all runs have."""
    epochs = "training.epochs="
    words = [word for word in run.record["overrides"] if not str(word).startswith(epochs)]
    words.append(f"{epochs}{run.record['config']['training']['epochs']}")  # resume can have changed it
    command = shlex.join(["python", "-m", "runner", *map(str, words)])
    return [f"# {run.folder}", command, *(line for line in lines if line not in common)]


def _lines(run: Run) -> list[str]:
    """The config as words of the command line."""
    return [f"{key}={shown(value)}" for key, value in run.config.items()]


def left_out(runs: Sequence[Run], names: dict[Path, str]) -> str:
    """The runs that are not compared, and why."""
    if not runs:
        return ""
    first = runs[:MOST]
    rows = "".join(
        f'<tr><th scope="row">{escaped(names[run.folder])}</th><td>{escaped(run.status)}</td>'
        f'<td class="reason">{escaped(reason(run))}</td></tr>'
        for run in first
    )
    count = counted(len(runs), "run")
    cut = f" The first {MOST} are shown." if len(runs) > MOST else ""
    return (
        f"<section><h2>Left out</h2><p>In none of the plots, tables and verdicts above: {count}.{cut}</p>"
        '<div class="box" tabindex="0" role="group" aria-label="Runs left out"><table class="data"><thead><tr>'
        '<th scope="col">run</th><th scope="col">status</th><th scope="col">reason</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div><details><summary>Their configs</summary>{configs(first, names)}</details>"
        "</section>"
    )
