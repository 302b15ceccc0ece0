"""Prepared once, memory-mapped from then on, and never half."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.datasets import cache as prepared
from runner.datasets import catalog, checksums, sources
from runner.datasets.base import Arrays, BuiltIn, Data
from runner.datasets.built_in.imdb import BUILT_IN as IMDB
from runner.datasets.sources import Location
from runner.errors import DataError
from tests.datasets.files import imdb_config, imdb_file, mnist_config, mnist_file, objects
from tests.processes import PATIENCE, at_once


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache of the test's own; the folder appears with the first data."""
    monkeypatch.setenv("RUNNER_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return imdb_file(tmp_path / "imdb.npz")


class Counted:
    """IMDB, with a note of each time that its file was read."""

    def __init__(self) -> None:
        self.times = 0
        self.built_in: BuiltIn = dataclasses.replace(IMDB, read=self.read)

    def read(self, path: Path, settings: dict[str, Any]) -> Arrays:
        self.times += 1
        return IMDB.read(path, settings)

    def load(self, path: Path, num_words: int | None = 100) -> Data:
        return prepared.load(imdb_config(path=path, num_words=num_words), self.built_in, Location("full", path))


def reviews(data: Data) -> list[Any]:
    """All that training sees of IMDB data."""
    matrices: tuple[Any, ...] = (data.train.features, data.test.features)
    parts = [part for each in matrices for part in (each.indptr, each.indices, each.data)]
    return [part.tolist() for part in (*parts, data.train.labels, data.test.labels)]


def memory(array: Any) -> Any:
    """Whatever holds the bytes of an array."""
    while getattr(array, "base", None) is not None and not isinstance(array, np.memmap):
        array = array.base
    return array


def test_a_second_load_does_not_prepare_again(path: Path) -> None:
    counted = Counted()
    first, second = counted.load(path), counted.load(path)
    assert counted.times == 1
    assert reviews(first) == reviews(second)
    assert first.fingerprint == second.fingerprint


def test_another_number_of_words_is_prepared_apart(path: Path) -> None:
    counted = Counted()
    few, many, all_words = (counted.load(path, num_words) for num_words in (8, 100, None))
    assert counted.times == 3
    assert [each.train.features.shape[1] for each in (few, many, all_words)] == [8, 100, 33]
    assert len({few.fingerprint, many.fingerprint, all_words.fingerprint}) == 3
    assert reviews(counted.load(path, 8)) == reviews(few)
    assert counted.times == 3


def test_a_file_is_known_by_its_contents_not_by_its_place(path: Path, tmp_path: Path) -> None:
    counted = Counted()
    counted.load(path)
    counted.load(Path(shutil.copy(path, tmp_path / "copy.npz")))
    assert counted.times == 1


def test_a_file_with_other_contents_in_the_same_place_is_prepared_anew(path: Path) -> None:
    counted = Counted()
    before = counted.load(path)
    imdb_file(path, x_train=objects([[1], [2], [3]]))
    after = counted.load(path)
    assert counted.times == 2
    assert before.fingerprint != after.fingerprint


def test_the_sample_and_the_full_data_are_kept_apart(path: Path) -> None:
    assert len(catalog.load(imdb_config("sample")).train) == 4_000
    assert len(catalog.load(imdb_config("full", path)).train) == 3
    assert len(catalog.load(imdb_config("sample")).train) == 4_000


def test_the_fingerprint_tells_contents_names_and_types_apart() -> None:
    array = np.arange(4)
    told = {
        prepared.fingerprint(each)
        for each in (
            {"a": array},
            {"b": array},
            {"a": array + 1},
            {"a": array.view(np.uint64)},
            {"a": array.reshape(2, 2)},
            {"a": array, "b": array},
        )
    }
    assert len(told) == 6
    assert prepared.fingerprint({"a": array, "b": array[::2]}) == prepared.fingerprint({"b": array[::2], "a": array})


def test_the_arrays_are_memory_mapped_and_cannot_be_changed(path: Path, tmp_path: Path) -> None:
    """The second load of a process shares its memory with the first and with other processes."""
    words = catalog.load(imdb_config(path=path)).train
    matrix: Any = words.features
    digits = catalog.load(mnist_config(path=mnist_file(tmp_path / "mnist.npz"))).train
    for array in (matrix.indices, matrix.indptr, words.labels, digits.features, digits.labels):
        assert isinstance(memory(array), np.memmap)
        assert not array.flags.writeable


DIES = """
import dataclasses, os, signal, sys
from pathlib import Path
from runner.datasets.built_in.imdb import Imdb
from runner.datasets import cache as prepared
from runner.datasets.built_in.imdb import BUILT_IN as IMDB
from runner.datasets.sources import Location

class Deadly:
    def __array__(self, *arguments, **options):
        os.kill(os.getpid(), signal.SIGKILL)

def read(path, settings):
    arrays = IMDB.read(path, settings)
    return {**arrays, "train_labels": Deadly()}

config = Imdb(name="imdb", source="full", path=None, labels="integer", num_words=100)
prepared.load(config, dataclasses.replace(IMDB, read=read), Location("full", Path(sys.argv[1])))
"""


def test_what_a_killed_process_left_half_written_is_never_used_and_removed_by_the_next(
    path: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = subprocess.run([sys.executable, "-c", DIES, str(path)], capture_output=True, text=True)
    assert killed.returncode < 0, killed.stderr
    (left,) = {each.parent for each in cache.rglob("train_indices.npy")}  # it had begun to write
    of_another = left.with_name(f".imdb-0123456789abcdef-{os.getpid()}-0123456789abcdef")
    of_another.mkdir()
    counted = Counted()
    with sources.locked(cache / "prepared" / "imdb-0123456789abcdef.lock"):
        data = counted.load(path)
    assert counted.times == 1
    assert (left.exists(), of_another.exists()) == (False, True)
    counted.load(path, num_words=50)
    assert not of_another.exists()
    monkeypatch.setenv("RUNNER_CACHE_DIR", str(tmp_path / "untouched"))
    assert reviews(data) == reviews(counted.load(path))


def test_a_reader_that_fails_leaves_nothing_that_would_be_used(path: Path, cache: Path) -> None:
    def fails(path: Path, settings: dict[str, Any]) -> Arrays:
        raise DataError("no")

    config = imdb_config(path=path, num_words=100)
    with pytest.raises(DataError):
        prepared.load(config, dataclasses.replace(IMDB, read=fails), Location("full", path))
    assert not list(cache.rglob("*.npy"))
    assert len(Counted().load(path).train) == 3


def removed(file: Path) -> None:
    file.unlink()


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [removed, emptied, cut])
@pytest.mark.parametrize("name", ["about.json", "train_indices.npy", "test_labels.npy"])
def test_a_cache_folder_that_lost_a_part_is_prepared_anew(
    path: Path, cache: Path, damage: Callable[[Path], None], name: str
) -> None:
    """As after a full disk, a power cut or a cleaner of old files."""
    whole = reviews(Counted().load(path))
    (file,) = cache.rglob(name)
    damage(file)
    assert reviews(Counted().load(path)) == whole


def zeroed(content: bytearray) -> None:
    """A quarter of the array, which begins behind a header of 128 bytes."""
    end = 128 + (len(content) - 128) // 4
    content[128:end] = bytes(end - 128)


def turned(content: bytearray) -> None:
    content[-2] ^= 1


def beyond(content: bytearray) -> None:
    content[-4:] = np.int32(2**30).tobytes()


@pytest.mark.parametrize("damage", [zeroed, turned, beyond])
def test_a_cache_whose_numbers_have_changed_is_prepared_anew(
    path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[bytearray], None]
) -> None:
    whole = reviews(Counted().load(path))
    (file,) = cache.rglob("train_indices.npy")
    content = bytearray(file.read_bytes())
    damage(content)
    assert content != file.read_bytes()
    file.write_bytes(content)
    monkeypatch.setattr(prepared, "_checked", set())  # as in the next process
    counted = Counted()
    assert reviews(counted.load(path)) == whole
    assert counted.times == 1


def test_a_place_beyond_the_matrix_is_never_used_though_the_checksums_agree(
    path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A product of the matrix would read there without a look, and end the process."""
    whole = reviews(Counted().load(path))
    (file,) = cache.rglob("train_indices.npy")
    for place in (2**30, -(2**30)):
        arrays = {each.stem: np.load(each) for each in file.parent.glob("*.npy")}
        arrays["train_indices"][0] = place
        np.save(file, arrays["train_indices"])
        about = json.loads((file.parent / "about.json").read_text())
        about["sums"] = {name: checksums.of_array(array) for name, array in arrays.items()}
        (file.parent / "about.json").write_text(json.dumps(about))
        monkeypatch.setattr(prepared, "_checked", set())
        assert reviews(Counted().load(path)) == whole


@pytest.mark.parametrize("source", ["full", "sample"])
@pytest.mark.parametrize("place", [".", "prepared"])
def test_a_cache_that_cannot_be_written_is_one_line_that_names_it(
    path: Path, cache: Path, source: str, place: str
) -> None:
    """A file stands in the place of the folder, for permissions do not hold everyone back."""
    (cache / place).parent.mkdir(exist_ok=True)
    (cache / place).write_text("")
    with pytest.raises(DataError) as caught:
        catalog.load(imdb_config(source, path if source == "full" else None))
    assert str(caught.value).isprintable()
    assert str(cache) in str(caught.value)
    assert "RUNNER_CACHE_DIR" in str(caught.value)


PREPARE = """
import dataclasses, time
from pathlib import Path
from runner.datasets.built_in.imdb import Imdb
from runner.datasets import cache as prepared
from runner.datasets.built_in.imdb import BUILT_IN as IMDB
from runner.datasets.sources import Location

def read(path, settings):
    with open(sys.argv[2], "a") as log:
        print("prepared", file=log)
    time.sleep(1)  # seconds in which the others come to the same place
    return IMDB.read(path, settings)

config = Imdb(name="imdb", source="full", path=None, labels="integer", num_words=100)
start()
data = prepared.load(config, dataclasses.replace(IMDB, read=read), Location("full", Path(sys.argv[1])))
parts = [part for each in (data.train, data.test)
         for part in (each.features.indptr, each.features.indices, each.features.data)]
print([part.tolist() for part in (*parts, data.train.labels, data.test.labels)])
"""


@pytest.mark.slow
def test_four_processes_that_start_at_once_prepare_once_and_have_the_same(path: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    ended = at_once(PREPARE, str(path), str(log))
    expected = f"{reviews(Counted().load(path))}\n"
    assert [(each.returncode, each.stdout) for each in ended] == [(0, expected)] * 4, ended
    assert log.read_text() == "prepared\n"


OTHER_USER = 65_534  # root is held back by no permission


def loaded_by_another_user(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program as an unprivileged user of the same machine; as this one, if it is unprivileged itself."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        umask=0o022,
        timeout=PATIENCE,
    )


LOAD = f"""
import encodings.idna, mmap, os, sys  # what an unprivileged user may not be able to import any more
from pathlib import Path
from runner.datasets import catalog, checksums
from runner.datasets.built_in.imdb import Imdb
from runner.errors import DataError
for word in ("cache", "plugin", "sources"):
    __import__(f"runner.datasets.{{word}}")
import scipy.sparse
catalog.register_built_in()
if os.getuid() == 0:
    os.setgroups([])
    os.setgid({OTHER_USER})
    os.setuid({OTHER_USER})
path = sys.argv[2] if len(sys.argv) > 2 else None
try:
    print(len(catalog.load(Imdb(name="imdb", source=sys.argv[1], path=path, labels="integer", num_words=100)).train))
except DataError as error:
    print(error)
"""


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that every user of this machine can reach, with the cache in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        monkeypatch.setenv("RUNNER_CACHE_DIR", str(folder / "cache"))
        monkeypatch.setenv("KERAS_HOME", str(folder / "keras"))
        monkeypatch.delenv("RUNNER_DATA_DIR", raising=False)
        monkeypatch.setenv("RUNNER_DATA_URL", "http://127.0.0.1:9/")
        yield folder
        for each in folder.rglob("*"):
            each.chmod(0o755)


def test_what_one_user_prepared_another_can_use(shared: Path) -> None:
    path = imdb_file(shared / "imdb.npz")
    catalog.load(imdb_config(path=path, num_words=100))
    answer = loaded_by_another_user(LOAD, "full", str(path))
    assert (answer.stdout, answer.stderr) == ("3\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("source", ["sample", "auto"])
def test_a_cache_that_is_filled_and_cannot_be_written_is_used(shared: Path, source: str) -> None:
    """Nothing is locked or made where all is there; the mark of being offline is not kept."""
    catalog.load(imdb_config("sample", num_words=100))
    for each in (shared / "cache", *(shared / "cache").rglob("*")):
        each.chmod(0o555 if each.is_dir() else 0o444)
    answer = loaded_by_another_user(LOAD, source)
    assert (answer.stdout, answer.stderr) == ("4000\n", "")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make another user's folder")
def test_what_a_stranger_has_put_into_a_shared_cache_is_not_used(path: Path, cache: Path) -> None:
    """Neither the owner's own nor root's: the data is prepared for this user alone, and that is used then."""
    counted = Counted()
    true = reviews(counted.load(path))
    (planted,) = (each for each in (cache / "prepared").iterdir() if each.is_dir())
    labels = np.load(planted / "train_labels.npy")
    np.save(planted / "train_labels.npy", 1 - labels)
    os.chown(planted, OTHER_USER, OTHER_USER)
    assert [reviews(counted.load(path)) for _ in range(2)] == [true, true]
    assert counted.times == 2
    os.chown(planted.with_name(f"{planted.name}-of-0"), OTHER_USER, OTHER_USER)
    with pytest.raises(DataError, match="-of-0 is another user's: set RUNNER_CACHE_DIR"):
        counted.load(path)


def test_modes_of_prepared_data_are_those_of_the_umask(path: Path, cache: Path) -> None:
    before = os.umask(0o027)
    try:
        catalog.load(imdb_config(path=path))
    finally:
        os.umask(before)
    (folder,) = (each for each in (cache / "prepared").iterdir() if each.is_dir())
    assert folder.stat().st_mode & 0o777 == 0o750
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o640}


@pytest.mark.slow
def test_a_folder_that_is_not_open_to_this_user_is_one_line(shared: Path) -> None:
    path = imdb_file(shared / "imdb.npz")
    catalog.load(imdb_config(path=path, num_words=100))
    (folder,) = (each for each in (shared / "cache" / "prepared").iterdir() if each.is_dir())
    folder.chmod(0o700)
    answer = loaded_by_another_user(LOAD, "full", str(path))
    assert answer.stdout == f"{folder} is another user's and not open to you: set RUNNER_CACHE_DIR elsewhere\n"
    folder.chmod(0o755)
    (folder / "about.json").write_text("{")
    answer = loaded_by_another_user(LOAD, "full", str(path))
    assert f"{folder} is damaged" in answer.stdout
    assert answer.stderr == ""
