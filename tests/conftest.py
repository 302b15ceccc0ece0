"""What all tests use: the command line in this process or in one of its own, a config from words, the real data."""

import contextlib
import functools
import gc
import importlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from absl import logging
from xdist.scheduler import LoadScopeScheduling

from runner import register
from runner.__main__ import main
from runner.config.paths import config_dir
from runner.config.plan import plan_of
from runner.config.schema import Config
from runner.experiment import run as experiment
from runner.runs.writer import Outcome
from tests.processes import PATIENCE

Command = Callable[..., subprocess.CompletedProcess[str]]
ConfigOf = Callable[..., Config]
Train = Callable[..., Outcome]
DATASETS = ", ".join(sorted(path.stem for path in (config_dir() / "dataset").glob("*.yaml")))  # as messages list them

# A deadline is a timed test, which fails on a busy machine; the same examples each time make a failure one of the code.
hypothesis.settings.register_profile("runner", deadline=None, derandomize=True)
hypothesis.settings.load_profile("runner")


class ByModule(LoadScopeScheduling):  # type: ignore[misc]
    """The tests of a module that has a fixture of its own go to one worker, which makes it once; others to any."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return module if _has_own_fixture(self.config.rootpath / module) else nodeid


@functools.cache
def _has_own_fixture(module: Path) -> bool:
    return 'scope="module"' in module.read_text()


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByModule:
    return ByModule(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a test needs marks it."""
    for item in items:
        for name in {"real_data", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(name)
            item.add_marker("slow")


def pytest_collection_finish() -> None:
    """What is collected stays: after a run the runner collects garbage, which takes 0.2 s over all of that."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def cache_dir(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One cache of prepared data for the whole session, all its workers, and apart from the user's own."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "cache"
    os.environ["RUNNER_CACHE_DIR"] = str(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> None:
    """Here and in the processes that tests start; a shell lets what it starts in the background ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def absl_writes_to_the_terminal() -> None:
    """TensorFlow's log, begun within a test, would hold the stream of pytest, and Hydra closes what a log holds."""
    logging.get_absl_handler().python_handler.setStream(sys.__stderr__)


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The test's own folder as the current one; what its plugins register and bring is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for registry in ("datasets", "models", "losses", "metrics", "optimizers", "metric_directions", "names_of_classes"):
        monkeypatch.setattr(register, registry, {})
    environment, known = dict(os.environ), set(sys.modules)
    yield tmp_path
    os.environ.clear()
    os.environ.update(environment)
    for name in set(sys.modules) - known:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def runner(apart: Path) -> Command:
    """`runner("model.width=16", …)`: the command, called in this process, in a folder of the test's own.

    It finds TensorFlow imported, perhaps, and streams that are no terminal; `process` has all of its own.
    """

    def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        importlib.invalidate_caches()
        encoding = environment.get("PYTHONIOENCODING", "utf-8")
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
        pipe = signal.getsignal(signal.SIGPIPE)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(apart)
            patch.setattr(sys, "argv", ["runner", *words])
            for name, value in environment.items():
                patch.setenv(name, value)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
                main()
        signal.signal(signal.SIGPIPE, pipe)
        code = ended.value.code if isinstance(ended.value.code, int) else 0 if ended.value.code is None else 1
        return subprocess.CompletedProcess(list(words), code, *(_written(stream) for stream in (out, err)))

    return command


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@pytest.fixture
def process(tmp_path: Path) -> Command:
    """`process("model.width=16", …)`: the command in a process of its own, in a folder of the test's own."""

    def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "runner", *words],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    return command


@pytest.fixture
def config_of() -> ConfigOf:
    """`config_of("model.width=16", …)`: the config that a command line comes to."""

    def composed(*words: str) -> Config:
        return plan_of(list(words)).jobs[0].config

    return composed


@pytest.fixture
def train(config_of: ConfigOf, tmp_path: Path) -> Train:
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


def record_of(folder: Path) -> dict[str, Any]:
    """What run.json says."""
    record: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return record


def metrics_of(folder: Path) -> bytes:
    return (folder / "metrics.csv").read_bytes()
