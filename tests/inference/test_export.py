"""An exported network, read without the runner, says what plain Keras says of the run's own file."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.legacy.preprocessing.text import text_to_word_sequence
from numpy.typing import NDArray

from runner.cli import export, final, train
from runner.config.plan import plan_of
from runner.datasets import catalog, sample_reviews
from tests.conftest import Command, record_of
from tests.processes import PATIENCE

pytestmark = pytest.mark.slow

REVIEWS = ["dataset.source=sample", "model.depth=1", "model.width=4", "training.epochs=3"]
HOSTILE = [
    "",
    "   \t\n",
    "zzqq",
    "The FILM, a scene; it's «great»!!<br /><br />...and\rnot\vdull",
    "the\0film is the\u00a0film",
    "İstanbul ΣΑΣ STRASSE 😀 \u202ethe film",
    "film " * 50_000,
]
PLUGIN = '''
import keras, numpy as np, runner

@runner.register.dataset("blobs")
def blobs():
    random = np.random.default_rng(0)
    y = random.integers(0, 3, 120)
    x = random.normal(y[:, None, None], 0.3, (120, 4, 2))
    return (x[:90], y[:90]), (x[90:], y[90:])

@runner.register.model("bent")
def bent(input_shape, output_units, output_activation):
    """With an operation that neither ONNX nor LiteRT has."""
    inputs = keras.Input(input_shape)
    outputs = keras.ops.erfinv(keras.ops.tanh(keras.layers.Flatten()(inputs)) / 2)
    return keras.Model(inputs, keras.layers.Dense(output_units, output_activation)(outputs))
'''
READER = """
import json, os, re, sys
import numpy as np

sys.modules["runner"] = None  # whoever imports it fails
package, *folders = sys.argv[1:]
for folder in folders:
    os.chdir(folder)
    given, *uses = re.findall("```python\\n(.*?)```", open("README.md", encoding="utf-8").read(), re.S)
    names = {}
    exec(given, names)
    if os.path.exists("../examples.json") and isinstance(names["examples"], list):
        names["examples"] += json.load(open("../examples.json"))
    if isinstance(names["examples"], np.ndarray) and names["examples"].dtype == np.uint8:
        names["examples"] = np.concatenate([names["examples"], np.load("../examples.npy")])
    for use in uses:
        if package in use:
            exec(use, names)
            np.save(f"{package}.npy", names["probabilities"])
    os.chdir("..")
assert package == "tensorflow" or "tensorflow" not in sys.modules
"""


def texts() -> list[str]:
    return [*sample_reviews.generate()[1][0][:20], *HOSTILE]


def rows(given: list[str], run: Path) -> NDArray[np.float32]:
    """Texts as rows, divided into words by Keras' own function."""
    vocabulary = json.loads((run / "vocabulary.json").read_text())
    columns = {word: column for column, word in enumerate(vocabulary["words"], 4)}
    found = np.zeros((len(given), vocabulary["columns"]), np.float32)
    for row, text in zip(found, given, strict=True):
        known = [columns.get(word, vocabulary["unknown"]) for word in text_to_word_sequence(text)]
        row[[1, *(each for each in known if each is not None)]] = 1
    return found


# What export is called with, by the name of its folder.
EXPORTS = {
    "cut": ["cut"],
    "best": ["cut", "--best", "--format", "onnx"],
    "cut_text": ["cut", "--with-text"],
    "all_text": ["all", "--with-text"],
    "digits": ["digits"],
    "two": ["two"],
}
READERS = ["tensorflow", "onnxruntime", "ai_edge_litert"]
READ = [(name, each) for name in ("cut", "digits", "two") for each in READERS]
READ += [("best", "onnxruntime"), ("cut_text", "tensorflow"), ("all_text", "tensorflow")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs, in `NAME`, and what export makes of them, in `to/NAME`."""
    folder = tmp_path_factory.mktemp("export")
    pytest.importorskip("tf2onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = [
            "dataset.num_words=300",
            "optimizer.learning_rate=0.1",
            "training.epochs=20",
            "model.width=16",
            "training.monitor=val_loss",
        ]
        assert train.main([*REVIEWS, *words, "hydra.run.dir=cut"]) == 0
        assert train.main([*REVIEWS, "hydra.run.dir=all"]) == 0
        digits = ["dataset=mnist", "dataset.source=sample", "model=cnn", "model.width=4", "training.epochs=1"]
        assert train.main([*digits, "hydra.run.dir=digits"]) == 0
        assert final.main(["all", "--to", "two", "--seeds", "2"]) == 0
        for name, (run, *options) in EXPORTS.items():
            assert export.main([run, "--to", f"to/{name}", *options]) == 0
    (folder / "to" / "examples.json").write_text(json.dumps(texts()))
    np.save(folder / "to" / "examples.npy", images())
    return folder


def images() -> NDArray[np.uint8]:
    """The test images of the sample, uint8 [50, 28, 28]."""
    config = plan_of(["dataset=mnist", "dataset.source=sample"]).jobs[0].config
    return np.asarray(catalog.load(config.dataset).test.features[:50]).reshape(-1, 28, 28)


@pytest.fixture(scope="module")
def outputs(place: Path) -> Path:
    """`NAME/PACKAGE.npy`: what a package has read, as README.md says it, in a process of its own."""
    folders = [str(place / "to" / name) for name in EXPORTS]
    for package in filter(importlib.util.find_spec, READERS):
        command = [sys.executable, "-c", READER, package, *folders]
        environment = {**os.environ, "LC_ALL": "tr_TR.UTF-8"}  # where TensorFlow makes another letter of I
        process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
        assert process.returncode == 0, process.stderr
    return place / "to"


@pytest.mark.parametrize(("name", "package"), READ)
def test_read_without_the_runner_it_says_what_keras_says(place: Path, outputs: Path, name: str, package: str) -> None:
    pytest.importorskip(package)
    run, *options = EXPORTS[name]
    file = "checkpoints/best.keras" if "--best" in options else "model.keras"
    given = digits() if run == "digits" else rows(["A wonderful film, not a dull one.", *texts()], place / run)
    expected = keras.models.load_model(place / run / file).predict(given, verbose=0)
    found = np.load(outputs / name / f"{package}.npy")
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-5
    assert np.ptp(expected[:, 0]) > 1e-3  # examples that all get one answer would show nothing
    signature = read(outputs / name / "signature.json")
    assert signature["example"]["output"][0] == pytest.approx(expected[0], abs=1e-5)
    assert f"[[{', '.join(f'{value:.4f}' for value in signature['example']['output'][0])}]]" in joined(outputs / name)


def digits() -> NDArray[np.float32]:
    """The image of zeros, and the test images of the sample, as the network takes them."""
    pixels = np.concatenate([np.zeros((1, 28, 28)), images()])
    return pixels.reshape(-1, 784).astype(np.float32) / 255


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def joined(folder: Path) -> str:
    return " ".join((folder / "README.md").read_text().split())


def test_the_signature_names_what_goes_in_and_comes_out(place: Path) -> None:
    words, digits = (read(place / "to" / name / "signature.json") for name in ("cut", "digits"))
    assert words["input"] == {"name": "features", "dtype": "float32", "shape": [None, 300], "divisor": 1.0}
    assert (words["output"]["shape"], words["output"]["columns"]) == ([None, 1], ["positive"])
    assert words["classes"] == ["negative", "positive"]
    assert (words["text"]["start"], words["text"]["unknown"], words["text"]["first_word"]) == (1, 2, 4)
    assert words["files"] == {"saved_model": "saved_model", "onnx": "model.onnx", "litert": "model.tflite"}
    assert (place / "to/cut/vocabulary.json").read_bytes() == (place / "cut/vocabulary.json").read_bytes()
    assert (digits["output"]["shape"], digits["output"]["columns"]) == ([None, 10], [*"0123456789"])
    assert (digits["image"]["height"], digits["image"]["divisor"], digits["text"]) == (28, 255.0, None)


def test_it_says_of_which_epoch_it_is_and_how_good(place: Path) -> None:
    record = record_of(place / "cut")
    last, best = (read(place / "to" / name / "signature.json")["run"] for name in ("cut", "best"))
    assert (last["network"], last["epoch"]) == ("model.keras", 20)
    assert (best["network"], best["epoch"]) == ("checkpoints/best.keras", record["best_epoch"])
    assert best["epoch"] < 20
    lines = (place / "cut" / "metrics.csv").read_text().splitlines()
    row = dict(zip(lines[0].split(","), lines[best["epoch"]].split(","), strict=True))
    assert best["values"]["val_accuracy"] == float(row["val_accuracy"])
    assert f"val_accuracy {best['values']['val_accuracy']:.4f}" in joined(place / "to" / "best")
    assert "No test is recorded" in joined(place / "to" / "cut")
    test = read(place / "two" / "test.json")
    assert f"2,000 test examples: accuracy {test['accuracy']:.4f}" in joined(place / "to" / "two")


def test_what_a_converter_refuses_is_said_and_the_rest_is_made(runner: Command) -> None:
    pytest.importorskip("tf2onnx")
    Path("mine.py").write_text(PLUGIN)
    words = ["plugins=[mine]", "dataset.name=blobs", "model.name=bent", "training.epochs=1"]
    assert runner(*words, "hydra.run.dir=bent").returncode == 0
    made = runner("export", "bent", "--trust", "--to", "to")
    assert made.returncode == 0
    refused = made.stderr.splitlines()
    assert [line.partition(":")[0] for line in refused] == ["onnx", "litert"]
    assert all("its converter does not take this network: " in line and "rfinv" in line for line in refused)
    assert sorted(each.name for each in Path("to").iterdir()) == ["README.md", "saved_model", "signature.json"]
    rows = np.random.default_rng(1).normal(size=(5, 4, 2)).astype(np.float32)
    expected = keras.models.load_model("bent/model.keras").predict(rows, verbose=0)
    assert keras.layers.TFSMLayer("to/saved_model", call_endpoint="serve")(rows)["probabilities"].numpy() == (
        pytest.approx(expected, abs=1e-5)
    )
    nothing = runner("export", "bent", "--trust", "--to", "none", "--format", "onnx", "--format", "litert")
    assert (nothing.returncode, len(nothing.stderr.splitlines())) == (1, 2)
    assert not Path("none").exists()
    assert list(Path().glob(".none*")) == []


def test_without_a_package_the_line_says_how_to_install_it(
    place: Path, runner: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tf2onnx", None)  # as where it is not installed
    run = str(place / "digits")
    line = "onnx: not made, tf2onnx is not installed: python -m pip install '.[export]', or tf2onnx\n"
    made = runner("export", run, "--to", "to", "--format", "onnx", "--format", "saved_model")
    assert (made.returncode, made.stderr) == (0, line)
    nothing = runner("export", run, "--to", "none", "--format", "onnx")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (1, "", line)


def test_what_cannot_be_is_refused_before_anything_is_written(place: Path, runner: Command) -> None:
    Path("used").mkdir()
    Path("used/file").touch()
    digits = str(place / "digits")
    assert runner("export", digits, "--to", "used").stderr == (
        "--to must be a new or an empty folder; got used: give another\n"
    )
    no_texts = runner("export", digits, "--to", "new", "--with-text")
    assert (no_texts.returncode, no_texts.stderr) == (
        2,
        f"--with-text is for runs on texts; {digits} was trained on mnist (sample): leave it out\n",
    )
    text_only = runner("export", str(place / "cut"), "--to", "new", "--with-text", "--format", "onnx")
    assert text_only.returncode == 1
    assert text_only.stderr.startswith("onnx: not made, it has no operations for texts: leave --with-text out")
    for words in (
        ["export", digits],
        ["export", digits, "--to", "new", "--format", "tflite"],
        ["export", "--to", "new"],
    ):
        assert runner(*words).returncode == 2
    assert not Path("new").exists()
