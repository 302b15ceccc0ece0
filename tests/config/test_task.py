"""What `auto` comes to, and what of head, labels, loss, metrics and monitor fits one another."""

from collections.abc import Callable

import numpy as np
import pytest

from runner import register
from runner.config import keras_names, task
from runner.config.schema import Config

ConfigOf = Callable[..., Config]


@pytest.mark.parametrize(
    ("words", "classes", "form", "activation", "units", "loss"),
    [
        ([], 2, "sigmoid", "sigmoid", 1, "binary_crossentropy"),
        (["dataset.labels=one_hot"], 2, "one_hot", "softmax", 2, "categorical_crossentropy"),
        (["model.head=softmax"], 2, "integer", "softmax", 2, "sparse_categorical_crossentropy"),
        (["model.head=softmax", "dataset.labels=one_hot"], 2, "one_hot", "softmax", 2, "categorical_crossentropy"),
        (["model.head=sigmoid"], 2, "sigmoid", "sigmoid", 1, "binary_crossentropy"),
        (["dataset=mnist"], 10, "integer", "softmax", 10, "sparse_categorical_crossentropy"),
        (["dataset=mnist", "dataset.labels=one_hot"], 10, "one_hot", "softmax", 10, "categorical_crossentropy"),
        (["model.output_units=1"], 2, "sigmoid", "sigmoid", 1, "binary_crossentropy"),
        (["dataset=mnist", "model.output_units=46"], 10, "integer", "softmax", 46, "sparse_categorical_crossentropy"),
        (["training.loss=BCE"], 2, "sigmoid", "sigmoid", 1, "binary_crossentropy"),
    ],
)
def test_auto_follows_from_the_classes_and_the_labels(
    config_of: ConfigOf, words: list[str], classes: int, form: str, activation: str, units: int, loss: str
) -> None:
    found, problems = task.resolve(config_of(*words), classes)
    assert problems == []
    assert (found.form, found.activation, found.output_units, found.loss) == (form, activation, units, loss)


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        ([], np.array([[0], [1], [1]], np.float32)),
        (["model.head=softmax"], np.array([[0], [1], [1]], np.int32)),
        (["dataset.labels=one_hot"], np.array([[1, 0], [0, 1], [0, 1]], np.float32)),
        (
            ["dataset.labels=one_hot", "model.output_units=3"],
            np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0]], np.float32),
        ),
    ],
)
def test_labels_become_what_the_loss_wants(config_of: ConfigOf, words: list[str], targets: np.ndarray) -> None:
    found = task.resolve(config_of(*words), 2)[0].targets(np.array([0, 1, 1], np.uint8))
    np.testing.assert_array_equal(found, targets)
    assert found.dtype == targets.dtype


@pytest.mark.parametrize(
    ("words", "classes", "line"),
    [
        (
            ["dataset=mnist", "model.head=sigmoid"],
            10,
            "model.head=sigmoid fits two classes, mnist has 10: use model.head=softmax",
        ),
        (
            ["model.head=sigmoid", "dataset.labels=one_hot"],
            2,
            "model.head=sigmoid fits dataset.labels=integer; got one_hot: "
            "use model.head=softmax or dataset.labels=integer",
        ),
        (["model.output_units=2"], 2, "model.output_units must be null or 1 with a sigmoid head; got 2"),
        (
            ["dataset=mnist", "model.output_units=9"],
            10,
            "model.output_units must be null or at least 10, one unit for each class of mnist; got 9",
        ),
        (
            ["model.head=softmax", "model.output_units=1"],
            2,
            "model.output_units must be null or at least 2, one unit for each class of imdb; got 1",
        ),
        (
            ["dataset=mnist", "training.loss=mse"],
            10,
            "training.loss=mean_squared_error does not fit a softmax head with integer labels: "
            "use auto or sparse_categorical_crossentropy",
        ),
        (
            ["training.metrics=[accuracy,acc]"],
            2,
            "training.metrics must name each metric once; got ['accuracy', 'accuracy']",
        ),
        (["training.monitor=val_acc"], 2, "training.monitor must be one of val_loss, val_accuracy; got val_acc"),
        (["training.monitor=auc"], 2, "training.monitor must be one of loss, accuracy; got auc"),
        (["training.metrics=[]"], 2, "training.monitor must be one of val_loss; got val_accuracy"),
        (
            ["training.metrics=[auc,true_positives]", "training.monitor=val_true_positives"],
            2,
            "training.monitor must be one of val_loss, val_auc; got val_true_positives",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(
    config_of: ConfigOf, words: list[str], classes: int, line: str
) -> None:
    assert task.resolve(config_of(*words), classes)[1] == [line]


FORMS = {
    keras_names.SIGMOID: [],
    keras_names.INTEGER: ["model.head=softmax"],
    keras_names.ONE_HOT: ["dataset.labels=one_hot"],
}


@pytest.mark.parametrize("form", FORMS)
def test_each_loss_is_taken_or_refused_with_those_that_fit(config_of: ConfigOf, form: str) -> None:
    config = config_of(*FORMS[form])
    for loss, fits in keras_names.LOSSES.items():
        config.training.loss = loss
        problems = task.resolve(config, 2)[1]
        if form in fits:
            assert problems == []
        else:
            (line,) = problems
            offered = line.partition(": use auto or ")[2].split(", ")
            assert offered == [each for each, of in keras_names.LOSSES.items() if form in of]


@pytest.mark.parametrize("form", FORMS)
def test_each_metric_is_taken_or_refused_with_those_that_fit(config_of: ConfigOf, form: str) -> None:
    config = config_of(*FORMS[form], "training.monitor=val_loss")
    known = keras_names.METRICS | keras_names.OWN_METRICS
    for name, metric in known.items():
        config.training.metrics = [name]
        problems = task.resolve(config, 2)[1]
        of_one_class = form == keras_names.ONE_HOT and name in keras_names.COUNTS
        if form in metric.fits and not of_one_class:
            assert problems == []
        else:
            (line,) = problems
            offered = line.partition(": use ")[2].split(", ")
            fitting = [each for each, of in known.items() if form in of.fits]
            assert offered == [
                each for each in fitting if form != keras_names.ONE_HOT or each not in keras_names.COUNTS
            ]


@pytest.mark.parametrize(
    ("words", "monitor", "direction"),
    [
        ([], "val_accuracy", "max"),
        (["training.monitor=val_loss"], "val_loss", "min"),
        (["training.monitor=loss"], "loss", "min"),
        (["training.validation_split=0"], "accuracy", "max"),
        (["training.validation_split=0.0"], "accuracy", "max"),
        (["training.validation_split=0", "training.monitor=val_loss"], "loss", "min"),
        (["training.validation_split=0", "training.folds=2", "training.fold=1"], "val_accuracy", "max"),
        (["training.metrics=[mse]", "training.monitor=val_mean_squared_error"], "val_mean_squared_error", "min"),
        (["training.metrics=[log_cosh_error]", "training.monitor=val_logcosh"], "val_logcosh", "min"),
        (["training.metrics=[AUC]", "training.monitor=val_auc"], "val_auc", "max"),
    ],
)
def test_the_monitor_has_a_better_direction(
    config_of: ConfigOf, words: list[str], monitor: str, direction: str
) -> None:
    found, problems = task.resolve(config_of(*words), 2)
    assert problems == []
    assert (found.monitor.name, found.monitor.direction) == (monitor, direction)


@pytest.mark.parametrize("direction", ["max", "min"])
def test_the_direction_of_a_metric_of_ones_own_is_the_registered_one(
    config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch, direction: str
) -> None:
    monkeypatch.setitem(register.metrics, "mine", print)
    monkeypatch.setitem(register.metric_directions, "mine", direction)
    found, problems = task.resolve(config_of("training.metrics=[mine]", "training.monitor=val_mine"), 2)
    assert problems == []
    assert (found.metrics, found.monitor.direction) == (("mine",), direction)


def test_a_loss_of_ones_own_fits_every_head(config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(register.losses, "Mine", print)
    for words in FORMS.values():
        found, problems = task.resolve(config_of(*words, "training.loss=Mine"), 2)
        assert (found.loss, problems) == ("Mine", [])


def test_all_misfits_are_said_at_once(config_of: ConfigOf) -> None:
    words = ["model.head=sigmoid", "training.loss=categorical_crossentropy", "training.metrics=[f1_score]"]
    problems = task.resolve(config_of("dataset=mnist", *words), 10)[1]
    assert [problem.split("=")[0].split(" ")[0] for problem in problems] == [
        "model.head",
        "training.loss",
        "training.monitor",
    ]


def test_counts_of_one_hot_labels_are_taken_of_more_than_two_classes(config_of: ConfigOf) -> None:
    config = config_of("dataset.labels=one_hot", "training.metrics=[true_positives]", "training.monitor=val_loss")
    assert task.resolve(config, 3)[1] == []
    (line,) = task.resolve(config, 2)[1]
    what = "training.metrics: true_positives does not fit a softmax head with one-hot labels of two classes"
    assert line.startswith(f"{what}: use accuracy, categorical_accuracy, ")


def test_top_k_accuracy_is_taken_for_a_k_below_the_number_of_classes_of_a_softmax_head(config_of: ConfigOf) -> None:
    def problems(k: int, *words: str, classes: int = 5) -> list[str]:
        return task.resolve(
            config_of(*words, f"training.metrics=[top_{k}_accuracy]", "training.monitor=loss"), classes
        )[1]

    assert [problems(2), problems(4), problems(4, "dataset.labels=one_hot")] == [[], [], []]
    (beyond,), (of_sigmoid,) = problems(5), problems(2, classes=2)
    assert "top_5_accuracy does not fit a softmax head with integer labels of 5 classes: use accuracy, " in beyond
    assert beyond.endswith(", macro_f1, top_2_accuracy to top_4_accuracy")
    assert problems(3, classes=3)[0].endswith(", macro_f1, top_2_accuracy")
    assert "top_2_accuracy does not fit a sigmoid head of 2 classes: use accuracy, " in of_sigmoid
    assert (
        task.resolve(config_of("training.metrics=[top_3_accuracy]", "training.monitor=val_top_3_accuracy"), 5)[1] == []
    )
