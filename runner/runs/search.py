"""The runs and sweeps below given folders."""

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from runner.errors import ConfigError
from runner.runs import reader
from runner.runs.folder import CHOICE, PLAN, RECORD, is_held
from runner.runs.reader import Run

DEFAULT = "outputs"
EXAMPLE = Path(DEFAULT, "example")  # comes with the repository: not among a user's own runs unless asked for


def runs(paths: Sequence[str | Path], *, warn: Callable[[str], None]) -> Iterator[Run]:
    """The runs below folders or globs, at any depth, in the order of their folders; each once.

    `warn` is told of each record that cannot be read, and why; that run is skipped. So is a folder that is removed
    meanwhile, without a word.
    """
    folders = _folders(paths, RECORD)
    if [Path(path).resolve() for path in paths] == [Path(DEFAULT).resolve()]:
        folders = {folder for folder in folders if not folder.resolve().is_relative_to(EXAMPLE.resolve())}
    for folder in sorted({folder.resolve(): folder for folder in sorted(folders)}.values()):
        try:
            run = reader.load(folder)
        except (OSError, ValueError) as error:
            if (folder / RECORD).exists():  # else it was removed since it was found
                warn(f"{folder} is skipped: {error}")
        else:
            yield run


def some_runs(paths: Sequence[str | Path], *, warn: Callable[[str], None]) -> list[Run]:
    """The runs as above, at least one.

    Raises ConfigError with each path that does not exist, and where there are no runs with each path.
    """
    missing = [path for path in paths if path != DEFAULT and not glob.glob(str(path), recursive=True)]
    found = [] if missing else list(runs(paths, warn=warn))
    if found:
        return found
    remedy = "train one with python -m runner, or give the folder of a run or a sweep"
    raise ConfigError([_is_missing(path, remedy) for path in missing] or [_holds_none(path, remedy) for path in paths])


def _is_missing(path: str | Path, remedy: str) -> str:
    if "=" in str(path) and os.sep not in str(path):
        return f"{path} is no folder: compare chooses by settings with --filter, final with --select"
    return f"{path} does not exist: {remedy}"


def _holds_none(path: str | Path, remedy: str) -> str:
    roots = glob.glob(str(path), recursive=True)
    if any(CHOICE in files for root in roots for _, _, files in os.walk(root)):
        return (
            f"{path} holds final models alone, which were trained without validation, so that there is nothing to "
            "compare them by: give the runs or sweeps that they were chosen from; test.json in the folder of each has "
            "the test values"
        )
    return f"{path} holds no runs: {remedy}"


def sweep_goes_on(paths: Sequence[str | Path]) -> bool:
    """Whether a living process holds a sweep below folders or globs."""
    return any(is_held(folder) for folder in _folders(paths, PLAN))


def sweep_of(run: Run) -> Path | None:
    """The folder of the sweep that a run belongs to; None outside a sweep."""
    return next((parent for parent in run.folder.absolute().parents if (parent / PLAN).exists()), None)


def _folders(paths: Sequence[str | Path], name: str) -> set[Path]:
    """The folders below paths or globs that hold a file of this name."""
    roots = [Path(match) for path in paths for match in glob.glob(str(path), recursive=True) or [str(path)]]
    return {folder for root in roots for folder in _below(root, name)}


def _below(root: Path, name: str) -> Iterator[Path]:
    """Links are followed. Each folder is entered once, also where links form a circle.

    The folder of a final model is entered only where it is the root: it is no candidate among others.
    """
    entered = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        folders.sort()  # of several links to one folder the first counts
        try:
            about = os.stat(folder)
        except OSError:  # just removed
            continue
        if (about.st_dev, about.st_ino) in entered or (CHOICE in files and folder != str(root)):
            folders.clear()
            continue
        entered.add((about.st_dev, about.st_ino))
        if name in files or name in folders:
            yield Path(folder)
