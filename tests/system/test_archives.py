"""Archives that announce more than there is, or unpack to more than a machine has: refused before memory is taken."""

import hashlib
import io
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runner.datasets import catalog, npz
from runner.datasets.built_in import mnist
from runner.datasets.built_in.mnist import IMAGE
from runner.errors import DataError
from runner.inference import images
from runner.runs import checkpoint, predictions
from tests.conftest import ConfigOf
from tests.records import write_run

MIB = 2**20


def announcing(shape: str) -> bytes:
    """An .npy file of a few bytes whose header tells another shape."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(16)


def archive_of(content: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive whose members have all the names that a reader asks for, and the same content."""
    stream = io.BytesIO()
    names = [*predictions.NAMES, "model.0", "metrics.rows", "x_train", "y_train", "x_test", "y_test"]
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name in names:
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def inflated(content: bytes, each: int = 2**32 - 2) -> bytes:
    """An archive whose entries each announce so many bytes, by default nearly 4 GiB."""
    changed = bytearray(content)
    place = changed.find(b"PK\x01\x02")
    while place >= 0:
        changed[place + 24 : place + 28] = struct.pack("<I", each)
        place = changed.find(b"PK\x01\x02", place + 4)
    return bytes(changed)


def plain() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(4))
    return stream.getvalue()


def zeros() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(8 * MIB))
    return stream.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "announced": lambda: archive_of(announcing("(1000000000000,)")),
    "negative": lambda: archive_of(announcing("(-2,)")),
    "too long for a number": lambda: archive_of(announcing("(2**62, 2**62)".replace("2**62", str(2**62)))),
    "compressed": lambda: archive_of(zeros(), zipfile.ZIP_DEFLATED),
    "inflated": lambda: inflated(archive_of(plain(), zipfile.ZIP_DEFLATED)),
}


@pytest.fixture(params=list(BOMBS))
def bomb(request: pytest.FixtureRequest) -> bytes:
    return BOMBS[request.param]()


def peak_of(command: Callable[[], object]) -> int:
    """The bytes that a command takes at its peak."""
    tracemalloc.start()
    try:
        command()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_predictions(tmp_path: Path, bomb: bytes) -> None:
    folder = write_run(tmp_path / "run")
    (folder / "predictions.npz").write_bytes(bomb)

    def read() -> None:
        with pytest.raises(ValueError, match=r"predictions\.npz is damaged"):
            predictions.read(folder)

    assert peak_of(read) < 16 * MIB


def test_a_state_whose_checksum_is_right(tmp_path: Path, bomb: bytes) -> None:
    file = tmp_path / "epoch-000001.state"
    file.write_bytes(checkpoint.MAGIC + hashlib.sha256(bomb).hexdigest().encode() + b"\n" + bomb)

    def read() -> None:
        with pytest.raises(checkpoint.DamagedState):
            checkpoint.load(file)

    assert peak_of(read) < 16 * MIB


@pytest.mark.parametrize("name", ["announced", "negative", "too long for a number", "inflated"])
def test_a_data_file(tmp_path: Path, name: str) -> None:
    file = tmp_path / "mnist.npz"
    file.write_bytes(BOMBS[name]())

    def read() -> None:
        with pytest.raises(DataError, match=r"mnist\.npz cannot be used: it"):
            npz.read(file, ("x_train", "y_train"))

    assert peak_of(read) < 16 * MIB


@pytest.mark.parametrize("name", ["seven.png", "seven.npy"])
def test_a_picture_that_is_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(images.Unusable, match="is no regular file"):
        images.read(tmp_path / name, IMAGE)


@pytest.mark.slow
def test_a_network(tmp_path: Path) -> None:
    from runner.training import saved

    (tmp_path / "model.keras").write_bytes(inflated(archive_of(plain())))
    with pytest.raises(DataError, match=r"model\.keras cannot be opened by Keras.* it unpacks to"):
        saved.load(tmp_path / "model.keras")


@pytest.mark.parametrize("name", ["imdb", "mnist", "npz"])
def test_a_small_file_of_data_that_unpacks_to_gigabytes_takes_none(
    config_of: ConfigOf, tmp_path: Path, name: str
) -> None:
    """4 MB that announce 3.9 GB, less than any file may have: more than 500 to 1 is no data."""
    file = tmp_path / "data.npz"
    file.write_bytes(bytes(4 * MIB) + inflated(archive_of(plain(), zipfile.ZIP_DEFLATED), each=3_900_000_000 // 11))
    config = config_of(f"dataset={name}", f"dataset.path={file}").dataset

    def load() -> None:
        with pytest.raises(DataError, match=r"of so small a file: save it by np\.savez, which does not pack"):
            catalog.load(config)

    assert peak_of(load) < 32 * MIB


def test_images_of_another_shape_are_refused_by_their_header(tmp_path: Path) -> None:
    file = tmp_path / "mnist.npz"
    labels, images = np.zeros(10), np.zeros((10, 1024, 1024), np.uint8)
    np.savez(file, x_train=images, y_train=labels, x_test=images, y_test=labels)

    def read() -> None:
        with pytest.raises(DataError, match=r"x_train must be \[n, 28, 28\] and y_train \[n\]; got \(10, 1024, 1024\)"):
            mnist.read(file, {})

    assert peak_of(read) < 4 * MIB
