"""What was trained, side by side. Reads records only, never imports tensorflow."""

import glob
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from runner import metrics_csv, run_folder
from runner.config import shown

DEFAULT = "outputs"


def main(words: list[str]) -> int:
    """`compare PATH…`: a row a run, with what differs; exit 2 where there are no runs."""
    paths = words or [DEFAULT]
    if unknown := [word for word in words if word.startswith("-")]:
        print(f"compare takes folders or globs of runs; got {' '.join(unknown)}", file=sys.stderr)
        return 2
    runs = [run for folder in _folders(paths) if (run := _load(folder))]
    if not runs:
        print(f"{' '.join(paths)} holds no runs: train one with python -m runner", file=sys.stderr)
        return 2
    _print(runs)
    return 0


def _folders(paths: list[str]) -> list[Path]:
    found = {
        record.parent
        for path in paths
        for match in glob.glob(path) or [path]
        for record in sorted(Path(match).rglob(run_folder.RECORD))
    }
    return sorted(found)


def _load(folder: Path) -> dict[str, Any] | None:
    try:
        record = run_folder.read_record(folder)
        rows = metrics_csv.read(folder / run_folder.METRICS) if record["epochs"] else []
        best = rows[record["best_epoch"] - 1] if record["best_epoch"] else {}
        settings = {
            **dict(_flat(record["config"])),
            "dataset.source": (record["dataset"] or {}).get("source"),
        }
        return {"folder": folder, "record": record, "best": best, "settings": settings}
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        print(f"{folder} is passed over: {error}", file=sys.stderr)
        return None


def _flat(node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _print(runs: list[dict[str, Any]]) -> None:
    keys = dict.fromkeys(key for run in runs for key in run["settings"])
    differing = [key for key in keys if len({str(run["settings"].get(key)) for run in runs}) > 1]
    table = Table(box=None, pad_edge=False)
    for name in (*differing, "best epoch", "best", "status", "folder"):
        table.add_column(name, overflow="fold")
    for run in sorted(runs, key=_rank):
        record = run["record"]
        value = run["best"].get(record["monitor"], math.nan)
        cells = [
            *(shown(run["settings"].get(key)) for key in differing),
            f"{record['best_epoch'] or '–'} of {record['epochs']}",
            f"{record['monitor']} {value:.4f}",
            record["status"],
            str(run["folder"]),
        ]
        table.add_row(*map(Text, cells))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    console.print(table)


def _rank(run: dict[str, Any]) -> tuple[float, str]:
    value = run["best"].get(run["record"]["monitor"], math.nan)
    sign = -1 if run["record"].get("monitor_direction") == "max" else 1
    return (math.inf if math.isnan(value) else sign * value, str(run["folder"]))
