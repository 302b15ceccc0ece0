"""`training.tensorboard=true`: the TensorBoard logs of Keras, with the parameters of the config."""

import shutil
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from runner.config.dotted import flat
from runner.runs.history import History

FOLDER = "tensorboard"


class TensorBoard(keras.callbacks.TensorBoard):
    """Keras' own, beginning with the recorded epochs: a resumed run has the whole curve."""

    def __init__(self, folder: Path, config: dict[str, Any], history: History) -> None:
        super().__init__(str(folder / FOLDER), write_graph=False)
        self.parameters = {key: _plain(value) for key, value in flat(config)}
        self.history = history

    def on_train_begin(self, logs: Any = None) -> None:
        shutil.rmtree(self.log_dir, ignore_errors=True)
        super().on_train_begin(logs)
        with tf.summary.create_file_writer(self.log_dir).as_default():
            hparams.hparams(self.parameters)
        for row in self.history.metrics:
            self.on_epoch_end(int(row["epoch"]) - 1, {key: value for key, value in row.items() if key != "epoch"})


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str)) else str(value)
