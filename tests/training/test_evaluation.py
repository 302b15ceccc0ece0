"""What is recorded of the examples held out is what Keras' `evaluate` says of them all, in however many parts."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from runner.compare import comparison
from runner.config import keras_names as names
from runner.config import task
from runner.config.monitor import Monitor
from runner.config.schema import Config
from runner.datasets import catalog
from runner.datasets.split import split
from runner.runs import checkpoint
from runner.runs import reader as recorded
from runner.training import evaluation, layers
from runner.training.fit import Training
from tests import oracle
from tests.conftest import ConfigOf, Train

pytestmark = pytest.mark.slow

HELD_OUT = 701  # a prime: no number of parts but one divides it
FORMS = {
    names.SIGMOID: [],
    names.INTEGER: ["model.head=softmax"],
    names.ONE_HOT: ["dataset.labels=one_hot"],
}
WORDS = ["dataset.source=sample", "dataset.num_words=300", f"training.validation_split={HELD_OUT}", "model.l2=0.01"]
WORDS += ["training.monitor=val_loss", "model.depth=1"]
LOSSES = [(form, name) for form in FORMS for name, forms in names.LOSSES.items() if form in forms]
# Another order of summing in float32, and outputs that differ by its rounding, as a sparse and a dense product have it.
TOLERANCE = {"rel": 2e-5, "abs": 1e-6}


def fitting_metrics(form: str, classes: int) -> list[str]:
    of_form = task.Task(classes, form, classes, "", (), Monitor("val_loss", "min"))
    return [name for name in names.METRICS if task.fits(name, of_form)]


def prepared(config: Config, folder: Path | None = None) -> tuple[Any, Any, Any, Any]:
    """The model from example numbers, all numbers held out, the targets, and `evaluate` of the plain network.

    In a folder the network is saved, and it is the one loaded from there that is evaluated.
    """
    data = catalog.load(config.dataset)
    goal, misfits = task.resolve(config, data.classes)
    assert not misfits
    divided, targets = split(config.training, data.train.labels), goal.targets(data.train.labels)
    training = Training(config, data, goal, divided)
    network, trained = training.network, training.model
    random = np.random.default_rng(0)
    network.set_weights([random.normal(0, 0.3, weight.shape) for weight in network.get_weights()])
    if folder:
        trained.optimizer.build(trained.trainable_variables)
        training.saved_network().save(folder / "model.keras")
        network = keras.models.load_model(folder / "model.keras")
    features = data.train.features[divided.validation]
    dense = features.toarray() if data.train.is_sparse else features
    x = dense.astype("float32") / np.float32(data.train.divisor)
    expected = network.evaluate(x, targets[divided.validation], batch_size=150, verbose=0, return_dict=True)
    return trained, divided.validation, targets, expected


def assert_evaluated(monkeypatch: pytest.MonkeyPatch, case: tuple[Any, Any, Any, Any], *many_parts: int) -> None:
    """In one part and in each number of parts, and a second time: nothing stays from one time to the next."""
    trained, numbers, targets, expected = case
    whole = evaluation.Evaluation(trained, numbers, targets)
    size = layers.bytes_each(trained, whole.step.get_concrete_function().graph)
    for parts in (1, *many_parts):
        monkeypatch.setattr(evaluation, "BUDGET", size * -(-len(numbers) // parts))
        found = evaluation.Evaluation(trained, numbers, targets) if parts > 1 else whole
        assert len(found.chunks) == parts
        found()
        assert found() == pytest.approx(expected, **TOLERANCE)


@pytest.mark.parametrize("form", FORMS)
def test_every_metric_in_parts_is_that_of_all(
    config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, form: str
) -> None:
    metrics = fitting_metrics(form, 2)
    case = prepared(config_of(*WORDS, *FORMS[form], f"training.metrics=[{','.join(metrics)}]"), tmp_path)
    assert len(case[-1]) == 1 + len(metrics)
    assert_evaluated(monkeypatch, case, 2, 7, 24)


@pytest.mark.parametrize(("form", "loss"), LOSSES)
def test_every_loss_in_parts_is_that_of_all(
    config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch, form: str, loss: str
) -> None:
    case = prepared(config_of(*WORDS, *FORMS[form], f"training.loss={loss}", "training.metrics=[]"))
    assert_evaluated(monkeypatch, case, 7)


def test_metrics_of_many_classes_in_parts_are_those_of_all(
    config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    metrics = fitting_metrics(names.ONE_HOT, 10)
    words = [word for word in WORDS if "num_words" not in word]
    words += ["dataset=mnist", "dataset.labels=one_hot", f"training.metrics=[{','.join(metrics)}]"]
    case = prepared(config_of(*words), tmp_path)
    assert_evaluated(monkeypatch, case, 7)


def test_precision_recall_and_auc_of_two_one_hot_classes_are_those_of_class_1(config_of: ConfigOf) -> None:
    """Counted from the outputs by their definitions; pooled over both classes, all three would say something else."""
    words = [*WORDS, "dataset.labels=one_hot", "training.metrics=[accuracy,precision,recall,auc]"]
    trained, numbers, targets, _ = prepared(config_of(*words))
    outputs = trained.predict(numbers, verbose=0)[:, 1]
    taken, is_1 = outputs > 0.5, targets[numbers][:, 1] == 1
    pairs = np.sign(outputs[is_1][:, None] - outputs[~is_1][None, :])
    expected = {"accuracy": (taken == is_1).mean(), "precision": is_1[taken].mean(), "recall": taken[is_1].mean()}
    found = evaluation.Evaluation(trained, numbers, targets)()
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert found["auc"] == pytest.approx((1 + pairs.mean()) / 2, abs=2e-3)  # Keras' has 200 thresholds
    assert abs(found["precision"] - found["accuracy"]) > 0.005


def test_training_at_best_is_evaluate_on_the_training_examples_and_leaves_the_run_as_it_is(
    train: Train, config_of: ConfigOf
) -> None:
    """With dropout the row's own column is another number; a run continued has the epochs of one never stopped."""
    words = ["dataset.source=sample", "dataset.num_words=300", "model.depth=1", "model.dropout=0.5", "reuse=false"]
    whole = train(*words, "training.epochs=6", folder="whole").folder
    parts = [train(*words, f"training.epochs={epochs}", folder="parts").folder for epochs in (3, 6)]
    one, other = (checkpoint.load(checkpoint.path(folder, 6)) for folder in (whole, parts[1]))
    for part in ("model", "optimizer", "best"):
        assert all(map(np.array_equal, getattr(one, part), getattr(other, part)))
    assert (whole / "metrics.csv").read_bytes() == (parts[1] / "metrics.csv").read_bytes()
    run = recorded.load(whole)
    plain = oracle.Plain(config_of(*words))
    expected = plain.evaluated(whole / "checkpoints/best.keras", plain.split.train)
    assert run.record["training_at_best"] == pytest.approx(expected, rel=2e-5)
    assert run.record["training_at_best"] == recorded.load(parts[1]).record["training_at_best"]
    assert run.training_at_best("accuracy") - run.best["accuracy"] > 0.02
    (row,) = comparison.compare([run]).tables[0].rows
    assert row["gap"] == pytest.approx(expected["accuracy"] - run.best["val_accuracy"], rel=1e-4)
