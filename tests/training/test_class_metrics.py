"""The metrics that count each class alike, over several chunks, with scikit-learn as the oracle."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn import metrics as oracle

from runner.config import keras_names as names
from runner.config.monitor import Monitor
from runner.config.task import Task
from runner.runs import folder as run_folder
from runner.runs import history
from runner.training import class_metrics, evaluation, model
from tests.conftest import Train

pytestmark = pytest.mark.slow

# Form, classes and units of the head; a softmax head may have more units than there are classes.
TASKS = [
    (names.SIGMOID, 2, 1),
    (names.INTEGER, 2, 2),
    (names.INTEGER, 4, 6),
    (names.ONE_HOT, 4, 4),
    (names.ONE_HOT, 2, 3),
]
OWN = sorted(names.OWN_METRICS)


def expected(name: str, labels: Any, outputs: Any) -> float:
    said = (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    if name == "balanced_accuracy":
        return float(oracle.recall_score(labels, said, labels=np.unique(labels), average="macro", zero_division=0))
    if name == "macro_f1":
        return float(oracle.f1_score(labels, said, average="macro", zero_division=0))
    return float(oracle.top_k_accuracy_score(labels, outputs, k=3, labels=np.arange(outputs.shape[1])))


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_metrics_of_all_classes_in_chunks_are_those_of_scikit_learn(task: tuple[str, int, int]) -> None:
    form, classes, units = task
    random = np.random.default_rng(classes)
    labels = random.choice(classes, 101, p=[0.8, *[0.2 / (classes - 1)] * (classes - 1)])
    labels[labels == 2] = 0  # a class that never occurs, where there are so many
    outputs = random.random((101, units)).astype(np.float32)
    goal = Task(classes, form, units, "", tuple(OWN), Monitor("val_loss", "min"))
    found = model.metrics(goal)
    for metric in found:
        for chunk in np.array_split(np.arange(101), 3):
            metric.update_state(goal.targets(labels)[chunk], outputs[chunk])
    assert [metric.name for metric in found] == OWN
    assert [float(metric.result()) for metric in found] == pytest.approx(
        [expected(name, labels, outputs) for name in OWN]
    )


def test_a_metric_counts_weighted_examples_and_forgets_them() -> None:
    metric = class_metrics.BalancedAccuracy("name", Task(2, names.SIGMOID, 1, "", (), Monitor("val_loss", "min")))
    true, said = np.array([[0], [0], [1]], np.float32), np.array([[0.1], [0.9], [0.9]], np.float32)
    metric.update_state(true, said, sample_weight=np.array([3, 1, 1]))
    assert float(metric.result()) == pytest.approx((3 / 4 + 1) / 2)
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_a_run_records_them_and_its_network_opens_in_plain_keras(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "BUDGET", 100_000)  # several chunks
    wanted = [*OWN, "top_3_accuracy"]
    words = ["dataset=mnist", "dataset.source=sample", "model=cnn", "model.width=2", "training.class_weight=balanced"]
    outcome = train(
        *words, "training.epochs=1", f"training.metrics=[{','.join(wanted)}]", "training.monitor=val_macro_f1"
    )
    assert outcome.status == "completed", outcome.error
    with np.load(tmp_path / "run" / run_folder.PREDICTIONS) as kept:
        labels, outputs = kept["labels"], kept["last"].astype(np.float32)
    row = history.read(tmp_path / "run" / run_folder.METRICS)[-1]
    assert [row[f"val_{name}"] for name in wanted] == pytest.approx(
        [expected(name, labels, outputs) for name in wanted], abs=2 / len(labels)
    )
    network = keras.models.load_model(tmp_path / "run" / run_folder.MODEL)  # no class of the runner is in the file
    assert network.input_shape == (None, 784)
    assert "runner" not in str(network.get_compile_config())
