"""`predict`: a user's own texts and images, tables, and mistakes, as the command shows them."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from runner.datasets import catalog, sample_reviews
from tests.conftest import Command
from tests.datasets.files import mnist_config
from tests.inference.conftest import DIGITS, REVIEWS, trained
from tests.processes import PATIENCE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(trained(tmp_path_factory.mktemp("reviews") / "run", *REVIEWS))


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(trained(tmp_path_factory.mktemp("digits") / "run", *DIGITS))


CLEAR = ("a great film, wonderful, excellent and brilliant", "awful, boring, terrible, a stupid dull film")


def typed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_texts_get_a_row_each_and_what_is_unknown_or_empty_is_said(runner: Command, reviews: str) -> None:
    shown = runner("predict", reviews, *CLEAR, "", "a zorp flumph zorp")
    lines = shown.stdout.splitlines()
    assert (shown.returncode, shown.stderr) == (0, "")
    assert lines[0] == f"{reviews}/model.keras, after epoch 5: negative, positive"
    assert lines[1].split() == ["#", "label", "probability", "text"]
    assert [line.split()[1] for line in lines[2:4]] == ["positive", "negative"]
    assert lines[-2:] == [
        "text 3: no words: the answer is the one that the network gives to an empty text",
        "text 4: unknown 3 of 4 words: zorp, flumph",
    ]


def test_texts_come_from_lines_of_input_too_and_programs_get_json(
    runner: Command, reviews: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, b"\xef\xbb\xbfa great film\r\n\nbad \xff\n")
    found = json.loads(runner("predict", reviews, "-", "--json").stdout)
    assert [each["input"] for each in found["predictions"]] == ["a great film", "", "bad �"]
    assert [(each["words"], each["unknown"]) for each in found["predictions"]] == [(3, []), (0, []), (2, ["�"])]
    assert found["classes"] == ["negative", "positive"]
    first = found["predictions"][0]
    assert first["probability"] == first["probabilities"][first["label"]] == max(first["probabilities"].values())
    assert sum(first["probabilities"].values()) == pytest.approx(1)


HOSTILE = {
    "a megabyte of one word": b"x" * 1_000_000,
    "a megabyte of words": b"good " * 200_000,
    "NUL": b"good\0film \0",
    "escapes": b"\x1b[2J\x1b]0;title\x07 good \x9b31m \x85",
    "emoji": "good 😀 👨‍👩‍👧 film".encode(),
    "right to left": "\u202egood \u2067فيلم رائع\u2069".encode(),
    "no UTF-8": b"\xff\xfe good \xc3",
    "surrogates": "good \ud800".encode("utf-8", "surrogatepass"),
    "combining": ("g" + "\u0301" * 5_000).encode(),
    "white space": "\u2003\u00a0\u3000 \u2028 \v \f".encode(),
    "lines": b"good\n" * 3_000,
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_texts_get_an_answer_that_a_terminal_can_show(
    runner: Command, reviews: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    typed(monkeypatch, HOSTILE[name])
    shown = runner("predict", reviews, "-")
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert all(line.isprintable() for line in shown.stdout.split("\n"))
    assert all(len(line) < 250 for line in lines[1:])
    assert any(line.split()[0] in ("negative", "positive", "1") for line in lines[2:])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "give texts, --file or --errors, one of them: python -m runner predict RUN"),
        (["good", "--errors", "2"], "give texts, --file or --errors, one of them"),
        (["-", "good"], "- stands alone"),
        (["-"], "- reads a text from each line of standard input; got none"),
        (["--file", "a.csv"], "--file, --column and --to go together"),
        (["good", "--to", "a.csv"], "--file, --column and --to go together"),
        (["good", "--png", "a.png"], "--png draws what --errors N finds"),
        (["--errors", "0"], "argument --errors: must be a whole number of at least 1; got 0"),
        (["--errors", "2", "--png", "a.png"], "--png draws images; imdb has none"),
        (["--eror"], "unrecognized arguments: --eror"),
    ],
)
def test_a_request_that_does_not_fit_is_one_line(
    runner: Command, reviews: str, monkeypatch: pytest.MonkeyPatch, words: list[str], line: str
) -> None:
    typed(monkeypatch, b"")
    refused = runner("predict", reviews, *words)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(line)
    assert refused.stderr.count("\n") == 1


UNASKED = """
import sys
from runner.cli import predict
code = predict.main(sys.argv[1:])
print(code, "tensorflow" in sys.modules)
"""


@pytest.mark.parametrize(("words", "told"), [(["nowhere", "good"], "2 False"), (["RUN", "good"], "0 True")])
def test_what_is_refused_is_refused_before_tensorflow_is_imported(reviews: str, words: list[str], told: str) -> None:
    given = [reviews if word == "RUN" else word for word in words]
    ran = subprocess.run(
        [sys.executable, "-c", UNASKED, *given], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert ran.stdout.splitlines()[-1] == told


def test_a_table_keeps_its_columns_and_gets_two_more(runner: Command, reviews: str, apart: Path) -> None:
    (texts, _), _ = sample_reviews.generate()
    given = pd.DataFrame({"id": ["007", "NA", "", "1e5"], "text": [*texts[:2], 'a "good", film\nindeed', ""]})
    given.to_csv(apart / "in.csv", index=False)
    shown = runner("predict", reviews, "--file", "in.csv", "--column", "text", "--to", "out/out.csv")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("out/out.csv: 4 rows, ")
    assert "1 row without a word" in shown.stdout
    written = pd.read_csv(apart / "out" / "out.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(written[["id", "text"]], given)
    assert list(written) == ["id", "text", "label", "probability"]
    said = json.loads(runner("predict", reviews, "--json", "--", *given.text).stdout)["predictions"]
    assert written.label.tolist() == [each["label"] for each in said]
    assert written.probability.astype(float).tolist() == pytest.approx([each["probability"] for each in said], abs=1e-6)


def test_a_table_that_has_a_label_already_keeps_it(runner: Command, reviews: str, apart: Path) -> None:
    (apart / "in.csv").write_text("text,label\na film,1\n")
    shown = runner("predict", reviews, "--file", "in.csv", "--column", "text", "--to", "out.csv")
    assert "columns predicted_label and predicted_probability" in shown.stdout
    assert list(pd.read_csv(apart / "out.csv")) == ["text", "label", "predicted_label", "predicted_probability"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "in.csv: No such file or directory"),
        (b"", "in.csv is empty: it must have a line of headings and a row for each text"),
        (b"text\n", "in.csv has headings and no rows"),
        (b"txt,id\na,1\n", "--column must name a column of in.csv (txt, id); got text; did you mean txt?"),
        ("text\ncaf\xe9\n".encode("latin-1"), "in.csv is not in UTF-8, as it must be: save it so"),
        (b"text\na,b,c\n", "in.csv has rows with more cells than headings"),
        (b'text\n"open\n', "in.csv is not a table of comma-separated values"),
        (b"label,predicted_label,text\n1,1,a\n", "in.csv has a column predicted_label already"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_line_and_nothing_is_written(
    runner: Command, reviews: str, apart: Path, content: bytes | None, line: str
) -> None:
    if content is not None:
        (apart / "in.csv").write_bytes(content)
    refused = runner("predict", reviews, "--file", "in.csv", "--column", "text", "--to", "out.csv")
    assert refused.returncode in (1, 2)
    assert refused.stderr.startswith(line)
    assert refused.stderr.count("\n") == 1
    assert not (apart / "out.csv").exists()


def test_images_get_their_digit_and_what_was_changed_is_said(runner: Command, digits: str, apart: Path) -> None:
    test = catalog.load(mnist_config("sample")).test
    drawn = np.asarray(test.features[:40]).reshape(-1, 28, 28)
    for number, pixels in enumerate(drawn):
        Image.fromarray(255 - pixels).save(apart / f"{number}.png")
    np.save(apart / "all.npy", drawn)
    shown = runner("predict", digits, "0.png", "all.npy")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[1].split() == ["#", "label", "probability", "next", "image"]
    assert shown.stdout.splitlines()[-1] == "image 1: inverted, as a digit of the data is bright on black"
    names = [f"{number}.png" for number in range(40)]
    said = json.loads(runner("predict", digits, "--json", *names).stdout)["predictions"]
    in_one = json.loads(runner("predict", digits, "--json", "all.npy").stdout)["predictions"]
    assert [each["probability"] for each in said] == pytest.approx([each["probability"] for each in in_one], abs=1e-6)
    right = sum(each["label"] == str(label) for each, label in zip(said, test.labels, strict=False))
    assert right > 30


def test_every_image_that_cannot_be_read_is_named(runner: Command, digits: str, apart: Path) -> None:
    (apart / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    refused = runner("predict", digits, "a\x1b[31m.png", "cut.png")
    assert (refused.returncode, refused.stdout) == (2, "")
    first, second = refused.stderr.splitlines()
    assert first == "a [31m.png does not exist: this run takes the path of a PNG, JPEG, WebP or .npy file"
    assert second.startswith("cut.png is no picture in PNG, JPEG or WebP")


def test_the_worst_reviews_are_shown_by_their_words(
    runner: Command, reviews: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = runner("predict", reviews, "--errors", "2")
    found = json.loads(runner("predict", reviews, "--errors", "2", "--json").stdout)
    lines = shown.stdout.splitlines()
    assert lines[1] == f"{found['wrong']:,} of 1,600 validation examples wrong, the 2 furthest off"
    assert all(len(line) < 80 for line in lines[1:])
    for each in found["worst"]:
        heading = f"review {each['example']} is {each['class']}; the network says {each['label']}"
        place = next(number for number, line in enumerate(lines) if line.startswith(heading))
        worst = min(each["words"], key=each["words"].get)
        assert lines[place + 1].split()[:3] == ["for", f"{each['label']}:", worst]


def test_the_worst_images_are_drawn_in_signs_or_into_a_file(runner: Command, digits: str, apart: Path) -> None:
    found = json.loads(runner("predict", digits, "--errors", "3", "--json").stdout)
    shown = runner("predict", digits, "--errors", "3", COLUMNS="80").stdout
    first = found["worst"][0]
    assert f"{first['class']}, not {first['label']} {first['probability']:.4f}" in shown
    image: Any = catalog.load(mnist_config("sample")).train.features[first["example"]]
    upper = image.reshape(28, 28)[::2] > 96
    lower = image.reshape(28, 28)[1::2] > 96
    assert sum(map(shown.count, "▀█")) >= upper.sum()
    row = int((upper | lower).any(1).argmax())
    drawn = "".join(" ▀▄█"[up + 2 * low] for up, low in zip(upper[row], lower[row], strict=True))
    assert any(line.startswith(drawn.rstrip()) for line in shown.splitlines())
    assert "#" in runner("predict", digits, "--errors", "1", PYTHONIOENCODING="ascii").stdout
    written = runner("predict", digits, "--errors", "30", "--png", "worst.png")
    assert "█" not in written.stdout
    with Image.open(apart / "worst.png") as picture:
        assert picture.width > 1_000


def test_a_look_at_the_test_examples_is_counted(runner: Command, digits: str, apart: Path) -> None:
    """The wrong ones are those of the test set, by plain Keras; a second look knows of the first."""
    asked = runner("predict", digits, "--errors", "3", "--test", "--json")
    found = json.loads(asked.stdout)
    test = catalog.load(mnist_config("sample")).test
    network = keras.models.load_model(f"{digits}/model.keras")
    outputs = network.predict(np.asarray(test.features, np.float32) / 255, verbose=0)
    assert (found["split"], found["examples"]) == ("test", 1000)
    assert found["wrong"] == (outputs.argmax(axis=1) != test.labels).sum()
    own = outputs[np.arange(1000), test.labels]
    assert found["worst"][0]["example"] == np.where(outputs.argmax(axis=1) != test.labels, own, 1).argmin()
    assert asked.stderr == ""
    again = runner("predict", digits, "--errors", "3", "--test")
    assert "of 1,000 test examples wrong" in again.stdout
    assert again.stderr.startswith("this test set was opened 1 time before (outputs/test-ledger.jsonl)")
    assert len((apart / "outputs/test-ledger.jsonl").read_text().splitlines()) == 2
