"""The test set, opened knowingly: the ledger first, then the network, then what it scored."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner import register
from runner.config import keras_names
from runner.config.task import Task
from runner.datasets.base import Data
from runner.errors import DataError
from runner.inference.load import LoadedRun
from runner.runs import predictions, test_ledger
from runner.runs.class_scores import METRIC, scores
from runner.runs.folder import MODEL, claimed, confusion_of, read_test, test_of
from runner.runs.writer import Record, opening_of
from runner.system import files, signals

ABOUT = ("examples", "network", "epoch", "accuracy_of_each", "looked_at_before")  # in test.json, besides the scores


@dataclass(frozen=True)
class Candidate:
    """A Keras network to test, with the weights after `epoch`, as `file` of a run's folder holds it.

    members  the networks of which it is the mean, for their own accuracies; none of a single network
    """

    network: Any
    file: str
    epoch: int
    members: Sequence[Any] = ()


def evaluate(record: Record, candidate: Candidate, data: Data, task: Task, ledger: Path) -> None:
    """Open the test set for a network, and write test.json and confusion.png into the folder of a run.

    Those of the network after the best epoch are test-best.json and confusion-best.png. Without validation examples
    predictions.npz is written too, by the other network: those of the test examples. A network that was tested before
    is not tested again, and an opening that a kill has cut short is gone on with: each counts once. Raises DataError
    where there are no test examples, or the network gives no numbers.
    """
    if is_tested(record, candidate.file, candidate.epoch):
        return
    if not len(data.test):
        raise DataError(data.no_test)
    before = _open(record, candidate.file, candidate.epoch, data, ledger)
    from runner.training.evaluation import tested

    values, outputs = tested(candidate.network, data.test, task)
    if not np.isfinite(outputs).all():
        raise DataError(f"{candidate.file} gives outputs that are no numbers: its training has diverged; train anew")
    result = {**_result(values, outputs, data, task), "network": candidate.file, "epoch": candidate.epoch}
    if candidate.members:
        each = [said(tested(network, data.test, task)[1], task) for network in candidate.members]
        result["accuracy_of_each"] = [float(np.mean(answers == data.test.labels)) for answers in each]
    result["looked_at_before"] = before
    if record.entries["dataset"]["validation"] == 0 and candidate.file == MODEL:
        predictions.write_of_test(record.folder, data.test.labels, outputs)
    files.write(record.folder / confusion_of(candidate.file), _picture(result, data))
    content = json.dumps(result, indent=2, allow_nan=False) + "\n"
    files.write(record.folder / test_of(candidate.file), content, durable=True)
    key = opening_of(candidate.file)
    record.write(**{key: {**record.entries[key], "done": True}})


def is_tested(record: Record, file: str, epoch: int) -> bool:
    """Whether the folder has what the test says of this network."""
    begun = record.entries.get(opening_of(file)) or {}
    is_same = begun.get("done") and (begun["network"], begun["epoch"]) == (file, epoch)
    return bool(is_same) and (record.folder / test_of(file)).exists()


def _open(record: Record, file: str, epoch: int, data: Data, ledger: Path) -> int:
    """Enter the opening into run.json and the ledger; the number of openings before it."""
    begun = record.entries.get(opening_of(file)) or {}
    same = {"network": file, "epoch": epoch, "fingerprint": data.fingerprint}
    goes_on = begun and not begun["done"] and {key: begun.get(key) for key in same} == same
    dataset = {**record.entries["dataset"], "test": len(data.test)}  # older records do not tell it
    new = test_ledger.opening(dataset, record.folder, file, epoch, begun["id"] if goes_on else None)
    record.write(**{opening_of(file): {"id": new.id, **same, "done": False}})
    return test_ledger.enter(ledger, new)


def said(outputs: NDArray[np.float32], task: Task) -> NDArray[np.int64]:
    """The class that a network says of each example: outputs [examples, units] → [examples]."""
    if task.form == keras_names.SIGMOID:
        return (outputs[:, 0] > 0.5).astype(np.int64)
    return outputs.argmax(axis=1)


def _result(values: dict[str, float], outputs: NDArray[np.float32], data: Data, task: Task) -> dict[str, Any]:
    """What test.json holds of a network; a metric whose name stands for something else there has `metric_` before it.

    Keras' own accuracy is the share of right answers, which is there already.
    """
    names = [*data.class_names, *map(str, range(len(data.class_names), outputs.shape[1]))]
    of_classes = scores(data.test.labels, said(outputs, task), names)
    finite = {name: value if np.isfinite(value) else None for name, value in values.items()}
    if "accuracy" not in register.metrics:
        finite.pop("accuracy", None)
    taken = {*of_classes, *ABOUT}
    named = {f"{METRIC}{name}" if name in taken else name: value for name, value in finite.items()}
    return {"examples": len(data.test), **named, **of_classes}


def _picture(result: dict[str, Any], data: Data) -> bytes:
    from runner.runs.confusion_picture import confusion_picture

    share = f"{result['accuracy']:.4f} ± {result['accuracy_standard_error']:.4f}"
    title = f"{data.label}, {result['examples']:,} test examples: {share} of them right"
    return confusion_picture(result["confusion"], result["classes"], title)


def of_run(loaded: LoadedRun, ledger: Path) -> dict[str, Any]:
    """What the test says of a recorded run, by the network that is loaded; the same network twice is one look.

    Raises DataError where the folder is in use, where there are no test examples, or where the run may have gone on
    since the network was saved.
    """
    if loaded.epoch is None:
        raise DataError(
            f"{loaded.folder} is {loaded.run.status}, and may have gone on since {loaded.file.name} was saved: "
            "resume it to the end"
        )
    with claimed(loaded.folder), signals.watched() as interruption:
        record = Record(loaded.folder, loaded.config, [])
        file = loaded.file.relative_to(loaded.folder).as_posix()
        if not is_tested(record, file, loaded.epoch):
            with interruption.waiting():
                _refuse_misfit(loaded)
                candidate = Candidate(loaded.network, file, loaded.epoch)
                evaluate(record, candidate, loaded.data, loaded.task, ledger)
            interruption.stop()
    return read_test(loaded.folder, test_of(file))


def _refuse_misfit(loaded: LoadedRun) -> None:
    """Raises DataError where the network is none of the data or of the classes that the record names."""
    found = (tuple(loaded.network.input_shape[1:]), int(loaded.network.output_shape[-1]))
    features, units = loaded.data.test.features.shape[1:], loaded.task.output_units
    if found[0] != tuple(features) or found[1] < units or (found[1] == 1) != (units == 1):
        raise DataError(
            f"{loaded.file} takes rows of {list(found[0])} and gives {found[1]}, where the run has rows of "
            f"{list(features)} and {units}: put back what the runner wrote"
        )
