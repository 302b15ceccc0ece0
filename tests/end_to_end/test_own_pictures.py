"""A folder of pictures without code: trained, compared, tested once and asked, with class names that try to get out."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import Command, record_of
from tests.datasets.test_own_images import as_pillow
from tests.own_pictures import CLASSES, make

pytestmark = pytest.mark.slow

NAMES = {"left": "<b>left", "middle": "=1+1, middle", "right": "[red]right $x$\x1b[31m"}
SHOWN = ["<b>left", "=1+1, middle", "[red]right $x$\\x1b[31m"]
DATA = ("dataset=images", "dataset.path=mine", "dataset.test_split=0.2", "dataset.size=[14,20]")


def test_a_folder_is_trained_compared_tested_and_asked(runner: Command, apart: Path) -> None:
    make(apart / "mine", 150)
    for name in CLASSES:
        (apart / "mine" / name).rename(apart / "mine" / NAMES[name])
    fast = ("model=cnn", "model.width=8", "training.epochs=10", "training.batch_size=8")
    swept = runner(*DATA, *fast, "-m", "model.kernel=1,5", "hydra.sweep.dir=sweep")
    assert (swept.returncode, swept.stderr) == (0, "")
    record = record_of(apart / "sweep" / "1_model.kernel=5")
    assert record["dataset"]["class_names"] == SHOWN
    assert [record["dataset"][split] for split in ("train", "validation", "test")] == [72, 48, 30]
    assert (record["dataset"]["source"], record["dataset"]["divisor"]) == ("own", 255.0)
    assert record["config"]["training"]["validation_from"] == "stratified"
    compared = runner("compare", "sweep")
    assert compared.returncode == 0
    assert "images (own): 72 to train on, 48 for validation" in compared.stdout
    assert "<b>left" not in (apart / "sweep" / "report.html").read_text()

    final = runner("final", "sweep", "--to", "final")
    assert (final.returncode, "\x1b" in final.stdout) == (0, False)
    test = json.loads((apart / "final" / "test.json").read_text())
    assert test["examples"] == 30
    assert test["accuracy"] > 0.5
    assert (apart / "final" / "confusion.png").stat().st_size > 1_000
    _ask(runner, apart)


def _ask(runner: Command, apart: Path) -> None:
    """Without the data: a picture takes the way of those of the training, to what plain Keras says of it."""
    (apart / "mine").rename(apart / "moved")
    files = sorted(map(str, (apart / "moved").glob("*/*")))[::10]
    asked = runner("predict", "final", *files, "--json")
    said = json.loads(asked.stdout)["predictions"]
    network: Any = keras.models.load_model(apart / "final" / "model.keras")
    rows = np.array([as_pillow(Path(each), size=(20, 14)) for each in files])[..., None]
    outputs = network.predict(rows.astype(np.float32) / 255, verbose=0)
    np.testing.assert_allclose([[*each["probabilities"].values()] for each in said], outputs, atol=1e-6)
    assert {each["changed"] for each in said} == {"scaled from 28 × 28 to 20 × 14"}
    shown = runner("predict", "final", *files)
    assert "\x1b" not in shown.stdout
    assert "[red]right $x$\\x1b[31m" in shown.stdout

    np.save(apart / "rows.npy", rows)
    of_rows = json.loads(runner("predict", "final", "rows.npy", "--json").stdout)["predictions"]
    assert [each["probability"] for each in of_rows] == [each["probability"] for each in said]
    pd.DataFrame({"file": files}).to_csv(apart / "in.csv", index=False)
    assert runner("predict", "final", "--file", "in.csv", "--column", "file", "--to", "out.csv").returncode == 0
    labels = pd.read_csv(apart / "out.csv")["label"]
    assert [*labels] == [f"'{each['label']}" if each["label"][0] == "=" else each["label"] for each in said]

    assert "cannot be read" in runner("predict", "final", "--errors", "2").stderr
    (apart / "moved").rename(apart / "mine")
    worst = runner("predict", "sweep/0_model.kernel=1", "--errors", "4", "--png", "worst.png")
    assert "validation examples wrong" in worst.stdout
    with Image.open(apart / "worst.png") as picture:
        assert picture.width > 1_000
    drawn = runner("predict", "sweep/0_model.kernel=1", "--errors", "2").stdout
    assert "█" in drawn
    assert "\x1b" not in drawn


def test_an_exported_network_of_pictures_says_what_goes_in(runner: Command, apart: Path) -> None:
    make(apart / "mine", 60)
    (apart / "mine" / "left").rename(apart / "mine" / NAMES["left"])
    words = ("dataset.color=rgb", "training.epochs=1", "model.depth=0", "hydra.run.dir=run")
    assert runner(*DATA, *words).returncode == 0
    exported = runner("export", "run", "--to", "out", "--format", "saved_model")
    assert (exported.returncode, exported.stderr) == (0, "")
    signature = json.loads((apart / "out" / "signature.json").read_text())
    assert signature["input"]["shape"] == [None, 14, 20, 3]
    told = {"shows": "picture", "height": 14, "width": 20, "channels": 3, "figure": None, "centred": None}
    assert signature["image"] == {**told, "divisor": 255.0, "background": None}
    readme = (apart / "out" / "README.md").read_text()
    assert readme.startswith("# A network that tells `<b>left`, middle and right apart\n")
    assert "reshape(len(images), 14, 20, 3) / np.float32(255)" in readme
    assert "`resize((20, 14), Image.Resampling.BILINEAR)`" in " ".join(readme.split())
