"""Recorded files, damaged at random: each is passed over, and never stops the comparison of the others."""

import contextlib
import io
import json
import random
import shutil
import signal
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from runner.cli import compare, resume
from runner.runs.identity import NUMERICS
from tests.records import write_run

SECONDS = 60  # at most for a look, also on a busy machine
THREADS = {"intra_op": 1, "inter_op": 1}
VALUES: list[Any] = [None, True, False, 0, -1, 1, 2**70, 10**30, 0.5, -1e308, "", "x", "nan", "\x1b[2J", "\ud800", "=1"]
VALUES += [[], {}, [[]], [None], {"": None}, {"a": {"b": [1]}}, ["a"] * 50]
CELLS = ["", "x", "nan", "inf", "-inf", "1e999", "-1", "1,2", '"', "\x00", "9" * 400, "é"]
CHOSEN: dict[str, Any] = {
    "compared": {"settings": 1},
    "chosen_by": "validation",
    "monitor": "val_accuracy",
    "value": 0.8,
}
CHOSEN["monitor_direction"] = "max"
FILES = (
    "run.json",
    "run.json",
    "run.json",
    "metrics.csv",
    "timings.csv",
    "predictions.npz",
    "sweep.json",
    "choice.json",
)


def campaign(folder: Path, count: int, seed: int) -> str:
    """What was tried. Raises AssertionError for a traceback, a hang, or another run that is missing in the table."""
    whole = records(folder / "whole")
    damaged = 0
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        place = Path(shutil.copytree(whole, folder / "case", symlinks=True))
        name = chance.choice(FILES)
        how = mutate(_file(place, name), chance)
        damaged += look(place, name, f"seed {seed}, mutation {number}: {name}, {how}")
        shutil.rmtree(place)
    return f"{count} mutations of recorded files: {damaged} passed over with a line, no traceback, no hang"


def records(root: Path) -> Path:
    """Runs to compare, of which `runs/damaged` is to be mutated; a sweep and a final model that are not trained."""
    right = np.random.default_rng(0).integers(0, 2, (3, 40)).astype(np.uint8)
    entries: dict[str, Any] = {
        "identity": "0" * 64,
        "versions": {"keras": "3"},
        "threads": THREADS,
        "numerics": NUMERICS,
    }
    entries |= {
        "training_at_best": {"loss": 0.1, "accuracy": 0.9},
        "mixed": None,
        "plugin_sources": {},
        "environment": {},
    }
    for seed in range(2):
        for width in (8, 16):
            settings = {"model.width": width, "seed": seed}
            write_run(root / "runs" / f"{width}-{seed}", (0.6, 0.8, 0.7), settings, right=right, **entries)
    damaged = write_run(root / "runs" / "damaged", (0.5, 0.7, 0.8), {"model.width": 32}, right=right, **entries)
    config = json.loads((damaged / "run.json").read_text())["config"]
    job = {"number": 0, "folder": "0_a", "words": ["seed=1"], "config": config}
    chosen = {**CHOSEN, "seeds": [0], "against": None, "overrides": [], "config": config}
    plan = {"workers": 1, "threads": THREADS, "jobs": [job]}
    for name, content in (("sweep.json", plan), ("choice.json", chosen)):
        (root / name.removesuffix(".json")).mkdir()
        _file(root, name).write_text(json.dumps(content))
    return root


def _file(root: Path, name: str) -> Path:
    own = name in ("sweep.json", "choice.json")
    return root / (name.removesuffix(".json") if own else "runs/damaged") / name


def mutate(file: Path, chance: random.Random) -> str:
    """Damage a file, and tell how."""
    ways: list[Callable[[Path, random.Random], str]] = [_bytes]
    if file.suffix == ".json":
        ways += [entry] * 4
    if file.suffix == ".csv":
        ways += [_cell] * 2
    return chance.choice(ways)(file, chance)


def _bytes(file: Path, chance: random.Random) -> str:
    content = bytearray(file.read_bytes())
    start = chance.randrange(len(content))
    end = min(len(content), start + chance.choice([1, 1, 8, 100, len(content)]))
    new = chance.choice([b"", chance.randbytes(end - start), b"\0" * (end - start), bytes(content[start:end]) * 2])
    content[start:end] = new
    file.write_bytes(content)
    return f"bytes {start} to {end} became {new[:20]!r}"


def entry(file: Path, chance: random.Random) -> str:
    """Another value in the place of an entry, or none."""
    content = json.loads(file.read_text())
    places = list(_places(content))
    within, key = chance.choice(places)
    if chance.random() < 0.2:
        del within[key]
        how = f"{key} is gone"
    else:
        within[key] = chance.choice(VALUES)
        how = f"{key} became {within[key]!r}"
    file.write_text(json.dumps(content))
    return how


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    entries = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in entries:
        yield content, key
        yield from _places(value)


def _cell(file: Path, chance: random.Random) -> str:
    rows = [line.split(",") for line in file.read_text().splitlines()]
    row = chance.choice(rows)
    column = chance.randrange(len(row))
    row[column] = chance.choice(CELLS)
    file.write_text("\n".join(map(",".join, rows)) + "\n")
    return f"a cell became {row[column][:20]!r}"


def look(root: Path, name: str, about: str) -> bool:
    """Compare, or resume what is no run; whether the damaged file was passed over."""
    if name == "sweep.json":
        code, said = said_by(resume.main, [str(root / "sweep"), "dry=run"], about)
        assert code in (1, 2), f"{about}\n{said}"
        return code == 1
    if name == "choice.json":
        code, said = said_by(resume.main, [str(root / "choice"), "plugins=[]", "dry=run"], about)
        assert code in (1, 2), f"{about}\n{said}"
        return code == 1
    to = ["--csv", str(root / "t.csv"), "--md", str(root / "t.md"), "--html", str(root / "t.html"), "--pairs"]
    code, said = said_by(compare.main, [str(root / "runs"), *to], about)
    assert code == 0, f"{about}\n{said}"
    table = (root / "t.csv").read_text()
    missing = [run for run in ("8-", "16-") if f"/runs/{run}" not in table]
    assert not missing, f"{about}: the other runs are not in the table\n{said}"
    said_by(compare.main, [str(root / "runs"), "--json"], about)
    assert not {each for each in said if not each.isprintable() and each != "\n"}, f"{about}: {said!r}"
    return "is skipped" in said


def said_by(
    command: Callable[[list[str]], int], words: list[str], about: str, seconds: int = SECONDS
) -> tuple[int, str]:
    """The exit code of a command, and what it wrote."""

    def too_long(number: int, frame: Any) -> None:
        raise BaseException("it hangs")

    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = command(words)
        out.seek(0)
        return code, out.read()
    except BaseException:
        raise AssertionError(f"{about}\n{traceback.format_exc()}") from None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
