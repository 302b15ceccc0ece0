"""A program that trains goes on as before: its log, its words, its Hydra, its threads."""

import logging
import os
import sys
import threading
from pathlib import Path

import hydra
import pytest
from hydra.core.global_hydra import GlobalHydra

import runner

SMALL = ["dataset.source=sample", "dataset.num_words=100", "model.depth=0", "training.epochs=1"]


def test_log_words_and_hydra_of_the_caller_are_left_as_they_were(apart: Path, caplog: pytest.LogCaptureFixture) -> None:
    root, handler = logging.getLogger(), logging.StreamHandler()
    root.addHandler(handler)
    (apart / "conf").mkdir()
    (apart / "conf" / "config.yaml").write_text("a: 1\n")
    with hydra.initialize_config_dir(str(apart / "conf"), version_base=None):
        before = (list(root.handlers), root.level, list(sys.argv), os.environ.get("HYDRA_FULL_ERROR"), os.getcwd())
        runner.train(*SMALL, "hydra.run.dir=run")
        runner.sweep(*SMALL, "seed=0,1", "hydra.sweep.dir=sweep")
        runner.final("sweep", to="final")
        after = (list(root.handlers), root.level, list(sys.argv), os.environ.get("HYDRA_FULL_ERROR"), os.getcwd())
        assert after == before
        assert GlobalHydra.instance().is_initialized()
        assert hydra.compose("config").a == 1
    logging.getLogger("mine").warning("a line of the caller")
    root.removeHandler(handler)
    assert "a line of the caller" in caplog.text
    for log in apart.rglob("runner.log"):
        assert "a line of the caller" not in log.read_text()


def test_a_thread_trains_as_well(apart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which no signal reaches."""
    thread = threading.Thread(target=runner.train, args=[*SMALL, "hydra.run.dir=run"])
    thread.start()
    thread.join()
    assert runner.load("run").status == "completed"
    assert capsys.readouterr() == ("", "")
