"""Built-in data sets: found in their folder, known to every config; a new one is one module and one YAML."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.cli import train as command
from runner.config import schema
from runner.datasets import built_in, catalog
from tests.conftest import DATASETS

MODULE = """
import numpy as np
from dataclasses import dataclass

from runner.config.options import at_least
from runner.config.schema import Dataset
from runner.datasets.base import BuiltIn, Examples


@dataclass
class Rings(Dataset):
    rings: int = at_least(2)


def generate(settings):
    random = np.random.default_rng(0)
    labels = np.arange(400) % settings["rings"]
    angles = random.uniform(0, 2 * np.pi, 400)
    points = (labels + random.normal(0, 0.1, 400))[:, None] * np.stack([np.sin(angles), np.cos(angles)], 1)
    return {"points": points.astype(np.float32), "labels": labels}


def examples(arrays):
    points, labels = arrays["points"], arrays["labels"]
    return Examples(points[:300], labels[:300]), Examples(points[300:], labels[300:])


BUILT_IN = BuiltIn(
    "rings", Rings, ("a", "b", "c"), {"rings.npz": "sha256:0"}, None, examples, sample="rings-1", generate=generate
)
"""
YAML = """
defaults: [/schema/dataset/rings@_here_, _self_]
name: rings
source: sample
path: null
rings: 3
labels: integer
options: {}
"""


@pytest.fixture
def rings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A further data set: its module in a folder of built_in, its YAML in a folder of configs."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "rings.py").write_text(MODULE)
    (tmp_path / "conf" / "dataset").mkdir(parents=True)
    (tmp_path / "conf" / "dataset" / "rings.yaml").write_text(YAML)
    monkeypatch.setattr(built_in, "__path__", [*built_in.__path__, str(tmp_path / "modules")])
    monkeypatch.setenv("RUNNER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for registry in (catalog.BUILT_IN, schema.GROUPS["dataset"], schema.CLASSES):
        registry.pop("rings", None)
    sys.modules.pop("runner.datasets.built_in.rings", None)


def asked(*words: str) -> int:
    return command.main(["--config-dir", "conf", *words])


def test_a_new_data_set_is_one_module_and_one_yaml(rings: Path) -> None:
    assert asked("dataset=rings", "training.epochs=2", "model.width=8", "hydra.run.dir=run") == 0
    record = json.loads((rings / "run" / "run.json").read_text())
    assert record["dataset"]["name"] == "rings"
    assert record["config"]["dataset"]["rings"] == 3
    assert record["parameter_count"] == 2 * 8 + 8 + 2 * (8 * 8 + 8) + 8 * 3 + 3


def test_a_new_data_set_is_checked_and_hinted_at_like_the_others(
    rings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("dataset=rigns") == 2
    assert capsys.readouterr().err == f"dataset must be one of {DATASETS}, rings; got rigns; did you mean rings?\n"
    assert asked("dataset=rings", "dataset.rings=1") == 2
    assert capsys.readouterr().err == "dataset.rings must be at least 2; got 1\n"
    assert asked("dataset.rings=3") == 2
    assert capsys.readouterr().err == "dataset.rings is not a key of dataset=imdb, but of rings\n"
    assert asked("dataset=rings", "model.head=sigmoid", "plan=true") == 2
    assert capsys.readouterr().err.startswith("model.head=sigmoid fits two classes, rings has 3")


def test_its_own_keys_decide_what_is_prepared(config_of: Callable[..., schema.Config]) -> None:
    words, digits = config_of("dataset.num_words=50").dataset, config_of("dataset=mnist").dataset
    assert catalog.BUILT_IN["imdb"].settings(words) == {"num_words": 50}
    assert catalog.BUILT_IN["mnist"].settings(digits) == {}


@pytest.mark.parametrize("words", [["--help"], ["--cfg", "job"], ["model.widht=3"], ["dataset=mnist", "seed=-1"]])
def test_numpy_and_scipy_are_imported_only_where_data_is_needed(words: list[str]) -> None:
    program = "import sys; from runner.cli import train; train.main(sys.argv[1:]); sys.stdout = sys.stderr; "
    program += "print([name for name in ('numpy', 'scipy', 'tensorflow') if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60)
    assert ran.stderr.splitlines()[-1] == "[]"
