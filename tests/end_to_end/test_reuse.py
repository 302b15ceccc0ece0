"""Whatever happens to folders, code and data, a run's numbers are its own: a short piece of `python -m tests.reuse`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PATIENCE


@pytest.mark.slow
def test_each_recorded_run_equals_one_trained_from_nothing() -> None:
    # A process of its own: the campaign forks, which TensorFlow survives only before its first operation.
    words = ["--sequences", "1", "--each", "--seed", "4"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.reuse", *words],
        cwd=Path(__file__).parents[2],
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "each equal to one trained from nothing" in done.stdout
