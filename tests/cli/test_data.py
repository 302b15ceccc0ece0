"""`data`: what is in a data set, as the command shows it, and the same warnings before a training."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Command
from tests.datasets.files import imdb_file
from tests.processes import PATIENCE

GOLDEN = Path(__file__).parents[1] / "golden"
SAMPLE = "dataset.source=sample"


@pytest.mark.parametrize("name", ["imdb", pytest.param("mnist", marks=pytest.mark.slow)])
def test_the_samples_read_as_they_always_have(runner: Command, tmp_path: Path, name: str) -> None:
    shown = runner("data", f"dataset={name}", SAMPLE, COLUMNS="80")
    assert (shown.returncode, shown.stderr, [*tmp_path.iterdir()]) == (0, "", [])
    assert shown.stdout == (GOLDEN / f"data-{name}.txt").read_text()


def test_programs_get_the_numbers_of_the_split_that_is_asked_for(runner: Command) -> None:
    words = [SAMPLE, "training.validation_from=stratified", "training.validation_split=0.25"]
    found = json.loads(runner("data", "--json", *words).stdout)
    assert (found["dataset"], found["source"], found["shape"], found["warnings"]) == ("imdb", "sample", [10_000], [])
    assert {name: part["examples"] for name, part in found["parts"].items()} == {
        "training": 3000,
        "validation": 1000,
        "test": 2000,
    }
    assert found["parts"]["validation"]["classes"] == {"negative": 500, "positive": 500}
    assert found["parts"]["validation"]["commonest_class"] == 0.5
    assert {"part": "test", "among": ["training", "validation"], "of": 2000, "examples": 0, "different_label": 0} in (
        found["equal_rows"]
    )


@pytest.mark.slow
def test_images_are_drawn_into_a_file(runner: Command, tmp_path: Path) -> None:
    shown = runner("data", "dataset=mnist", SAMPLE, "--png", "sheet.png")
    assert shown.stdout.splitlines()[-1] == "examples: sheet.png"
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 1000


POINTS = """
import numpy as np

import runner


@runner.register.dataset("points", class_names=["rare", "spam", "ham"])
def points(forms=1):
    x = np.random.default_rng(0).normal(size=(200, 3)).astype("float32")
    y = np.array([2] * 162 + [1] * 35 + [0] * 3)
    order = np.random.default_rng(1).permutation(200)
    x, y = x[order], y[order]
    x[:, 1] = 7
    x[10:13] = x[100]
    return (x, y), (np.concatenate([x[:5], -x[:5]]), np.concatenate([y[:5], 2 - y[:5]]))
"""
OWN = ["plugins=[mine]", "dataset.name=points", "training.validation_split=0"]


@pytest.mark.slow
def test_what_is_wrong_with_data_is_shown_and_said_before_a_training_too(runner: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(POINTS)
    shown = runner("data", *OWN)
    assert shown.returncode == 0
    lines = shown.stdout.splitlines()
    assert "points: 200 to train on, 0 for validation, 10 for the test" in lines
    assert ["rare", "3", "0.0150"] in [line.split()[:3] for line in lines]
    assert "one value in all training examples: 1 of 3 columns" in lines
    assert ["within", "training", "4", "0.0200"] in [line.split()[:4] for line in lines]
    assert ["test,", "also", "in", "training", "5", "0.5000", "0"] in [line.split() for line in lines]
    few, accuracy, shared = shown.stderr.splitlines()
    assert few.startswith("warning: fewer than 10 training examples of points have the class rare (3): ")
    assert accuracy.startswith("warning: training.metrics=[accuracy] says little of points: 0.8")
    assert shared.startswith("warning: 5 of 10 test examples of points have the row of a training example: ")
    assert runner(*OWN, "training.monitor=accuracy", "plan=true").stderr == shown.stderr
    assert json.loads(runner("data", *OWN, "--json").stdout)["warnings"] == [
        line.removeprefix("warning: ") for line in (few, accuracy, shared)
    ]


def test_reviews_whose_words_are_not_to_be_had_are_described_without_them(runner: Command, tmp_path: Path) -> None:
    imdb_file(tmp_path / "imdb.npz")
    shown = runner("data", "dataset.path=imdb.npz", "training.validation_split=0")
    assert shown.returncode == 0
    assert "the words of the texts are not known: imdb_word_index.json is not next to imdb.npz" in shown.stdout


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["datset=mnist"], 2, "datset is not a key of the config; did you mean dataset?"),
        (["--jsn"], 2, "unrecognized arguments: --jsn"),
        (["-m", "seed=0,1"], 2, "data takes words of a config, --config-dir, --json and --png, no other flags: "),
        (["experiment=cross_validation", SAMPLE], 2, "data shows one data set, divided once"),
        ([SAMPLE, "--png", "a.png"], 2, "--png draws images; imdb (sample) has none"),
        (["dataset.path=nowhere.npz"], 1, "nowhere.npz cannot be read"),
    ],
)
def test_a_request_that_does_not_fit_is_one_line(
    runner: Command, tmp_path: Path, words: list[str], code: int, line: str
) -> None:
    refused = runner("data", *words)
    assert (refused.returncode, refused.stdout, [*tmp_path.iterdir()]) == (code, "", [])
    assert refused.stderr.startswith(line)
    assert refused.stderr.count("\n") == 1


@pytest.mark.slow
def test_tensorflow_is_not_imported_and_no_folder_is_made(tmp_path: Path) -> None:
    """The twin that shows that this can fail is in tests/end_to_end/test_front_door.py."""
    code = "import sys; from runner.cli import data; print(data.main(sys.argv[1:]), 'tensorflow' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code, SAMPLE, "--json"],
        cwd=tmp_path,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert (ran.stdout.splitlines()[-1], [*tmp_path.iterdir()]) == ("0 False", [])


def test_many_classes_leave_out_the_rarest_and_say_so(runner: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        POINTS.replace('"points", class_names=["rare", "spam", "ham"]', '"points"')
        .replace(
            "y = np.array([2] * 162 + [1] * 35 + [0] * 3)", "y = np.r_[np.repeat(np.arange(60), 3), np.arange(20) + 30]"
        )
        .replace("2 - y[:5]", "y[:5]")
    )
    lines = runner("data", *OWN).stdout.splitlines()
    assert "not shown: 10 of 60 classes, those with the fewest training examples; see --json" in lines
    first = lines.index("") + 2
    assert [line.split()[:2] for line in lines[first : first + 50]] == [
        [str(label), "4" if label >= 30 else "3"] for label in range(50)
    ]
