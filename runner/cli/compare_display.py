"""A comparison on the terminal: the answer, the table, what was asked for, and the runs left out."""

import itertools
import math
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runner.compare import comparison, wording
from runner.compare.comparison import Comparison, Judged, Sort
from runner.compare.grouping import Table
from runner.compare.labels import short_keys
from runner.formatting import counted, number, shown
from runner.runs.reader import Run
from runner.system.console import say, table

SENTENCES = 20  # most sentences about the settings of a table
MORE = ": --top N shows more of them, --csv FILE writes all"
CURVES = 3  # most learning curves whose epochs are told without --pairs
NAMED = 10  # most of the runs left out that are named
AS_GOOD = "*"  # marks the best and those that cannot be told from it

# Columns that a table can do without, the first to go first where the terminal is narrow.
DISPENSABLE = ("seconds", "updates", "gap", "seeds", "folds")


@dataclass(frozen=True)
class Wanted:
    """What is to be shown: columns by name, the order of the rows, their number, and a verdict on each setting."""

    columns: Sequence[str] | None = None
    sort: Sort | None = None
    top: int | None = None
    pairs: bool = False


def show(found: Comparison, wanted: Wanted) -> None:
    """Print the answer and the table for each data set and monitor, then the runs left out."""
    if len(found.tables) > 1:
        say("runs on different data, by different monitors or by losses of another kind have a table each")
    for place, judged in enumerate(found.tables):
        if place:
            say("")
        _show_table(judged, wanted)
    for line in (*wording.tests_opened(found), *_left_out(found.left_out)):
        _say(line)


def _show_table(judged: Judged, wanted: Wanted) -> None:
    for line in wording.answer(judged):
        _say(line)
    _say(judged.table.title)
    rows = comparison.rows(judged, wanted.sort, wanted.top or comparison.MOST)
    _show_rows(rows, judged, wanted.columns)
    if len(rows) < len(judged.table.settings):
        say(f"… and {counted(len(judged.table.settings) - len(rows), 'more setting')}{'' if wanted.top else MORE}")
    for line in (*_legend(judged, wanted), *_findings(judged, wanted)):
        _say(line)
    if judged.verdicts or len(judged.table.settings) == 1:  # of cuts of one curve the answer names another epoch
        _say(wording.best_run(judged.table))


def _say(line: str) -> None:
    """Print a line, which stays one whatever the names of a record hold."""
    say(line.replace("\n", " "))


def headings(table: Table) -> dict[str, str]:
    """The heading of each column: a key without its group where that is clear."""
    return {"chosen_epoch": "epoch" if table.at == "chosen" else "best epoch", **short_keys(table)}


def _show_rows(rows: list[dict[str, Any]], judged: Judged, columns: Sequence[str] | None) -> None:
    of, named = judged.table, headings(judged.table)
    chosen = list(columns or _default_columns(judged))
    while True:
        head = ["" if name == "not_told_from_best" else named.get(name, name) for name in chosen]
        cells = [[_cell(row, name, chosen, of) for name in chosen] for row in rows]
        spare = next((name for name in DISPENSABLE if name in chosen), None)
        if columns or spare is None or _width([head, *cells]) <= _room():
            break
        chosen.remove(spare)
    if not columns and _width([head, *cells]) > _room():
        head, cells = _folded(rows, judged, [name for name in chosen if name not in of.keys])
    table(head, cells)


def _folded(rows: list[dict[str, Any]], judged: Judged, chosen: list[str]) -> tuple[list[str], list[list[str]]]:
    """One column with the words of all keys, the last one, where a column for each finds no room."""
    of, named = judged.table, headings(judged.table)
    head = ["" if name == "not_told_from_best" else named.get(name, name) for name in chosen]
    keys = of.telling_keys
    words = [
        " ".join(f"{named[key]}={shown(row.get(key))}" for key in keys if row.get(key) is not None) for row in rows
    ]
    cells = [[*(_cell(row, name, chosen, of) for name in chosen), text] for row, text in zip(rows, words, strict=True)]
    return [*head, "setting"], cells


def _width(lines: Sequence[Sequence[str]]) -> int:
    return sum(max(map(len, column)) + 2 for column in zip(*lines, strict=True)) - 2


def _room() -> int:
    """The columns of the terminal; piped output is 120 wide at most."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 120


def _default_columns(judged: Judged) -> list[str]:
    table = judged.table
    mark = ["not_told_from_best"] if _is_marked(judged) else []
    gap = ["gap"] if table.monitor.is_of_validation and table.at == "chosen" else []
    repeats = ["folds", "seeds"] if table.settings[0].folds else ["seeds"]
    return [*mark, *table.telling_keys, *repeats, table.monitor.name, *gap, "chosen_epoch", "updates", "seconds"]


def _is_marked(judged: Judged) -> bool:
    """Whether some settings are told from the best, and others are not."""
    return 1 < len(judged.as_good) <= len(judged.verdicts)


def _cell(row: dict[str, Any], name: str, columns: Sequence[str], of: Table) -> str:
    """A value as text. Error and number of epochs are part of another cell unless they are columns of their own."""
    value = row.get(name)
    if value is None:
        return ""
    if name == "not_told_from_best":
        return AS_GOOD if value else ""
    if name == of.monitor.name and row["standard_error"] is not None and "standard_error" not in columns:
        return f"{number(value)} ± {number(row['standard_error'])}"
    if name == "chosen_epoch" and "epochs" not in columns:
        return f"{value:g}/{row['epochs']:g}"
    if name in of.keys or not isinstance(value, float) or not math.isfinite(value):
        return shown(value)
    if "epoch" in name or name == "rises_from":
        return f"{value:g}"
    if name in ("seconds", "saved_seconds"):
        return f"{value:.1f}"
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else number(value)


def _legend(judged: Judged, wanted: Wanted) -> Iterator[str]:
    """What the signs of the table mean, and the keys that have no column."""
    if wanted.columns:
        return
    table = judged.table
    signs = [f"{AS_GOOD} the best and those not told from it"] if _is_marked(judged) else []
    if any(comparison.error(setting) is not None for setting in table.settings):
        is_chosen = table.at == "chosen" and any(len(setting.runs) > 1 for setting in table.settings)
        of = ", of the epochs that could have been chosen" if is_chosen else ""
        signs.append(f"± one standard error{of}")
    if signs:
        yield "; ".join(signs)
    if judged.chosen and not wanted.pairs and (test := wording.method(judged)):
        yield test
    left = [key for key in table.keys if key not in table.telling_keys]
    if left:
        yield f"{', '.join(left)}: other values too, which follow from {', '.join(table.telling_keys)}"


def _findings(judged: Judged, wanted: Wanted) -> Iterator[str]:
    """How many epochs the curves need, what has learned nothing, and the pairs where they are asked for."""
    said = wording.answer(judged)
    if wanted.pairs or not judged.chosen:
        yield from _some(wording.pairs(judged))
    many = len(judged.table.curves) > CURVES and not wanted.pairs
    curves = list(itertools.islice(wording.curves(judged.table), 1 if many else None))
    yield from _some([line for line in curves if line not in said])
    yield from wording.unlearned(judged)


def _some(sentences: Sequence[str]) -> Iterator[str]:
    yield from sentences[:SENTENCES]
    if len(sentences) > SENTENCES:
        yield f"… and {counted(len(sentences) - SENTENCES, 'more sentence')}: --json has all"


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
