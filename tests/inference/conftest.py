"""Runs that are trained once and asked by many tests."""

from pathlib import Path

import pytest

from runner.config.plan import plan_of
from runner.experiment import run as experiment

SAMPLE = "dataset.source=sample"
REVIEWS = (SAMPLE, "dataset.num_words=3000", "model.width=8", "training.epochs=5", "training.batch_size=64")
DIGITS = ("dataset=mnist", SAMPLE, "training.epochs=8", "training.batch_size=128")


def trained(folder: Path, *words: str) -> Path:
    """The folder of a completed run."""
    outcome = experiment.run(plan_of(list(words)).jobs[0].config, folder, list(words))
    assert outcome.status == "completed", outcome.error
    return folder


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the sample of IMDB, 3,000 words of which have a column."""
    return trained(tmp_path_factory.mktemp("reviews") / "run", *REVIEWS)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the sample of MNIST."""
    return trained(tmp_path_factory.mktemp("digits") / "run", *DIGITS)
