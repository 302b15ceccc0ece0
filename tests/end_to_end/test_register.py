"""A user's own dataset, model, loss, metric and optimizer, from a module in the current folder, by the command line."""

import csv
import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cli import train
from runner.runs import folder as run_folder
from tests.conftest import Command
from tests.processes import PATIENCE

PLUGIN = """
import runner


@runner.register.dataset("dots")
def dots(rows=60, classes=3):
    import numpy as np

    labels = np.arange(rows) % classes
    features = np.eye(classes, dtype=np.float32)[labels]
    return (features, labels), (0.9 * features[:classes], labels[:classes])


@runner.register.model("one_layer")
def one_layer(input_shape, output_units, output_activation, size=4):
    import keras

    layers = [keras.Input(input_shape), keras.layers.Dense(size), keras.layers.Dense(output_units, output_activation)]
    return keras.Sequential(layers)


@runner.register.loss("gap")
def gap(y_true, y_pred):
    import keras

    return 3.0 * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


@runner.register.metric("sureness", direction="min")
def sureness(y_true, y_pred):
    import keras

    return keras.ops.max(y_pred, axis=-1)


@runner.register.optimizer("plain")
def plain(learning_rate, momentum=0.0):
    import keras

    return keras.optimizers.SGD(learning_rate, momentum)
"""
OWN = [
    "plugins=[my_module]",
    "dataset.name=dots",
    "model.name=one_layer",
    "training.loss=gap",
    "training.metrics=[accuracy,sureness]",
    "training.monitor=val_sureness",
    "optimizer.name=plain",
    "optimizer.learning_rate=0.1",
    "training.epochs=2",
    "training.batch_size=8",
    "hydra.run.dir=out",
]
OPTIONS = ["dataset.options.rows=90", "model.options.size=7", "optimizer.options.momentum=0.5"]


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "my_module.py"
    path.write_text(PLUGIN)
    return path


@pytest.fixture
def asked(apart: Path, plugin: Path) -> Callable[..., int]:
    """The command in this process, with the plugin read anew."""

    def command(*words: str) -> int:
        sys.modules.pop("my_module", None)
        importlib.invalidate_caches()
        return train.main(list(words))

    return command


def console_script(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).parent / "runner"
    return subprocess.run([script, *words], cwd=folder, capture_output=True, text=True, timeout=PATIENCE)


def check_run(folder: Path, rows: int, parameters: int) -> None:
    record = run_folder.read_record(folder)
    assert record["status"] == "completed"
    assert (record["dataset"]["name"], record["dataset"]["source"]) == ("dots", "own")
    assert record["dataset"]["train"] + record["dataset"]["validation"] == rows
    assert record["parameter_count"] == parameters
    assert (record["monitor"], record["monitor_direction"]) == ("val_sureness", "min")
    epochs = list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))
    columns = "epoch,loss,accuracy,sureness,val_loss,val_accuracy,val_sureness,learning_rate"
    assert [*epochs[0]] == columns.split(",")
    values = [float(row["val_sureness"]) for row in epochs]
    assert record["best_epoch"] == values.index(min(values)) + 1
    assert all(1 / 3 <= value <= 1 for value in values)


@pytest.mark.slow
def test_everything_of_ones_own_trains_from_the_module_beside_the_user(
    runner: Command, plugin: Path, tmp_path: Path
) -> None:
    ran = runner(*OWN)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("dots: 36 to train on, 24 for validation, 3 for the test\n")
    check_run(tmp_path / "out", rows=60, parameters=3 * 4 + 4 + 4 * 3 + 3)


@pytest.mark.slow
def test_their_own_fields_are_options_with_or_without_a_plus(plugin: Path, tmp_path: Path) -> None:
    """From the console script too; and a plugin that imports keras at its top starts no chatter."""
    plugin.write_text("import keras\n" + PLUGIN)
    rows, size, momentum = OPTIONS
    ran = console_script(tmp_path, *OWN, rows, f"+{size}", f"++{momentum}")
    assert (ran.returncode, ran.stderr) == (0, "")
    check_run(tmp_path / "out", rows=90, parameters=3 * 7 + 7 + 7 * 3 + 3)
    config = run_folder.read_record(tmp_path / "out")["config"]
    assert config["optimizer"]["options"] == {"momentum": 0.5}


@pytest.mark.slow
def test_an_option_of_ones_own_can_be_swept(asked: Callable[..., int], tmp_path: Path) -> None:
    assert asked("-m", *OWN, "model.options.size=2,5", "hydra.sweep.dir=sweep") == 0
    records = sorted(tmp_path.glob("sweep/*/run.json"))
    counts = [run_folder.read_record(path.parent)["parameter_count"] for path in records]
    assert counts == [3 * 2 + 2 + 2 * 3 + 3, 3 * 5 + 5 + 5 * 3 + 3]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_thing\n", "ModuleNotFoundError: No module named 'no_such_thing'"),
        ("def broken(:\n", "SyntaxError: "),
        ("raise RuntimeError('not today')\n", "RuntimeError: not today"),
        ("import sys\nsys.exit('usage: …')\n", "SystemExit: usage: …"),
    ],
    ids=["import", "syntax", "raise", "exit"],
)
def test_a_plugin_that_does_not_import_is_refused_with_the_reason(
    asked: Callable[..., int], plugin: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    plugin.write_text(text)
    assert asked(*OWN) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"plugins: my_module cannot be imported: {reason}")
    assert not (plugin.parent / "out").exists()


def test_two_modules_that_register_one_name_are_refused(runner: Command, tmp_path: Path) -> None:
    """The first job of the sweep had the name of one module and the network of the other."""
    text = "import runner\n\n\n@runner.register.model('of_two')\ndef network(*shapes):\n    return None\n"
    for name in ("first_of_two", "second_of_two"):
        (tmp_path / f"{name}.py").write_text(text)
    ran = runner("-m", "plugins=[first_of_two],[second_of_two]", "model.name=of_two", "experiment=smoke")
    assert (ran.returncode, ran.stdout, (tmp_path / "outputs").exists()) == (2, "", False)
    assert ran.stderr.startswith(
        "plugins: second_of_two cannot be imported: ValueError: of_two is registered by first_of_two already: give "
        "one of the two another name; "
    )


def test_a_plugin_that_is_not_there_is_refused_with_where_it_was_looked_for(runner: Command, tmp_path: Path) -> None:
    ran = runner("plugins=[my_module,other]")
    assert (ran.returncode, ran.stdout, [*tmp_path.iterdir()]) == (2, "", [])
    lines = ran.stderr.splitlines()
    assert [line.partition(" cannot be imported: ")[0] for line in lines] == ["plugins: my_module", "plugins: other"]
    assert all(str(tmp_path) in line for line in lines)


@pytest.mark.parametrize(
    ("word", "key", "own"),
    [
        ("dataset.name=dost", "dataset.name", "dots"),
        ("model.name=two_layers", "model.name", "one_layer"),
        ("training.loss=gpa", "training.loss", "gap"),
        ("training.metrics=[surenes]", "training.metrics", "sureness"),
        ("optimizer.name=plian", "optimizer.name", "plain"),
    ],
)
def test_a_name_that_the_plugin_does_not_register_is_refused_with_those_that_it_does(
    asked: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path, word: str, key: str, own: str
) -> None:
    assert asked(*OWN, word) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith(f"{key} must be one of ")]
    assert len(lines) == 1
    assert own in lines[0]
    assert f"got {word.partition('=')[2].strip('[]')}" in lines[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("dataset.options.rwos=5", "dataset.name=dots gave no (x_train, y_train), (x_test, y_test): TypeError: "),
        ("model.options.sise=5", "failed: TypeError: "),
    ],
)
def test_an_option_that_the_plugin_does_not_take_fails_with_its_own_reason(
    runner: Command, plugin: Path, option: str, reason: str
) -> None:
    ran = runner(*OWN, option)
    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    assert line.startswith(reason)
    assert f"unexpected keyword argument '{option.split('.')[2].partition('=')[0]}'" in line
