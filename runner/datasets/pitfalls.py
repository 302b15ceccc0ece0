"""What has to be said of data before it is trained on: rare classes, one class that is nearly all, test examples that
are trained on.
"""

import numpy as np

from runner.config.schema import Training
from runner.config.task import Task
from runner.datasets import duplicates
from runner.datasets.base import Data
from runner.datasets.duplicates import Overlap
from runner.datasets.labels import listed
from runner.datasets.split import commonest_class, split
from runner.formatting import shown

FEW = 10  # training examples of a class: with fewer, what is learned of it is chance
MOST = 0.8  # of the training examples in one class: accuracy says little beyond four to one
SHARED = 0.01  # of the test examples also in training: IMDB has 0.005, and nobody corrects its scores for that
ACCURACIES = {"accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"}


def of_classes(training: Training, fitting: Task, data: Data) -> list[str]:
    """Warnings about the classes that a split trains on, and about metrics that do not tell them apart."""
    labels = np.asarray(data.train.labels)
    trained = labels[split(training, labels).train]
    counts = np.bincount(trained, minlength=data.classes)
    few = [f"{data.class_names[each]} ({counts[each]})" for each in np.flatnonzero((counts > 0) & (counts < FEW))]
    lines = []
    if few:
        lines.append(
            f"fewer than {FEW} training examples of {data.label} have the class {listed(few)}: too few to learn from: "
            "give it more, or leave it out"
        )
    common = commonest_class(trained)
    if common and common[1] > MOST and ACCURACIES.issuperset(fitting.metrics):
        lines.append(
            f"training.metrics={shown(list(fitting.metrics))} says little of {data.label}: {common[1]:.4f} of the "
            f"training examples have the class {data.class_names[common[0]]}, so one answer for all is as accurate: "
            f"add balanced_accuracy or macro_f1, as training.metrics={shown([*fitting.metrics, 'balanced_accuracy'])}"
        )
    return lines


def shared_with_test(data: Data) -> Overlap:
    """The test examples of fitted data whose rows are those of training examples, held out for validation or not."""
    rows, test_rows = duplicates.numbered(data.train.features, data.test.features)
    return duplicates.across(test_rows, np.asarray(data.test.labels), rows, np.asarray(data.train.labels))


def of_test(data: Data) -> list[str]:
    """A warning about test examples that are training examples too, where they can change what the test says."""
    found = shared_with_test(data) if len(data.test) else None
    if found is None or found.share <= SHARED:
        return []
    return [
        f"{found.examples:,} of {found.of:,} test examples of {data.label} have the row of a training example: unless "
        "those are different cases, the test rewards learning by heart: keep each in one of the two"
    ]
