"""`compare`: tables, verdicts and pictures of what was recorded, without tensorflow."""

import csv
import io
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from runner.cli import compare
from runner.compare import comparison, load
from runner.errors import ConfigError
from runner.runs import search
from runner.runs.folder import claimed, read_record, write_record
from tests.conftest import Command
from tests.processes import PATIENCE, wait_until

Said = Callable[..., tuple[int, str, str]]
REPOSITORY = Path(__file__).parents[2]
EXAMPLE = Path("outputs/example")
GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """`said("outputs/example/width", …)`: exit code, stdout and stderr of the verb, called in the repository."""
    monkeypatch.chdir(REPOSITORY)

    def asked(*words: str) -> tuple[int, str, str]:
        code = compare.main([*words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return asked


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A copy of an example whose records a test may change."""
    shutil.copytree(REPOSITORY / EXAMPLE / "width", tmp_path / "width")
    return tmp_path / "width"


def changed(folder: Path, **entries: Any) -> None:
    write_record(folder, {**read_record(folder), **entries})


def jobs_of(sweep: Path) -> list[Path]:
    return sorted(path.parent for path in sweep.glob("*/run.json"))


@pytest.mark.parametrize("name", ["width", "epochs", "batch_sizes", "width_depth", "cross_validation"])
def test_the_examples_read_as_they_always_have(said: Said, name: str) -> None:
    code, out, err = said(str(EXAMPLE / name))
    assert (code, err) == (0, "")
    assert out == (GOLDEN / f"compare-{name}.txt").read_text()


def table_in(out: str, first: str) -> list[list[str]]:
    """The words of the rows of a table, from the heading that has the word `first` on."""
    lines = [line.split() for line in out.splitlines()]
    is_heading = [(first in line and "seeds" in line) or line[:1] == [first] for line in lines]
    return lines[is_heading.index(True) :]


@pytest.mark.parametrize("reference", [[], ["--reference", str(EXAMPLE / "width" / "0_model.width=1,seed=0")]])
def test_a_difference_that_is_there_is_found_and_named(said: Said, reference: list[str]) -> None:
    """The better setting and its value come first, whichever of the two is the reference."""
    out = said(str(EXAMPLE / "width"), "--pairs", *reference)[1]
    assert "model.width=32 is better than model.width=1: val_accuracy 0.8" in out
    assert "t-test, over 5 seeds and 10,000 examples" in out


def test_damaged_half_written_and_foreign_folders_do_no_harm(said: Said, mine: Path) -> None:
    clean = said(str(mine))[1]
    for name, content in {
        "half": '{"schema_version": 1, "stat',
        "list": "[1, 2]",
        "foreign": '{"name": "of another program"}',
        "poor": '{"schema_version": 1, "status": "completed"}',
    }.items():
        (mine / name).mkdir()
        (mine / name / "run.json").write_text(content)
    code, out, err = said(str(mine))
    assert (code, out) == (0, clean)
    assert sorted(line.split(" is skipped")[0] for line in err.splitlines()) == [
        str(mine / name) for name in ("foreign", "half", "list", "poor")
    ]


def test_a_record_that_a_power_cut_emptied_is_passed_over_with_that_reason(said: Said, mine: Path) -> None:
    emptied, cut_off, zeroed = jobs_of(mine)[:3]
    (emptied / "run.json").write_text("")
    (cut_off / "run.json").write_text((cut_off / "run.json").read_text()[:100])
    (zeroed / "run.json").write_bytes(bytes(100))
    code, out, err = said(str(mine))
    assert (code, len(err.splitlines())) == (0, 3)
    assert f"{emptied} is skipped: its run.json is empty" in err
    assert f"{cut_off} is skipped: its run.json is cut off" in err
    assert f"{zeroed} is skipped: its run.json is empty" in err
    assert "best run: " in out


def test_damaged_predictions_are_said_and_the_run_is_compared_by_its_results(mine: Path) -> None:
    first = jobs_of(mine)[0]
    (first / "predictions.npz").write_bytes(b"PK")
    asked = [sys.executable, "-m", "runner", "compare", str(mine), "--json"]
    result = subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True)
    (table,) = json.loads(result.stdout)["tables"]
    assert [each["covers"] for each in table["verdicts"]] == [["seeds"]]
    assert len(result.stderr.splitlines()) == 1
    assert f"{first / 'predictions.npz'} is damaged" in result.stderr


def test_a_file_that_a_spreadsheet_saved_is_passed_over_and_the_others_are_compared(said: Said, mine: Path) -> None:
    first = jobs_of(mine)[0]
    (first / "metrics.csv").write_text((first / "metrics.csv").read_text().replace(",", ";"))
    code, out, err = said(str(mine))
    assert code == 0
    assert f"{first} is skipped: {first / 'metrics.csv'}: its columns must be apart by commas" in err
    assert "best run: " in out


def test_runs_behind_links_are_runs_each_once_and_links_in_a_circle_end(said: Said, mine: Path) -> None:
    clean = said(str(mine), "--json")[1]
    apart = mine.parent / "elsewhere"
    mine.rename(apart)
    mine.symlink_to(apart)  # all of them behind one link
    (apart / "again").symlink_to(apart)
    first, *others = jobs_of(apart)
    first.rename(mine.parent / "alone")
    first.symlink_to(mine.parent / "alone")  # a run behind a link
    (first / "up").symlink_to(apart)
    others[0].joinpath("nowhere").symlink_to(apart / "gone")
    code, out, err = said(str(mine), "--json")
    assert (code, err) == (0, "")
    assert out == clean


def test_failed_and_unfinished_runs_are_counted_and_named_and_not_mixed_in(said: Said, mine: Path) -> None:
    first, second = [path for path in jobs_of(mine) if "width=1," in path.name][:2]
    changed(first, status="failed", error="the reason")
    changed(second, status="running")  # and nobody holds its folder
    out = said(str(mine))[1]
    assert "left out: 1 crashed, 1 failed" in out
    assert f"{first} failed, 8 of 8 epochs: the reason" in out
    row = next(line for line in table_in(out, "width")[1:] if line[0] == "1")
    assert row[1] == "3"  # of five seeds


def test_runs_on_other_data_stand_in_a_table_of_their_own(said: Said, mine: Path) -> None:
    first = jobs_of(mine)[0]
    data = read_record(first)["dataset"]
    changed(first, dataset={**data, "source": "sample", "fingerprint": "0" * 64})
    out = said(str(mine))[1]
    assert "runs on different data" in out
    assert "imdb (sample): " in out
    assert "imdb (full): " in out


def test_columns_rows_and_their_order_are_the_users(said: Said) -> None:
    where = str(EXAMPLE / "batch_sizes")
    out = said(where, "--columns", "training.batch_size,updates", "--sort", "updates", "--top", "2")[1]
    assert table_in(out, "batch_size")[:3] == [["batch_size", "updates"], ["2048", "160"], ["512", "600"]]
    out = said(where, "--filter", "training.batch_size>=512", "--columns", "training.batch_size")[1]
    assert sorted(line[0] for line in table_in(out, "batch_size")[1:3]) == ["2048", "512"]


def test_columns_are_asked_for_by_the_words_of_the_headings_too(said: Said) -> None:
    where = str(EXAMPLE / "batch_sizes")
    by_key = said(where, "--columns", "training.batch_size,updates", "--sort", "training.batch_size")
    assert said(where, "--columns", "batch_size,updates", "--sort", "batch_size") == by_key


@pytest.mark.parametrize("width", [80, 200])
def test_no_heading_is_broken_on_a_terminal_whatever_differs(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    """Settings that differ in ten keys with long names: a word of the heading is never cut in two."""
    keys = [f"a_rather_long_name_{number}" for number in range(10)]
    for place, job in enumerate(jobs_of(mine)):
        config = read_record(job)["config"]
        config["dataset"]["options"] = {key: (place // 2 + number) % 5 for number, key in enumerate(keys)}
        changed(job, config=config)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert compare.main([str(mine)]) == 0
    out = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)
    heading = next(line for line in out.splitlines() if "val_accuracy" in line and "epoch" in line and "by" not in line)
    assert "val_accuracy" in heading.split()


def test_keys_that_follow_from_another_are_named_once(said: Said, mine: Path) -> None:
    for job in jobs_of(mine):
        config = read_record(job)["config"]
        config["model"]["depth"] = {1: 5, 32: 3}[config["model"]["width"]]
        changed(job, config=config)
    out = said(str(mine))[1]
    assert table_in(out, "depth")[0][:1] == ["depth"]
    assert "width" not in table_in(out, "depth")[0]
    assert "model.width: other values too, which follow from model.depth" in out


def test_a_reference_replaces_the_best(said: Said) -> None:
    reference = next(path for path in jobs_of(REPOSITORY / EXAMPLE / "width") if "width=1," in path.name)
    found = json.loads(said(str(EXAMPLE / "width"), "--reference", str(reference), "--json")[1])
    (table,) = found["tables"]
    assert table["reference"] == "model.width=1"
    assert [each["setting"] for each in table["verdicts"]] == ["model.width=32"]
    (verdict,) = table["verdicts"]
    assert (verdict["outcome"], verdict["covers"]) == ("better", ["seeds", "examples"])
    assert verdict["difference"] > 0


def test_edited_code_is_a_setting_of_its_own_and_can_be_asked_for(said: Said, mine: Path) -> None:
    """Five seeds with the old plugin, seed 0 again with the new one."""
    of_width = [job for job in jobs_of(mine) if "width=32," in job.name]
    for job in jobs_of(mine):
        changed(job, plugin_sources={"mine": "0123abcd" + 56 * "0"})
    again = Path(shutil.copytree(of_width[0], mine / "again"))
    changed(again, plugin_sources={"mine": "ffff0000" + 56 * "0"}, identity="another")
    out = said(str(mine))[1]
    head, *rows = [[word for word in line if word != "*"][:3] for line in table_in(out, "width")[:4]]
    assert head == ["width", "mine", "seeds"]
    assert sorted(rows) == [["1", "0123abcd", "5"], ["32", "0123abcd", "5"], ["32", "ffff0000", "1"]]
    assert " told from the best (model.width=32 plugins.mine=" in out
    (table,) = json.loads(said(str(mine), "--json", "--filter", "plugins.mine=ffff0000")[1])["tables"]
    assert [each["runs"] for each in table["settings"]] == [[str(again)]]


def test_what_is_left_out_says_why_and_is_no_reference(said: Said, mine: Path) -> None:
    mixed, diverged = jobs_of(mine)[:2]
    changed(mixed, mixed=[{"epoch": 3, "changes": ["data changed"]}])
    changed(diverged, best_epoch=None)
    out = said(str(mine))[1]
    assert "left out: 2 completed" in out
    assert f"{mixed} completed, 8 of 8 epochs: mixed after epoch 3: data changed" in out
    assert f"{diverged} completed, 8 of 8 epochs: val_accuracy had no finite value" in out
    found = json.loads(said(str(mine), "--json")[1])
    assert [each["reason"] for each in found["left_out"]] == [
        "mixed after epoch 3: data changed",
        "val_accuracy had no finite value",
    ]
    code, out, err = said(str(mine), "--reference", str(mixed))
    assert (code, out) == (2, "")
    assert err.endswith(f"; {mixed} is completed, mixed after epoch 3: data changed\n")


def test_the_table_is_written_for_other_programs(said: Said, tmp_path: Path) -> None:
    said(str(EXAMPLE / "width"), "--csv", str(tmp_path / "table.csv"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text())))
    assert [row["model.width"] for row in rows] == ["32", "1"]
    assert [row["seeds"] for row in rows] == ["5", "5"]
    (table,) = json.loads(said(str(EXAMPLE / "width"), "--json")[1])["tables"]
    assert [float(row["val_accuracy"]) for row in rows] == [each["val_accuracy"] for each in table["settings"]]
    assert all(Path(run).is_dir() for each in table["settings"] for run in each["runs"])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["nowhere"], "nowhere does not exist: train one with python -m runner, or give the folder of a run"),
        (["runner"], "runner holds no runs: train one with python -m runner"),
        (["outputs/example/width", "--filter", "model.widht>1"], "did you mean model.width?"),
        (["outputs/example/width", "--filter", "seed>7"], "no run passes"),
        (["outputs/example/width", "--columns", "nonsense"], "--columns must name columns (model.width, seeds,"),
        (["outputs/example/width", "--sort", "nonsense"], "--sort must name columns"),
        (
            ["outputs/example/width", "--at", "9"],
            "--at must be last, chosen, or at most the 8 epochs of the shortest run",
        ),
        (["outputs/example/width", "--reference", "nowhere"], "--reference must be the folder of one of the runs"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(said: Said, words: list[str], problem: str) -> None:
    code, out, err = said(*words)
    assert (code, out) == (2, "")
    assert problem in err
    assert len(err.splitlines()) == 1


def test_the_examples_are_not_among_ones_own_runs(
    said: Said, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(REPOSITORY / EXAMPLE, EXAMPLE)
    assert compare.main([]) == 2
    mine.rename(tmp_path / "outputs" / "mine")
    assert compare.main([]) == 0
    assert "outputs/example" not in said("outputs")[1]


@pytest.mark.slow
def test_pictures_are_drawn(said: Said, tmp_path: Path) -> None:
    said(str(EXAMPLE / "width"), str(EXAMPLE / "epochs"), "--png", str(tmp_path / "picture.png"))
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_terminal_without_the_signs_gets_plain_ones() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "runner", "compare", str(EXAMPLE / "width")],
        cwd=REPOSITORY,
        env={"PATH": "", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert " +/- " in result.stdout


def test_tensorflow_and_pandas_stay_out(runner: Command) -> None:
    program = (
        "import sys; from runner.cli import compare; compare.main([sys.argv[1]]); "
        "print({'tensorflow', 'keras', 'pandas'} & {*sys.modules})"
    )
    asked = [sys.executable, "-c", program, str(REPOSITORY / EXAMPLE)]
    assert subprocess.run(asked, capture_output=True, text=True).stdout.splitlines()[-1] == "set()"


def test_a_metric_that_is_not_finite_leaves_its_cell_empty(said: Said, mine: Path) -> None:
    first = jobs_of(mine)[0]
    lines = (first / "metrics.csv").read_text().splitlines()
    place = lines[0].split(",").index("accuracy")
    rows = [line.split(",") for line in lines[1:]]
    text = "\n".join([lines[0], *(",".join([*row[:place], "nan", *row[place + 1 :]]) for row in rows)]) + "\n"
    for job in jobs_of(mine):
        (job / "metrics.csv").write_text(text if job == first else (job / "metrics.csv").read_text())
    assert said(str(mine))[0] == 0
    (table,) = json.loads(said(str(mine), "--json")[1])["tables"]
    assert len(table["settings"]) == 2


def test_columns_of_one_table_may_be_asked_for_where_another_has_none(said: Said) -> None:
    words = ["--columns", "model.width,training.batch_size,seeds", "--sort=-model.width"]
    code, out, err = said(str(EXAMPLE / "width"), str(EXAMPLE / "batch_sizes"), *words)
    assert (code, err) == (0, "")
    code, out, err = said(str(EXAMPLE / "batch_sizes"), "--columns", "model.width,updates")
    assert [line[0] for line in table_in(out, "model.width")[1:5]] == ["32"] * 4


@pytest.mark.parametrize("option", ["--csv", "--png", "--html"])
def test_a_file_that_cannot_be_written_is_said_in_one_line(said: Said, tmp_path: Path, option: str) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = said(str(EXAMPLE / "width"), option, str(tmp_path / "file" / f"below.{option[2:]}"))
    assert code == 1
    assert "give another file" in err
    assert len(err.splitlines()) == 1


def test_written_files_are_named_and_leave_json_pure(said: Said, tmp_path: Path) -> None:
    files = [tmp_path / f"file{suffix}" for suffix in (".csv", ".md", ".tex", ".png", ".html")]
    options = ("--csv", "--md", "--latex", "--png", "--html")
    words = [str(word) for pair in zip(options, files, strict=True) for word in pair]
    code, out, err = said(str(EXAMPLE / "width"), "--json", *words)
    assert (code, err.splitlines()) == (0, [f"{file} written" for file in files])
    assert json.loads(out)["tables"]


@pytest.mark.parametrize("words", [["--margin=-1"], ["--top", "0"], ["--nope"], ["--at"]])
def test_an_option_that_is_not_as_it_should_be_is_refused_in_one_line(said: Said, words: list[str]) -> None:
    code, out, err = said(str(EXAMPLE / "width"), *words)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert words[0].partition("=")[0] in err
    assert err.endswith(": see python -m runner compare --help\n")


@pytest.mark.slow
@pytest.mark.parametrize("how", [[], ["--json"]])
def test_the_files_are_written_before_a_reader_that_wants_one_line_ends_the_command(
    mine: Path, tmp_path: Path, how: list[str]
) -> None:
    """As with `| head`, if the table is larger than a pipe holds: the reader has ended before the table is printed."""
    files = {option: tmp_path / f"file.{option[2:]}" for option in ("--html", "--csv", "--png")}
    words = [str(mine), *how, *(str(word) for pair in files.items() for word in pair)]
    command = [sys.executable, "-m", "runner", "compare", *words]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.close()
        process.wait(timeout=PATIENCE)
    assert process.returncode == -signal.SIGPIPE
    assert all(path.stat().st_size for path in files.values())


def test_a_picture_of_nothing_is_refused_before_anything_is_written(said: Said, mine: Path, tmp_path: Path) -> None:
    for job in jobs_of(mine):
        changed(job, status="failed", error="the reason")
    code, out, err = said(str(mine), "--csv", str(tmp_path / "table.csv"), "--png", str(tmp_path / "picture.png"))
    assert (code, out, err) == (2, "", "--png needs a completed run: all are left out\n")
    assert not (tmp_path / "table.csv").exists()


def test_signs_of_mathematics_in_a_config_stay_text_in_pictures(said: Said, mine: Path) -> None:
    for place, job in enumerate(jobs_of(mine)):
        config = read_record(job)["config"]
        config["dataset"]["options"] = {"pattern": ["$\\bad$", "a$b"][place % 2]}
        changed(job, config=config)
    assert said(str(mine), "--png", str(mine / "picture.png"))[0] == 0


def watched() -> None:
    """Wait until a watch, whose output pytest holds, has shown what goes on."""
    wait_until(lambda: "going on" in sys.stdout.getvalue(), "nothing is shown")  # type: ignore[attr-defined]


def test_the_watch_goes_on_between_the_jobs_of_a_sweep(mine: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    monkeypatch.setattr(compare, "REDRAW_SECONDS", 0.05)
    last = jobs_of(mine)[-1]
    hidden = last.rename(mine.parent / last.name)

    def finish() -> None:
        with claimed(mine):
            held.set()
            watched()
            hidden.rename(last)

    held = threading.Event()
    thread = threading.Thread(target=finish)
    thread.start()
    held.wait()
    out = said(str(mine), "--watch", "--columns", "model.width,seeds")[1]
    thread.join()
    assert ["32", "5"] in [line.split() for line in out.splitlines()]


def test_watching_ends_with_the_last_run(mine: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    monkeypatch.setattr(compare, "REDRAW_SECONDS", 0.05)
    first = jobs_of(mine)[0]
    changed(first, status="running")

    def finish() -> None:
        with claimed(first):
            held.set()
            watched()
            changed(first, status="completed")

    held = threading.Event()
    thread = threading.Thread(target=finish)
    thread.start()
    held.wait()
    code, out, _ = said(str(mine), "--watch")
    thread.join()
    assert code == 0
    assert "1 run going on" in out
    assert out.rstrip().splitlines()[-1].startswith("best run: ")


def test_the_watch_ends_where_what_it_has_shown_is_removed(
    mine: Path, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.setattr(compare, "REDRAW_SECONDS", 0.05)
    first = jobs_of(mine)[0]
    changed(first, status="running")

    def remove() -> None:
        with claimed(first):
            held.set()
            watched()
            shutil.rmtree(mine)

    held = threading.Event()
    thread = threading.Thread(target=remove)
    thread.start()
    held.wait()
    code, _, err = said(str(mine), "--watch")
    thread.join()
    assert (code, err.splitlines()[-1].split(":")[0]) == (0, "the watch has ended")


def test_runs_that_are_removed_while_they_are_compared_are_passed_over(mine: Path) -> None:
    """Whether they are found and not read yet, or read and not judged yet."""
    first, second, *_ = jobs_of(mine)
    told: list[str] = []
    reading = search.runs([mine], warn=told.append)
    read = [next(reading)]
    shutil.rmtree(second)
    read += reading
    shutil.rmtree(first)
    assert {run.folder for run in comparison.compare(read).runs} == {first, *jobs_of(mine)}
    assert told == []


def test_load_gives_one_row_for_each_run_and_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    table = load(EXAMPLE / "width")
    assert list(table.columns[:10]) == [
        "run",
        "folder",
        "status",
        "epoch",
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "learning_rate",
        "updates",
    ]
    assert len(table) == 10 * 8
    assert set(table["model.width"]) == {1, 32}
    for folder, rows in table.groupby("folder"):
        recorded = pd.read_csv(Path(str(folder)) / "metrics.csv")
        assert rows.val_accuracy.tolist() == recorded.val_accuracy.tolist()
    with pytest.raises(ConfigError, match="holds no runs"):
        load("nowhere")


def test_load_warns_of_each_record_that_it_cannot_read_and_loads_the_others(mine: Path) -> None:
    """At the line that called it, where a notebook shows it."""
    first, second, *others = jobs_of(mine)
    (first / "run.json").write_text("")
    (second / "metrics.csv").unlink()
    with pytest.warns(UserWarning, match=" is skipped: ") as told:
        table = load(mine)
    assert set(table.folder) == {str(job) for job in others}
    assert [str(each.message).split(":")[0] for each in told] == [f"{job} is skipped" for job in (first, second)]
    assert {each.filename for each in told} == {__file__}
    with warnings.catch_warnings(record=True) as none:
        load(others[0])
    assert none == []


def test_a_width_that_is_a_list_groups_as_its_text(mine: Path) -> None:
    """As the README groups; in one column with numbers, and with a list of lists, which a plugin's options can have."""
    for place, job in enumerate(jobs_of(mine)):
        config = read_record(job)["config"]
        config["model"]["width"] = [[64, 16], 32][place % 2]
        config["model"]["options"] = {"shapes": [[3, 3], {"pool": 2}]}
        changed(job, config=config)
    table = load(mine)
    grouped = table.groupby(["model.width", "epoch"]).val_accuracy.mean().unstack(0)
    assert set(grouped.columns) == {"[64,16]", 32}
    assert set(table.groupby("model.options.shapes").groups) == {"[[3,3],{pool:2}]"}
    assert set(table["training.metrics"]) == {"[accuracy]"}
