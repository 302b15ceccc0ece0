"""A comparison on the terminal: tables, verdicts, overfitting, and the runs left out."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from runner.compare import comparison, wording
from runner.compare.comparison import Comparison, Judged, Sort
from runner.compare.grouping import Setting, Table
from runner.formatting import counted, number, shown
from runner.runs.reader import Run
from runner.system.console import say, table

SENTENCES = 20  # most settings of a table with sentences about them
NAMED = 10  # most of the runs left out that are named


def show(found: Comparison, *, columns: Sequence[str] | None, sort: Sort | None, top: int | None) -> None:
    """Print one table for each data set and monitor, with its verdicts, then the runs left out."""
    if len(found.tables) > 1:
        say("runs on different data or with different monitors are not comparable: one table each")
    for place, judged in enumerate(found.tables):
        if place:
            say("")
        rows = comparison.rows(judged.table, sort, top)
        say(judged.table.title)
        _show_rows(rows, columns or _default_columns(judged.table), judged.table)
        if len(rows) < len(judged.table.settings):
            say(f"… and {counted(len(judged.table.settings) - len(rows), 'more setting')}")
        _show_findings(judged, rows)
    for line in _left_out(found.left_out):
        say(line)


def _default_columns(table: Table) -> list[str]:
    monitor = table.monitor
    gap = ["gap"] if monitor.is_of_validation and table.at == "chosen" else []
    return [*table.keys, "seeds", monitor.name, *gap, "chosen_epoch", "updates", "seconds"]


def _show_rows(rows: list[dict[str, Any]], columns: Sequence[str], of: Table) -> None:
    titles = {"chosen_epoch": "epoch" if of.at == "chosen" else "best epoch"}  # short, so that 80 columns are enough
    table(
        [titles.get(name, name) for name in columns],
        [[_cell(row, name, columns, of) for name in columns] for row in rows],
    )


def _cell(row: dict[str, Any], name: str, columns: Sequence[str], of: Table) -> str:
    """A value as text. Deviation and number of epochs are part of another cell unless they are columns of their own."""
    value = row.get(name)
    if value is None:
        return ""
    if name == of.monitor.name and row["deviation"] is not None and "deviation" not in columns:
        return f"{number(value)} ± {number(row['deviation'])}"
    if name == "chosen_epoch" and "epochs" not in columns:
        return f"{value:g}/{row['epochs']:g}"
    if name in of.keys or not isinstance(value, float) or not math.isfinite(value):
        return shown(value)
    if "epoch" in name or name == "rises_from":
        return f"{value:g}"
    if name in ("seconds", "saved_seconds"):
        return f"{value:.1f}"
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else number(value)


def _show_findings(judged: Judged, rows: list[dict[str, Any]]) -> None:
    """Verdicts and overfitting of the settings in the rows, as far as sentences go."""
    folders = {row["folder"] for row in rows[:SENTENCES]}

    def is_shown(setting: Setting) -> bool:
        return comparison.row(judged.table, setting)["folder"] in folders

    if judged.verdicts:
        say("verdict")
        for setting, verdict in judged.verdicts:
            if is_shown(setting):
                say(f"  {wording.verdict(judged, setting, verdict)}")
        say(f"  {wording.method(judged)}")
    say("overfitting")
    for setting, sentence in zip(judged.table.curves.values(), wording.overfit(judged.table), strict=True):
        if is_shown(setting):
            say(f"  {sentence}")
    if len(rows) > SENTENCES:
        say(f"  … and {counted(len(rows) - SENTENCES, 'more setting')}: --json has all")
    say(wording.best_run(judged.table))


def _left_out(runs: list[Run]) -> Iterator[str]:
    """How many runs are left out, by status, and the first of them with their reasons."""
    if runs:
        statuses = sorted({run.status for run in runs})
        counts = ", ".join(f"{sum(run.status == status for run in runs)} {status}" for status in statuses)
        yield f"left out: {counts}"
    for run in runs[:NAMED]:
        epochs = f"{run.record['epochs']} of {run.record['config']['training']['epochs']} epochs"
        yield ": ".join(filter(None, [f"  {run.folder} {run.status}, {epochs}", wording.reason(run)]))
    if len(runs) > NAMED:
        yield f"  … and {len(runs) - NAMED} more"
