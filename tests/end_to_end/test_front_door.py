"""The command as a user meets it: exit codes, plain lines, nothing left behind where something is refused."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner import register
from runner.__main__ import VERBS
from runner.cli import train
from runner.config.paths import config_dir
from runner.runs import folder as run_folder
from tests.conftest import DATASETS, Command
from tests.processes import PATIENCE
from tests.records import write_run

# Each list of words in turn, in a process that has not imported tensorflow, each in an empty folder of its own.
DRIVER = """
import contextlib, io, json, os, sys, tempfile, traceback
from runner.cli import train
found = []
for words in json.load(sys.stdin):
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        os.chdir(folder)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = train.main(words)
            except BaseException:
                code = traceback.format_exc()
        found.append([code, out.getvalue(), err.getvalue(), sorted(os.listdir(folder)), "tensorflow" in sys.modules])
        os.chdir("/")
print(json.dumps(found))
"""

REFUSED: list[tuple[str, list[str]]] = [
    # the words, and what the lines of the refusal begin with
    ("model.widht=16", ["model.widht is not a key of the config; did you mean model.width?"]),
    ("epochs=5", ["epochs is not a key of the config; did you mean training.epochs?"]),
    ("training.epochs=abc", ["training.epochs must be a whole number; got abc"]),
    ("training.epochs=0", ["training.epochs must be at least 1; got 0"]),
    (
        "model.dropout=2 training.batch_size=0 optimizer.learning_rate=nan",
        [
            "model.dropout must be at least 0 and below 1; got 2.0",
            "optimizer.learning_rate must be a finite number; got nan",
            "training.batch_size must be at least 1; got 0",
        ],
    ),
    ("dataset=imbd", [f"dataset must be one of {DATASETS}; got imbd; did you mean imdb?"]),
    (
        "experiment=smok",
        ["experiment must be one of batch_sizes, cross_validation, epochs, mnist, overfit, seeds, smoke, width_"],
    ),
    ("+model.foo=1", ["model.foo is not a key of the config"]),
    ("++model.foo=1", ["model.foo is not a key of the config"]),
    ("optimizer.learning_rate=nan", ["optimizer.learning_rate must be a finite number; got nan"]),
    ("training.batch_size=0", ["training.batch_size must be at least 1; got 0"]),
    ("model.depth=3 model.width=[1,2]", ["model.width must have a number for each hidden layer, model.depth=3; got"]),
    ("training.loss=categorical_crossentropy", ["training.loss=categorical_crossentropy does not fit a sigmoid head"]),
    ("dataset=mnist model.head=sigmoid", ["model.head=sigmoid fits two classes, mnist has 10"]),
    ("dataset.labels=one_hot model.head=sigmoid", ["model.head=sigmoid fits dataset.labels=integer; got one_hot"]),
    ("dataset=mnist model.output_units=9", ["model.output_units must be null or at least 10"]),
    (
        "training.metrics=[categorical_accuracy] training.monitor=val_loss",
        ["training.metrics: categorical_accuracy does not fit a sigmoid head: use accuracy, "],
    ),
    ("training.monitor=val_auc", ["training.monitor must be one of val_loss, val_accuracy; got val_auc"]),
    ("model.activation=rel", ["model.activation must be one of celu, "]),
    ("training.loss=nope", ["training.loss must be one of auto, binary_crossentropy, "]),
    ("training.metrics=[nope]", ["training.metrics must be one of accuracy, "]),
    ("training.metrics=[[accuracy]]", ["training.metrics must be "]),
    ("model.name=nope", ["model.name must be one of cnn, mlp, or registered by a plugin; got nope"]),
    ("model=cnn", ["model=cnn needs images; the rows of imdb are none: use model=mlp"]),
    (
        "dataset=mnist model=cnn model.depth=5 model.kernel=29 training.class_weight={ten:2}",
        [
            "training.class_weight must name classes of mnist: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; got ten",
            "model.depth must be at most 4 with the 28 ",
            "model.kernel must be at most 28, a side of the images of mnist; got 29",
        ],
    ),
    ("training.class_weight={negativ:2}", ["training.class_weight must name classes of imdb: negative, positive; got"]),
    ("model.width=16,32", ["model.width=16,32 names several values: add -m"]),
    ("model.width=[16", ["model.width=[16 cannot be read: write key=value"]),
    ("-m seed=1,2 training.epochs=0,-1", ["training.epochs must be at least 1; got 0", "training.epochs must be at"]),
    ("dataset.source=sample training.validation_split=4000", ["training.validation_split must leave examples"]),
    ("dataset.source=sample training.validation_split=1e-9", ["training.validation_split must hold out at least one"]),
    ("-m dataset.source=sample training.validation_split=1,9999", ["training.validation_split must leave examples"]),
    ("hydra.run.dir=a,b", ["hydra.run.dir=a,b names several values"]),
    ("hydra.foo=1", ["Could not override 'hydra.foo'"]),
    ("hydra/launcher=nope", ["hydra/launcher must be one of basic, joblib, local; got nope"]),
    ("--config-name nope", ["Cannot find primary config 'nope'"]),
    ("model=null", ["model"]),
    ("~seed", ["seed"]),
    ("~model", ["model cannot be left out: give it another value"]),
    ("+model.width=3 dataset.source=sample", ["model.width"]),
    ("-m +model.width=3,4 dataset.source=sample", ["model.width"]),
]


def answers(cases: list[list[str]], cache: Path) -> list[list[Any]]:
    """[exit code or traceback, stdout, stderr, what is left in the folder, tensorflow imported] of each."""
    ran = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps(cases),
        env={**os.environ, "RUNNER_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    found: list[list[Any]] = json.loads(ran.stdout)
    return found


@pytest.fixture(scope="module")
def answered(cache_dir: Path) -> dict[str, list[Any]]:
    """The answer to the words of each refusal, in one process."""
    asked_for = [words for words, _ in REFUSED]
    found = answers([words.split() for words in asked_for], cache_dir)
    return dict(zip(asked_for, found, strict=True))


@pytest.mark.parametrize(("words", "lines"), REFUSED, ids=[words for words, _ in REFUSED])
def test_what_cannot_be_trained_is_refused_in_plain_lines_before_anything_is_touched(
    answered: dict[str, list[Any]], words: str, lines: list[str]
) -> None:
    code, out, err, left, tensorflow = answered[words]
    said = [line for line in err.splitlines() if not line.startswith("WARNING: imdb (sample)")]
    assert (code, out, left, tensorflow) == (2, "", [], False)
    assert "Traceback" not in err
    assert len(said) <= max(len(lines), 10)
    for line in lines:
        assert any(each.startswith(line) for each in said), said


UNPREPARED = [
    ["dataset=mnist", "dataset.source=sample", "training.validation_split=4000"],
    ["dataset=imdb", "dataset.source=sample", "training.validation_split=0.9999", "dataset.num_words=200"],
]
TRAINS = ["dataset.source=sample", "dataset.num_words=200", "training.epochs=1", "model.depth=0"]


@pytest.fixture(scope="module")
def unprepared(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """The answers where no data is prepared yet: to splits that are refused, and last to a training, in one process."""
    return answers([*UNPREPARED, TRAINS], tmp_path_factory.mktemp("unprepared") / "cache")


@pytest.mark.slow
def test_a_command_that_trains_imports_tensorflow_and_leaves_a_folder(unprepared: list[list[Any]]) -> None:
    """The twin of the test above: what it looks at does show."""
    code, out, _, left, tensorflow = unprepared[-1]
    assert (code, left, tensorflow) == (0, ["outputs"], True)
    assert "best epoch: 1 of 1" in out


@pytest.mark.slow
def test_a_split_larger_than_data_that_is_not_prepared_yet_leaves_no_folder_either(unprepared: list[list[Any]]) -> None:
    """Each split with data of its own, which none before has prepared."""
    for (name, *_), (code, _, err, left, tensorflow) in zip(UNPREPARED, unprepared, strict=False):
        assert (code, left, tensorflow) == (2, [], False)
        data = f"{name.partition('=')[2]} (sample) has 4,000"
        assert f"training.validation_split must leave examples to train on: {data}" in err


def test_a_refusal_at_the_command_line_is_exit_2_and_a_plain_line(process: Command, tmp_path: Path) -> None:
    """In a process of its own, as a user starts it."""
    ran = process("model.widht=16", "seed=-1")
    assert (ran.returncode, ran.stdout, [*tmp_path.iterdir()]) == (2, "", [])
    assert ran.stderr.splitlines() == [
        "model.widht is not a key of the config; did you mean model.width?",
        "seed must be a whole number from 0 to 4294967295; got -1",
    ]


@pytest.mark.parametrize(
    ("first", "line"),
    [
        ("compar", f"compar is not one of the verbs {', '.join(VERBS)}; did you mean compare?"),
        ("trian", f"trian is not one of the verbs {', '.join(VERBS)}; write key=value, or --help"),
        ("model.width", f"model.width is not one of the verbs {', '.join(VERBS)}; write key=value, or --help"),
    ],
)
def test_a_first_word_that_is_no_verb_is_refused(runner: Command, tmp_path: Path, first: str, line: str) -> None:
    ran = runner(first, "outputs")
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", line + "\n")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("words", [["--nope"], ["-x"], ["--model.width=3"], ["-model.width=3"]])
def test_an_unknown_flag_is_refused(runner: Command, tmp_path: Path, words: list[str]) -> None:
    ran = runner(*words)
    assert (ran.returncode, ran.stdout, [*tmp_path.iterdir()]) == (2, "", [])
    assert "Traceback" not in ran.stderr


INFORMS: list[tuple[list[str], str]] = [
    (["--help"], "usage: python -m runner"),
    (["-h"], "usage: python -m runner"),
    (["--hydra-help"], "Hydra's help"),
    (["--version"], "keras-experiment-runner "),
    (["--cfg", "job"], "  batch_size: 512"),
    (["--cfg", "job", "--package", "model"], "depth: null"),
    (["--cfg", "job", "training.batch_size=7"], "  batch_size: 7"),
    (["--cfg", "job", "experiment=mnist"], "  batch_size: 128"),
    (["--cfg", "job", "dataset.options.rows=7"], "    rows: 7"),
    (["--cfg", "job", "--resolve", "training.epochs=${seed}"], "  epochs: 0"),
    (["--cfg", "hydra"], "hydra:"),
    (["--cfg", "all"], "hydra:"),
    (["--info"], "Config search path"),
    (["--info", "defaults-tree"], "dataset: imdb"),
    (["-sc", "install=bash"], "hydra_bash_completion"),
    (["-sc", "uninstall=bash"], "unset"),
]


@pytest.mark.parametrize(("words", "shows"), INFORMS, ids=[" ".join(words) for words, _ in INFORMS])
def test_a_flag_that_only_informs_does_just_that(runner: Command, tmp_path: Path, words: list[str], shows: str) -> None:
    ran = runner(*words)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert shows in ran.stdout
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
def test_the_config_of_each_job_is_shown(runner: Command, tmp_path: Path) -> None:
    words = ["seed=1,2", "optimizer=adam,sgd", "hydra.sweep.dir=mine"]
    ran = runner("-m", "--cfg", "job", "--package", "optimizer", *words)
    assert (ran.returncode, ran.stderr, [*tmp_path.iterdir()]) == (0, "", [])
    titles = [line for line in ran.stdout.splitlines() if line.startswith("# job")]
    assert titles == [
        f"# job {number} seed={seed} optimizer={name}"
        for number, (seed, name) in enumerate([(1, "adam"), (1, "sgd"), (2, "adam"), (2, "sgd")])
    ]
    assert [line for line in ran.stdout.splitlines() if line.startswith("name: ")] == ["name: adam", "name: sgd"] * 2


MODES = [
    (["-m", "--info"], "only one of --multirun, --info can be given: leave the others out"),
    (["--run", "--cfg", "job"], "only one of --run, --cfg can be given: leave the others out"),
    (["--cfg", "job", "-sc", "install=bash"], "only one of --cfg, --shell-completion can be given: leave the others"),
    (["--resolve", "seed=1"], "--resolve goes with --cfg: give both, or leave it out"),
    (["-m", "--cfg", "job", "seed=1,x"], "seed must be a whole number; got x"),
]


@pytest.mark.parametrize(("words", "line"), MODES, ids=[" ".join(words) for words, _ in MODES])
def test_flags_that_exclude_one_another_are_refused_in_a_line(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], line: str
) -> None:
    assert asked(*words) == 2
    assert capsys.readouterr().err.startswith(line)
    assert not [*here.iterdir()]


ASCII = [
    (["dataset.source=sample", "plan=true"], 0, "3 x 32 relu", ""),
    (["--help"], 0, "python -m runner -m key=a,b,c ...", ""),
    (["größe=1"], 2, "", "gr??e=1 cannot be read: write key=value"),
    (["dataset.path=größe×2"], 2, "", "'dataset.path=\"gr??ex2\"'"),
    (["größe"], 2, "", "gr??e is not one of the verbs compare"),
    (["compare", "größe"], 2, "", "gr??e"),
]


@pytest.mark.parametrize(("words", "code", "out", "err"), ASCII, ids=[words[-1] for words, *_ in ASCII])
def test_a_terminal_that_knows_only_ascii_is_told_all_the_same(
    runner: Command, words: list[str], code: int, out: str, err: str
) -> None:
    ran = runner(*words, PYTHONIOENCODING="ascii")
    assert (ran.returncode, "Traceback" in ran.stderr) == (code, False)
    assert out in ran.stdout
    assert err in ran.stderr


def test_a_wrong_key_is_refused_where_the_config_is_only_shown(runner: Command, tmp_path: Path) -> None:
    ran = runner("--cfg", "job", "model.widht=3")
    assert (ran.returncode, [*tmp_path.iterdir()]) == (2, [])
    assert len(ran.stderr.splitlines()) == 1
    assert "model.widht" in ran.stderr


def asked(*words: str) -> int:
    """The command in this process, which has tensorflow already."""
    return train.main(list(words))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_that_holds_another_run_is_not_touched(here: Path, runner: Command) -> None:
    write_run(here / "mine", identity="of another run")
    before = snapshot(here)
    ran = runner(*TRAINS, "seed=2", "hydra.run.dir=mine")
    assert ran.returncode == 2
    assert "hydra.run.dir must not hold another run" in ran.stderr
    assert snapshot(here) == before


def test_a_sweep_whose_folders_hold_other_runs_is_refused_and_touches_nothing(here: Path, runner: Command) -> None:
    words = ["hydra.sweep.dir=mine", "hydra.sweep.subdir=${hydra.job.num}"]
    write_run(here / "mine" / "0", identity="of another run")
    before = snapshot(here)
    ran = runner("-m", *TRAINS, "seed=2,3", *words)
    assert ran.returncode == 2
    assert "Error executing job" not in ran.stderr
    assert snapshot(here) == before


def test_who_is_refused_a_folder_in_use_leaves_the_hydra_folder_of_the_run_that_uses_it(here: Path) -> None:
    """It came between the check of the other and its start, when no run.json told of it yet."""
    (here / "mine" / ".hydra").mkdir(parents=True)
    for name in ("config.yaml", "hydra.yaml", "overrides.yaml"):
        (here / "mine" / ".hydra" / name).write_text("of the run that uses it")
    with run_folder.claimed(here / "mine"):
        assert asked(*TRAINS, "hydra.run.dir=mine") == 1
    assert {file.read_text() for file in (here / "mine" / ".hydra").iterdir()} == {"of the run that uses it"}


@pytest.mark.slow
def test_a_folder_named_by_a_value_is_judged_by_that_value(here: Path) -> None:
    """A run in w32, the folder of the default width, does not stand in the way of one in w8."""
    write_run(here / "w32", identity="of another run")
    assert asked(*TRAINS, "model.width=8", "hydra.run.dir=w${model.width}") == 0
    assert run_folder.read_record(here / "w8")["config"]["model"]["width"] == 8


@pytest.mark.slow
def test_a_folder_without_a_run_is_used_and_what_is_in_it_stays(here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "notes.txt").write_text("mine")
    assert asked(*TRAINS, "hydra.run.dir=mine") == 0
    assert run_folder.read_record(here / "mine")["status"] == "completed"
    assert (here / "mine" / "notes.txt").read_text() == "mine"


@pytest.mark.slow
def test_the_folder_of_a_run_has_its_date_and_the_overrides_as_they_were_typed(here: Path) -> None:
    assert asked(*TRAINS) == 0
    (record,) = here.glob("outputs/runs/*-*-*/*-*-*-*/run.json")
    assert run_folder.read_record(record.parent)["overrides"] == TRAINS


@pytest.mark.slow
def test_a_recipe_with_the_command_lines_values_trains_just_these_in_folders_named_by_them(here: Path) -> None:
    words = [word for word in TRAINS if not word.startswith("training.epochs=")]
    assert asked("experiment=epochs", *words, "training.epochs=1,2", "seed=0") == 0
    folders = sorted(path.parent for path in here.glob("outputs/sweeps/*/*/*/run.json"))
    assert [folder.name[:1] for folder in folders] == ["0", "1"]
    assert [run_folder.read_record(folder)["epochs"] for folder in folders] == [1, 2]
    assert all(f"training.epochs={epochs}" in folder.name for epochs, folder in zip((1, 2), folders, strict=True))


def test_a_recipe_of_ones_own_is_checked_like_words(here: Path, runner: Command) -> None:
    (here / "mine" / "experiment").mkdir(parents=True)
    recipe = here / "mine" / "experiment" / "short.yaml"
    recipe.write_text("# @package _global_\ntraining:\n  epochs: 0\n")
    ran = runner("--config-dir", "mine", "experiment=short")
    assert (ran.returncode, ran.stderr) == (2, "training.epochs must be at least 1; got 0\n")
    assert [path.name for path in here.iterdir()] == ["mine"]


@pytest.mark.slow
def test_a_primary_config_and_an_option_of_ones_own_in_a_folder_of_ones_own(here: Path) -> None:
    (here / "mine" / "model").mkdir(parents=True)
    text = (config_dir() / "model" / "mlp.yaml").read_text().replace("width: 32", "width: 5")
    (here / "mine" / "model" / "tiny.yaml").write_text(text)
    text = (config_dir() / "config.yaml").read_text().replace("seed: 0", "seed: 7")
    (here / "mine" / "first.yaml").write_text(text)
    words = ["--config-dir", "mine", "--config-name", "first", "model=tiny", *TRAINS]
    assert asked(*words, "hydra.run.dir=out") == 0
    record = run_folder.read_record(here / "out")
    assert (record["seed"], record["config"]["model"]["width"]) == (7, 5)


def test_a_primary_config_without_the_schema_is_refused(here: Path, runner: Command) -> None:
    shutil.copytree(config_dir(), here / "mine")
    (here / "mine" / "config.yaml").write_text("seed: 0\n")
    ran = runner("--config-path", str(here / "mine"))
    assert ran.returncode == 2
    assert "must list `schema` first" in ran.stderr


@pytest.mark.slow
def test_a_copy_of_the_configs_beside_the_user_is_found_by_its_relative_name(here: Path) -> None:
    shutil.copytree(config_dir(), here / "mine")
    text = (here / "mine" / "config.yaml").read_text().replace("seed: 0", "seed: 7")
    (here / "mine" / "config.yaml").write_text(text)
    assert asked("--config-path", "mine", *TRAINS, "hydra.run.dir=out") == 0
    assert run_folder.read_record(here / "out")["seed"] == 7


def test_a_config_folder_that_is_not_there_is_refused_in_a_line(runner: Command, tmp_path: Path) -> None:
    ran = runner("--config-dir", "nope", *TRAINS)
    assert (ran.returncode, [*tmp_path.iterdir()]) == (2, [])
    (line,) = ran.stderr.splitlines()
    assert "nope" in line


def test_a_sweep_over_some_of_the_folds_is_told_which_are_missing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ["experiment=cross_validation", "dataset.source=sample", "plan=true"]
    assert asked(*ask, "training.folds=7") == 0
    assert capsys.readouterr().err == (
        "warning: training.fold=1,2,3,4,5 leaves out folds of training.folds=7: give training.fold=range(1,8)\n"
    )
    assert asked(*ask, "training.folds=7", "training.fold=range(1,8)") == 0
    assert asked(*ask, "training.fold=2") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("words", [[], ["-m", "seed=0,1"]])
def test_sorted_labels_are_refused_or_said_before_the_training(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """Held out from the first, none of ten sorted classes would be met again: 0.0000 in every epoch."""
    (x, x_test), y = np.random.default_rng(0).normal(size=(2, 400, 4)), np.repeat(np.arange(10), 40)
    monkeypatch.setitem(register.datasets, "points", lambda: ((x, y), (x_test, y)))
    ask = ["dataset.name=points", "plan=true", *words]
    assert asked(*ask, "training.validation_split=0.4") == 2
    refused = capsys.readouterr().err
    assert refused.startswith("training.validation_from=first trains on class 4, 5, 6, 7, 8, 9 alone and holds out 0, ")
    assert refused.endswith("of points: use training.validation_from=stratified\n")
    assert asked(*ask, "training.validation_split=0.45") == 0
    assert capsys.readouterr().err == (
        "warning: training.validation_from=first holds out class 0, 1, 2, 3, never trained on, of points: "
        "use training.validation_from=stratified\n"
    )
    assert asked(*ask, "training.validation_split=0.4", "training.validation_from=stratified") == 0
    assert capsys.readouterr().err == ""
    assert os.listdir(here) == []
