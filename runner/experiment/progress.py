"""What a run tells while it is going on: to its log by default; the command line hands in a terminal."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from runner.config.schema import CNN, Config, Model
from runner.formatting import counted, shown
from runner.runs.history import History
from runner.runs.writer import DatasetInfo

log = logging.getLogger("runner")


class Progress:
    """A silent run: what it has to say goes to its log."""

    def header(self, config: Config, dataset: DatasetInfo) -> None:
        """Tell the data and the network, before the training."""
        for text in header(config, dataset):
            log.info(text)

    def inherited(self, epochs: int, total: int, source: Path, folder: Path) -> None:
        """Tell that `epochs` of the `total` epochs of the run in `folder` are recorded by the run in `source`."""
        log.info("continuing after epoch %d of %s", epochs, source)

    def warn(self, text: str) -> None:
        log.warning(text)

    @contextlib.contextmanager
    def epochs(self, total: int, done: int) -> Iterator[Callable[[History], None]]:
        """An observer of each epoch after those done, for the time of the training."""
        yield lambda history: None


def header(config: Config, dataset: DatasetInfo) -> list[str]:
    """Two lines: the data and how it is divided, the network and how it is trained."""
    training = config.training
    optimizer = f"{config.optimizer.name} {config.optimizer.learning_rate:g}"
    fold = f" (fold {training.fold} of {training.folds})" if training.folds else ""
    return [
        f"{dataset.label}: {dataset.train:,} to train on, {dataset.validation:,} for validation{fold}, "
        + _test(config, dataset),
        f"{_network(config.model)}, {optimizer}, {counted(training.epochs, 'epoch')}, "
        f"batches of {training.batch_size}, seed {config.seed}",
    ]


def _test(config: Config, dataset: DatasetInfo) -> str:
    drawn = " (drawn by class)" if getattr(config.dataset, "test_split", 0) else ""
    return f"{dataset.test:,} for the test{drawn}" if dataset.test else "no test set"


def _network(model: Model) -> str:
    if isinstance(model, CNN) and model.name == "cnn":
        return f"{' + '.join(map(str, model.widths()))} filters of {model.kernel} × {model.kernel} {model.activation}"
    if model.name != "mlp":
        return model.name
    widths = shown(model.width) if isinstance(model.width, list) else f"{model.depth} × {model.width}"
    return f"{widths} {model.activation}" if model.depth else "no hidden layer"
