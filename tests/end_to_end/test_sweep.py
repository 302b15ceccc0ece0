"""Sweeps through the front door: checked first, finished whatever happens, told at the end, and gone on with."""

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from runner.cli import resume, train
from runner.config.plugins import Trust
from runner.runs import folder as run_folder
from runner.sweeps import sweep
from runner.system import backend
from tests.conftest import Command, metrics_of, record_of
from tests.processes import said, started, wait_until

PLUGIN = """
import os
import time

import runner


@runner.register.dataset("dots")
def dots(rows=60, label=""):
    import numpy as np

    labels = np.arange(rows) % 3
    features = np.eye(3, dtype=np.float32)[labels]
    return (features, labels), (0.9 * features[:3], labels[:3])


def hide():
    for _ in range(2):  # the first one waits
        try:
            os.kill(os.getpid(), 2)
            time.sleep(0.01)
        except BaseException:
            pass  # as Keras does with whatever is raised while it asks for a shape


@runner.register.model("moody")
def moody(input_shape, output_units, output_activation, mood="fine"):
    import keras

    if mood == "raises":
        raise RuntimeError("not\\ntoday")
    if mood == "waits":
        time.sleep(3600)
    if mood == "reads":
        open("weights.txt")
    if mood == "fills":
        raise OSError(28, "No space left on device", "/tmp/elsewhere")
    if mood == "hdf5":
        raise OSError("Can't write data (file write failed: errno = 28, error message = 'No space left on device')")
    if mood == "leaves":
        raise SystemExit("enough")
    if mood == "interrupted":
        os.kill(os.getpid(), 2)  # the first one waits
        try:
            os.kill(os.getpid(), 2)
            time.sleep(3600)
        finally:
            [].pop()  # what is done to clean up fails
    if mood == "hides":
        hide()
        [].pop()  # what comes of a hidden interruption
    if mood == "goes on":
        hide()
    if mood == "trains on":
        class Hiding(keras.layers.Layer):
            def call(self, inputs, training=None):
                if training:
                    hide()
                return inputs

        head = keras.layers.Dense(output_units, output_activation)
        return keras.Sequential([keras.Input(input_shape), Hiding(), head])
    return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(output_units, output_activation)])
"""
# A model that says where and with what it is built, and a callback of Hydra's that says what it is told.
TELLTALE = """
import os
from pathlib import Path

import runner
from hydra.experimental.callback import Callback


@runner.register.model("telltale")
def telltale(input_shape, output_units, output_activation):
    import keras

    Path("here.txt").write_text(os.environ.get("MARK", "none"))
    return keras.Sequential(
        [keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(output_units, output_activation)]
    )


class Told(Callback):
    def __init__(self, file):
        self.file = Path(file)

    def on_job_end(self, config, job_return, **more):
        with self.file.open("a") as stream:
            stream.write(f"{config.hydra.runtime.output_dir} {job_return.return_value}\\n")
"""
MOODY = ["plugins=[moods]", "dataset.name=dots", "model.name=moody"]
MARKED = ["plugins=[telltale]", "model.name=telltale", "dataset=mnist", "dataset.path=mine.npz", "training.epochs=1"]
MARKED += ["training.validation_split=20"]
MARKS = ["+hydra.job.env_set.MARK=of-${hydra.job.name}", "hydra.job.chdir=true"]
SAMPLE = ["dataset.source=sample", "dataset.num_words=200", "model.depth=0"]
OWN = "plugins: [moods]\ndataset: {name: dots}\nmodel: {name: moody, options: {mood: MOOD}}\ntraining: {epochs: 2}\n"
BUILT_IN = "dataset: {source: sample, num_words: 200}\nmodel: {depth: 1}\n"
RECIPES = {
    "fine": BUILT_IN + "training: {epochs: 2}\n",
    "digits": """
defaults: [{override /dataset: mnist}]
plugins: [telltale]
dataset: {path: mine.npz}
model: {name: telltale}
training: {epochs: 2, validation_split: 20}
""",
    "raises": OWN.replace("MOOD", "raises"),
    "leaves": OWN.replace("MOOD", "leaves"),
    "diverges": BUILT_IN.replace("depth: 1", "depth: 3") + "optimizer: {learning_rate: 1e12}\n",
    "waits": OWN.replace("MOOD", "waits"),
}
PARALLEL = "hydra/launcher=local"


def furnished(folder: Path) -> Path:
    """A folder with plugins, recipes and digits of a user's own: models that train, raise, die, wait or diverge."""
    (folder / "moods.py").write_text(PLUGIN)
    (folder / "telltale.py").write_text(TELLTALE)
    (folder / "mine" / "experiment").mkdir(parents=True)
    for name, content in RECIPES.items():
        (folder / "mine" / "experiment" / f"{name}.yaml").write_text(f"# @package _global_\n{content}")
    images = np.arange(60 * 28 * 28, dtype=np.uint32).reshape(60, 28, 28).astype(np.uint8)
    labels = (np.arange(60) % 10).astype(np.uint8)
    np.savez(folder / "mine.npz", x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A furnished folder."""
    return furnished(tmp_path)


@pytest.fixture
def asked(apart: Path, place: Path) -> Callable[..., int]:
    """The command in this process, in the furnished folder."""
    return lambda *words: train.main(list(words))


def summary_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "summary.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def statuses(folder: Path) -> list[str]:
    return [row["status"] for row in summary_of(folder)]


def begun(folder: Path) -> dict[str, Any]:
    """The run.json of a folder; empty while there is none."""
    try:
        return record_of(folder)
    except FileNotFoundError:
        return {}


def job(folder: Path, number: int) -> Path:
    whole = sweep.read(folder, Trust(every=True))
    return whole.place(whole.jobs[number])


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """What is in a folder: bytes and time of each file, but of the one that a look at the folder opens."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != run_folder.CLAIM)
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


FAILING = ["digits", "raises", "waits", "diverges", "digits"]


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A furnished folder after a sweep in two workers; only to be read.

    One job raises, one diverges; one waits meanwhile and is then killed.
    """
    place = furnished(tmp_path_factory.mktemp("failing"))
    folder = place / "sweep"
    words = ["-m", "--config-dir", "mine", f"experiment={','.join(FAILING)}", *MARKS, "hydra.sweep.dir=sweep"]
    with started(place, *words, PARALLEL, "hydra.launcher.n_jobs=2") as process:

        def ended_or(true: Callable[[], Any]) -> Callable[[], Any]:
            return lambda: process.poll() is not None or true()

        wait_until(ended_or((folder / "sweep.json").exists), "nothing has begun")
        waiting, diverging = job(folder, 2), job(folder, 3)
        wait_until(ended_or(lambda: begun(diverging).get("status") == "failed"), "the others do not go on")
        assert process.poll() is None, said(place)
        os.kill(record_of(waiting)["holder"]["pid"], signal.SIGKILL)
    assert process.returncode == 1, said(place)
    return place


@pytest.mark.slow
def test_in_a_parallel_sweep_each_job_fails_alone_and_says_why(failing: Path) -> None:
    folder, end = failing / "sweep", said(failing)
    rows = summary_of(folder)
    assert [row["status"] for row in rows] == ["completed", "failed", "crashed", "failed", "completed"], end
    assert [row["job"] for row in rows] == list("01234")
    reasons = [row["error"] for row in rows]
    assert reasons[0] == reasons[4] == ""
    assert reasons[2]
    assert reasons[1] == "RuntimeError: not today"
    assert reasons[3] == "loss is nan in epoch 1: lower optimizer.learning_rate"
    for number, reason in ((1, reasons[1]), (3, reasons[3])):
        assert (record_of(job(folder, number))["status"], record_of(job(folder, number))["error"]) == ("failed", reason)
        assert "Traceback (most recent call last)" in (job(folder, number) / "runner.log").read_text()
    logs = [(job(folder, number) / "runner.log").read_text() for number in range(5)]
    assert ["RuntimeError: not\ntoday" in log for log in logs] == [False, True, False, False, False]
    assert "Traceback" not in end
    assert [line[:3] for line in end.splitlines() if line[1:3] == "/5"] == [f"{done}/5" for done in range(1, 6)]
    for number in (1, 2, 3):
        assert f"job {number} (experiment={FAILING[number]}) {rows[number]['status']}: {reasons[number]}" in end
    assert "not done:   2 failed, 1 crashed of 5 jobs\n" in end
    assert f"python -m runner resume {folder} --trust\n" in end


@pytest.mark.slow
def test_workers_share_the_cores_and_a_job_goes_on_with_its_threads(
    failing: Path, process: Command, tmp_path: Path
) -> None:
    share = max(1, backend.cores() // 2)
    planned = json.loads((failing / "sweep" / "sweep.json").read_text())
    assert (planned["workers"], planned["threads"]) == (2, {"intra_op": share, "inter_op": share})
    first = job(failing / "sweep", 0)
    assert record_of(first)["threads"] == planned["threads"]
    shutil.copytree(failing, tmp_path, dirs_exist_ok=True)
    first = tmp_path / first.relative_to(failing)
    longer = process("resume", str(first), "training.epochs=3", "plugins=[telltale]")
    assert longer.returncode == 0, longer.stderr
    assert (record_of(first)["epochs"], record_of(first)["threads"]) == (3, planned["threads"])


def assert_in_their_folders(folder: Path, jobs: list[Path]) -> None:
    """Jobs have been built in their folders with the environment asked for, and nothing is elsewhere in a folder."""
    assert sorted(path.parent for path in folder.rglob("here.txt")) == sorted(jobs)
    assert {(each / "here.txt").read_text() for each in jobs} == {"of-runner"}


@pytest.mark.slow
def test_the_jobs_of_a_parallel_sweep_run_in_their_folders_with_the_environment_that_hydra_is_asked_for(
    failing: Path,
) -> None:
    folder = failing / "sweep"
    assert_in_their_folders(failing, [job(folder, 0), job(folder, 4)])
    assert sorted(path.parent for path in failing.rglob("run.json")) == sorted(job(folder, each) for each in range(5))


@pytest.mark.slow
def test_the_jobs_of_a_sweep_run_in_their_folders_with_the_environment_that_hydra_is_asked_for(
    asked: Callable[..., int], place: Path
) -> None:
    assert asked("-m", *MARKED, *MARKS, "seed=3,4", "hydra.sweep.dir=sweep") == 0
    assert statuses(place / "sweep") == ["completed"] * 2
    jobs = [place / "sweep" / name for name in ("0_seed=3", "1_seed=4")]
    assert_in_their_folders(place, jobs)
    assert sorted(path.parent for path in place.rglob("run.json")) == jobs


@pytest.mark.slow
def test_a_run_in_its_own_folder_finds_the_data_named_from_here(asked: Callable[..., int], place: Path) -> None:
    assert asked(*MARKED, *MARKS, "hydra.run.dir=run") == 0
    assert_in_their_folders(place, [place / "run"])
    assert record_of(place / "run")["status"] == "completed"
    assert [path.name for path in place.rglob("run.json")] == ["run.json"]


@pytest.mark.slow
def test_in_a_sequential_sweep_each_job_fails_alone_and_says_why(
    asked: Callable[..., int], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-m", "--config-dir", "mine", "experiment=raises,fine,diverges,leaves,fine", "hydra.sweep.dir=sweep"]
    assert asked(*words) == 1
    folder = place / "sweep"
    rows = summary_of(folder)
    assert [row["status"] for row in rows] == ["failed", "completed", "failed", "failed", "completed"]
    diverged = "loss is nan in epoch 1: lower optimizer.learning_rate"
    reasons = ["RuntimeError: not today", "", diverged, "SystemExit: enough", ""]
    assert [row["error"] for row in rows] == reasons
    assert [record_of(job(folder, number))["error"] or "" for number in range(5)] == reasons
    tracebacks = [(job(folder, number) / "runner.log").read_text().count("Traceback") for number in range(5)]
    assert tracebacks == [1, 0, 1, 1, 0]
    shown = capsys.readouterr()
    assert shown.err.splitlines() == [
        f"job 0 (experiment=raises) failed: {reasons[0]}",
        f"job 2 (experiment=diverges) failed: {reasons[2]}",
        f"job 3 (experiment=leaves) failed: {reasons[3]}",
    ]
    assert "not done:   3 failed of 5 jobs\n" in shown.out
    assert resume.main([str(folder), "--trust"]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert (job(folder, 0) / "runner.log").read_text().count("Traceback") == 2


@pytest.mark.slow
def test_an_error_of_ones_own_code_is_not_taken_for_a_full_disk(asked: Callable[..., int], place: Path) -> None:
    words = [*MOODY, "training.epochs=1", "model.options.mood=reads,fills,hdf5", "hydra.sweep.dir=sweep"]
    assert asked("-m", *words) == 1
    assert [row["error"] for row in summary_of(place / "sweep")] == [
        "FileNotFoundError: [Errno 2] No such file or directory: 'weights.txt'",
        "/tmp/elsewhere cannot be written (No space left on device): make room, then resume",
        f"sweep/{job(place / 'sweep', 2).name} cannot be written (No space left on device): make room, then resume",
    ]


@pytest.mark.parametrize("mood", ["interrupted", "hides", "'goes on'", "'trains on'"])
def test_ctrl_c_in_a_job_is_an_interruption_whatever_a_library_makes_of_it(
    place: Path, asked: Callable[..., int], capsys: pytest.CaptureFixture[str], mood: str
) -> None:
    """A library fails in what it does to clean up, or it hides the interruption and fails of that, or it goes on."""
    words = [*MOODY, "training.epochs=1", f"model.options.mood={mood},fine", "hydra.sweep.dir=sweep"]
    assert asked("-m", *words) == 130
    assert statuses(place / "sweep") == ["interrupted", "pending"]
    assert record_of(job(place / "sweep", 0)).get("epochs", 0) == 0
    assert "resume:     python -m runner resume sweep --trust\n" in capsys.readouterr().out


def test_ctrl_c_while_plugins_are_read_is_an_interruption_though_clean_up_fails(
    place: Path, asked: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "early.py").write_text(
        "import os, time\ntry:\n    os.kill(os.getpid(), 2)\n    time.sleep(3600)\nfinally:\n    [].pop()\n"
    )
    assert asked("plugins=[early]") == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.slow
def test_fail_fast_begins_no_job_after_the_first_failure(asked: Callable[..., int], place: Path) -> None:
    words = ["--config-dir", "mine", "experiment=fine,raises,fine,fine", "seed=0", "fail_fast=true"]
    assert asked("-m", *words, "hydra.sweep.dir=sweep") == 1
    assert statuses(place / "sweep") == ["completed", "failed", "pending", "pending"]
    assert not [path for number in (2, 3) for path in (place / "sweep").glob(f"{number}_*/run.json")]


@pytest.mark.slow
def test_fail_fast_in_parallel_lets_the_jobs_in_hand_end(
    asked: Callable[..., int], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the environment's number of threads, where it has one."""
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "")
    words = ["-m", "--config-dir", "mine", "experiment=raises,fine", "training.epochs=2", "seed=0,1,2,3,4,5", PARALLEL]
    more = ["hydra.sweep.dir=sweep", "hydra.launcher.n_jobs=2", "fail_fast=true"]
    assert asked(*words, *more) == 1
    found = statuses(place / "sweep")
    assert found[0] == "failed"
    assert found.count("failed") <= 3
    assert found[6:] == ["pending"] * 6
    assert json.loads((place / "sweep" / "sweep.json").read_text())["threads"]["intra_op"] == 3
    assert record_of(job(place / "sweep", 0))["threads"]["intra_op"] == 3


THREE = ["-m", *SAMPLE, "training.epochs=4,60,40", "hydra.sweep.dir=sweep"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The table of three jobs never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert train.main(THREE) == 0
    return table_of(folder / "sweep")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "number", "code"),
    [([], signal.SIGINT, 130), ([PARALLEL, "hydra.launcher.n_jobs=2"], signal.SIGTERM, 143)],
    ids=["Ctrl-C", "SIGTERM, in parallel"],
)
def test_a_sweep_interrupted_at_any_moment_goes_on_to_the_table_of_one_never_stopped(
    tmp_path: Path, runner: Command, whole: list[dict[str, str]], more: list[str], number: int, code: int
) -> None:
    threads = {variable: str(backend.cores()) for variable in backend.THREADS.values()}  # as in `whole`
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    after, delay = chance.randrange(2), chance.uniform(0, 0.3)
    print(f"seed {seed}: {delay:.3f} s after {after} jobs")
    folder = tmp_path / "sweep"

    def completed() -> list[Path]:
        found = [path.parent for path in folder.glob("*/run.json")]
        return [each for each in found if begun(each).get("status") == "completed"]

    with started(tmp_path, *THREE, *more, **threads) as process:
        wait_until(lambda: [*folder.glob("*/run.json")] and len(completed()) >= after, "it does not go on")
        time.sleep(delay)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    assert process.returncode == code, said(tmp_path)
    rows = summary_of(folder)
    finished = {each.name for each in completed()}
    assert len(rows) == 3
    assert {row["folder"] for row in rows if row["status"] == "completed"} == finished
    assert {row["status"] for row in rows if row["folder"] not in finished} <= {"interrupted", "pending"}, said(
        tmp_path
    )
    is_done = {row["folder"] for row in rows} == finished  # the jobs in progress may have been the last ones
    assert ("resume:     python -m runner resume sweep\n" in said(tmp_path)) is not is_done
    assert "Traceback" not in said(tmp_path)
    before = {name: files(folder / name) for name in finished}

    resumed = runner("resume", "sweep", **threads)
    assert resumed.returncode == 0, resumed.stderr
    assert {name: files(folder / name) for name in finished} == before
    assert table_of(folder) == whole


def table_of(folder: Path) -> list[dict[str, str]]:
    """summary.csv without what depends on the clock and on who has trained first."""
    return [
        {key: value for key, value in row.items() if key not in ("seconds", "inherited_epochs")}
        for row in summary_of(folder)
    ]


DRIVER = """
import sys
from runner.cli import train
code = train.main(sys.argv[1:])
print("tensorflow" in sys.modules)
sys.exit(code)
"""


def driven(folder: Path, *words: str) -> tuple[int, list[str], list[str]]:
    """Exit code, lines of stdout with `True` last where tensorflow was imported, lines of stderr."""
    ran = subprocess.run([sys.executable, "-c", DRIVER, *words], cwd=folder, capture_output=True, text=True)
    return ran.returncode, ran.stdout.splitlines(), ran.stderr.splitlines()


@pytest.mark.slow
def test_pairs_without_those_excluded_are_trained_and_resumed(
    asked: Callable[..., int], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hydra records for each job the words that train it alone; resume knows the jobs of the plan."""
    pairs = "sizes=zip(model.width=[4,8],model.depth=[1,2])"
    sample, exclude = [*SAMPLE[:2], "training.epochs=1"], "exclude=model.width=8 and seed<3"
    assert asked("-m", *sample, pairs, "seed=2,3", exclude, "hydra.sweep.dir=sweep") == 0
    assert capsys.readouterr().out.startswith("3 jobs, 1 excluded: model.width=4,8 model.depth=1,2 seed=2,3\n")
    rows = [(row["model.width"], row["model.depth"], row["seed"]) for row in summary_of(place / "sweep")]
    assert rows == [("4", "1", "2"), ("4", "1", "3"), ("8", "2", "3")]
    folder = place / "sweep/2_model.depth=2,model.width=8,seed=3"
    before = metrics_of(folder)
    words = list(OmegaConf.load(folder / ".hydra/overrides.yaml"))
    shutil.rmtree(folder)
    assert resume.main([str(place / "sweep")]) == 0
    assert (metrics_of(folder), statuses(place / "sweep")) == (before, ["completed"] * 3)
    assert [word for word in words if not word.startswith("exclude=")] == [
        *sample, "model.width=8", "model.depth=2", "seed=3"
    ]  # fmt: skip


def test_a_bad_value_in_job_7_of_12_and_nothing_starts(tmp_path: Path) -> None:
    assert driven(tmp_path, "-m", *SAMPLE, "training.epochs=1,2,3,4,5,6,0,8,9,10,11,12") == (
        2,
        ["False"],
        ["training.epochs must be at least 1; got 0"],
    )
    assert [*tmp_path.iterdir()] == []


def test_a_bad_value_in_a_sweep_kept_in_yaml_and_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    recipe = "# @package _global_\nhydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n"
    recipe += "      training.epochs: 1,2,3,x,5,6\n      model.width: 8,16\n"
    (tmp_path / "mine" / "experiment" / "own.yaml").write_text(recipe)
    words = ["--config-dir", "mine", "experiment=own"]
    assert driven(tmp_path, *words)[::2] == (2, ["training.epochs must be a whole number; got x"])
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


NO_EXAMPLES = (
    "training.validation_split must leave examples to train on: imdb (sample) has 4,000 training examples; got "
)


@pytest.mark.parametrize(
    ("words", "problems"),
    [
        (
            ["model.width=16,0,8", "training.epochs=0,1,x", "optimizer=sgd,adam", "seed=0,-1"],
            [
                "model.width must be a whole number of at least 1, or a list of them; got 0",
                "seed must be a whole number from 0 to 4294967295; got -1",
                "training.epochs must be a whole number; got x",
                "training.epochs must be at least 1; got 0",
            ],
        ),
        (
            ["dataset.source=sample", "training.validation_split=0.5,4000,9999", "seed=0,1"],
            [
                f"{NO_EXAMPLES}4000",
                f"{NO_EXAMPLES}9999",
            ],
        ),
    ],
    ids=["values", "values that depend on the data"],
)
def test_every_problem_of_every_job_is_said_once(
    asked: Callable[..., int], place: Path, capsys: pytest.CaptureFixture[str], words: list[str], problems: list[str]
) -> None:
    assert asked("-m", *words) == 2
    assert sorted(capsys.readouterr().err.splitlines()) == problems
    assert not (place / "outputs").exists()


@pytest.mark.slow
def test_a_plan_of_two_hundred_jobs_is_told_without_tensorflow_and_leaves_no_folder(tmp_path: Path) -> None:
    words = [*SAMPLE, "optimizer=adam,sgd,rmsprop,nadam", "training.epochs=2,4,4,1,3", "seed=range(10)", "plan=true"]
    code, out, err = driven(tmp_path, "-m", *words)
    assert (code, err, out[-1], [*tmp_path.iterdir()]) == (0, [], "False", [])
    seeds = ",".join(map(str, range(10)))
    assert out[0] == f"200 jobs: optimizer=adam,sgd,rmsprop,nadam training.epochs=2,4,1,3 seed={seeds}"
    assert out[1].startswith("160 of 560 epochs to train")
    assert "40 jobs equal to another, trained once" in out[1]
    rows = [line.split() for line in out[3:-1]]
    assert [row[0] for row in rows] == [str(number) for number in range(200)]
    assert rows[0] == ["0", "2/2", "adam", "2", "0"]
    assert rows[20] == ["20", "0/4", "adam", "4", "0", "equal", "to", "job", "10"]


@pytest.mark.slow
def test_a_plan_says_what_is_recorded_already(
    asked: Callable[..., int], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(*SAMPLE, "training.epochs=3") == 0
    before = files(place)
    capsys.readouterr()
    assert asked("-m", *SAMPLE, "training.epochs=3,5", "seed=0,1", "plan=true") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == [
        "4 jobs: training.epochs=3,5 seed=0,1",
        "7 of 16 epochs to train; 1 job recorded already",
    ]
    assert out[3].split() == ["0", "0/3", "3", "0", "recorded", "already"]
    assert files(place) == before


@pytest.mark.slow
def test_values_of_any_kind_stay_in_the_sweeps_folder_and_come_back_from_the_summary(
    asked: Callable[..., int], place: Path
) -> None:
    values = ["a/b", "a=b", " a b", "../../out", "/tmp/out", 'a, "b"', "x" * 300, "x" * 299 + "y"]
    quoted = ",".join(f"'{value}'" for value in values)
    before = {path.name for path in place.iterdir()}
    words = [*MOODY, "model.options.mood=raises", f"dataset.options.label={quoted}", "hydra.sweep.dir=sweeps/mine"]
    assert asked("-m", *words) == 1  # what is asked here takes no training
    assert {path.name for path in place.iterdir()} - before - {"__pycache__"} == {"sweeps"}
    assert [path.name for path in (place / "sweeps").iterdir()] == ["mine"]
    folder = place / "sweeps" / "mine"
    rows = summary_of(folder)
    assert [row["dataset.options.label"] for row in rows] == values
    names = [row["folder"] for row in rows]
    assert sorted(path.parent for path in folder.rglob("run.json")) == sorted(folder / name for name in names)
    assert len(set(names)) == len(values)
    assert all(len(name) <= 64 and Path(name).name == name for name in names)
    assert [name.partition("_")[0] for name in names] == [str(number) for number in range(len(values))]


@pytest.mark.parametrize(
    ("subdir", "reason"),
    [
        ("../out${hydra.job.num}", "must lie inside the sweep's folder; got ../out0"),
        ("/tmp/out${hydra.job.num}", "must lie inside the sweep's folder; got /tmp/out0"),
        ("a/../..", "must lie inside the sweep's folder; got .."),
        ("same", "must be another for each job; got same 2 times"),
        ("${dataset.options.label}", "must be another for each job; got a 2 times"),
    ],
)
def test_a_subdir_that_leaves_the_folder_or_is_that_of_two_jobs_is_refused(
    asked: Callable[..., int], place: Path, capsys: pytest.CaptureFixture[str], subdir: str, reason: str
) -> None:
    words = ["-m", *MOODY, "dataset.options.label=a", "seed=1,2", "hydra.sweep.dir=sweep"]
    before = {path.name for path in place.iterdir()}
    assert asked(*words, f"hydra.sweep.subdir={subdir}") == 2
    assert f"hydra.sweep.subdir {reason}" in capsys.readouterr().err
    assert {path.name for path in place.iterdir()} - {"__pycache__"} == before


@pytest.mark.slow
def test_a_subdir_of_ones_own_is_obeyed(asked: Callable[..., int], place: Path) -> None:
    words = ["-m", *SAMPLE, "training.epochs=1", "seed=4,5", "hydra.sweep.dir=sweep"]
    assert asked(*words, "hydra.sweep.subdir=by/seed${seed}") == 0
    assert [record_of(place / "sweep" / "by" / f"seed{seed}")["seed"] for seed in (4, 5)] == [4, 5]
    assert [row["folder"] for row in summary_of(place / "sweep")] == ["by/seed4", "by/seed5"]
    before = files(place / "sweep")
    assert asked("-m", *SAMPLE, "seed=7,8", "hydra.sweep.dir=sweep", "hydra.sweep.subdir=by/seed${seed}") == 2
    assert files(place / "sweep") == before


@pytest.mark.slow
def test_a_folder_that_is_planned_for_a_sweep_is_not_planned_anew(asked: Callable[..., int], place: Path) -> None:
    """Though none of its jobs has begun."""
    words = ["-m", "--config-dir", "mine", "experiment=raises,raises", "seed=0,1", "fail_fast=true"]
    assert asked(*words, "hydra.sweep.dir=sweep") == 1
    (job(place / "sweep", 0) / "run.json").unlink()
    before = files(place / "sweep")
    assert asked("-m", *SAMPLE, "training.epochs=1", "seed=7,8", "hydra.sweep.dir=sweep") == 2
    assert files(place / "sweep") == before


@pytest.mark.slow
def test_a_sweep_over_data_and_models_of_ones_own_is_resumed(
    asked: Callable[..., int], runner: Command, place: Path
) -> None:
    words = [*MOODY, "training.epochs=2", "model.options.mood=fine,raises", "hydra.sweep.dir=sweep"]
    assert asked("-m", *words) == 1
    (place / "moods.py").write_text(PLUGIN.replace("raise RuntimeError", "RuntimeError"))
    before = files(job(place / "sweep", 0))
    del sys.modules["moods"]
    ran = runner("resume", "sweep", "--anyway", "--trust")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert statuses(place / "sweep") == ["completed", "completed"]
    assert files(job(place / "sweep", 0)) == before


def test_a_folder_that_a_sweep_is_about_to_use_is_refused_to_another(
    asked: Callable[..., int], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with run_folder.claimed(place / "sweep"):
        assert asked("-m", *SAMPLE, "seed=1,2", "hydra.sweep.dir=sweep") == 1
        assert [path.name for path in (place / "sweep").iterdir()] == [run_folder.CLAIM]
    assert "sweep is in use by " in capsys.readouterr().err


@pytest.mark.slow
def test_a_running_sweep_is_left_alone_by_others_and_its_workers_end_with_it(tmp_path: Path, runner: Command) -> None:
    words = ["-m", *SAMPLE, "training.epochs=1000000", "training.save_seconds=1000", "seed=0,1", PARALLEL]
    folder = tmp_path / "sweep"

    def trained() -> int:
        return sum(bool(begun(path.parent).get("parameter_count")) for path in folder.glob("*/run.json"))

    with started(tmp_path, *words, "hydra.sweep.dir=sweep", "hydra.launcher.n_jobs=2") as process:
        wait_until(lambda: trained() == 2, "the jobs have not begun")
        before = files(folder)
        for others in (["resume", "sweep"], ["-m", *SAMPLE, "seed=7,8", "hydra.sweep.dir=sweep"]):
            ran = runner(*others)
            assert (ran.returncode, len(ran.stderr.splitlines())) == (1, 1), ran.stderr
            assert "sweep is in use by " in ran.stderr
        assert files(folder) == before
        process.kill()
    assert process.returncode == -signal.SIGKILL, said(tmp_path)


@pytest.mark.slow
def test_a_sweep_whose_reader_has_gone_finishes_all_the_same(tmp_path: Path) -> None:
    words = ["-m", *SAMPLE, "training.epochs=1", "seed=0,1", "hydra.sweep.dir=sweep"]
    command = [sys.executable, "-m", "runner", *words]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "2 jobs: seed=0,1\n"
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (0, "")
    assert statuses(tmp_path / "sweep") == ["completed"] * 2


@pytest.mark.parametrize("asked_for", ["0", "-2", "x", "1.5", "null"])
def test_a_number_of_workers_that_is_none_is_refused(
    asked: Callable[..., int], place: Path, capsys: pytest.CaptureFixture[str], asked_for: str
) -> None:
    assert asked("-m", *SAMPLE, "seed=1,2", PARALLEL, f"hydra.launcher.n_jobs={asked_for}") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hydra.launcher.n_jobs must be at least 1, or -1 for one a core; got ")
    assert not (place / "outputs").exists()


@pytest.mark.slow
def test_sigterm_while_tensorflow_is_imported_interrupts_the_run(tmp_path: Path) -> None:
    with started(tmp_path, *SAMPLE, "training.epochs=100000", "hydra.run.dir=run") as process:
        wait_until(lambda: begun(tmp_path / "run").get("status") == "running", "no run has begun")
        time.sleep(0.2)
        process.terminate()
    assert process.returncode == 143, said(tmp_path)
    assert record_of(tmp_path / "run")["status"] == "interrupted"


@pytest.mark.slow
def test_each_job_is_the_one_that_hydra_composes_in_the_folder_that_it_names(
    asked: Callable[..., int], place: Path
) -> None:
    """What Hydra has written beside each run, and what its callbacks are told, against the record."""
    words = [*MARKED, "seed=shuffle(range(3))", "model.head=auto"]
    words += ["hydra.job.config.override_dirname.kv_sep=_", "training.batch_size=7"]
    told = place / "told.txt"
    callback = f"+hydra.callbacks={{mine:{{_target_:telltale.Told,file:{told}}}}}"
    assert asked("-m", *words, "hydra.sweep.dir=sweep", callback) == 0
    rows = summary_of(place / "sweep")
    assert len(rows) == len([*(place / "sweep").glob("[0-9]*")]) == 3
    lines = dict(line.rsplit(" ", 1) for line in told.read_text().splitlines())
    for row in rows:
        folder = place / "sweep" / row["folder"]
        composed = OmegaConf.load(folder / ".hydra" / "config.yaml")
        recorded = record_of(folder)["config"]
        (metrics,) = csv.DictReader((folder / "metrics.csv").read_text().splitlines())
        assert (recorded["seed"], recorded["training"]["batch_size"]) == (composed.seed, composed.training.batch_size)
        assert float(lines[str(folder)]) == pytest.approx(float(metrics["val_accuracy"]), abs=1e-6)


@pytest.mark.slow
def test_a_job_that_hydra_composes_otherwise_than_planned_is_not_trained(
    asked: Callable[..., int], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*MOODY, "training.epochs=1", "dataset.options.label=${now:%H-%M-%S-%f}", "seed=1,2"]
    assert asked("-m", *words, "hydra.sweep.dir=sweep") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("job 0: dataset.options.label was planned as ")
    assert line.endswith(" now: give a value that stays the same")
    assert not [*(place / "sweep").glob("*/run.json")]


SWEEPER = """
from hydra.plugins.sweeper import Sweeper


class ListSweeper(Sweeper):
    def __init__(self, params):
        self.params = params

    def setup(self, *, hydra_context, task_function, config):
        raise AssertionError("not reached")

    def sweep(self, arguments):
        raise AssertionError("not reached")
"""


def test_a_sweeper_that_chooses_the_jobs_itself_is_refused(place: Path, process: Command) -> None:
    """An installed one, as Hydra finds its plugins."""
    (place / "plugins" / "hydra_plugins" / "list_sweeper").mkdir(parents=True)
    (place / "plugins" / "hydra_plugins" / "list_sweeper" / "__init__.py").write_text(SWEEPER)
    (place / "mine" / "hydra" / "sweeper").mkdir(parents=True)
    config = "_target_: hydra_plugins.list_sweeper.ListSweeper\nparams: {model.width: '4,8', model.depth: '1,2'}\n"
    (place / "mine" / "hydra" / "sweeper" / "list.yaml").write_text(config)
    found = os.pathsep.join([str(place / "plugins"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    ran = process("-m", "--config-dir", "mine", "hydra/sweeper=list", *SAMPLE, PYTHONPATH=found)
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        2,
        "",
        "hydra/sweeper must be basic, whose jobs are known before the first begins; got list: "
        "give each key its values as key=a,b,c\n",
    )
    assert not (place / "outputs").exists()
