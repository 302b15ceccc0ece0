"""What is reused or continued proves what it is; what cannot be honoured is refused."""

import importlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner import register
from runner.cli import resume
from runner.config import plugins
from runner.config.plan import plan_of
from runner.errors import ConfigError
from runner.experiment import run as experiment
from tests.conftest import Command, Train, metrics_of, record_of

pytestmark = pytest.mark.slow

SAMPLE = ("dataset.source=sample", "dataset.num_words=200", "model.depth=1", "model.width=8", "training.epochs=2")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs; only to be copied."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    return experiment.run(plan_of(list(SAMPLE)).jobs[0].config, folder, list(SAMPLE)).folder


@pytest.fixture
def finished(trained: Path, tmp_path: Path) -> Path:
    """That run in the test's own folder."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """`module("name.py", text)`: a module of the user's own, importable in this test alone."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    known = set(sys.modules)

    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        importlib.invalidate_caches()

    yield write
    for name in set(sys.modules) - known:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]


def test_a_folder_used_again_does_not_lend_its_numbers_to_the_config_before(train: Train, tmp_path: Path) -> None:
    slow, fast = (*SAMPLE, "optimizer.learning_rate=0.001"), (*SAMPLE, "optimizer.learning_rate=0.01")
    truth = metrics_of(train(*slow, folder="a", run_roots=[tmp_path]).folder)
    shutil.rmtree(tmp_path / "a")
    train(*fast, folder="a", run_roots=[tmp_path])
    again = train(*slow, folder="b", run_roots=[tmp_path]).folder
    assert metrics_of(again) == truth
    assert record_of(again)["inherited_epochs"] == 0


def test_a_state_of_another_run_in_the_folder_is_not_taken(trained: Path, train: Train) -> None:
    other = train(*SAMPLE, "seed=1", folder="other").folder
    own = train(*SAMPLE, "training.epochs=1", folder="own").folder
    shutil.copy(other / "checkpoints/epoch-000002.state", own / "checkpoints")
    longer = train(*SAMPLE, folder="own").folder
    assert metrics_of(longer) == metrics_of(trained)


def test_all_code_that_a_plugin_reaches_is_hashed(module: Callable[[str, str], None]) -> None:
    module("outer_plugin.py", "import inner_helper\n\ndef later():\n    from a_package import lazy\n")
    module("inner_helper.py", "WIDTH = 1\n")
    module("a_package/__init__.py", "")
    module("a_package/lazy.py", "from . import deeper\n")
    module("a_package/deeper.py", "import numpy, json\n")
    plugins.load(["outer_plugin"])
    before = plugins.sources(["outer_plugin"])
    own = {"outer_plugin", "inner_helper", "a_package", "a_package.lazy", "a_package.deeper"}
    assert own <= set(before)
    assert before["numpy"] == f"version {np.__version__}"
    assert "json" not in before


def test_code_is_hashed_as_it_was_when_imported(module: Callable[[str, str], None]) -> None:
    module("edited_plugin.py", "import edited_helper\n")
    module("edited_helper.py", "WIDTH = 1\n")
    plugins.load(["edited_plugin"])
    before = plugins.sources(["edited_plugin"])
    module("edited_helper.py", "WIDTH = 2\n")
    assert plugins.sources(["edited_plugin"]) == before  # this process still runs the old code
    for name in ("edited_plugin", "edited_helper"):
        del sys.modules[name]
    plugins.load(["edited_plugin"])
    after = plugins.sources(["edited_plugin"])
    assert sys.modules["edited_helper"].WIDTH == 2
    assert {name for name in before if before[name] != after[name]} == {"edited_helper"}


@pytest.mark.parametrize(
    ("variable", "value"), [("KERAS_BACKEND", "jax"), ("KERAS_MAX_EPOCHS", "1"), ("KERAS_MAX_STEPS_PER_EPOCH", "1")]
)
def test_an_environment_that_cannot_be_honoured_is_refused(
    runner: Command, tmp_path: Path, variable: str, value: str
) -> None:
    done = runner(*SAMPLE, **{variable: value})
    assert done.returncode == 2
    assert done.stderr.startswith(f"{variable} must ")
    assert f"got {value}" in done.stderr
    assert not (tmp_path / "outputs").exists()


def test_the_policy_of_a_plugin_is_kept(runner: Command, tmp_path: Path) -> None:
    (tmp_path / "coarse.py").write_text('import keras\n\nkeras.config.set_dtype_policy("mixed_bfloat16")\n')
    words = (*SAMPLE, "training.epochs=1", "reuse=false")
    assert runner(*words, "hydra.run.dir=plain").returncode == 0
    import keras

    try:
        assert runner(*words, "plugins=[coarse]", "hydra.run.dir=coarse").returncode == 0
    finally:
        keras.config.set_dtype_policy("float32")
    assert record_of(tmp_path / "coarse")["environment"]["dtype_policy"] == "mixed_bfloat16"
    assert metrics_of(tmp_path / "coarse") != metrics_of(tmp_path / "plain")
    head = keras.models.load_model(tmp_path / "coarse" / "model.keras").layers[-1]
    assert head.compute_dtype == "bfloat16"


def points(noise: float) -> Callable[[], Any]:
    def made() -> Any:
        random = np.random.default_rng(0)
        x = random.normal(size=(300, 4)).astype("float32")
        y = (x[:, 0] + noise * random.normal(size=300) > 0).astype(int)
        return (x[:200], y[:200]), (x[200:], y[200:])

    return made


def test_a_run_that_went_on_over_changed_data_says_so_and_lends_nothing(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def words(epochs: int) -> list[str]:
        return ["dataset.name=points", "training.batch_size=16", f"training.epochs={epochs}", "plugins=[math]"]

    monkeypatch.setitem(register.datasets, "points", points(0.1))
    train(*words(2), folder="a", run_roots=[tmp_path])
    monkeypatch.setitem(register.datasets, "points", points(3.0))
    with pytest.raises(ConfigError, match="must not hold another run"):
        train(*words(4), folder="a", run_roots=[tmp_path])
    train(*words(4), folder="a", run_roots=[tmp_path], force=True)
    (entry,) = record_of(tmp_path / "a")["mixed"]
    assert entry["epoch"] == 2
    assert entry["changes"][0].startswith("dataset: the data has changed")
    train(*words(6), folder="a", run_roots=[tmp_path])  # nothing has changed since: no word is needed
    assert len(record_of(tmp_path / "a")["mixed"]) == 1
    clean = train(*words(3), folder="b", run_roots=[tmp_path]).folder
    assert record_of(clean)["inherited_epochs"] == 0
    assert metrics_of(clean) == metrics_of(train(*words(3), "reuse=false", folder="truth").folder)


def test_a_run_of_earlier_numerics_is_named_and_not_continued(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = record_of(finished)
    del record["numerics"]
    (finished / "run.json").write_text(json.dumps(record))
    before = contents(finished)
    assert resume.main([str(finished), "training.epochs=3", "--anyway"]) == 2
    assert "was recorded by an earlier version of the runner" in capsys.readouterr().err
    assert contents(finished) == before


def test_a_finished_run_is_neither_cut_down_nor_trained_again_in_silence(finished: Path, runner: Command) -> None:
    before = contents(finished)
    shorter = runner(*SAMPLE, "training.epochs=1", "hydra.run.dir=run")
    assert shorter.returncode == 2
    assert "training.epochs must be at least the 2 that run has recorded; got 1" in shorter.stderr
    anew = runner(*SAMPLE, "reuse=false", "hydra.run.dir=run")
    assert anew.returncode == 2
    assert "reuse=false trains from nothing, but run holds a run" in anew.stderr
    assert contents(finished) == before


def test_a_lost_record_is_made_again_from_the_states(finished: Path, train: Train) -> None:
    whole = record_of(finished)
    (finished / "run.json").write_bytes(b"")
    assert resume.main([str(finished), "training.epochs=3"]) == 0
    again = record_of(finished)
    for key in ("identity", "seed", "dataset", "overrides", "versions", "monitor"):
        assert again[key] == whole[key]
    assert (again["status"], again["epochs"]) == ("completed", 3)
    truth = train(*SAMPLE, "training.epochs=3", "reuse=false", folder="truth").folder
    assert metrics_of(finished) == metrics_of(truth)


def test_a_lost_record_without_states_is_one_line(train: Train, runner: Command, tmp_path: Path) -> None:
    folder = train(*SAMPLE, "training.keep_state=none", folder="run").folder
    (folder / "run.json").write_bytes(b"")
    done = runner(*SAMPLE, "training.keep_state=none", "hydra.run.dir=run")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "run.json cannot be read" in done.stderr


def test_a_run_goes_on_with_its_file_wherever_that_is(
    runner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (300, 28, 28), np.uint8), np.arange(300) % 10
    monkeypatch.chdir(tmp_path)
    np.savez("mine.npz", x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
    words = ("dataset=mnist", "dataset.path=mine.npz", "training.batch_size=32", "training.epochs=1")
    assert runner(*words, "hydra.run.dir=run").returncode == 0
    folder = tmp_path / "run"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert resume.main([str(folder), "training.epochs=2"]) == 0  # from another folder
    (tmp_path / "mine.npz").rename("mine.npz")
    assert resume.main([str(folder), "training.epochs=3"]) == 1
    assert resume.main([str(folder), "training.epochs=3", "dataset.path=mine.npz"]) == 0  # the file has moved
    assert record_of(folder)["mixed"] is None
