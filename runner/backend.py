"""TensorFlow, started without its chatter, and what it computes with."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def start() -> None:
    """Import TensorFlow and Keras; takes 2 to 6 s the first time, nothing after."""
    if "keras" in sys.modules and "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with _standard_error_held_back():
        import keras  # noqa: F401
        import tensorflow  # noqa: F401


def threads() -> dict[str, int]:
    """TensorFlow's thread counts (0: it takes one a core) and the cores of this machine."""
    import tensorflow as tf

    return {
        "intra_op": tf.config.threading.get_intra_op_parallelism_threads(),
        "inter_op": tf.config.threading.get_inter_op_parallelism_threads(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    }


@contextmanager
def _standard_error_held_back() -> Iterator[None]:
    """Swallow what C++ code writes at its start, before it reads any log level; shown if the import fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as swallowed:
        os.dup2(swallowed.fileno(), 2)
        try:
            yield
        except Exception:
            swallowed.seek(0)
            os.write(kept, swallowed.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
