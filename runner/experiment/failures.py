"""Why a run failed, in one line."""

import errno
import os
import re
from pathlib import Path

from runner.errors import ConfigError, DataError

# Errors of a disk that takes no more; HDF5 tells the number in its text alone.
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}


class FitFailed(Exception):
    """The training itself went wrong."""


def reason(error: BaseException) -> str:
    """The line for an error of a run."""
    name, text = type(error).__name__, " ".join(str(error).split())
    if name in ("MemoryError", "ResourceExhaustedError"):
        return "out of memory: lower model.width, model.depth or training.batch_size"
    if isinstance(error, (FitFailed, ConfigError, DataError)):
        return text
    return f"{name}: {text}" if text else name


def unwritten(error: BaseException, folder: Path) -> str | None:
    """The line where the disk or the run's folder is at fault; None where the user's own code may be."""
    if not isinstance(error, OSError):
        return None
    in_text = re.search(r"errno = (\d+)", str(error))
    number = error.errno or (int(in_text[1]) if in_text else None)
    named = isinstance(error.filename, (str, bytes)) and Path(os.fsdecode(error.filename)).absolute()
    is_ours = named and named.is_relative_to(folder.absolute())
    is_only_missing = number == errno.ENOENT and named and named.parent.is_dir()
    if number not in DISK and (not is_ours or is_only_missing):
        return None
    why = error.strerror or (os.strerror(number) if number else str(error))
    return f"{error.filename or folder} cannot be written ({why}): make room, then resume"
