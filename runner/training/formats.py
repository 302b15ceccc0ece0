"""The formats in which other programs read a network. Imports no Keras."""

import importlib.util
from dataclasses import dataclass

FEATURES, TEXTS, PROBABILITIES = "features", "texts", "probabilities"  # what inputs and outputs are called


@dataclass(frozen=True)
class Format:
    """A format of Keras' own export.

    name        as in `--format name`
    keras_name  as in `keras.Model.export(format=…)`
    file        what is written: a file, or a folder
    title       as its own documentation calls it
    writers     packages that write it, besides those that the runner needs
    reader      the package that reads it
    """

    name: str
    keras_name: str
    file: str
    title: str
    writers: tuple[str, ...]
    reader: str

    @property
    def missing(self) -> list[str]:
        """The writers that are not installed."""
        return [each for each in self.writers if importlib.util.find_spec(each) is None]


SAVED_MODEL = Format("saved_model", "tf_saved_model", "saved_model", "TensorFlow SavedModel", (), "tensorflow")
ONNX = Format("onnx", "onnx", "model.onnx", "ONNX", ("onnx", "tf2onnx"), "onnxruntime")
LITERT = Format("litert", "litert", "model.tflite", "LiteRT, formerly TensorFlow Lite", (), "ai-edge-litert")
FORMATS = {each.name: each for each in (SAVED_MODEL, ONNX, LITERT)}
