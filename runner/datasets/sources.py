"""Where the file of a data set comes from: a path, RUNNER_DATA_DIR, the Keras cache, a download, or the sample."""

import contextlib
import errno
import hashlib
import os
import stat
import threading
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import filelock
import platformdirs
import requests

from runner.config.schema import Dataset
from runner.datasets import download
from runner.datasets.base import BuiltIn
from runner.errors import DataError

with warnings.catch_warnings():
    warnings.filterwarnings(
        "ignore", "IProgress not found"
    )  # tqdm, which pooch imports, wants ipywidgets in a notebook
    import pooch


# Where Keras' own loaders fetch from; RUNNER_DATA_URL names a mirror.
ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
SECONDS_TO_CONNECT = 4
SECONDS_OFFLINE_IS_REMEMBERED = 3600

OF_THE_USER = "give another dataset.path"
OF_THE_DATA_DIR = "replace it, or remove it from the folder that RUNNER_DATA_DIR names"
DOWNLOADED = "remove it to have it downloaded anew"


@dataclass(frozen=True)
class Location:
    """`source` is full or sample; full data has a file, and a remedy for a file that cannot be used."""

    source: str
    path: Path | None = None
    remedy: str = field(default=OF_THE_USER, compare=False)


def cache_dir() -> Path:
    """RUNNER_CACHE_DIR, or the platform's cache folder. Raises DataError where this user has no home folder."""
    if given := os.environ.get("RUNNER_CACHE_DIR"):
        return Path(given)
    with contextlib.suppress(RuntimeError):
        folder = Path(platformdirs.user_cache_dir("keras-experiment-runner"))
        if folder.is_absolute():  # earlier versions of platformdirs give ~/.cache where no home is known
            return folder
    raise DataError("this user has no home folder, and so no cache: set RUNNER_CACHE_DIR to a folder")


def locate(config: Dataset, built_in: BuiltIn) -> Location:
    """The file that `dataset.source` and `dataset.path` lead to, downloaded if need be. Raises DataError."""
    if config.source == "sample":
        return Location("sample")
    if config.path is not None:
        return Location("full", Path(os.path.expanduser(config.path)))
    if on_disk := _on_disk(built_in.files, built_in.folder):
        return on_disk
    try:
        for name, known_hash in built_in.files.items():
            path = _download(name, known_hash, built_in.folder)
        return Location("full", path.parent if built_in.folder else path, DOWNLOADED)
    except _OutOfReach as error:
        if config.source == "auto" and built_in.sample:
            return Location("sample")
        sample = "; or train on dataset.source=sample" if built_in.sample else ""
        what = "folder" if built_in.folder else "file"
        raise DataError(
            f"{_described(built_in)} is not on this machine and cannot be downloaded ({error}): set dataset.path to "
            f"the {what}, put it into the folder that RUNNER_DATA_DIR names, or into {_keras_cache()}{sample}"
        ) from None


def _described(built_in: BuiltIn) -> str:
    return f"{built_in.folder}/ with {', '.join(built_in.files)}" if built_in.folder else built_in.place


def locate_file(name: str, known_hash: str) -> Path:
    """A file that belongs to data, from the places where data is looked for, downloaded if need be.

    `known_hash` is that of the file that Keras downloads, such as md5:bfaf…. Raises DataError.
    """
    on_disk = _on_disk([name])
    if on_disk and on_disk.path:
        return on_disk.path
    try:
        return _download(name, known_hash, remembers=name)
    except _OutOfReach as error:
        raise DataError(f"{name} is not on this machine and cannot be downloaded ({error})") from None


def is_trusted(path: Path) -> bool:
    """Whether what the cache holds is this user's, or root's or the cache owner's and closed to what others write.

    What does not exist yet is trusted, another's link is not.
    """
    if not hasattr(os, "getuid"):  # Windows
        return True
    try:
        about, owner = path.lstat(), cache_dir().stat().st_uid
    except OSError:
        return True
    if stat.S_ISLNK(about.st_mode) or about.st_uid == os.getuid():
        return about.st_uid == os.getuid()
    return about.st_uid in (0, owner) and not about.st_mode & stat.S_IWOTH


def _keras_cache() -> Path:
    return Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")) / "datasets"


def _on_disk(names: Iterable[str], subfolder: str = "") -> Location | None:
    """The first folder that has all files of these names, in a folder of it where they are several."""
    downloads = cache_dir() / "downloads"
    places = [(_keras_cache(), DOWNLOADED), (downloads, DOWNLOADED)]
    if os.environ.get("RUNNER_DATA_DIR"):
        places.insert(0, (Path(os.environ["RUNNER_DATA_DIR"]), OF_THE_DATA_DIR))
        if not places[0][0].is_dir():
            raise DataError(f"RUNNER_DATA_DIR={places[0][0]} is not a folder: correct it, or unset it")
    for folder, remedy in places:
        paths = [folder / subfolder / name for name in names]
        trusted = folder != downloads or all(map(is_trusted, [folder / subfolder, *paths]))
        if trusted and all(map(os.path.isfile, paths)):
            return Location("full", paths[0].parent if subfolder else paths[0], remedy)
    return None


def unwritable(folder: Path, error: OSError) -> str:
    """The message for a cache that cannot be written."""
    room = "make room, or " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return f"{folder} cannot be written ({error.strerror}): {room}set RUNNER_CACHE_DIR to a folder of yours"


def locked(path: Path) -> filelock.BaseFileLock:
    """A lock that every user of a shared cache can take, whoever created its file."""
    return filelock.FileLock(path, mode=0o666)


class _OutOfReach(Exception):
    """The address does not answer or did not within the last hour, or the cache cannot be written."""


def _download(name: str, known_hash: str, subfolder: str = "", remembers: str = "") -> Path:
    """Download a file once, even if several processes ask for it; a file with another hash is not kept.

    That the address is silent or does not have it is remembered for an hour, of this file alone where `remembers` is
    its name: a mirror may have the data without it. An error of the server or a full disk is not.
    """
    folder = cache_dir() / "downloads" / subfolder
    address = os.environ.get("RUNNER_DATA_URL") or ADDRESS
    mark = _mark(address + remembers)
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(folder / f"{name}.lock"))
        except OSError as error:
            raise _OutOfReach(unwritable(folder, error)) from None
        _remove_leftovers(folder)
        for each in (folder / name, *([folder] if subfolder else [])):
            if not is_trusted(each):
                raise DataError(f"{each} is another user's: set RUNNER_CACHE_DIR to a folder of yours")
        if (folder / name).is_file():
            return folder / name
        for each in {_mark(address), mark}:
            _refuse_if_offline(each)
        try:
            _knock(address)
            pooch.retrieve(
                f"{address.rstrip('/')}/{name}",
                known_hash=known_hash,
                fname=name,
                path=folder,
                downloader=lambda url, file, _: download.fetch(url, Path(file)),
            )
            # pooch's temporary file is closed to other users; the folder says who may read it.
            (folder / name).chmod(folder.stat().st_mode & 0o666)
        except _Silent as error:
            _remember(mark)
            raise _OutOfReach(str(error)) from None
        except download.FAILURES as error:
            if download.is_refusal(error):
                _remember(mark)
            raise _OutOfReach(download.described(error)) from None
        except OSError as error:
            raise _OutOfReach(unwritable(folder, error)) from None
        except ValueError:
            raise DataError(
                f"{address} gave another {name} than the known one ({_hash_in_words(known_hash)}); "
                "it was not kept: set dataset.path to a file that you trust"
            ) from None
        with contextlib.suppress(OSError):
            mark.unlink()
    return folder / name


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed downloads have left, by the names that pooch gives: older than a download may take."""
    for each in folder.glob("tmp????????"):
        with contextlib.suppress(OSError):
            if time.time() - each.stat().st_mtime > download.MOST_SECONDS:
                each.unlink()


def _remember(mark: Path) -> None:
    with contextlib.suppress(OSError):  # another user's mark, or a full disk: the next run asks again
        mark.touch()


def _mark(what: str) -> Path:
    """The file whose age tells when an address, or a file of it, was last out of reach."""
    return cache_dir() / f"offline-{hashlib.sha256(what.encode()).hexdigest()[:12]}"


def _hash_in_words(known_hash: str) -> str:
    kind, _, value = known_hash.partition(":")
    return f"{'SHA-256' if kind == 'sha256' else kind.upper()} {value}"


class _Silent(Exception):
    """The address does not answer."""


def _knock(address: str) -> None:
    """Raises _Silent unless the address answers soon. A thread, because no time-out limits the look-up of a name."""
    failures: list[str] = ["TimeoutError"]

    def ask() -> None:
        try:
            requests.head(address, timeout=SECONDS_TO_CONNECT)
            failures.clear()
        except requests.RequestException as error:
            failures.append(type(error).__name__)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(SECONDS_TO_CONNECT)
    if failures:
        raise _Silent(failures[-1])


def _refuse_if_offline(mark: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if 0 <= time.time() - mark.stat().st_mtime < SECONDS_OFFLINE_IS_REMEMBERED:
            raise _OutOfReach("out of reach less than an hour ago")
