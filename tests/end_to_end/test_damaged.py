"""Files of trained runs that somebody has changed: a line and the rest goes on; campaigns of it: `tests.faults`."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from runner.runs.folder import TEST
from tests import hostile, trained
from tests.conftest import Command, metrics_of, record_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained.trained(tmp_path_factory.mktemp("whole") / "trained")


@pytest.fixture
def copied(whole: Path, apart: Path) -> Path:
    """The runs in the current folder: `texts` (2 epochs; `longer` has 3), `table`, and a `final` model."""
    shutil.copytree(whole, apart, dirs_exist_ok=True)
    return apart


def resealed(file: Path, name: str, array: np.ndarray) -> None:  # type: ignore[type-arg]
    trained.seal(file, {**trained.arrays_of(file), name: array})


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("model.0", np.zeros((3, 3), np.float32)),
        ("optimizer.1", np.zeros(2, np.float64)),
        ("best.2", np.zeros(1, np.float32)),
        ("metrics.columns", np.frombuffer(b'["epoch","a","b","c","d","e"]', np.uint8)),
        ("predictions.last", np.zeros((1, 1), np.float16)),
        ("record", np.frombuffer(b"[]", np.uint8)),
    ],
)
def test_a_state_with_the_right_checksum_that_does_not_fit_is_passed_over_for_an_earlier_one(
    copied: Path,
    runner: Command,
    name: str,
    array: np.ndarray,  # type: ignore[type-arg]
) -> None:
    resealed(copied / trained.STATE, name, array)
    resumed = runner("resume", "texts", "training.epochs=3")
    assert resumed.returncode == 0, resumed.stderr
    assert f"{trained.STATE} is damaged (" in resumed.stderr
    assert "continuing after epoch 1 of this run" in resumed.stdout
    assert metrics_of(copied / "texts") == metrics_of(copied / "longer")


def change(file: Path, **entries: object) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **entries}))


@pytest.mark.parametrize("words", [["resume", "final"], ["test", "final"]])
def test_a_test_that_was_changed_by_hand_is_a_line(copied: Path, runner: Command, words: list[str]) -> None:
    change(copied / "final" / TEST, accuracy={})
    refused = runner(*words)
    assert refused.returncode == 1
    assert "final/test.json is damaged (its accuracy is not as the runner wrote it): remove it, " in refused.stderr


def test_what_final_tells_of_its_choice_is_checked(copied: Path, runner: Command) -> None:
    change(copied / "final" / "choice.json", value=None)
    refused = runner("resume", "final")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("final/choice.json is damaged (its value is not as the runner wrote it): choose")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("loss", "-1", "texts: training.loss must be one of "),
        ("metrics", ["=1"], "texts: training.metrics must be one of "),
        ("validation_split", -1, "the recorded config cannot be used: training.validation_split must be "),
    ],
)
def test_a_recorded_config_that_cannot_be_is_refused(
    copied: Path, runner: Command, key: str, value: object, said: str
) -> None:
    config = record_of(copied / "texts")["config"]
    change(copied / "texts" / "run.json", config=config | {"training": config["training"] | {key: value}})
    refused = runner("test", "texts")
    assert refused.returncode == 2
    assert refused.stderr.startswith(said)
    assert len(refused.stderr.splitlines()) == 1


def test_what_makes_rows_and_the_network_must_go_together(copied: Path, runner: Command) -> None:
    columns = json.loads((copied / "table" / "columns.json").read_text())
    change(copied / "table" / "columns.json", columns=columns["columns"][:1])
    asked = runner("predict", "table", "new.csv")
    assert (asked.returncode, asked.stdout) == (1, "")
    assert "table/model.keras takes rows of [3] features, and the files next to it make rows of [1]" in asked.stderr
    change(copied / "texts" / "vocabulary.json", tokenizer={"filters": 1})
    assert "vocabulary.json cannot be used" in runner("predict", "texts", "a film").stderr
    shutil.copy(copied / "table" / "model.keras", copied / "texts" / "model.keras")
    tested = runner("test", "texts")
    assert (tested.returncode, len(tested.stderr.splitlines())) == (1, 1)
    assert "takes rows of [3] and gives 4, where the run has rows of [20] and 1" in tested.stderr


def test_a_record_without_versions_and_a_ledger_with_strange_lines_stop_nothing(copied: Path, runner: Command) -> None:
    ledger = copied / "outputs" / "test-ledger.jsonl"
    ledger.write_text(
        ledger.read_text() + '{"id": []}\n' + json.dumps(json.loads(ledger.read_text()) | {"id": {}}) + "\n"
    )
    tested = runner("test", "texts")
    assert tested.returncode == 0
    assert "was opened 1 time before" in tested.stdout
    record = record_of(copied / "texts")
    del record["versions"]
    (copied / "texts" / "run.json").write_text(json.dumps(record))
    refused = runner("resume", "texts")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "versions.keras: recorded None, now " in refused.stderr


@pytest.mark.parametrize("name", ["title", "lines", "TeX", "long"])
def test_a_hostile_name_is_text_in_every_file_of_a_comparison(apart: Path, name: str) -> None:
    hostile.records(apart / "runs", hostile.TEXTS[name])
    hostile.compared(name)
