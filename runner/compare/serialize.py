"""A comparison for other programs: CSV and JSON."""

import csv
import io
from typing import Any

from runner.compare import comparison, wording
from runner.compare.comparison import Comparison, Judged, Sort
from runner.formatting import shown, spreadsheet_text
from runner.runs import history
from runner.runs.test_ledger import LEDGER, times_opened


def csv_text(found: Comparison, sort: Sort | None = None, top: int | None = None) -> str:
    """One row for each setting, all tables below one another; column `data` is the table's title.

    Floats in full precision, empty where there is no value. No text is a formula for a spreadsheet.
    """
    names = ["data", *dict.fromkeys(name for judged in found.tables for row in judged.rows for name in row)]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(map(spreadsheet_text, names))
    for judged in found.tables:
        for row in comparison.rows(judged, sort, top):
            row["data"] = judged.table.title
            writer.writerow(["" if row.get(name) is None else _cell(row[name]) for name in names])
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return history.cell("", value)
    text = shown(value) if isinstance(value, bool | list | dict) else value
    return spreadsheet_text(text) if isinstance(text, str) else text


def as_json(found: Comparison) -> dict[str, Any]:
    """Tables with their settings and verdicts, and the runs left out, as JSON takes them."""
    return {
        "tables": [_table(judged) for judged in found.tables],
        "left_out": [
            {
                "folder": str(run.folder),
                "status": run.status,
                "error": run.record["error"],
                "reason": wording.reason(run),
            }
            for run in found.left_out
        ],
    }


def _table(judged: Judged) -> dict[str, Any]:
    table = judged.table
    return {
        "title": table.title,
        "monitor": table.monitor.name,
        "direction": table.monitor.direction,
        "judged_at": table.at,
        "keys": table.keys,
        "commonest_class": table.commonest,
        "test_set_opened": times_opened(LEDGER, table.settings[0].runs[0].record["dataset"]),
        "margin": judged.margin,
        "luck": judged.luck,
        "answer": wording.answer(judged),
        "settings": [
            {"name": table.name(setting), **row, "runs": [str(run.folder) for run in setting.runs]}
            for setting, row in zip(table.settings, judged.rows, strict=True)
        ],
        "reference": table.name(judged.reference),
        "verdicts": [
            {
                "setting": table.name(setting),
                "outcome": found.outcome,
                "difference": found.difference,
                "interval": found.interval,
                "p": found.p,
                "covers": found.covers,
                "method": found.method,
                "needed": {"seeds": found.needed.seeds, "examples": found.needed.examples},
                "sentence": wording.verdict(judged, setting, found),
            }
            for setting, found in judged.verdicts
        ],
    }
