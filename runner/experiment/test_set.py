"""The test set, opened knowingly: the ledger first, then the network, then what it scored."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.config import keras_names
from runner.config.task import Task
from runner.datasets.base import Data
from runner.errors import DataError
from runner.runs import predictions, test_ledger
from runner.runs.class_scores import scores
from runner.runs.folder import CONFUSION, TEST
from runner.runs.writer import Record
from runner.system import files


def evaluate(record: Record, network: Any, file: str, epoch: int, data: Data, task: Task, ledger: Path) -> None:
    """Open the test set once for a network, and write test.json and confusion.png into the folder of a run.

    `network` is a Keras network with the weights after `epoch`, as `file` of the folder holds it. Without validation
    examples predictions.npz is written too: those of the test examples. An opening that a kill has cut short is gone on
    with, and counts once. Raises DataError where there are no test examples.
    """
    if not len(data.test):
        raise DataError(f"{data.label} has no test examples: nothing can be tested")
    before = _open(record, file, epoch, ledger)
    from runner.training.evaluation import tested

    values, outputs = tested(network, data.test, task)
    result = _result(values, outputs, data, task) | {"network": file, "epoch": epoch, "looked_at_before": before}
    if record.entries["dataset"]["validation"] == 0:
        predictions.write_of_test(record.folder, data.test.labels, outputs)
    files.write(record.folder / CONFUSION, _picture(result, data))
    files.write(record.folder / TEST, json.dumps(result, indent=2, allow_nan=False) + "\n", durable=True)
    record.write(opening={**record.entries["opening"], "done": True})


def _open(record: Record, file: str, epoch: int, ledger: Path) -> int:
    """Enter the opening into run.json and the ledger; the number of openings before it."""
    begun = record.entries.get("opening") or {}
    goes_on = begun and not begun["done"] and (begun["network"], begun["epoch"]) == (file, epoch)
    new = test_ledger.opening(record.entries["dataset"], record.folder, file, epoch, begun["id"] if goes_on else None)
    record.write(opening={"id": new.id, "network": file, "epoch": epoch, "done": False})
    return test_ledger.enter(ledger, new)


def said(outputs: NDArray[np.float32], task: Task) -> NDArray[np.int64]:
    """The class that a network says of each example: outputs [examples, units] → [examples]."""
    if task.form == keras_names.SIGMOID:
        return (outputs[:, 0] > 0.5).astype(np.int64)
    return outputs.argmax(axis=1)


def _result(values: dict[str, float], outputs: NDArray[np.float32], data: Data, task: Task) -> dict[str, Any]:
    """What test.json holds; a metric of Keras that is named as a list of the classes is in that list."""
    names = [*data.class_names, *map(str, range(len(data.class_names), outputs.shape[1]))]
    of_classes = scores(data.test.labels, said(outputs, task), names)
    finite = {name: value if np.isfinite(value) else None for name, value in values.items()}
    return {"examples": len(data.test), **finite, **of_classes}


def _picture(result: dict[str, Any], data: Data) -> bytes:
    from runner.runs.confusion_picture import confusion_picture

    share = f"{result['accuracy']:.4f} ± {result['accuracy_standard_error']:.4f}"
    title = f"{data.label}, {result['examples']:,} test examples: {share} of them right"
    return confusion_picture(result["confusion"], result["classes"], title)
