"""TensorFlow, started without its chatter, and what it computes with."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.system import signals as interruption

# Of Keras; ~/.keras/keras.json may say otherwise, and a run's numbers would depend on whose machine it is.
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
    """Import TensorFlow and Keras; takes 2 to 6 s the first time, nothing after."""
    if "keras" in sys.modules and "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with interruption.held_back(), _standard_error_held_back(), _hidden("matplotlib", "pandas", "sklearn"):
        import keras
        import tensorflow as tf
    keras.config.set_floatx(FLOATX)
    keras.config.set_epsilon(EPSILON)
    keras.config.set_image_data_format(IMAGE_DATA_FORMAT)
    tf.get_logger().setLevel("ERROR")  # each job of a sweep traces anew, and is meant to
    gc.freeze()  # what is imported stays: collecting after a run then takes 10 ms instead of 200


def unfit_environment() -> list[str]:
    """What the environment asks of Keras that a run cannot honour, a line each."""
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    problems = [
        f"{name} must not be set, it cuts every training short; got {os.environ[name]}: unset it, "
        "and give training.epochs"
        for name in CUTS
        if os.environ.get(name)
    ]
    if backend != "tensorflow":
        problems.append(f"KERAS_BACKEND must be tensorflow, the runner trains on no other; got {backend}: unset it")
    return problems


def environment() -> dict[str, Any]:
    """What decides the numbers of a run beside its config, data, code and libraries."""
    keras = sys.modules.get("keras")  # only a plugin that is imported already can have changed its defaults
    policy = keras.config.dtype_policy() if keras else None
    return {
        "floatx": keras.config.floatx() if keras else FLOATX,
        "epsilon": keras.config.epsilon() if keras else EPSILON,
        "image_data_format": keras.config.image_data_format() if keras else IMAGE_DATA_FORMAT,
        "dtype_policy": policy.name if policy else FLOATX,
        "variables": {name: os.environ[name] for name in VARIABLES if os.environ.get(name)},
    }


def release() -> None:
    """Let go of all that a run has built, so that a sweep's memory does not grow from job to job.

    TensorFlow keeps every custom gradient for ever, and with it the graph it was traced in: 15 MB a run, half of them
    from Keras' optimizers.
    """
    import keras
    from tensorflow.python.framework import ops

    policy = keras.config.dtype_policy()
    keras.utils.clear_session()
    keras.config.set_dtype_policy(policy)  # which clear_session forgets, and a plugin may have set
    gradients = ops.gradient_registry._registry
    for name in [name for name in gradients if name.startswith("CustomGradient-")]:
        del gradients[name]
    gc.collect()


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_wanted() -> dict[str, int]:
    """The thread counts that TensorFlow will take, known before its import: the environment's, or one a core."""
    return {name: int(os.environ.get(variable) or cores()) for name, variable in THREADS.items()}


def take_threads(counts: dict[str, int]) -> None:
    """Let TensorFlow have so many threads, if it is not imported yet and the environment does not say how many."""
    if "tensorflow" in sys.modules:
        return
    for name, variable in THREADS.items():
        os.environ.setdefault(variable, str(counts[name]))


def share_cores(processes: int) -> None:
    """Where processes run beside one another, let each have its share of the cores, one thread at the least."""
    if processes > 1:
        take_threads(dict.fromkeys(THREADS, max(1, cores() // processes)))


def device_kind() -> str:
    """`gpu` where the NVIDIA driver shows one that is not hidden, else `cpu`; known before TensorFlow is imported."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return "gpu" if not hidden and any(Path("/proc/driver/nvidia/gpus").glob("*")) else "cpu"


@contextmanager
def _hidden(*modules: str) -> Iterator[None]:
    """Keep Keras from importing what only its plots and wrappers want: 1.3 s and 115 MB of 3.3 s and 680 MB."""
    hidden = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]


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
