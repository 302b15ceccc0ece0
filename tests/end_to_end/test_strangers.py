"""A folder that somebody sends: what is recorded in it is read, never run, and nothing outside it is written."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import runner as package
from runner.config import compose
from runner.config.plugins import Trust
from runner.errors import ConfigError
from runner.runs.identity import NUMERICS
from runner.sweeps import summary
from runner.sweeps.sweep import read
from runner.system import console
from tests import mutations
from tests.conftest import Command, record_of
from tests.processes import PATIENCE
from tests.records import write_run

TITLE, CLIPBOARD, CLEAR = "\x1b]0;owned\x07", "\x1b]52;c;b3duZWQ=\x07", "\x1b[2J\x9b2J\u202e"
THREADS = {"intra_op": 1, "inter_op": 1}
CODE = "from pathlib import Path\nPath('has_run').touch()\n"


@pytest.fixture
def received(apart: Path) -> Path:
    """A run that asks for a module which lies beside it, with a network and an unfinished record."""
    (apart / "guest.py").write_text(CODE)
    record = {"identity": "0" * 64, "versions": {}, "threads": THREADS, "numerics": NUMERICS}
    # What is trained of it is small.
    settings = {"dataset.source": "sample", "dataset.num_words": 200, "model.depth": 0, "training.epochs": 1}
    folder = write_run(apart / "received", settings={**settings, "plugins": ["guest"]}, **record)
    (folder / "model.keras").touch()
    return folder


def planned(place: Path, run: Path, **changes: Any) -> Path:
    """The folder of a sweep of one job, with the config of a run."""
    place.mkdir()
    job = {"number": 0, "folder": "0_a", "words": [], "config": record_of(run)["config"], **changes}
    (place / "sweep.json").write_text(json.dumps({"workers": 1, "threads": THREADS, "jobs": [job]}))
    return place


def chosen(folder: Path, run: Path, **changes: Any) -> Path:
    """The folder of a final model that is not trained yet."""
    folder.mkdir()
    entries = {
        **mutations.CHOSEN,
        "seeds": [0],
        "against": None,
        "overrides": [],
        "config": record_of(run)["config"],
        **changes,
    }
    (folder / "choice.json").write_text(json.dumps(entries))
    return folder


VERBS = {
    "resume": ["resume", "received"],
    "resume a sweep": ["resume", "sweep"],
    "resume a final model": ["resume", "chosen"],
    "final": ["final", "received"],
    "test": ["test", "received"],
    "predict": ["predict", "received", "a film"],
    "export": ["export", "received", "--to", "exported"],
}


@pytest.mark.parametrize("words", VERBS.values(), ids=VERBS)
def test_the_code_of_a_record_runs_only_where_the_command_line_says_so(
    received: Path, runner: Command, words: list[str]
) -> None:
    planned(received.parent / "sweep", received)
    chosen(received.parent / "chosen", received)
    before = sorted(received.parent.rglob("*"))
    refused = runner(*words)
    assert (refused.returncode, refused.stdout) == (2, "")
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"plugins: the record asks for guest, from {received.parent / 'guest.py'}, and ")
    assert "--trust" in line
    assert sorted(received.parent.rglob("*")) == before
    runner(*words, "--trust")
    assert Path("has_run").exists()


@pytest.mark.parametrize("path", ["received", "sweep"])
def test_the_modules_named_again_are_trusted_and_no_others(received: Path, runner: Command, path: str) -> None:
    planned(received.parent / "sweep", received)
    refused = runner("resume", path, "plugins=[other]")
    assert (refused.returncode, Path("has_run").exists()) == (2, False)
    assert "the record asks for guest" in refused.stderr
    runner("resume", path, "plugins=[guest]")
    assert Path("has_run").exists()


def test_python_trusts_by_an_argument(received: Path) -> None:
    with pytest.raises(ConfigError, match=r"the record asks for guest, from .* trust=True"):
        _ = package.load(received).model  # type: ignore[union-attr]
    assert not Path("has_run").exists()
    with pytest.raises(package.errors.DataError, match=r"model\.keras cannot be opened by Keras"):
        _ = package.load(received, trust=True).model  # type: ignore[union-attr]
    assert Path("has_run").exists()


def test_all_modules_of_a_sweep_are_named_at_once(received: Path, runner: Command) -> None:
    sweep = planned(received.parent / "sweep", received)
    plan = json.loads((sweep / "sweep.json").read_text())
    (job,) = plan["jobs"]
    other = {**job, "number": 1, "folder": "1_b", "config": {**job["config"], "plugins": ["it"]}}
    (sweep / "sweep.json").write_text(json.dumps({**plan, "jobs": [job, other]}))
    assert [line.split()[5] for line in runner("resume", "sweep").stderr.splitlines()] == ["guest,", "it,"]


HOSTILE = ["${oc.env:SECRET}", "a${b}", "\\${oc.env:SECRET}", "\\\\${x", "${", "$", "plain\\"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_recorded_config_is_resolved(received: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SECRET", "password")
    config = record_of(received)["config"]
    config["dataset"] |= {"path": text, "options": {"a": [text]}}
    found = compose.from_record(config, Trust(every=True))
    assert (found.dataset.path, found.dataset.options) == (text, {"a": [text]})


def test_a_secret_is_not_told_by_a_refusal(received: Path, runner: Command) -> None:
    record = record_of(received)
    record["config"] |= {"plugins": [], "seed": "${oc.env:SECRET}"}
    (received / "run.json").write_text(json.dumps(record))
    refused = runner("resume", "received", SECRET="password")
    assert refused.returncode == 2
    assert "password" not in refused.stdout + refused.stderr


@pytest.fixture
def plain(apart: Path) -> Path:
    """A received run without plugins, and a folder of the user's own next to it."""
    (apart / "victim").mkdir()
    (apart / "victim" / "notes.txt").write_text("mine")
    (apart / "link").symlink_to("victim")
    return write_run(apart / "plain", versions={}, threads=THREADS, numerics=NUMERICS, identity="0" * 64)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "place", ["../victim", "ABSOLUTE", "..", ".", "", "0_a/../../victim", "out", "out/0_a", "a\0b", 7]
)
def test_the_folders_of_a_sweep_lie_inside_it(plain: Path, runner: Command, place: str | int) -> None:
    name = str(plain.parent / "victim") if place == "ABSOLUTE" else place
    sweep = planned(plain.parent / "sweep", plain, folder=name)
    (sweep / "out").symlink_to("../victim")
    before = contents(plain.parent)
    refused = runner("resume", "sweep")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the plan of a sweep: the folder of job 0 must lie inside" in refused.stderr
    assert contents(plain.parent) == before


@pytest.mark.parametrize("changes", [{"seeds": ["/../../victim"]}, {"seeds": []}, {"against": "x"}, {"overrides": [1]}])
def test_the_folders_of_a_final_model_lie_inside_it(plain: Path, runner: Command, changes: dict[str, Any]) -> None:
    chosen(plain.parent / "chosen", plain, **changes)
    before = contents(plain.parent)
    refused = runner("resume", "chosen")
    assert refused.returncode == 1
    assert refused.stderr.startswith("chosen/choice.json is damaged (")
    assert contents(plain.parent) == before


def test_a_link_in_the_place_of_a_folder_of_a_final_model_is_refused(plain: Path, runner: Command) -> None:
    (chosen(plain.parent / "chosen", plain, seeds=[3, 4]) / "seed=4").symlink_to("../victim")
    refused = runner("resume", "chosen")
    assert (refused.returncode, refused.stderr) == (
        1,
        "chosen/seed=4 is a link that leads out of the folder of the final model: remove it\n",
    )


@pytest.mark.parametrize("name", ["runner.log", "checkpoints", ".claim"])
def test_nothing_is_written_through_a_link_in_a_received_run(plain: Path, runner: Command, name: str) -> None:
    (plain / name).symlink_to("../victim" if name == "checkpoints" else "../victim/notes.txt")
    before = contents(plain.parent)
    refused = runner("resume", "plain", "training.epochs=4", "--anyway", "dataset.source=sample")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1].startswith(f"plain/{name} is a link that leads out of the folder: remove it")
    assert contents(plain.parent) == before


@pytest.mark.parametrize("changes", [{"workers": 10**6}, {"threads": {"intra_op": 10**9, "inter_op": 1}}, {"jobs": []}])
def test_a_plan_cannot_ask_for_what_no_machine_has(plain: Path, runner: Command, changes: dict[str, Any]) -> None:
    sweep = planned(plain.parent / "sweep", plain)
    plan = json.loads((sweep / "sweep.json").read_text())
    (sweep / "sweep.json").write_text(json.dumps({**plan, **changes}))
    assert runner("resume", "sweep").stderr.startswith("sweep/sweep.json cannot be read as the plan of a sweep: ")


def controls(text: str) -> set[str]:
    """The signs of a text that are neither printable nor the end of a line."""
    return {each for each in text if not each.isprintable() and each != "\n"}


def test_no_control_sequence_of_a_record_reaches_the_terminal(apart: Path, runner: Command) -> None:
    names = (f"relu{TITLE}", f"tanh{CLEAR}")
    for name in names:
        write_run(
            apart / "runs" / f"{len(name)}{CLIPBOARD}", settings={"model.activation": name, "optimizer.name": TITLE}
        )
    write_run(apart / "runs" / "failed", status="failed", error=f"no{CLEAR}")
    (apart / "runs" / f"damaged{TITLE}").mkdir()
    (apart / "runs" / f"damaged{TITLE}" / "run.json").write_text(f'{{"schema_version": 1, "status": "{CLEAR}"}}')
    (apart / "runs" / f"unpredicted{TITLE}").mkdir()
    for words in (
        ["compare", "runs", "--pairs"],
        ["compare", "runs", "--filter", f"x={TITLE}"],
        ["compare", TITLE],
        [TITLE],
    ):
        said = runner(*words)
        assert said.stderr
        assert controls(said.stdout + said.stderr) == set()
    planned(apart / "sweep", apart / "runs" / "failed", folder=f"../{TITLE}")
    assert controls(runner("resume", "sweep").stderr) == set()


def test_a_table_on_a_terminal_has_no_control_sequence_of_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    console.table([f"name{TITLE}"], [[f"a{CLEAR}"], [f"b\n{CLIPBOARD}"]])
    assert isinstance(sys.stdout, Terminal)
    text = re.sub(r"\x1b\[[0-9;]*m", "", sys.stdout.getvalue())  # the colours of rich
    assert controls(text) == set()


FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_text_of_a_record_is_a_formula_in_a_spreadsheet(apart: Path, runner: Command, formula: str) -> None:
    for number, value in enumerate((formula, "-0.5")):
        write_run(apart / "runs" / str(number), settings={"model.activation": value})
    assert runner("compare", "runs", "--csv", "table.csv").returncode == 0
    table = pd.read_csv("table.csv", dtype={"model.activation": str})
    assert sorted(table["model.activation"]) == sorted([f"'{formula}", "-0.5"])
    assert pd.api.types.is_float_dtype(table["val_accuracy"])


def test_a_sweep_s_summary_has_no_formula_and_python_reads_the_value(plain: Path, runner: Command) -> None:
    sweep = planned(plain.parent / "sweep", plain)
    plan = json.loads((sweep / "sweep.json").read_text())
    values = ["=1+1", "-0.5", "@x"]
    (job,) = plan["jobs"]
    plan["jobs"] = [
        {**job, "number": number, "folder": f"{number}", "words": [f"model.activation={value}"]}
        | {"config": {**job["config"], "model": {**job["config"]["model"], "activation": value}}}
        for number, value in enumerate(values)
    ]
    (sweep / "sweep.json").write_text(json.dumps(plan))
    for number in range(3):
        write_run(sweep / str(number), status="failed", error="=cmd")
    summary.write(read(sweep))
    with (sweep / "summary.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["model.activation"] for row in rows] == ["'=1+1", "-0.5", "'@x"]
    assert [row["error"] for row in rows] == ["'=cmd"] * 3
    table = package.load(sweep).summary  # type: ignore[union-attr]
    assert table["model.activation"].tolist() == values
    assert table["error"].tolist() == ["=cmd"] * 3


def test_a_damaged_file_is_passed_over_and_stops_no_other_run(apart: Path) -> None:
    assert "40 mutations of recorded files: " in mutations.campaign(apart, 40, seed=0)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "device": lambda file: file.symlink_to("/dev/zero"),
    "folder": Path.mkdir,
    "large": lambda file: file.write_bytes(b"1" * 100_000_000),
    "deep": lambda file: file.write_text("[" * 100_000),
    "deep, closed": lambda file: file.write_text('{"schema_version": 1, "config": ' + "[" * 900 + "]" * 900 + "}"),
    "binary": lambda file: file.write_bytes(bytes(range(256)) * 1_000),
}


@pytest.mark.parametrize("name", ["run.json", "metrics.csv", "timings.csv"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_no_file_of_a_record_is_waited_for_or_read_without_end(
    apart: Path, runner: Command, name: str, damage: Callable[[Path], object]
) -> None:
    write_run(apart / "runs" / "good")
    file = write_run(apart / "runs" / "bad") / name
    file.unlink()
    damage(file)
    compared = runner("compare", "runs")
    assert compared.returncode == 0
    assert compared.stderr.startswith("runs/bad is skipped: ")
    assert len(compared.stderr.splitlines()) == 1
    assert len(compared.stderr) < 400
    assert "best run: runs/good" in compared.stdout


@pytest.mark.parametrize("path", ["sweep", "chosen", "plain"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_resume_refuses_such_a_file_in_a_line(
    plain: Path, runner: Command, path: str, damage: Callable[[Path], object]
) -> None:
    planned(plain.parent / "sweep", plain)
    chosen(plain.parent / "chosen", plain)
    file = plain.parent / {"sweep": "sweep/sweep.json", "chosen": "chosen/choice.json", "plain": "plain/run.json"}[path]
    file.unlink()
    damage(file)
    refused = runner("resume", path)
    assert (refused.returncode in (1, 2), refused.stdout) == (True, "")
    assert len(refused.stderr.splitlines()) == 1


SCRIPT = "import sys; from runner.__main__ import main; sys.argv[0] = 'runner'; main()"


def console_script(*words: str) -> subprocess.CompletedProcess[str]:
    """The command `runner`, whose process does not look for modules in the current folder, as with `python -P`."""
    command = [sys.executable, "-P", "-c", SCRIPT, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)


def test_the_console_script_runs_no_file_of_the_current_folder_that_is_named_like_a_library(apart: Path) -> None:
    for name in ("argparse", "filelock", "numpy", "scipy", "omegaconf", "hydra", "statistics"):
        Path(f"{name}.py").write_text(CODE)
    write_run(apart / "runs" / "a")
    compared = console_script("compare", ".")
    assert (compared.returncode, compared.stderr) == (0, "")
    assert console_script("--version").returncode == 0
    assert not Path("has_run").exists()


@pytest.mark.slow
def test_the_console_script_finds_plugins_in_the_current_folder_behind_the_libraries(apart: Path) -> None:
    Path("filelock.py").write_text(CODE)
    Path("mine.py").write_text("import filelock\nfrom pathlib import Path\nPath('mine_has_run').touch()\n")
    planned = console_script("plugins=[mine]", "dataset.source=sample", "plan=true")
    assert (planned.returncode, planned.stderr) == (0, "")
    assert (Path("mine_has_run").exists(), Path("has_run").exists()) == (True, False)


def test_the_console_script_names_the_file_of_a_recorded_plugin(received: Path) -> None:
    refused = console_script("resume", "received")
    assert refused.returncode == 2
    assert f"guest, from {received.parent / 'guest.py'}, and" in refused.stderr
