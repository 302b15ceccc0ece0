"""Every verb without a stdout or stderr that takes what is written: it ends as it would have, without a traceback."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests import trained
from tests.processes import PATIENCE

# What becomes of the two streams, in a shell, and whether it is a disk that is full.
WAYS = {
    "stdout closed": ">&-",
    "stderr closed": "2>&-",
    "both closed": ">&- 2>&-",
    "all closed": "<&- >&- 2>&-",
    "stdout full": ">/dev/full",
    "stderr full": "2>/dev/full",
    "both full": ">/dev/full 2>/dev/full",
}
VERBS = {
    "train": [*trained.TEXTS, "training.epochs=2", "reuse=false", "hydra.run.dir=new"],
    "sweep": ["-m", *trained.TEXTS, "training.epochs=1", "reuse=false", "seed=1,2", "hydra.sweep.dir=new"],
    "resume": ["resume", "texts", "training.epochs=3"],
    "compare": ["compare", "texts", "--csv", "t.csv"],
    "data": ["data", *trained.TEXTS[:3]],
    "predict": ["predict", "texts", "a film"],
    "export": ["export", "texts", "--to", "new", "--format", "saved_model"],
    "test": ["test", "texts"],
    "final": ["final", "texts", "--to", "new"],
    "refused": ["model.widht=1"],
    "help": ["--help"],
}
PRINTED = ("compare", "data", "predict")  # what they are for is on the screen
TRAINS = ("train", "sweep", "resume", "final")


def campaign(folder: Path) -> str:
    """What was tried. Raises AssertionError for a failed run, a traceback, or another exit code."""
    whole = trained.trained(folder / "trained")
    count = 0
    for verb, words in VERBS.items():
        for way, redirected in WAYS.items():
            with trained.case(whole, folder / "case"):
                _redirected(verb, words, way, redirected)
            count += 1
        for how, reader in READERS.items():
            with trained.case(whole, folder / "case"):
                _read(verb, words, how, reader)
            count += 1
    return f"{count} commands without a stream: no run failed, no traceback"


def _redirected(verb: str, words: list[str], way: str, redirected: str) -> None:
    shell = ["sh", "-c", f'exec "$0" -m runner "$@" {redirected}', sys.executable, *words]
    ended = subprocess.run(shell, capture_output=True, timeout=PATIENCE)
    full = "full" in way and way != "stderr full" and verb in PRINTED
    wanted = 2 if verb == "refused" else 1 if full else 0
    about = f"{verb}, {way}: ended with {ended.returncode}\n{ended.stderr.decode()}"
    assert ended.returncode == wanted, about
    _unharmed(verb, ended.stderr.decode(), about)


def _read(verb: str, words: list[str], how: str, reader: Callable[[int], None]) -> None:
    """Both streams are one pipe, whose reader goes away; who only prints may end by the signal."""
    ours, theirs = os.pipe()
    process = subprocess.Popen([sys.executable, "-m", "runner", *words], stdout=theirs, stderr=theirs)
    os.close(theirs)
    reader(ours)
    code = process.wait(PATIENCE)
    about = f"{verb}, {how}: ended with {code}"
    assert code in ((0,) if verb in TRAINS else (0, 2, -13, 141)), about
    _unharmed(verb, "", about)


def _gone(handle: int) -> None:
    os.close(handle)


def _goes(handle: int) -> None:
    """Read the first line and go, as `head` does."""
    while os.read(handle, 1) not in (b"\n", b""):
        pass
    os.close(handle)


def _goes_later(handle: int) -> None:
    os.read(handle, 1)
    time.sleep(0.5)
    os.close(handle)


READERS = {"a pipe without a reader": _gone, "closed after a line": _goes, "closed in the middle": _goes_later}


def _unharmed(verb: str, said: str, about: str) -> None:
    """Nothing but lines was said, and what was to be recorded is."""
    assert "Traceback" not in said, about
    assert len(said.splitlines()) < 30, about
    if verb in TRAINS:
        records = [Path("texts/run.json")] if verb == "resume" else sorted(Path("new").rglob("run.json"))
        assert records, about
        for record in records:
            told = json.loads(record.read_text())
            assert told["status"] == "completed", f"{about}\n{told['error']}"
            assert "Traceback" not in (record.parent / "runner.log").read_text(), about
    if verb == "compare":
        assert Path("t.csv").exists() or "-13" in about or "141" in about, about
