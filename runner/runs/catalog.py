"""The runs and sweeps below some folders."""

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.runs import folder as run_folder
from runner.runs import reader as recorded
from runner.runs.folder import PLAN
from runner.runs.reader import Run
from runner.system.console import say

DEFAULT = "outputs"
EXAMPLE = Path(DEFAULT, "example")  # comes with the repository: not among a user's own runs unless asked for


def runs(paths: Sequence[str | Path]) -> Iterator[Run]:
    """The runs below the paths, at any depth, by their run.json; says which records it cannot read."""
    folders = _folders(paths, run_folder.RECORD)
    if [Path(path).resolve() for path in paths] == [Path(DEFAULT).resolve()]:
        folders = {folder for folder in folders if not folder.resolve().is_relative_to(EXAMPLE.resolve())}
    for folder in sorted({folder.resolve(): folder for folder in sorted(folders)}.values()):
        try:
            yield recorded.load(folder)
        except (OSError, ValueError) as error:
            say(f"{folder} is passed over: {error}", sys.stderr)


def sweep_goes_on(paths: Sequence[str | Path]) -> bool:
    """Whether a sweep below the paths is held by a living process."""
    return any(run_folder.is_held(folder) for folder in _folders(paths, PLAN))


def _folders(paths: Sequence[str | Path], name: str) -> set[Path]:
    """Those below paths or globs that hold a file of a name."""
    roots = [Path(match) for path in paths for match in glob.glob(str(path), recursive=True) or [str(path)]]
    return {folder for root in roots for folder in _below(root, name)}


def _below(root: Path, name: str) -> Iterator[Path]:
    """Links are followed, and a folder is entered once, also where links lead to it in a circle."""
    entered = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        folders.sort()  # of several links to a folder the first counts
        try:
            about = os.stat(folder)
        except OSError:  # it has just been removed
            continue
        if (about.st_dev, about.st_ino) in entered:
            folders.clear()
            continue
        entered.add((about.st_dev, about.st_ino))
        if name in files or name in folders:
            yield Path(folder)
