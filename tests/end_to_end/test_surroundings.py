"""The command where the machine lacks something: streams, a locale, a home, a current folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.datasets import sources
from runner.errors import ConfigError, DataError
from runner.experiment import preflight
from tests.processes import PATIENCE

EXAMPLE = Path(__file__).parents[2] / "outputs" / "example" / "width"
TRAIN = "dataset=imdb dataset.source=sample dataset.num_words=200 model.depth=1 training.epochs=1 hydra.run.dir=run"
NO_LOCALE = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
NOBODY = "def unknown(*_): raise KeyError\nimport pwd; pwd.getpwuid = unknown; from runner.__main__ import main; main()"
MODULE, OF_NOBODY = "-m runner", f"-c '{NOBODY}'"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(
    ("how", "words", "redirected", "changes", "code", "said"),
    [
        pytest.param(MODULE, TRAIN, ">&-", {**NO_LOCALE, "MPLBACKEND": "bogus"}, 0, "", marks=pytest.mark.slow),
        pytest.param(OF_NOBODY, TRAIN, ">/dev/full 2>&-", {"HOME": None}, 0, "", marks=pytest.mark.slow),
        pytest.param(MODULE, TRAIN, "2>&1 | true", {}, 0, "", marks=pytest.mark.slow),
        (MODULE, f"compare {EXAMPLE}", ">/dev/full", {}, 1, "standard output cannot be written"),
        (MODULE, "compare", "", {"gone": "yes"}, 1, "the current folder does not exist any more"),
    ],
    ids=[
        "stdout closed",
        "stdout full, stderr closed, no home",
        "nobody reads",
        "a table on a full disk",
        "no current folder",
    ],
)
def test_what_the_machine_lacks_is_a_line_or_does_not_matter(
    tmp_path: Path, how: str, words: str, redirected: str, changes: dict[str, str | None], code: int, said: str
) -> None:
    environment = {**os.environ, **changes}
    leave = f"mkdir gone && cd gone && rmdir '{tmp_path}/gone' && " if environment.pop("gone", None) else ""
    ended = subprocess.run(
        ["sh", "-c", f"{leave}exec '{sys.executable}' {how} {words} {redirected}"],
        cwd=tmp_path,
        env={name: value for name, value in environment.items() if value is not None},
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
    )
    lines = ended.stderr.splitlines()
    assert (ended.returncode, len(lines)) == (code, 1 if said else 0), ended.stderr
    assert not said or lines[0].startswith(said)
    if words == TRAIN:
        assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "completed"
        assert (tmp_path / "run" / "curves.png").exists()


@pytest.mark.parametrize("name", ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"])
def test_a_count_of_threads_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "abc")
    with pytest.raises(ConfigError, match=f"{name} must be a whole number; got abc"):
        preflight.check([])


def test_who_has_no_home_is_told_to_name_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNNER_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", lambda number: {}[number])
    with pytest.raises(DataError, match="no home folder, and so no cache: set RUNNER_CACHE_DIR"):
        sources.cache_dir()
