"""The story in a notebook, executed cell by cell, and a kernel that is interrupted."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.processes import wait_until

STORY = Path("outputs/example/story.ipynb").absolute()

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def client(place: Path) -> Iterator[NotebookClient]:
    """One kernel for all cells of this module."""
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=None)
    with client.setup_kernel(cwd=str(place), env=dict(os.environ)):
        yield client


def executed(client: NotebookClient, cell: Any) -> Any:
    client.nb.cells.append(cell)
    return client.execute_cell(cell, len(client.nb.cells) - 1)


@pytest.fixture(scope="module")
def cells(client: NotebookClient) -> list[Any]:
    """The code cells of the story, told with the sample."""
    story = nbformat.read(STORY, as_version=4)
    told = [cell for cell in story.cells if cell.cell_type == "code"]
    assert all(not cell.outputs for cell in told)  # they are not kept in the repository
    told[0].source = told[0].source.replace("dataset.source=auto", "dataset.source=sample")
    assert "dataset.source=sample" in told[0].source
    return [executed(client, cell) for cell in told]


def kinds(cell: Any) -> set[str]:
    return {kind for output in cell.outputs for kind in output.get("data", {})}


def text(cell: Any) -> str:
    return str(next(output.data["text/plain"] for output in reversed(cell.outputs) if "data" in output))


def test_nothing_is_printed_that_was_not_asked_for(cells: list[Any]) -> None:
    """A bar, and the value of the last line; no stream, no warning."""
    assert [
        output
        for cell in cells
        for output in cell.outputs
        if output.output_type not in ("display_data", "execute_result")
    ] == []
    assert [len(cell.outputs) for cell in cells] == [0, 2, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1]
    assert "<progress value='20' max='20'></progress> 20/20 epochs" in cells[1].outputs[0].data["text/html"]
    assert "<progress value='6' max='6'></progress> 6/6 jobs" in cells[4].outputs[0].data["text/html"]


def test_pictures_and_tables_are_shown(cells: list[Any]) -> None:
    assert ["image/png" in kinds(cell) for cell in cells] == [False, False, True, False, False, True, *[False] * 6]
    for table in (3, 6, 7, 11):
        assert "<table" in str(cells[table].outputs[-1].data["text/html"])


def test_the_final_model_is_the_one_on_disk(cells: list[Any], place: Path) -> None:
    [folder] = place.glob("outputs/final/*/*")
    test, choice = (json.loads((folder / name).read_text()) for name in ("test.json", "choice.json"))
    assert f"'accuracy': {test['accuracy']!r}" in text(cells[10])
    assert "'looked_at_before': 0" in text(cells[10])
    assert f"'epochs': {choice['epochs']}" in text(cells[9])
    assert f"test: accuracy {test['accuracy']:.4f} ± " in text(cells[8])
    assert len(Path(place, "outputs/test-ledger.jsonl").read_text().splitlines()) == 1


def test_an_interrupted_kernel_ends_the_run_as_ctrl_c_does(
    client: NotebookClient, cells: list[Any], place: Path
) -> None:

    process = int(text(executed(client, nbformat.v4.new_code_cell("import os\nos.getpid()"))))

    def interrupt() -> None:
        wait_until((place / "long" / "metrics.csv").exists, "no epoch is recorded")
        os.kill(process, signal.SIGINT)  # as Jupyter interrupts a kernel

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    words = "'dataset.source=sample', 'dataset.num_words=200', 'training.epochs=100000', 'hydra.run.dir=long'"
    code = nbformat.v4.new_code_cell(f"runner.train({words})")
    with pytest.raises(CellExecutionError) as stopped:
        executed(client, code)
    thread.join()
    assert stopped.value.ename == "Interrupted"
    look = nbformat.v4.new_code_cell("run = runner.load('long')\nrun.status, len(run.metrics) > 0")
    after = executed(client, look)
    assert text(after) == "('interrupted', True)"
    assert len(pd.read_csv(place / "long" / "metrics.csv")) > 0
