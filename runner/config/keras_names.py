"""The Keras names that a config may use, known without importing Keras.

Each loss and metric names the outputs that it fits:
  sigmoid   one output unit, labels 0 and 1
  integer   softmax with labels 0, 1, 2, …
  one_hot   softmax with labels as one-hot vectors
Keras counts one-hot labels entry by entry. Therefore `binary_accuracy` does not fit them: it is a fraction of entries,
not of examples. `precision`, `recall` and `auc` are those of class 1 with two classes, as with a sigmoid head, and
pooled over all entries with more classes, as Keras computes them. The counts (`true_positives`, …) are pooled too, and
fit one-hot labels only with more than two classes. `f1_score` is the mean over the classes of one-hot labels, with a
sigmoid head that of class 1; `macro_f1` is the mean over the classes with every head.
A test compares the lists with the installed Keras.
"""

import re
from typing import NamedTuple

SIGMOID, INTEGER, ONE_HOT = "sigmoid", "integer", "one_hot"
ELEMENTWISE = frozenset({SIGMOID, ONE_HOT})
ANY_OUTPUT = frozenset({SIGMOID, INTEGER, ONE_HOT})

ACTIVATIONS = frozenset(
    """celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear
    log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus
    sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold""".split()
)

LOSSES: dict[str, frozenset[str]] = {
    "binary_crossentropy": frozenset({SIGMOID}),
    "binary_focal_crossentropy": frozenset({SIGMOID}),
    "sparse_categorical_crossentropy": frozenset({INTEGER}),
    "categorical_crossentropy": frozenset({ONE_HOT}),
    "categorical_focal_crossentropy": frozenset({ONE_HOT}),
    "categorical_hinge": frozenset({ONE_HOT}),
    "cosine_similarity": frozenset({ONE_HOT}),
    "kl_divergence": frozenset({ONE_HOT}),
    "hinge": ELEMENTWISE,
    "squared_hinge": ELEMENTWISE,
    "huber": ELEMENTWISE,
    "log_cosh": ELEMENTWISE,
    "mean_absolute_error": ELEMENTWISE,
    "mean_absolute_percentage_error": ELEMENTWISE,
    "mean_squared_error": ELEMENTWISE,
    "mean_squared_logarithmic_error": ELEMENTWISE,
    "poisson": ELEMENTWISE,
}
# For sequences, segmentation and embeddings, not for the output of a classifier.
OTHER_LOSSES = frozenset({"circle", "ctc", "dice", "tversky"})


class Metric(NamedTuple):
    """A Keras metric: class, column, better direction (None: Keras knows none), and the outputs that it fits."""

    keras_class: str
    column: str
    direction: str | None
    fits: frozenset[str]


METRICS: dict[str, Metric] = {
    # The class of `accuracy` depends on the labels, as in `compile(metrics=["accuracy"])`.
    "accuracy": Metric("", "accuracy", "max", ANY_OUTPUT),
    "binary_accuracy": Metric("BinaryAccuracy", "binary_accuracy", "max", frozenset({SIGMOID})),
    "categorical_accuracy": Metric("CategoricalAccuracy", "categorical_accuracy", "max", frozenset({ONE_HOT})),
    "sparse_categorical_accuracy": Metric(
        "SparseCategoricalAccuracy", "sparse_categorical_accuracy", "max", frozenset({INTEGER})
    ),
    "top_k_categorical_accuracy": Metric(
        "TopKCategoricalAccuracy", "top_k_categorical_accuracy", "max", frozenset({ONE_HOT})
    ),
    "sparse_top_k_categorical_accuracy": Metric(
        "SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy", "max", frozenset({INTEGER})
    ),
    "auc": Metric("AUC", "auc", "max", ELEMENTWISE),
    "precision": Metric("Precision", "precision", "max", ELEMENTWISE),
    "recall": Metric("Recall", "recall", "max", ELEMENTWISE),
    "f1_score": Metric("F1Score", "f1_score", "max", ELEMENTWISE),
    "true_positives": Metric("TruePositives", "true_positives", None, ELEMENTWISE),
    "true_negatives": Metric("TrueNegatives", "true_negatives", None, ELEMENTWISE),
    "false_positives": Metric("FalsePositives", "false_positives", None, ELEMENTWISE),
    "false_negatives": Metric("FalseNegatives", "false_negatives", None, ELEMENTWISE),
    "binary_crossentropy": Metric("BinaryCrossentropy", "binary_crossentropy", "min", ELEMENTWISE),
    "categorical_crossentropy": Metric(
        "CategoricalCrossentropy", "categorical_crossentropy", "min", frozenset({ONE_HOT})
    ),
    "sparse_categorical_crossentropy": Metric(
        "SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", "min", frozenset({INTEGER})
    ),
    "categorical_hinge": Metric("CategoricalHinge", "categorical_hinge", "min", frozenset({ONE_HOT})),
    "cosine_similarity": Metric("CosineSimilarity", "cosine_similarity", "max", frozenset({ONE_HOT})),
    "kl_divergence": Metric("KLDivergence", "kl_divergence", "min", frozenset({ONE_HOT})),
    "hinge": Metric("Hinge", "hinge", "min", ELEMENTWISE),
    "squared_hinge": Metric("SquaredHinge", "squared_hinge", "min", ELEMENTWISE),
    "log_cosh_error": Metric("LogCoshError", "logcosh", "min", ELEMENTWISE),
    "mean_absolute_error": Metric("MeanAbsoluteError", "mean_absolute_error", "min", ELEMENTWISE),
    "mean_absolute_percentage_error": Metric(
        "MeanAbsolutePercentageError", "mean_absolute_percentage_error", "min", ELEMENTWISE
    ),
    "mean_squared_error": Metric("MeanSquaredError", "mean_squared_error", "min", ELEMENTWISE),
    "mean_squared_logarithmic_error": Metric(
        "MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", "min", ELEMENTWISE
    ),
    "root_mean_squared_error": Metric("RootMeanSquaredError", "root_mean_squared_error", "min", ELEMENTWISE),
    "poisson": Metric("Poisson", "poisson", "min", ELEMENTWISE),
}
# Keras pools these over the classes of one-hot labels: of two classes that says no more than `accuracy`.
COUNTS = frozenset({"true_positives", "true_negatives", "false_positives", "false_negatives"})
# Metrics of the runner, of all classes alike: the mean of their recalls, and of their F1.
OWN_METRICS: dict[str, Metric] = {
    "balanced_accuracy": Metric("", "balanced_accuracy", "max", ANY_OUTPUT),
    "macro_f1": Metric("", "macro_f1", "max", ANY_OUTPUT),
}
TOP_K = re.compile(r"top_([2-9]|[1-9]\d+)_accuracy")  # whether the true class is among the K that are most probable
# For other tasks, or with arguments that a name alone does not give.
OTHER_METRICS = frozenset(
    """binary_io_u concordance_correlation f_beta_score io_u mean mean_io_u mean_metric_wrapper metric one_hot_io_u
    one_hot_mean_io_u pearson_correlation precision_at_recall r2_score recall_at_precision
    sensitivity_at_specificity specificity_at_sensitivity sum""".split()
)


def top_k(name: str) -> int | None:
    """The K of a name such as top_3_accuracy, at least 2; None for other names."""
    match = TOP_K.fullmatch(name)
    return int(match[1]) if match else None


def metric(name: str) -> Metric | None:
    """The metric that a canonical name means; None where it means none."""
    if top_k(name):
        return Metric("", name, "max", frozenset({INTEGER, ONE_HOT}))
    return METRICS.get(name) or OWN_METRICS.get(name)


ALIASES = {
    "acc": "accuracy",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}


def canonical(name: str) -> str:
    """The snake-case name of a Keras loss or metric: `BinaryCrossentropy`, `BCE` and `bce` are one."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return ALIASES.get(snake, snake)
