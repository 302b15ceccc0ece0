"""Random configs, each trained by the runner and by plain Keras: `python -m tests.oracle [--configs N] [--seed S]`.

Plain Keras has the dense float32 rows, the same initial weights (one seed, the same order of making), the same order of
examples, its own optimizers, and runs eagerly. Three things must hold for each config:

1. The last row's validation columns, and `training_at_best`, are what `evaluate` says of the saved networks: within
   float32 rounding, 2e-5 of the value; for fractions and counts within two examples, as rounding carries an output over
   a threshold.
2. The training columns are those of plain Keras: losses within 1e-4 of the value, shares within three examples.
3. So are the final weights: within two thousandths of the way that they went in the training. A thousandth and a half
   is what a single unit makes that is at the kink of relu for one example, and goes the one way here, the other there.

A network learns rounding too: an adaptive step is as long for a gradient of rounding noise as for any other, and what
lies at a kink of relu goes either way. So where 2 or 3 does not hold, plain Keras is trained once more on the same rows
with their columns in another order, its kernel's rows with them, and each batch backwards: the same mathematics, summed
in another order. What that changes, four times over, is allowed. Dropout is checked like the rest, for its masks follow
from the seed; only its batches stay forwards, for the masks go by the place in the batch.
"""

import argparse
import io
import math
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from runner.config import keras_names as names
from runner.config import task
from runner.config.plan import plan_of
from runner.config.schema import Config
from runner.datasets import catalog
from runner.datasets.split import split
from runner.errors import ConfigError
from runner.experiment import run as experiment
from runner.runs import folder as run_folder
from runner.runs import history
from runner.system import backend

backend.start()

import keras  # noqa: E402

from runner.training import batches, evaluation, model, optimizer  # noqa: E402

Floats = NDArray[np.float32]
Columns = dict[str, float]
# What an example changes that goes to the other side of a threshold: shares of all examples, or of some of them alone.
SHARES = {metric.column for name, metric in names.METRICS.items() if name.endswith("accuracy")}
OF_A_PART = {"precision", "recall", "f1_score", "auc"}
BATCHES = (100, 257, 512, 5000)
# A field that each optimizer has of its own, and values of it.
OPTIONS: dict[str, tuple[Any, ...]] = {
    "rmsprop": ("optimizer.momentum", 0.0, 0.0, 0.9),
    "adam": ("optimizer.amsgrad", "false", "true"),
    "adamw": ("optimizer.weight_decay", 0.004, 0.1),
    "sgd": ("optimizer.momentum", 0.0, 0.9),
    "nadam": ("optimizer.beta_1", 0.9, 0.5),
    "adagrad": ("optimizer.initial_accumulator_value", 0.1, 0.0),
}


def drawn(
    random: np.random.Generator, widest: int = 2000, most_words: int = 10_000, batches: tuple[int, ...] = BATCHES
) -> tuple[list[str], int]:
    """The words of a config that the runner takes, and a memory budget for its evaluations."""
    while True:
        words = _words(random, widest, most_words, batches)
        config = plan_of(words).jobs[0].config
        goal, _ = task.resolve(config, 2 if config.dataset.name == "imdb" else 10)
        losses = [name for name, forms in names.LOSSES.items() if goal.form in forms]
        metrics = [name for name in names.METRICS if task.fits(name, goal)]
        chosen = random.choice(metrics, random.integers(0, 4), replace=False)
        words += [f"training.loss={random.choice(losses)}", f"training.metrics=[{','.join(chosen)}]"]
        try:
            config = plan_of(words).jobs[0].config
        except ConfigError:
            continue
        if not task.resolve(config, goal.classes)[1]:
            return words, int(10 ** random.uniform(4.5, 7.5))


def _words(random: np.random.Generator, widest: int, most_words: int, batches: tuple[int, ...]) -> list[str]:
    def one_of(key: str, *values: object) -> str:
        return f"{key}={values[random.integers(len(values))]}"

    depth = int(random.integers(5))
    widths = [int(width) for width in np.exp(random.uniform(0, math.log(widest), depth))]
    optimizer = one_of("optimizer", "rmsprop", "adam", "adamw", "sgd", "nadam", "adagrad")
    rate = 1e-2 if optimizer.endswith(("sgd", "adagrad")) else 10 ** random.uniform(-4, -3)
    data = one_of("dataset", "imdb", "imdb", "mnist")
    of_words = (
        [f"dataset.num_words={int(10 ** random.uniform(1, math.log10(most_words)))}"] if data.endswith("imdb") else []
    )
    return [
        data,
        *of_words,
        "dataset.source=sample",
        one_of("dataset.labels", "integer", "one_hot"),
        one_of("model.head", "auto", "auto", "sigmoid", "softmax"),
        one_of("model.output_units", "null", "null", "null", 12),
        f"model.depth={depth}",
        f"model.width={widths}".replace(" ", "") if depth else "model.width=32",
        one_of("model.activation", "relu", "relu", "tanh", "gelu", "selu", "sigmoid"),
        one_of("model.dropout", 0.0, 0.0, 0.2, 0.5),
        one_of("model.l2", 0.0, 0.0, 1e-4, 1e-2),
        optimizer,
        one_of(*OPTIONS[optimizer.partition("=")[2]]),
        f"optimizer.learning_rate={rate:.6f}",
        one_of("optimizer.schedule", "constant", "constant", "cosine", "exponential"),
        one_of("training.validation_split", 0, 1, 0.1, 0.4, 701),
        one_of("training.validation_from", "first", "last", "random", "stratified"),
        one_of("training.batch_size", *batches),
        one_of("training.class_weight", "null", "null", "balanced", "{negative:2.5}" if of_words else "{3:2.5,8:0}"),
        one_of("training.shuffle", "true", "true", "false"),
        one_of("seed", 0, 1, 2),
        "training.monitor=val_loss",
        "training.epochs=2",
        "reuse=false",
    ]


class Plain:
    """The data of a config as plain Keras has it, and the network trained on it; with columns in another order too."""

    def __init__(self, config: Config, *, reordered: bool = False) -> None:
        self.config, self.data = config, catalog.load(config.dataset)
        self.goal, misfits = task.resolve(config, self.data.classes)
        assert not misfits
        self.split = split(config.training, self.data.train.labels)
        features = self.data.train.features
        dense: Floats = (features.toarray() if self.data.train.is_sparse else np.asarray(features)).astype(np.float32)
        self.x, self.y = dense / np.float32(self.data.train.divisor), self.goal.targets(self.data.train.labels)
        self.backwards = reordered and not config.model.dropout
        self.columns = np.arange(math.prod(self.x.shape[1:]))
        if reordered:
            self.columns = np.random.default_rng(0).permutation(self.columns)
            self.x = self.x.reshape(len(self.x), -1)[:, self.columns].reshape(self.x.shape)

    def trained(self) -> tuple[list[Columns], list[Floats], list[Floats]]:
        """The training columns of each epoch, the weights before, and those after, in the order that data has."""
        keras.utils.clear_session()
        keras.utils.set_random_seed(self.config.seed)
        network = model.build(self.config.model, self.goal, self.x.shape[1:])
        updates = batches.updates(len(self.split.train), self.config.training.batch_size)
        plain = optimizer.optimizer(self.config, updates)
        network.compile(plain, model.loss(self.goal), metrics=model.metrics(self.goal), run_eagerly=True)
        before = network.get_weights()
        network.set_weights([before[0][self.columns], *before[1:]])
        logs = [self._epoch(network, epoch) for epoch in range(1, self.config.training.epochs + 1)]
        kernel, *others = network.get_weights()
        return logs, before, [kernel[np.argsort(self.columns)], *others]

    def _epoch(self, network: keras.Model, epoch: int) -> Columns:
        settings = self.config.training
        order = batches.order(self.split.train, self.config.seed, epoch, settings.shuffle)
        if self.backwards:
            starts = range(0, len(order), settings.batch_size)
            order = np.concatenate([order[start : start + settings.batch_size][::-1] for start in starts])
        given = {"batch_size": settings.batch_size, "class_weight": self._class_weight()}
        log = network.fit(self.x[order], self.y[order], **given, shuffle=False, verbose=0)
        return {name: values[0] for name, values in log.history.items()}

    def _class_weight(self) -> dict[int, float] | None:
        setting, labels = self.config.training.class_weight, self.data.train.labels[self.split.train]
        if setting == "balanced":
            numbers = np.arange(self.data.classes)
            return dict(enumerate(compute_class_weight("balanced", classes=numbers, y=labels).tolist()))
        return setting and {number: setting.get(name, 1.0) for number, name in enumerate(self.data.class_names)}

    def evaluated(self, saved: Path, numbers: NDArray[np.int32]) -> Columns:
        """`evaluate` of a saved network on some of the examples."""
        network = keras.models.load_model(saved)
        network.run_eagerly = True
        x, y = self.x[numbers], self.y[numbers]
        results: Columns = network.evaluate(x, y, batch_size=2000, verbose=0, return_dict=True)
        return results


def mismatches(words: list[str], budget: int, folder: Path) -> list[str]:
    """What does not hold of a config, trained into a folder; empty where all does."""
    config = plan_of(words).jobs[0].config
    with mock.patch.object(evaluation, "BUDGET", budget), redirect_stdout(io.StringIO()):
        outcome = experiment.run(config, folder, words)
    if outcome.status != "completed":
        return [f"the run {outcome.status}: {outcome.error}"]
    plain, recorded = Plain(config), history.read(folder / run_folder.METRICS)
    saved, best = folder / run_folder.MODEL, folder / run_folder.BEST_MODEL
    train, held_out = plain.split.train, plain.split.validation
    found = []
    if len(held_out):
        ours = {name.removeprefix("val_"): value for name, value in recorded[-1].items() if name.startswith("val_")}
        found += apart("validation", ours, plain.evaluated(saved, held_out), rounded(2e-5, 2, len(held_out)))
    at_best = run_folder.read_record(folder)["training_at_best"]
    found += apart("training at the best epoch", at_best, plain.evaluated(best, train), rounded(2e-5, 2, len(train)))
    return found + _other_training(plain, recorded, keras.models.load_model(saved).get_weights())


Allowance = Callable[[str, float], float]


def rounded(relative: float, sides: int, examples: int) -> Allowance:
    """The change of a column that rounding explains, with `examples` of them on the other side of a threshold."""
    by_examples = dict.fromkeys(SHARES, sides / examples) | dict.fromkeys(names.COUNTS, 2.0 * sides)
    by_examples |= dict.fromkeys(OF_A_PART, 10 * sides / examples)
    return lambda name, value: relative * abs(value) + by_examples.get(name, 0.0) + 1e-6


def apart(what: str, ours: Columns, theirs: Columns, allowed: Allowance) -> list[str]:
    """The columns that differ by more than is allowed."""
    return [
        f"{what}: {name} is {ours.get(name)}, plain Keras has {value}, allowed {allowed(name, value):.1e}"
        for name, value in theirs.items()
        if not abs(ours.get(name, math.nan) - value) <= allowed(name, value)
    ]


def _other_training(plain: Plain, recorded: list[Columns], weights: list[Floats]) -> list[str]:
    """Training columns and weights that differ from plain Keras' by more than summing in another order explains."""
    logs, before, after = plain.trained()
    allowed = rounded(1e-4, 3, len(plain.split.train))
    way = distance(after, before)
    if distance(weights, after) <= 2e-3 * way and not _epochs_apart(recorded, logs, allowed):
        return []
    other_logs, _, other_after = Plain(plain.config, reordered=True).trained()
    by_order = {name: max(abs(a[name] - b[name]) for a, b in zip(logs, other_logs, strict=True)) for name in logs[0]}
    found = _epochs_apart(recorded, logs, lambda name, value: allowed(name, value) + 4 * by_order[name])
    explained = 2e-3 * way + 4 * distance(other_after, after)
    if distance(weights, after) > explained:
        found.append(f"weights: {distance(weights, after):.2e} apart after a way of {way:.2e}, allowed {explained:.1e}")
    return found


def _epochs_apart(recorded: list[Columns], logs: list[Columns], allowed: Allowance) -> list[str]:
    pairs = enumerate(zip(recorded, logs, strict=True), 1)
    return [line for epoch, (row, log) in pairs for line in apart(f"training, epoch {epoch}", row, log, allowed)]


def distance(some: list[Floats], others: list[Floats]) -> float:
    """Euclidean, over all weights."""
    return math.sqrt(sum(float(np.square(a - b, dtype=np.float64).sum()) for a, b in zip(some, others, strict=True)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--configs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    wrong = 0
    for number in range(given.configs):
        words, budget = drawn(np.random.default_rng([given.seed, number]))
        with tempfile.TemporaryDirectory() as folder:
            found = mismatches(words, budget, Path(folder) / "run")
        wrong += bool(found)
        print(f"{number}: {'WRONG' if found else 'right'}: {' '.join(words)}, budget {budget:,}", flush=True)
        for line in found:
            print(f"    {line}", flush=True)
    print(f"{given.configs - wrong} of {given.configs} configs agree with plain Keras (seed {given.seed})")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
