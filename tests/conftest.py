"""Doors that all tests use: the command line in a subprocess, a config from words, the real data."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.config.plan import plan_of
from runner.config.schema import Config
from runner.experiment import run as experiment
from runner.runs.writer import Outcome

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session", autouse=True)
def cache_dir(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One cache of prepared data for the whole session, all its workers, and apart from the user's own."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "cache"
    os.environ["RUNNER_CACHE_DIR"] = str(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def absl_writes_to_the_terminal() -> None:
    """TensorFlow's log, begun while tests are collected, holds pytest's stream; Hydra closes what a log holds."""
    if "absl.logging" in sys.modules:
        sys.modules["absl.logging"].get_absl_handler().python_handler.setStream(sys.__stderr__)


@pytest.fixture
def runner(tmp_path: Path) -> Command:
    """`runner("model.width=16", …)`: the command in a process of its own, in a folder of the test's own."""

    def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "runner", *words],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return command


@pytest.fixture
def config_of() -> Callable[..., Config]:
    """`config_of("model.width=16", …)`: the config that a command line comes to."""

    def composed(*words: str) -> Config:
        return plan_of(list(words)).jobs[0].config

    return composed


@pytest.fixture
def train(config_of: Callable[..., Config], tmp_path: Path) -> Callable[..., Outcome]:
    """`train("model.width=16", …)`: a run in this process, in the folder `run` or one of another name."""

    def run(*words: str, folder: str = "run", **named: Any) -> Outcome:
        return experiment.run(config_of(*words), tmp_path / folder, list(words), **named)

    return run


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real IMDB and MNIST; skips without it, fails where RUNNER_REQUIRE_DATA is set."""
    folder = Path(os.environ.get("RUNNER_DATA_DIR", ""))
    missing = [name for name in ("imdb.npz", "mnist.npz") if not (folder / name).is_file()]
    if not os.environ.get("RUNNER_DATA_DIR") or missing:
        reason = "no real data: RUNNER_DATA_DIR names no folder with imdb.npz and mnist.npz"
        if os.environ.get("RUNNER_REQUIRE_DATA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
