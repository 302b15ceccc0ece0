"""A table of a user's from the file to an answer: train, compare, final, predict; continued, reused, refused."""

import csv
import json
from pathlib import Path

import pytest

from runner.runs.folder import COLUMNS, VOCABULARY
from tests.conftest import Command, Train, metrics_of, record_of
from tests.own_data import MISLABELLED, TOPICS, write

TEXTS = ("dataset=csv", "dataset.path=tickets.csv", "dataset.text=body", "dataset.target=topic")
CELLS = ("dataset=csv", "dataset.path=tickets.csv", "dataset.features=[age,plan]", "dataset.target=topic")
SMALL = ("model.depth=1", "model.width=16", "training.batch_size=64", "optimizer.learning_rate=0.01")


@pytest.mark.slow
def test_texts_of_a_table_are_learned_compared_tested_and_asked(runner: Command, tmp_path: Path) -> None:
    write(tmp_path / "tickets.csv")
    swept = runner(
        "-m", *TEXTS, *SMALL, "dataset.test_split=0.2", "dataset.encoding=multi_hot,tf_idf", "training.epochs=4"
    )
    assert swept.returncode == 0, swept.stderr
    planned = runner(*TEXTS, *SMALL, "dataset.test_split=0.2", "plan=true").stdout
    assert planned.startswith("csv: 960 to train on, 640 for validation, 400 for the test (drawn by class)\n")
    (compared,) = json.loads(runner("compare", "--json").stdout)["tables"]
    assert {each["dataset.encoding"] for each in compared["settings"]} == {"multi_hot", "tf_idf"}
    assert runner("final").returncode == 0
    (folder,) = (tmp_path / "outputs" / "final").glob("*/*")
    test = json.loads((folder / "test.json").read_text())
    assert (test["examples"], test["classes"]) == (400, list(TOPICS))
    # Nobody can be better than the labels are right, but for luck: 2.5 standard errors of 400 labels.
    assert 0.84 < test["accuracy"] < 1 - MISLABELLED + 0.04
    asked = runner("predict", str(folder), "--json", "bil3, BIL7 and bil11 please", "ret1 ret2; log9?")
    answers = json.loads(asked.stdout)["predictions"]
    assert [each["label"] for each in answers] == ["billing", "returns"]
    assert answers[0]["unknown"] == ["and"]
    mistakes = runner("predict", str(folder), "--errors", "1", "--test")
    assert "is all that the network sees of a text" in mistakes.stdout


@pytest.mark.slow
def test_cells_of_a_table_are_asked_by_a_table_with_the_same_columns(runner: Command, tmp_path: Path) -> None:
    write(tmp_path / "tickets.csv", 600)
    trained = runner(*CELLS, *SMALL, "training.epochs=3", "hydra.run.dir=run")
    assert trained.stdout.startswith("csv: 360 to train on, 240 for validation, no test set\n")
    assert (tmp_path / "run" / COLUMNS).exists()
    assert not (tmp_path / "run" / VOCABULARY).exists()
    (tmp_path / "new.csv").write_text("plan,age,topic\nfree,0.1,?\nodd,3,?\n")
    asked = runner("predict", "run", "new.csv")
    assert "new.csv, row 1" in asked.stdout
    assert asked.stdout.endswith("row 2: unknown plan: 'odd'\n")
    assert runner("predict", "run", "--file", "new.csv", "--to", "out.csv").returncode == 0
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["plan"] for row in rows] == ["free", "odd"]
    assert {row["label"] for row in rows} <= set(TOPICS)
    (tmp_path / "lacking.csv").write_text("age\n1\n")
    lacking = runner("predict", "run", "lacking.csv")
    assert (lacking.returncode, lacking.stderr) == (2, "lacking.csv has no column plan\n")
    for words in (["test", "run"], ["final", "run"], ["predict", "run", "--errors", "1", "--test"]):
        refused = runner(*words)
        assert refused.returncode in (1, 2)
        assert "csv has no test examples: train with dataset.test=FILE or dataset.test_split=0.2" in refused.stderr
    assert not (tmp_path / "outputs").exists()


@pytest.mark.slow
def test_a_run_on_a_table_is_continued_to_the_byte_and_reused(train: Train, tmp_path: Path) -> None:
    path = write(tmp_path / "tickets.csv", 300)
    words = [*TEXTS, *SMALL, f"dataset.path={path}", "dataset.encoding=tf_idf", "dataset.ngrams=2"]
    whole = train(*words, "training.epochs=3", folder="whole")
    assert whole.status == "completed", whole.error
    train(*words, "training.epochs=1", folder="parts")
    train(*words, "training.epochs=3", folder="parts")
    assert metrics_of(tmp_path / "parts") == metrics_of(tmp_path / "whole")
    assert (tmp_path / "parts" / VOCABULARY).read_bytes() == (tmp_path / "whole" / VOCABULARY).read_bytes()
    roots = [tmp_path / "outputs"]
    train(*words, "training.epochs=2", folder="outputs/first", run_roots=roots)
    train(*words, "training.epochs=2", folder="outputs/second", run_roots=roots)
    assert record_of(tmp_path / "outputs" / "second")["inherited_epochs"] == 2
    path.write_text(path.read_text().replace("word1", "word2", 1))
    train(*words, "training.epochs=2", folder="outputs/edited", run_roots=roots)
    edited = record_of(tmp_path / "outputs" / "edited")
    assert edited["inherited_epochs"] == 0
    assert edited["identity"] != record_of(tmp_path / "outputs" / "first")["identity"]


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (
            ["dataset.text=bdy"],
            2,
            "dataset.text must name a column of {place}/tickets.csv (number, body, topic, age, visits, plan)",
        ),
        (["dataset.text=null"], 1, "column body has 1,100 different values"),
        (
            ["training.evaluate_test=true"],
            2,
            "training.evaluate_test: csv has no test examples: train with dataset.test=",
        ),
        (["dataset.path=none.csv"], 1, "none.csv does not exist: give another dataset.path"),
        (["dataset.num_words=0"], 2, "dataset.num_words must be null or at least 1; got 0"),
        (["dataset.encoding=tfidf"], 2, "dataset.encoding must be one of multi_hot, count, tf_idf; got tfidf"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_line_and_leaves_nothing(
    runner: Command, tmp_path: Path, words: list[str], code: int, line: str
) -> None:
    write(tmp_path / "tickets.csv", 1100)
    refused = runner(*TEXTS, *SMALL, *words)
    assert refused.returncode == code
    assert line.format(place=tmp_path) in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["tickets.csv"]


@pytest.mark.slow
def test_hostile_names_of_classes_are_shown_and_do_nothing(runner: Command, tmp_path: Path) -> None:
    names = ["<script>alert(1)</script>", "=1+1, and more", "\x1b[31mred\x1b[0m", "$\\frac{1}{0}$"]
    with (tmp_path / "t.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [["text", "label"], *([f"w{row % 4} x{row}", names[row % 4]] for row in range(80))]
        )
    words = ["dataset=csv", "dataset.path=t.csv", "dataset.text=text", "dataset.target=label", "dataset.test_split=0.2"]
    ran = runner(
        "-m", *words, *SMALL, "training.epochs=2", "seed=0,1", "training.evaluate_test=true", "hydra.sweep.dir=sweep"
    )
    assert ran.returncode == 0, ran.stderr
    assert "\x1b" not in ran.stdout + runner("compare", "sweep").stdout
    assert "<script>alert(1)" not in (tmp_path / "sweep" / "report.html").read_text()
    (run, *_) = sorted((tmp_path / "sweep").glob("0_*"))
    assert (run / "confusion.png").stat().st_size > 1000
    record = record_of(run)["dataset"]["class_names"]
    assert record == sorted(["<script>alert(1)</script>", "=1+1, and more", "[31mred [0m", "$\\frac{1}{0}$"])
    (tmp_path / "in.csv").write_text("body\nw0\nw1\nw2\nw3\n")
    assert runner("predict", str(run), "--file", "in.csv", "--column", "body", "--to", "out.csv").returncode == 0
    with (tmp_path / "out.csv").open(newline="") as stream:
        said = [row["label"] for row in csv.DictReader(stream)]
    assert all(label.removeprefix("'") in record and not label.startswith("=") for label in said)
