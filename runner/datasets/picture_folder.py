"""A folder with a sub-folder of pictures for each class: which files there are, and of which class.

No picture is opened here.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runner.datasets.labels import listed
from runner.errors import DataError

IGNORED = {"thumbs.db", "desktop.ini", "__macosx"}
TRAIN, TEST = "train", "test"
VALIDATION = {"val", "valid", "validation"}
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}  # of what is taken for a picture where none belongs
LEADS_OUT = "is a link that leads out of the folder: put the files themselves there"
MOST_NAMED = 20  # files of one message


@dataclass
class Files:
    """The pictures of one split by class, as paths below `root`, and what identifies each: path, size, time of change.

    `odd` are lines on what is no picture of a class.
    """

    root: Path
    by_class: dict[str, list[str]] = field(default_factory=dict)
    stamps: list[tuple[str, int, int]] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)


def splits(folder: Path, test: Path | None) -> dict[str, Files]:
    """The pictures of the training and, where there are any, of the test.

    `folder` holds the folders of the classes, or `train` and `test` with them; `test` is another folder of the test.
    Raises DataError, naming all that stands in the way.
    """
    roots = _roots(folder)
    if test is not None:
        if TEST in roots:
            raise DataError(f"dataset.test={test} does not fit {folder}, which has a folder {TEST}: leave the key out")
        roots[TEST] = test
    found = {split: _files(root) for split, root in roots.items()}
    if odd := [line for each in found.values() for line in each.odd]:
        raise DataError("\n".join(shortened(odd)))
    classes = [shown(each) for each in found[TRAIN].by_class]
    if len(classes) < 2:
        got = f"{listed(classes)} alone" if classes else "none"
        raise DataError(f"{roots[TRAIN]} must have a folder of pictures for each class, two or more; got {got}")
    return found


def shown(name: str) -> str:
    """The name of a file or a class as texts show it: signs that control a terminal are escaped."""
    return name if name.isprintable() else name.encode("unicode_escape").decode("ascii")


def shortened(lines: list[str]) -> list[str]:
    """The first lines of a long list, and the number of the others."""
    if len(lines) <= MOST_NAMED:
        return lines
    return [*lines[:MOST_NAMED], f"… and {len(lines) - MOST_NAMED:,} more"]


def _roots(folder: Path) -> dict[str, Path]:
    """The folder above those of the classes, for each split that there is."""
    below = {each.name for each in _entries(folder) if each.is_dir()}
    is_divided = TRAIN in below and below <= {TRAIN, TEST, *VALIDATION}
    if not is_divided or not any(each.is_dir() for each in _entries(folder / TRAIN)):
        return {TRAIN: folder}
    if stray := sorted(below & VALIDATION):
        raise DataError(
            f"{folder / stray[0]} is not used: move what is in it to {TRAIN}, of which training.validation_split takes "
            "the validation examples"
        )
    return {split: folder / split for split in (TRAIN, TEST) if split in below}


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    """What a folder holds, by name, without what is hidden or put there by systems. Raises DataError."""
    try:
        with os.scandir(folder) as entries:
            kept = [each for each in entries if not each.name.startswith(".") and each.name.lower() not in IGNORED]
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise DataError(f"{shown(str(folder))} cannot be read ({why}): give a folder of pictures") from None
    return sorted(kept, key=lambda each: each.name)


def _files(root: Path) -> Files:
    found = Files(root)
    real = os.path.realpath(root)
    for each in _entries(root):
        if _leads_out(each, real):
            found.odd.append(f"{shown(each.path)} {LEADS_OUT}")
        elif each.is_dir():
            before = len(found.odd)
            found.by_class[each.name] = list(_pictures(found, each, real))
            if not found.by_class[each.name] and len(found.odd) == before:
                found.odd.append(f"{shown(each.path)} holds no picture: remove the folder, or put pictures there")
        elif Path(each.name).suffix.lower() in SUFFIXES:
            found.odd.append(f"{shown(each.path)} is in no folder of a class: move it to one")
    return found


def _pictures(found: Files, folder: "os.DirEntry[str]", real: str) -> Iterator[str]:
    """The files of a class; notes the stamp of each, and what is odd."""
    for each in _entries(Path(folder.path)):
        if _leads_out(each, real):
            found.odd.append(f"{shown(each.path)} {LEADS_OUT}")
        elif each.is_dir():
            found.odd.append(f"{shown(each.path)} is a folder in that of a class: move its pictures up")
        elif not each.is_file():
            found.odd.append(f"{shown(each.path)} is no regular file: remove it")
        else:
            about = each.stat()
            name = f"{folder.name}/{each.name}"
            found.stamps.append((name, about.st_size, about.st_mtime_ns))
            yield name


def _leads_out(entry: "os.DirEntry[str]", root: str) -> bool:
    return entry.is_symlink() and not os.path.realpath(entry.path).startswith(root + os.sep)
