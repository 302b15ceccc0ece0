"""Networks in the formats that other programs read, by Keras' own export."""

import logging
import shutil
import warnings
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from runner.datasets.text import Vocabulary
from runner.formatting import one_line
from runner.system import backend
from runner.training import formats, text_layer
from runner.training.formats import Format

REASON_WIDTH = 240


class Refused(Exception):
    """What a converter says against a network, on one line."""


def from_features(network: keras.Model) -> keras.Model:
    """A network from `features`, float32 [batch, …], to `probabilities`, [batch, units]."""
    features = keras.Input(network.input_shape[1:], dtype="float32", name=formats.FEATURES)
    return keras.Model(features, _named(network(features)))


def from_texts(network: keras.Model, vocabulary: Vocabulary) -> keras.Model:
    """A network from `texts`, string [batch], to `probabilities`, [batch, units]."""
    texts = keras.Input((), dtype="string", name=formats.TEXTS)
    return keras.Model(texts, _named(network(text_layer.rows(texts, vocabulary))))


def _named(outputs: Any) -> dict[str, Any]:
    return {formats.PROBABILITIES: keras.ops.cast(outputs, "float32")}  # halves under a dtype policy of a plugin


def write(network: keras.Model, wanted: Format, folder: Path) -> None:
    """Write a network, one of those above, into a folder. Raises Refused, leaving nothing."""
    path = folder / wanted.file
    with backend.standard_error_held_back():  # where converters in C++ give their reasons at length
        reason = _attempt(network, wanted, path)
    if reason:
        _remove(path)
        raise Refused(reason)


def _attempt(network: keras.Model, wanted: Format, path: Path) -> str:
    """Write a network; the reason where it fails, else nothing."""
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # what it complains of, the check below finds
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of the converters, about themselves
            network.export(
                path,
                format=wanted.keras_name,
                verbose=False,
                input_signature=[network.input],
                **_options(wanted),
            )
            if wanted == formats.ONNX:
                _refuse_unknown_operations(path)
    except Exception as error:  # converters raise anything
        return f"{type(error).__name__}: {one_line(str(error), REASON_WIDTH)}"
    return ""


def _options(wanted: Format) -> dict[str, Any]:
    """By default Keras lets operations of TensorFlow into LiteRT, which its interpreter does not have."""
    if wanted != formats.LITERT:
        return {}
    return {"target_spec": {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}}


def _refuse_unknown_operations(path: Path) -> None:
    """The converter copies operations of TensorFlow that ONNX does not have. Raises what onnx raises."""
    import onnx

    onnx.checker.check_model(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
