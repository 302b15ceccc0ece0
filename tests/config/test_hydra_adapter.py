"""Hydra behind one door."""

import re
import shutil
from importlib import metadata
from pathlib import Path

import pytest

import runner
from runner.config import hydra_adapter
from runner.config.paths import Place, config_dir
from runner.config.plan import plan_of
from runner.errors import ConfigError

READ_FROM, TRIED_WITH = "1.3.8", "1.4.0rc3"


def test_the_private_names_of_hydra_are_those_of_the_version_they_were_read_from() -> None:
    """For another one: read again what hydra_adapter uses of `hydra._internal`, then name the version in both files."""
    assert metadata.version("hydra-core") in (READ_FROM, TRIED_WITH)
    assert f"Read from hydra-core {READ_FROM}, tried with {TRIED_WITH}." in (hydra_adapter.__doc__ or "")


def test_no_other_module_knows_the_private_names_of_hydra() -> None:
    folder = Path(runner.__file__).parent
    knowing = [file for file in folder.rglob("*.py") if re.search(r"hydra\._internal", file.read_text())]
    assert [file.relative_to(folder).as_posix() for file in knowing] == ["config/hydra_adapter.py"]


def test_flags_stand_anywhere_between_the_words() -> None:
    found = hydra_adapter.flags(["seed=1", "-m", "model.width=8", "--config-name", "mine"])
    assert (found.overrides, found.multirun, found.config_name) == (["seed=1", "model.width=8"], True, "mine")


@pytest.mark.parametrize("words", [["--nope"], ["--cfg", "all", "--run"], ["--resolve"], ["--experimental-rerun", "x"]])
def test_flags_that_cannot_be_followed_are_refused(words: list[str]) -> None:
    with pytest.raises(ConfigError):
        hydra_adapter.flags(words)


def test_a_config_that_has_changed_or_is_found_elsewhere_now_is_read_again(tmp_path: Path) -> None:
    """In one process, which reads a file once as long as it stays as it is."""
    folder, further = shutil.copytree(config_dir(), tmp_path / "mine"), tmp_path / "further"
    (further / "optimizer").mkdir(parents=True)

    def rates() -> list[float]:
        plans = (plan_of([], place=Place(folder, "config", (further,))) for _ in range(2))
        return [each.jobs[0].config.optimizer.learning_rate for each in plans]

    rmsprop = folder / "optimizer" / "rmsprop.yaml"
    text = rmsprop.read_text()
    assert rates() == [0.001, 0.001]
    rmsprop.write_text(text.replace("0.001", "0.003"))
    assert rates() == [0.003, 0.003]
    (further / "optimizer" / "rmsprop.yaml").write_text(text.replace("0.001", "0.005"))
    assert rates() == [0.003, 0.003]  # the folder of the primary config comes first
    rmsprop.unlink()
    assert rates() == [0.005, 0.005]
    rmsprop.write_text(text)
    assert rates() == [0.001, 0.001]
