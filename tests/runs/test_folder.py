"""Files are put in place as a whole, and a folder belongs to one process."""

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import pytest

from runner.errors import DataError
from runner.runs import folder as run_folder
from runner.system import files
from tests.processes import PATIENCE

DIES = """
import os, pathlib, signal, sys
from runner.system import files
with files.replacing(pathlib.Path(sys.argv[1])) as temporary:
    temporary.write_text("half of the n")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("name", [run_folder.METRICS, run_folder.BEST_MODEL])
def test_what_a_killed_writer_has_left_is_removed_by_the_next_that_holds_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / ".mine-0123456789abcdef").touch()
    subprocess.run([sys.executable, "-c", DIES, str(tmp_path / name)])
    place = (tmp_path / name).parent
    assert len(list(place.glob(".*-tmp.*"))) == 1
    with run_folder.claimed(tmp_path):
        assert not list(place.glob(".*-tmp.*"))
    assert (tmp_path / ".mine-0123456789abcdef").exists()


def test_a_link_in_the_place_of_a_temporary_file_cannot_be_planted(tmp_path: Path) -> None:
    """No two names are the same, so that nobody knows the next one."""
    names = set()
    for _ in range(3):
        with files.replacing(tmp_path / "metrics.csv") as temporary:
            temporary.touch()
            names.add(temporary.name)
    assert len(names) == 3


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


@contextlib.contextmanager
def shared(folder: Path) -> Iterator[None]:
    """A look that lasts."""
    with (folder / run_folder.CLAIM).open("rb") as claim:
        fcntl.flock(claim, fcntl.LOCK_SH)
        yield


@pytest.mark.parametrize(
    ("look", "seconds"),
    [(lambda folder: filelock.FileLock(folder / run_folder.CLAIM), 0.05), (shared, 2 * run_folder.LOOK_SECONDS)],
)
def test_a_run_starts_while_another_process_looks_whether_its_folder_is_held(
    tmp_path: Path, look: Callable[[Path], contextlib.AbstractContextManager[object]], seconds: float
) -> None:
    """A look that takes the claim, as on Windows, does so for a moment; one with a shared lock may last."""
    (tmp_path / run_folder.CLAIM).touch()
    looks = threading.Event()

    def watch() -> None:
        with look(tmp_path):
            looks.set()
            time.sleep(seconds)

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert looks.wait(PATIENCE)
    with run_folder.claimed(tmp_path):
        assert run_folder.is_held(tmp_path)
    watcher.join()


def test_looks_at_the_same_time_do_not_see_one_another(tmp_path: Path) -> None:
    (tmp_path / run_folder.CLAIM).touch()
    with shared(tmp_path):
        assert not run_folder.is_held(tmp_path)


OTHER_USER = 65_534  # root is held back by no permission
LOOK = f"""
import os, pathlib, sys
from runner.runs import folder as run_folder
if os.getuid() == 0:
    os.setgid({OTHER_USER})
    os.setuid({OTHER_USER})
print(*(run_folder.is_held(pathlib.Path(each)) for each in sys.argv[1:]))
"""


def test_who_may_not_write_in_a_folder_believes_its_record() -> None:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
        holders = {
            "living": run_folder.me(),
            "dead": {**run_folder.me(), "pid": int(gone.stdout)},
            "elsewhere": {"pid": 1, "host": "another machine"},
            "nobody": None,
        }
        for folder, holder in holders.items():
            with run_folder.claimed(base / folder):
                run_folder.write_record(base / folder, {"holder": holder})
            (base / folder / run_folder.CLAIM).chmod(0o600 if os.getuid() == 0 else 0o400)
            (base / folder).chmod(0o555)
        base.chmod(0o755)
        looked = subprocess.run(
            [sys.executable, "-c", LOOK, *(str(base / folder) for folder in holders)],
            capture_output=True,
            text=True,
            check=True,
        )
        for folder in holders:
            (base / folder).chmod(0o755)
    assert looked.stdout.split() == ["True", "False", "True", "False"]
