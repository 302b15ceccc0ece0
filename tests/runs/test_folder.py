"""Files are put in place as a whole, and a folder belongs to one process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import DataError
from runner.runs import folder as run_folder
from runner.system import files


@pytest.mark.parametrize("durable", [False, True])
def test_a_writer_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, durable: bool) -> None:
    file = tmp_path / "metrics.csv"
    files.write(file, "old", durable=durable)

    def fail() -> None:
        with files.replacing(file, durable=durable) as beside:
            beside.write_text("half of the n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["metrics.csv"]


def test_a_record_is_plain_json_without_nan(tmp_path: Path) -> None:
    run_folder.write_record(tmp_path, {"status": "running"})
    assert run_folder.read_record(tmp_path) == {"schema_version": run_folder.SCHEMA_VERSION, "status": "running"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        run_folder.write_record(tmp_path, {"value": float("nan")})


def test_a_claim_ends_with_its_holder_even_a_killed_one(tmp_path: Path) -> None:
    hold = (
        "import sys, time, pathlib; from runner.runs import folder as run_folder\n"
        "with run_folder.claimed(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        assert run_folder.is_held(tmp_path)
        with pytest.raises(DataError, match="is in use"), run_folder.claimed(tmp_path):
            pass
        holder.kill()
    assert not run_folder.is_held(tmp_path)
    with run_folder.claimed(tmp_path):
        assert run_folder.is_held(tmp_path)
