"""What was trained, side by side. Reads records only, never imports tensorflow."""

import glob
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
        if record["status"] == "running" and not run_folder.is_held(folder):
            record["status"] = "crashed"
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
    """A table for each dataset: runs on different data do not compare."""
    by_data: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        data = run["record"]["dataset"] or {"name": run["settings"]["dataset.name"], "source": "no data"}
        by_data.setdefault(f"{data['name']} ({data['source']})", []).append(run)
    for title, group in by_data.items():
        print(title)
        for line in _table(sorted(group, key=_rank)):
            print(line)


def _table(runs: list[dict[str, Any]]) -> Iterator[str]:
    """A line a run, the folder in one piece so that it can be copied; what differs stands last."""
    rows = [("best", "epoch", "status", "folder", "what differs")]
    keys = dict.fromkeys(key for run in runs for key in run["settings"])
    differing = [key for key in keys if len({str(run["settings"].get(key)) for run in runs}) > 1]
    for run in runs:
        record, value = run["record"], run["best"].get(run["record"]["monitor"])
        setting = " ".join(f"{key}={shown(run['settings'][key])}" for key in differing if key in run["settings"])
        best = "none yet" if value is None else f"{record['monitor']} {value:.4f}"
        rows.append(
            (best, f"{record['best_epoch'] or '-'}/{record['epochs']}", record["status"], str(run["folder"]), setting)
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _rank(run: dict[str, Any]) -> tuple[float, str]:
    value = run["best"].get(run["record"]["monitor"], math.nan)
    sign = -1 if run["record"].get("monitor_direction") == "max" else 1
    return (math.inf if math.isnan(value) else sign * value, str(run["folder"]))
