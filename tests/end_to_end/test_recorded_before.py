"""Runs and sweeps that an earlier version of the runner has recorded are compared, reused and resumed.

tests/recorded/ was written by version 0.1.0 of 2026-11-25, before the code moved into wings: `finished` and
`interrupted` are runs, `sweep` has four. They are the sample of MNIST through one hidden layer.
"""

import dataclasses
import shutil
from pathlib import Path

import pandas as pd
import pytest

from runner.cli import resume, train
from runner.compare import load
from runner.config import compose
from runner.config.schema import Config
from runner.experiment import preflight
from runner.runs import checkpoint, identity, reuse, writer
from runner.runs.folder import write_record
from runner.runs.status import COMPLETED

RECORDED = Path(__file__).parents[1] / "recorded"
RUNS = sorted(file.parent for file in RECORDED.glob("**/run.json"))


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folders, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(RECORDED, tmp_path / "outputs")
    return tmp_path / "outputs"


def config_of(folder: Path) -> Config:
    return compose.from_record(writer.read(folder)["config"])


@pytest.mark.parametrize("folder", RUNS, ids=lambda folder: folder.name)
def test_the_identity_of_a_run_is_what_it_was(folder: Path) -> None:
    record = writer.read(folder)
    circumstances = {
        "fingerprint": record["dataset"]["fingerprint"],
        "versions": {name: record["versions"][name] for name in identity.LIBRARIES},
        **{name: record[name] for name in ("threads", "device", "numerics", "plugin_sources", "environment")},
    }
    assert set(circumstances) == set(identity.surroundings(config_of(folder), ""))
    assert identity.hashed(config_of(folder), circumstances) == record["identity"]
    state = checkpoint.load(checkpoint.path(folder, record["epochs"]))
    assert (state.identity, state.epoch) == (record["identity"], record["epochs"])


def test_they_are_compared(recorded: Path) -> None:
    table = load(recorded)
    assert len(table) == 3 + 3 + 4 * 2
    for folder, rows in table.groupby("folder"):
        file = pd.read_csv(Path(folder) / "metrics.csv")
        assert rows["val_accuracy"].tolist() == file["val_accuracy"].tolist()


@pytest.mark.slow
def test_an_interrupted_run_is_resumed(recorded: Path) -> None:
    folder = recorded / "interrupted"
    before = (folder / "metrics.csv").read_text()
    assert resume.main([str(folder), "--anyway"]) == 0  # libraries or threads may be others here
    after = (folder / "metrics.csv").read_text()
    assert after.startswith(before)
    assert (len(before.splitlines()), len(after.splitlines())) == (1 + 3, 1 + 5)
    assert (writer.read(folder)["status"], writer.read(folder)["inherited_epochs"]) == (COMPLETED, 0)
    assert not (folder / "predictions.npz").exists()  # those of a part of the epochs are no record


@pytest.mark.slow
def test_a_finished_run_is_reused(recorded: Path) -> None:
    """Under the identity that it would have here: that of the libraries and threads of this machine."""
    folder = recorded / "finished"
    record, config = writer.read(folder), config_of(folder)
    (now,) = preflight.check([config])
    record["identity"] = now.identity
    state = checkpoint.load(checkpoint.path(folder, 3))
    checkpoint.Writer(folder).save(dataclasses.replace(state, record={**state.record, "identity": now.identity}))
    write_record(folder, record)
    reuse.note([recorded], now.identity, folder)
    words = [word for word in record["overrides"] if not word.startswith("training.epochs=")]
    assert train.main([*words, "training.epochs=4", "hydra.run.dir=longer"]) == 0
    assert writer.read(Path("longer"))["inherited_epochs"] == 3
    assert not Path("longer/predictions.npz").exists()
    assert Path("longer/metrics.csv").read_text().startswith((folder / "metrics.csv").read_text())


@pytest.mark.slow
def test_a_sweep_is_resumed(recorded: Path) -> None:
    sweep = recorded / "sweep"
    lost, *others = sorted(file.parent for file in sweep.glob("*/run.json"))
    before = [(each / "metrics.csv").stat().st_mtime_ns for each in others]
    rows = pd.read_csv(lost / "metrics.csv")
    shutil.rmtree(lost)
    assert resume.main([str(sweep), "--anyway"]) == 0
    assert pd.read_csv(sweep / "summary.csv")["status"].tolist() == [COMPLETED] * 4
    assert [(each / "metrics.csv").stat().st_mtime_ns for each in others] == before
    pd.testing.assert_frame_equal(pd.read_csv(lost / "metrics.csv"), rows, rtol=1e-3, atol=2e-3)
