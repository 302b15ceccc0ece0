"""The same training by the runner and by what a user would pick instead, each as a process of its own.

    python -m tests.benchmarks.contenders NAME [--epochs 20] [--seed 0] [--batch-size 512]

prints one line of JSON: seconds of each epoch, validation accuracies, the whole process and its peak memory. Every
contender reads the same file (RUNNER_DATA_DIR), builds the same network, 3 × 32 relu, and holds out the same examples.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

STARTED = time.perf_counter()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402

WORDS, HELD_OUT, TRAINED_ON_IMDB = 10_000, 10_000, 15_000
Result = tuple[list[float], list[float]]  # seconds and validation accuracy of each epoch


def imdb_lists(split: str = "train") -> tuple[list[list[int]], Any]:
    """The reviews as load_data gives them, with num_words=10000; its hash check passed over."""
    raw = np.load(Path(os.environ["RUNNER_DATA_DIR"]) / "imdb.npz", allow_pickle=True)
    order = np.arange(len(raw[f"x_{split}"]))
    np.random.RandomState(113).shuffle(order)
    reviews, labels = raw[f"x_{split}"][order], raw[f"y_{split}"][order]
    return [[1] + [w + 3 if w + 3 < WORDS else 2 for w in review] for review in reviews], labels


def mnist_floats() -> tuple[Any, Any]:
    raw = np.load(Path(os.environ["RUNNER_DATA_DIR"]) / "mnist.npz")
    return raw["x_train"].reshape(-1, 784).astype("float32") / 255, raw["y_train"]


def keras_script(options: argparse.Namespace) -> Result:
    """The beginner's script: np.zeros((n, 10000)) for training and test reviews, fit on arrays."""

    def vectorize(sequences: list[list[int]], dimension: int = WORDS) -> Any:
        results = np.zeros((len(sequences), dimension))
        for i, sequence in enumerate(sequences):
            results[i, sequence] = 1.0
        return results

    reviews, labels = imdb_lists()
    x, y = vectorize(reviews), np.asarray(labels).astype("float32")
    x_test = vectorize(imdb_lists("test")[0])  # noqa: F841 - it stays in memory until the script ends
    return _keras_fit(options, x, y, WORDS, 1, "sigmoid", "binary_crossentropy")


def keras_mnist(options: argparse.Namespace) -> Result:
    """Plain fit on float arrays."""
    x, y = mnist_floats()
    return _keras_fit(options, x, y, 784, 10, "softmax", "sparse_categorical_crossentropy")


def _keras_fit(options: argparse.Namespace, x: Any, y: Any, inputs: int, units: int, head: str, loss: str) -> Result:
    import keras

    seconds: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.begun = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seconds.append(time.perf_counter() - self.begun)

    keras.utils.set_random_seed(options.seed)
    dense = keras.layers.Dense
    network = keras.Sequential(
        [keras.Input((inputs,)), *(dense(32, activation="relu") for _ in range(3)), dense(units, activation=head)]
    )
    network.compile(optimizer="rmsprop", loss=loss, metrics=["accuracy"])
    history = network.fit(
        x[HELD_OUT:],
        y[HELD_OUT:],
        epochs=options.epochs,
        batch_size=options.batch_size,
        validation_data=(x[:HELD_OUT], y[:HELD_OUT]),
        callbacks=[Clock()],
        verbose=0,
    )
    return seconds, history.history["val_accuracy"]


def _word_bags(reviews: list[list[int]]) -> tuple[Any, Any]:
    """Distinct word ids of all reviews in a row, and where each review begins."""
    rows = [np.unique(review) for review in reviews]
    return np.concatenate(rows), np.cumsum([0, *map(len, rows)])


def torch_bag(options: argparse.Namespace) -> Result:
    """PyTorch at its best: EmbeddingBag(mode="sum") for the first layer, the batches gathered in NumPy."""
    import torch

    reviews, labels = imdb_lists()
    indices, starts = _word_bags(reviews)
    targets = torch.tensor(np.asarray(labels), dtype=torch.float32)[:, None]

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.EmbeddingBag(WORDS, 32, mode="sum", include_last_offset=True)
            torch.nn.init.xavier_uniform_(self.words.weight)
            self.bias = torch.nn.Parameter(torch.zeros(32))
            self.rest = _torch_layers(torch, 32, 1)

        def forward(self, bags: tuple[Any, Any]) -> Any:
            return self.rest(torch.relu(self.words(*bags) + self.bias))

    def bags(numbers: Any) -> tuple[Any, Any]:
        lengths = starts[numbers + 1] - starts[numbers]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(starts[numbers] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return torch.from_numpy(indices[places]), torch.from_numpy(offsets)

    loss = torch.nn.functional.binary_cross_entropy_with_logits
    return _torch_fit(torch, options, Network, bags, targets, loss, lambda out: out > 0)


def torch_dense(options: argparse.Namespace) -> Result:
    """PyTorch on dense float32 rows."""
    import torch

    reviews, labels = imdb_lists()
    x = torch.zeros((len(reviews), WORDS))
    for i, review in enumerate(reviews):
        x[i, torch.tensor(review)] = 1.0
    targets = torch.tensor(np.asarray(labels), dtype=torch.float32)[:, None]

    def network() -> Any:
        first = torch.nn.Linear(WORDS, 32)
        torch.nn.init.xavier_uniform_(first.weight)
        return torch.nn.Sequential(first, torch.nn.ReLU(), *_torch_layers(torch, 32, 1))

    loss = torch.nn.functional.binary_cross_entropy_with_logits
    return _torch_fit(torch, options, network, lambda n: x[torch.from_numpy(n)], targets, loss, lambda out: out > 0)


def _torch_layers(torch: Any, inputs: int, units: int) -> Any:
    linear, relu = torch.nn.Linear, torch.nn.ReLU
    return torch.nn.Sequential(linear(inputs, 32), relu(), linear(32, 32), relu(), linear(32, units))


def _torch_fit(
    torch: Any,
    options: argparse.Namespace,
    make: Callable[[], Any],
    features: Callable[[Any], Any],
    targets: Any,
    loss: Callable[[Any, Any], Any],
    decide: Callable[[Any], Any],
) -> Result:
    torch.manual_seed(options.seed)
    network = make()
    # foreach is the fastest RMSprop that torch has for the CPU.
    optimizer = torch.optim.RMSprop(network.parameters(), lr=0.001, alpha=0.9, eps=1e-7, foreach=True)
    order = np.random.default_rng(options.seed)
    validation = np.arange(HELD_OUT)
    seconds, accuracies = [], []
    for _ in range(options.epochs):
        begun = time.perf_counter()
        for numbers in _batches(order.permutation(np.arange(HELD_OUT, len(targets))), options.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss(network(features(numbers)), targets[numbers]).backward()
            optimizer.step()
        with torch.inference_mode():
            outputs = network(features(validation))
            loss(outputs, targets[:HELD_OUT]).item()
            accuracy = (decide(outputs) == targets[:HELD_OUT].bool()).float().mean().item()
        seconds.append(time.perf_counter() - begun)
        accuracies.append(accuracy)
    return seconds, accuracies


def _batches(numbers: Any, size: int) -> Iterator[Any]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


def sklearn_csr(options: argparse.Namespace) -> Result:
    """MLPClassifier on CSR float32, without validation in the epoch's time; Adam, for it has no RMSprop."""
    import scipy.sparse
    from sklearn.neural_network import MLPClassifier

    reviews, labels = imdb_lists()
    indices, starts = _word_bags(reviews)
    x = scipy.sparse.csr_matrix((np.ones(len(indices), np.float32), indices, starts), shape=(len(reviews), WORDS))
    y = np.asarray(labels)
    network = MLPClassifier((32, 32, 32), batch_size=options.batch_size, random_state=options.seed, alpha=0.0)
    seconds, accuracies = [], []
    for _ in range(options.epochs):
        begun = time.perf_counter()
        network.partial_fit(x[HELD_OUT:], y[HELD_OUT:], classes=[0, 1])
        seconds.append(time.perf_counter() - begun)
        accuracies.append(float(network.score(x[:HELD_OUT], y[:HELD_OUT])))
    return seconds, accuracies


def _runner(options: argparse.Namespace, *words: str) -> Result:
    import tempfile

    from runner.cli import train

    with tempfile.TemporaryDirectory() as folder:
        code = train.main(
            [
                *words,
                f"training.epochs={options.epochs}",
                f"training.batch_size={options.batch_size}",
                f"seed={options.seed}",
                f"hydra.run.dir={folder}/run",
                "reuse=false",
            ]
        )
        if code:
            raise SystemExit(code)
        return _column(folder, "timings.csv", "seconds"), _column(folder, "metrics.csv", "val_accuracy")


def _column(folder: str, name: str, column: str) -> list[float]:
    lines = (Path(folder) / "run" / name).read_text().splitlines()
    place = lines[0].split(",").index(column)
    return [float(line.split(",")[place]) for line in lines[1:]]


def runner_imdb(options: argparse.Namespace) -> Result:
    return _runner(options, "dataset=imdb", "dataset.source=full")


def runner_mnist(options: argparse.Namespace) -> Result:
    return _runner(options, "dataset=mnist", "dataset.source=full", f"training.validation_split={HELD_OUT}")


CONTENDERS: dict[str, Callable[[argparse.Namespace], Result]] = {
    "runner": runner_imdb,
    "keras script": keras_script,
    "torch EmbeddingBag": torch_bag,
    "torch dense": torch_dense,
    "scikit-learn CSR": sklearn_csr,
    "runner mnist": runner_mnist,
    "keras fit mnist": keras_mnist,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=CONTENDERS)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch-size", type=int, default=512)
    options = parser.parse_args()
    seconds, accuracies = CONTENDERS[options.name](options)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux
    report = {"epochs": seconds, "val_accuracy": accuracies, "process": time.perf_counter() - STARTED, "peak_mb": peak}
    print(json.dumps(report), file=sys.stdout)


if __name__ == "__main__":
    main()
