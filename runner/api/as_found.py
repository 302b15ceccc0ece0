"""A process that is left as it was found: a notebook goes on after a call."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator

from hydra.core.global_hydra import GlobalHydra

FULL_ERROR = "HYDRA_FULL_ERROR"  # the exceptions of Hydra reach the caller


@contextlib.contextmanager
def as_found() -> Iterator[None]:
    """Put back at the end of the block what Hydra takes for its own: `sys.argv`, the log, a Hydra of the caller."""
    words, full, root, hydra = sys.argv, os.environ.get(FULL_ERROR), logging.getLogger(), GlobalHydra.instance()
    handlers, level, caller = list(root.handlers), root.level, hydra.hydra
    os.environ[FULL_ERROR] = "1"
    try:
        yield
    finally:
        sys.argv, hydra.hydra, root.level = words, caller, level
        for each in [each for each in root.handlers if each not in handlers]:  # which write into the folder of a run
            root.removeHandler(each)
            each.close()
        root.handlers[:] = handlers
        if full is None:
            os.environ.pop(FULL_ERROR, None)
        else:
            os.environ[FULL_ERROR] = full
