"""Prepared data: plain .npy files in a cache, written once and memory-mapped by every run."""

import contextlib
import functools
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import filelock
import numpy as np
from numpy.typing import NDArray

from runner.config.schema import Dataset
from runner.datasets import checksums, npz, sources, text
from runner.datasets.base import Arrays, BuiltIn, Data, WordIndex
from runner.datasets.sources import Location, cache_dir, is_trusted, locked, unwritable
from runner.datasets.text import Vocabulary
from runner.errors import DataError
from runner.system import files

ABOUT = "about.json"
FORMAT = 3  # of the prepared files; files of another format are not used
DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError)
_checked: set[tuple[Path, int]] = set()  # folders that this process has looked at, as they were then

Made = TypeVar("Made")


@dataclass(frozen=True)
class Prepared:
    """What is prepared of a data set: arrays by name, and as JSON holds it what else there is to know of it.

    `written` are arrays that stand in a .npy file already, which is moved to the cache. `fingerprint` is that of the
    arrays and of `about`, and `folder` where they stand, once they are in the cache.
    """

    arrays: Arrays
    about: dict[str, Any] = field(default_factory=dict)
    written: dict[str, Path] = field(default_factory=dict)
    fingerprint: str = ""
    folder: Path = Path()


def load(config: Dataset, built_in: BuiltIn, location: Location) -> Data:
    """A built-in data set from the cache, prepared first if it is not there. Raises DataError."""
    settings = built_in.settings(config)
    contents: Any = built_in.sample
    if location.path:
        hashes = [file_hash(each, location.remedy) for each in built_in.files_of(location.path)]
        contents = hashes if built_in.folder else hashes[0]

    def prepare() -> Prepared:
        try:
            if location.path:
                return Prepared(built_in.read(location.path, settings))
            assert built_in.generate
            return Prepared(built_in.generate(settings))
        except npz.Unusable as error:
            raise DataError(f"{error}; {location.remedy}") from None

    return prepared(
        built_in.name, [contents, settings], prepare, functools.partial(_data, built_in, location, settings)
    )


def prepared(name: str, key: Any, prepare: Callable[[], Prepared], make: Callable[[Prepared], Made]) -> Made:
    """What `make` makes of prepared arrays, memory-mapped from the cache; `prepare` is called if they are not there.

    `key` tells what they were prepared from and how, as JSON holds it. An error of `make` of the kinds in `DAMAGED`
    says that the arrays are damaged, and they are prepared anew. Raises DataError.
    """
    folder = _own(_folder(name, key))
    if not os.path.isdir(folder):  # Path.is_dir raises if a folder above is closed
        _prepare(folder, prepare)
    try:
        return make(_opened(folder))
    except PermissionError:
        raise DataError(f"{folder} is another user's and not open to you: set RUNNER_CACHE_DIR elsewhere") from None
    except DAMAGED:
        shutil.rmtree(folder, ignore_errors=True)
        _prepare(folder, prepare)
    try:
        return make(_opened(folder))
    except DAMAGED as error:
        raise DataError(
            f"{folder} is damaged ({error}) and cannot be replaced: remove it, or set RUNNER_CACHE_DIR elsewhere"
        ) from None


def unfinished(name: str, key: Any) -> Path:
    """The folder for what a preparation has made and the next one goes on with, should it be killed. Raises DataError.

    It is written by `prepare` alone, as `prepared` calls it.
    """
    folder = _folder(name, key)
    return _own(folder.with_name(f".{folder.name}.unfinished"))


def _folder(name: str, key: Any) -> Path:
    described = hashlib.sha256(json.dumps([FORMAT, *key], sort_keys=True).encode()).hexdigest()[:16]
    return cache_dir() / "prepared" / f"{name}-{described}"


def _own(folder: Path) -> Path:
    """The folder, or another for this user alone where a stranger has put it there. Raises DataError."""
    if is_trusted(folder):
        return folder
    private = folder.with_name(f"{folder.name}-of-{os.getuid()}")
    if is_trusted(private):
        return private
    raise DataError(f"{private} is another user's: set RUNNER_CACHE_DIR to a folder of yours")


def _opened(folder: Path) -> Prepared:
    about = json.loads((folder / ABOUT).read_text())
    arrays = _mapped(folder)
    _refuse_damaged(folder, arrays, about["sums"])
    return Prepared(arrays, about.get("about", {}), fingerprint=about["fingerprint"], folder=folder)


def _mapped(folder: Path) -> Arrays:
    return {path.stem: np.load(path, mmap_mode="r") for path in folder.glob("*.npy")}


def _data(built_in: BuiltIn, location: Location, settings: dict[str, Any], found: Prepared) -> Data:
    train, test = built_in.examples(found.arrays)
    data = Data(
        name=built_in.name,
        source=location.source,
        fingerprint=found.fingerprint,
        class_names=built_in.class_names,
        train=train,
        test=test,
        find_vocabulary=functools.partial(_vocabulary, found.folder, built_in, location, train.features.shape[-1]),
        image_shape=built_in.image_shape,
    )
    return built_in.finish(data, settings)


def _refuse_damaged(folder: Path, arrays: Arrays, sums: dict[str, list[Any]]) -> None:
    """Raises ValueError where the arrays are not those that were written; looks once in each process."""
    known = (folder, (folder / ABOUT).stat().st_mtime_ns)
    if known not in _checked:
        if _sums(arrays) != sums:
            raise ValueError("its arrays are not as they were written")
        _checked.add(known)


def _sums(arrays: Arrays) -> dict[str, list[Any]]:
    return {name: checksums.of_array(array) for name, array in sorted(arrays.items())}


def fingerprint(arrays: dict[str, NDArray[Any]], about: dict[str, Any] | None = None) -> str:
    """SHA-256 of the names, types, shapes and contents of arrays, and of what is said about them, if anything is."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode() if about else b"")
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        for block in checksums.blocks(array if array.flags.c_contiguous else np.ascontiguousarray(array)):
            digest.update(block.data)
    return digest.hexdigest()


def file_hash(path: Path, remedy: str) -> str:
    """SHA-256 of a file. Raises DataError, with the remedy, where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): {remedy}") from None


def _prepare(folder: Path, prepare: Callable[[], Prepared]) -> None:
    """Write the arrays to a temporary folder and rename it, so that no reader sees a part of them."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(Path(f"{folder}.lock")):
            _remove_leftovers(folder)
            if folder.is_dir():
                return
            _write(folder, prepare())
    except OSError as error:
        raise DataError(unwritable(folder.parent, error)) from None


def _vocabulary(folder: Path, built_in: BuiltIn, location: Location, columns: int) -> Vocabulary | None:
    """The vocabulary of texts, from the cache where it is there; None of other data.

    Raises DataError where the words are not to be had.
    """
    if built_in.words is None:
        return None
    index = _word_index(built_in, built_in.words, location.path) if location.path else None
    known = folder / f"vocabulary-{file_hash(index, 'give another one')[:16] if index else built_in.sample}.json"
    with contextlib.suppress(OSError, ValueError):
        return text.from_json(known.read_text())
    make = functools.partial(built_in.words.read, index) if index else built_in.words.generate
    assert make
    found = make(columns)
    with contextlib.suppress(OSError):  # another user's cache
        files.write(known, found.to_json())
    return found


def _word_index(built_in: BuiltIn, words: WordIndex, data: Path) -> Path:
    """The file of the words: next to the data, or that of Keras where the data is Keras' own. Raises DataError."""
    if (data.parent / words.file).is_file():
        return data.parent / words.file
    if f"sha256:{file_hash(data, '')}" in built_in.files.values():
        return sources.locate_file(words.file, f"md5:{words.md5}")
    raise DataError(
        f"{words.file} is not next to {data}, and the words of Keras' own file may not be those of this data"
    )


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed preparations have left: of this folder, whose lock is held, and of those nobody holds."""
    for each in folder.parent.glob(".*-*-*-*"):
        of = folder.with_name(re.sub(r"-[0-9]+-[0-9a-f]+$", "", each.name[1:]))
        with contextlib.suppress(OSError, filelock.Timeout), contextlib.ExitStack() as stack:
            if of != folder:
                stack.enter_context(locked(Path(f"{of}.lock")).acquire(timeout=0))
            shutil.rmtree(each)


def _write(folder: Path, found: Prepared) -> None:
    # Not by tempfile, whose folders are closed to other users.
    temporary = folder.with_name(f".{folder.name}-{os.getpid()}-{secrets.token_hex(8)}")
    try:
        temporary.mkdir()
        for name, array in found.arrays.items():
            np.save(temporary / f"{name}.npy", array)
        for name, path in found.written.items():
            path.replace(temporary / f"{name}.npy")
        arrays = _mapped(temporary)
        about = {"fingerprint": fingerprint(arrays, found.about), "sums": _sums(arrays)}
        (temporary / ABOUT).write_text(json.dumps({**about, "about": found.about}))
        temporary.rename(folder)
        for each in {path.parent for path in found.written.values()}:
            shutil.rmtree(each, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
