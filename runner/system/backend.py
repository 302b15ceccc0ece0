"""TensorFlow: a quiet start, the settings that it computes with, cores and threads."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.system import signals

# The defaults of Keras. ~/.keras/keras.json may change them, and numbers would depend on the user's machine.
FLOATX, EPSILON, IMAGE_DATA_FORMAT = "float32", 1e-7, "channels_last"
# Set in the environment, they change what TensorFlow computes.
VARIABLES = (
    "NVIDIA_TF32_OVERRIDE",
    "TF_DETERMINISTIC_OPS",
    "TF_DISABLE_MKL",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_USE_CUDNN_AUTOTUNE",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
)
CUTS = ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")

THREADS = {"intra_op": "TF_NUM_INTRAOP_THREADS", "inter_op": "TF_NUM_INTEROP_THREADS"}


def start() -> None:
    """Import TensorFlow and Keras; takes 2 to 6 s the first time."""
    if "keras" in sys.modules and "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with signals.held_back(), standard_error_held_back(), _hidden("matplotlib", "pandas", "sklearn"):
        import keras
        import tensorflow as tf
    keras.config.set_floatx(FLOATX)
    keras.config.set_epsilon(EPSILON)
    keras.config.set_image_data_format(IMAGE_DATA_FORMAT)
    tf.get_logger().setLevel("ERROR")  # each job of a sweep traces anew, and is meant to
    gc.freeze()  # what is imported stays: collecting after a run then takes 10 ms instead of 200


def unfit_environment() -> list[str]:
    """Requests of the environment that a run cannot honour, one line each."""
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    problems = [
        f"{name} must not be set, it cuts every training short; got {os.environ[name]}: unset it, "
        "and give training.epochs"
        for name in CUTS
        if os.environ.get(name)
    ]
    problems += [
        f"{name} must be a whole number; got {os.environ[name]}: unset it, or give the number of threads"
        for name in THREADS.values()
        if not (os.environ.get(name) or "0").isdecimal()
    ]
    if backend != "tensorflow":
        problems.append(f"KERAS_BACKEND must be tensorflow, the runner trains on no other; got {backend}: unset it")
    return problems


def environment() -> dict[str, Any]:
    """What decides the numbers of a run besides config, data, code and libraries."""
    keras = sys.modules.get("keras")  # a plugin that is imported may have changed the defaults
    policy = keras.config.dtype_policy() if keras else None
    return {
        "floatx": keras.config.floatx() if keras else FLOATX,
        "epsilon": keras.config.epsilon() if keras else EPSILON,
        "image_data_format": keras.config.image_data_format() if keras else IMAGE_DATA_FORMAT,
        "dtype_policy": policy.name if policy else FLOATX,
        "variables": {name: os.environ[name] for name in VARIABLES if os.environ.get(name)},
    }


def release() -> None:
    """Free all that a run has built, so that memory does not grow from job to job of a sweep.

    TensorFlow keeps each custom gradient for ever, and with it the graph in which it was traced: 15 MB for each run,
    half of them from the optimizers of Keras.
    """
    import keras
    from tensorflow.python.framework import ops

    policy = keras.config.dtype_policy()
    keras.utils.clear_session()
    keras.config.set_dtype_policy(policy)  # clear_session forgets it, and a plugin may have set it
    # Private, so that an update of TensorFlow may leak, but not crash.
    gradients = getattr(ops.gradient_registry, "_registry", {})
    for name in [name for name in gradients if name.startswith("CustomGradient-")]:
        del gradients[name]
    gc.collect()


def cores() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_wanted() -> dict[str, int]:
    """The thread counts that TensorFlow will use: those of the environment, or one thread for each core."""
    return {name: int(os.environ.get(variable) or cores()) for name, variable in THREADS.items()}


def take_threads(counts: dict[str, int]) -> None:
    """Set the thread counts of TensorFlow, unless it is imported already or the environment sets them."""
    if "tensorflow" in sys.modules:
        return
    for name, variable in THREADS.items():
        os.environ.setdefault(variable, str(counts[name]))


def share_cores(processes: int) -> None:
    """Divide the cores among parallel processes, at least one thread for each."""
    if processes > 1:
        take_threads(dict.fromkeys(THREADS, max(1, cores() // processes)))


def device_kind() -> str:
    """`gpu` where the NVIDIA driver shows one that is not hidden, else `cpu`; TensorFlow is not imported for it."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return "gpu" if not hidden and any(Path("/proc/driver/nvidia/gpus").glob("*")) else "cpu"


@contextmanager
def _hidden(*modules: str) -> Iterator[None]:
    """Keep Keras from importing packages for its plots and wrappers alone: 1.3 s and 115 MB of 3.3 s and 680 MB."""
    hidden = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]


@contextmanager
def standard_error_held_back() -> Iterator[None]:
    """Drop what C++ code writes before it reads a log level; print it if the block fails."""
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
