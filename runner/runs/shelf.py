"""Where runs of one identity are found: a shelf keeps a small file for each, so that looking costs no search.

    outputs/.shelf/IDENTITY/HASH   holds the path of a run's folder, relative to outputs/

Folders that are gone are passed over; a shelf that is gone costs no more than training anew. A note is a hint, never
a proof: where the folder holds a run of another identity by now, the note is dropped.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from runner.runs import folder as run_folder

NAME = ".shelf"


def put(root: Path, identity: str, folder: Path) -> None:
    """Note a run's folder, which lies below `root`. Raises OSError."""
    relative = folder.absolute().relative_to(root.absolute()).as_posix()
    note = root / NAME / identity / hashlib.sha256(relative.encode()).hexdigest()[:16]
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(relative)


def find(root: Path, identity: str) -> Iterator[Path]:
    """The folders below `root` that are noted for an identity and hold a run of it still."""
    for note in sorted((root / NAME / identity).glob("*")):
        try:
            folder = root / note.read_text()
            recorded = run_folder.read_record(folder).get("identity")
        except (OSError, ValueError):
            continue  # gone, or being written
        if recorded == identity:
            yield folder
        else:
            note.unlink(missing_ok=True)
