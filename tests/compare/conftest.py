"""Recorded runs, loaded from their folders."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.runs.reader import Run, load
from tests.records import write_run


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """`run("name", curve, {"model.width": 16}, …)`: a recorded run, loaded from its folder."""
    return lambda name, *given, **named: load(write_run(tmp_path / name, *given, **named))
