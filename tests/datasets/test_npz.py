"""Files that nobody vouches for: each fault is one line, and no code in them runs."""

import builtins
import collections
import functools
import itertools
import os
import pathlib
import pickle
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.config.schema import Dataset
from runner.datasets import catalog, npz
from runner.errors import DataError
from tests.datasets.files import imdb_config, imdb_file, mnist_config, mnist_file, npy, objects, refusal, with_member

MEMBERS = ("x_train", "y_train", "x_test", "y_test")
KINDS: dict[str, tuple[Callable[..., Dataset], Callable[..., Path]]] = {
    "imdb": (imdb_config, imdb_file),
    "mnist": (mnist_config, mnist_file),
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


class Asks:
    """An object whose pickle calls a function when it is read."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def test_arrays_come_back_as_they_were_saved(tmp_path: Path) -> None:
    numbers, lists = np.arange(6.0).reshape(2, 3), objects([[1, 2], [3], []])
    np.savez_compressed(tmp_path / "a.npz", numbers=numbers, lists=lists, allow_pickle=True)
    read = npz.read(tmp_path / "a.npz", ["numbers", "lists"])
    np.testing.assert_array_equal(read["numbers"], numbers)
    assert read["lists"].tolist() == lists.tolist()


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_object_arrays_of_older_pickles_and_of_both_numpy_layouts_are_read(
    tmp_path: Path, protocol: int, module: str
) -> None:
    lists = objects([[1, 2], [3]])
    body = pickle.dumps(lists, protocol=protocol)
    if protocol < 4:  # there the name stands as plain text, without its length before it
        body = body.replace(b"numpy._core.multiarray", module.encode())
    path = with_member(imdb_file(tmp_path / "imdb.npz"), "a", npy("|O", (2,), body))
    assert npz.read(path, ["a"])["a"].tolist() == [[1, 2], [3]]


def test_a_missing_file(tmp_path: Path, kind: str) -> None:
    configured, _ = KINDS[kind]
    assert "No such file" in refusal(configured(path=tmp_path / "nowhere.npz"))


def test_a_missing_file_asked_for_by_itself(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.npz does not exist: give another dataset\.path"):
        npz.read(tmp_path / "nowhere.npz", ["a"])


def test_a_folder_in_the_place_of_the_file(tmp_path: Path, kind: str) -> None:
    configured, _ = KINDS[kind]
    assert "directory" in refusal(configured(path=tmp_path))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_file(tmp_path: Path, kind: str, share: float) -> None:
    configured, written = KINDS[kind]
    path = written(tmp_path / "cut.npz")
    contents = path.read_bytes()
    path.write_bytes(contents[: int(share * len(contents))])
    assert "truncated or not an npz file" in refusal(configured(path=path))


@pytest.mark.parametrize("contents", [b"", b"not an archive", b"\x93NUMPY\x01\x00", b"PK\x03\x04", b"<html></html>"])
def test_a_file_that_is_no_npz(tmp_path: Path, kind: str, contents: bytes) -> None:
    configured, _ = KINDS[kind]
    path = tmp_path / "other.npz"
    path.write_bytes(contents)
    assert "truncated or not an npz file" in refusal(configured(path=path))


def test_an_array_saved_alone(tmp_path: Path, kind: str) -> None:
    configured, _ = KINDS[kind]
    path = tmp_path / "array.npy"
    np.save(path, np.zeros((3, 28, 28)))
    assert "not an npz file" in refusal(configured(path=path))


@pytest.mark.parametrize("name", MEMBERS)
def test_a_missing_array(tmp_path: Path, kind: str, name: str) -> None:
    configured, written = KINDS[kind]
    assert f"it has no array {name}" in refusal(configured(path=written(tmp_path / "few.npz", **{name: None})))


@pytest.mark.parametrize("name", MEMBERS)
def test_a_byte_changed_on_the_way(tmp_path: Path, kind: str, name: str) -> None:
    """The archive's checksum tells, whichever array it is."""
    configured, written = KINDS[kind]
    path = written(tmp_path / "bad.npz")
    with zipfile.ZipFile(path) as archive:
        start, size = archive.getinfo(f"{name}.npy").header_offset, archive.getinfo(f"{name}.npy").file_size
    contents = bytearray(path.read_bytes())
    contents[start + size] ^= 1  # in the array, for the archive's header before it is the shorter of the two
    path.write_bytes(contents)
    refusal(configured(path=path))


HEADERS = {
    "empty": b"",
    "no array": b"plain text",
    "unknown version": b"\x93NUMPY\x09\x00" + bytes(20),
    "header cut": npy("<i8", (3,), b"")[:30],
    "header is no dict": b"\x93NUMPY\x01\x00\x05\x00True\n",
    "header would call": b"\x93NUMPY\x01\x00\x0b\x00__import__\n",
    "negative size": npy("<i8", (-1,), bytes(8)),
    "fewer values than announced": npy("<i8", (3,), bytes(8)),
    "more than any memory": npy("<i8", (10**15,), bytes(8)),
    "header of many kilobytes": npy("<i8", (1,), bytes(8), padding=20_000),
    "pickle of another shape": npy("|O", (3,), pickle.dumps(objects([[1]]), protocol=4)),
    "pickle of no array": npy("|O", (3,), pickle.dumps([[1], [2], [3]])),
    "pickle cut": npy("|O", (3,), pickle.dumps(objects([[1], [2], [3]]))[:-10]),
    "pickle empty": npy("|O", (3,), b""),
    "pickle of nonsense": npy("|O", (3,), b"g5\n."),
    "pickle of an unknown codec": npy("|O", (3,), b"c_codecs\nencode\n(Vx\nVnone\ntR."),
    "pickle of more than any memory": npy("|O", (1,), b"cnumpy\nndarray\n((L1000000000000000L\ntVf8\ntR."),
    "pickle asking for a name of two lines": npy("|O", (1,), b"\x80\x04\x8c\x04o\ns\n\x8c\x06system\x93."),
}


@pytest.mark.parametrize("name", ["x_train", "y_test"])
@pytest.mark.parametrize("fault", list(HEADERS))
def test_contents_that_are_no_array(tmp_path: Path, kind: str, name: str, fault: str) -> None:
    configured, written = KINDS[kind]
    refusal(configured(path=with_member(written(tmp_path / "bad.npz"), name, HEADERS[fault])))


@pytest.mark.parametrize("fault", ["pickle of another shape", "pickle of no array"])
def test_a_pickle_holds_the_array_that_its_header_announces(tmp_path: Path, fault: str) -> None:
    path = with_member(imdb_file(tmp_path / "imdb.npz"), "a", HEADERS[fault])
    with pytest.raises(DataError, match="a is not the array that its header announces"):
        npz.read(path, ["a"])


@pytest.mark.parametrize("method", [99, None], ids=["unknown compression", "encrypted"])
def test_an_archive_that_cannot_be_unpacked(tmp_path: Path, kind: str, method: int | None) -> None:
    configured, written = KINDS[kind]
    path = written(tmp_path / "bad.npz")
    contents = bytearray(path.read_bytes())
    for mark, flags, compression in ((b"PK\x03\x04", 6, 8), (b"PK\x01\x02", 8, 10)):
        start = contents.find(mark)
        contents[start + flags if method is None else start + compression] = 1 if method is None else method
    path.write_bytes(contents)
    refusal(configured(path=path))


def hostile(marker: Path) -> dict[str, Asks]:
    """Ways to run code from a pickle, each of which leaves a marker file."""
    return {
        "os.system": Asks(os.system, f"touch '{marker}'"),
        "subprocess": Asks(subprocess.call, ["touch", str(marker)]),
        "eval": Asks(builtins.eval, f"open({str(marker)!r}, 'w').close()"),
        "exec": Asks(builtins.exec, f"open({str(marker)!r}, 'w').close()"),
        "pathlib": Asks(pathlib.Path.touch, marker),
        "open": Asks(builtins.open, str(marker), "w"),
        "shutil": Asks(shutil.copy, __file__, str(marker)),
        "numpy": Asks(np.save, str(marker), 0),
    }


HOSTILE = list(hostile(Path()))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("way", HOSTILE)
def test_an_unguarded_reader_would_run_the_code(tmp_path: Path, way: str) -> None:
    """The twin of the tests below: the same files, read by NumPy with pickles allowed, leave the marker."""
    marker = tmp_path / "ran.npy"
    path = imdb_file(tmp_path / "imdb.npz", x_train=objects([[1], hostile(marker)[way], [2]]))
    with np.load(path, allow_pickle=True) as arrays:
        arrays["x_train"].tolist()
    assert marker.exists()


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("way", HOSTILE)
def test_no_code_in_an_array_runs(tmp_path: Path, kind: str, name: str, way: str) -> None:
    configured, written = KINDS[kind]
    marker = tmp_path / "ran.npy"
    path = written(tmp_path / "bad.npz", **{name: objects([[1], hostile(marker)[way], [2]])})
    assert "which no array needs" in refusal(configured(path=path))
    assert not marker.exists()


@pytest.mark.parametrize("way", HOSTILE)
def test_no_code_in_the_place_of_an_array_runs(tmp_path: Path, way: str) -> None:
    """Not an element of an array but the whole pickle is the call."""
    marker = tmp_path / "ran.npy"
    contents = npy("|O", (3,), pickle.dumps(hostile(marker)[way]))
    path = with_member(imdb_file(tmp_path / "imdb.npz"), "x_train", contents)
    assert "which no array needs" in refusal(imdb_config(path=path))
    assert not marker.exists()


@pytest.mark.parametrize("way", HOSTILE)
def test_code_in_an_array_that_no_dataset_has_is_not_even_read(tmp_path: Path, kind: str, way: str) -> None:
    configured, written = KINDS[kind]
    marker = tmp_path / "ran.npy"
    path = written(tmp_path / "more.npz", more=objects([hostile(marker)[way]]))
    assert len(catalog.load(configured(path=path)).test) > 0
    assert not marker.exists()


HARMLESS = {
    "collections.OrderedDict": Asks(collections.OrderedDict),
    "builtins.getattr": Asks(getattr, 1, "real"),
    "functools.partial": functools.partial(print),
    "itertools.count": Asks(itertools.count),
    "builtins.set": set,
    "numpy.load": Asks(np.load, "a"),
    "numpy.memmap": Asks(np.memmap, "a"),
}


@pytest.mark.parametrize("name", list(HARMLESS))
def test_whatever_else_a_pickle_asks_for_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    path = imdb_file(tmp_path / "imdb.npz", x_train=objects([[1], HARMLESS[name], [2]]))
    assert f"it asks for {name}, which no array needs" in refusal(imdb_config(path=path))


@pytest.mark.parametrize("scalar", [np.str_("a"), np.datetime64("2020-01-01"), np.void(b"abcd")])
def test_a_numpy_scalar_that_is_no_number_is_refused(tmp_path: Path, scalar: Any) -> None:
    path = imdb_file(tmp_path / "imdb.npz", x_train=objects([[1], [scalar], [2]]))
    assert "a NumPy scalar that is no number" in refusal(imdb_config(path=path))


@pytest.mark.slow
@settings(max_examples=300)
@given(data=st.data(), compressed=st.booleans())
def test_a_file_damaged_anywhere_gives_its_arrays_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, compressed: bool
) -> None:
    """Cut, a piece lost, or bytes overwritten: never another exception."""
    path = tmp_path_factory.mktemp("damaged") / "imdb.npz"
    save = np.savez_compressed if compressed else np.savez
    save(path, x_train=objects([[1, 2], [3]]), y_train=np.array([0, 1]), allow_pickle=True)
    contents = bytearray(path.read_bytes())
    start = data.draw(st.integers(0, len(contents) - 1))
    stop = data.draw(st.integers(start, min(start + 20, len(contents))))
    contents[start:stop] = data.draw(st.binary(max_size=20))
    path.write_bytes(contents)
    line = None
    try:
        assert set(npz.read(path, ["x_train", "y_train"])) == {"x_train", "y_train"}
    except DataError as error:
        line = str(error)
    assert line is None or (str(path) in line and line.isprintable())
