"""TensorBoard logs beside the CSVs: the same numbers, the whole curve, the parameters."""

from pathlib import Path

import pytest

from runner.errors import ConfigError
from runner.experiment import preflight
from runner.runs import folder as run_folder
from runner.runs import history
from tests.conftest import ConfigOf, Train

pytestmark = pytest.mark.slow

PLAIN = ("dataset.source=sample", "dataset.num_words=200", "model.depth=0")
WORDS = (*PLAIN, "training.tensorboard=true")


def logged(folder: Path, tag: str) -> list[tuple[int, float]]:
    """The steps and values of a scalar in the event files of a folder."""
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder))
    events.Reload()
    return [(event.step, float(tf.make_ndarray(event.tensor_proto))) for event in events.Tensors(tag)]


def test_a_run_that_goes_on_has_its_whole_curve_in_tensorboard(train: Train) -> None:
    train(*WORDS, "training.epochs=1")
    folder = train(*WORDS, "training.epochs=3").folder
    rows = history.read(folder / "metrics.csv")
    for place, prefix in (("train", ""), ("validation", "val_")):
        for name in ("loss", "accuracy"):
            found = logged(folder / "tensorboard" / place, f"epoch_{name}")
            assert [step for step, _ in found] == [0, 1, 2]
            assert [value for _, value in found] == pytest.approx([row[prefix + name] for row in rows], rel=1e-6)


def test_a_run_that_has_everything_from_another_has_its_curve_all_the_same(train: Train, tmp_path: Path) -> None:
    train(*PLAIN, "training.epochs=2", folder="first", run_roots=[tmp_path])
    folder = train(*WORDS, "training.epochs=2", folder="second", run_roots=[tmp_path]).folder
    assert run_folder.read_record(folder)["inherited_epochs"] == 2
    assert [step for step, _ in logged(folder / "tensorboard" / "validation", "epoch_loss")] == [0, 1]


def test_the_parameters_stand_with_the_curves(train: Train) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import plugin_data_pb2

    folder = train(*WORDS[:2], *WORDS[3:], "training.epochs=1", "model.width=[8,4,2]", "model.dropout=0.5").folder
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    parameters = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    assert parameters["model.dropout"].number_value == 0.5
    assert parameters["model.width"].string_value == "[8, 4, 2]"
    assert parameters["training.shuffle"].bool_value is True


def test_logging_changes_no_number_and_no_identity(train: Train) -> None:
    plain = train(*PLAIN, "training.epochs=2", folder="plain").folder
    with_logs = train(*WORDS, "training.epochs=2", folder="logged").folder
    assert (plain / "metrics.csv").read_bytes() == (with_logs / "metrics.csv").read_bytes()
    assert not (plain / "tensorboard").exists()
    assert run_folder.read_record(plain)["identity"] == run_folder.read_record(with_logs)["identity"]


def test_without_the_package_it_is_refused_with_the_remedy(
    config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(__import__("sys").modules, "tensorboard", raising=False)
    with pytest.raises(ConfigError, match="needs the package tensorboard: python -m pip install tensorboard"):
        preflight.check([config_of(*WORDS)])
