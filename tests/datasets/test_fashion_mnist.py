"""Fashion-MNIST: four files in a folder, as Keras reads them; found, fetched once, and refused in one line."""

import dataclasses
import gzip
import hashlib
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from runner.datasets import catalog, sources
from runner.datasets.built_in.fashion_mnist import BUILT_IN, FILES
from runner.datasets.sources import DOWNLOADED, Location
from runner.errors import DataError
from tests.datasets.files import fashion_config, fashion_folder, idx, refusal
from tests.datasets.test_sources import Serve, bare_machine, port, serve

__all__ = ["bare_machine", "port", "serve"]  # fixtures


def test_images_are_those_that_keras_reads_flattened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fashion_folder(tmp_path / "mine")
    load_data = keras.datasets.fashion_mnist.load_data
    monkeypatch.setattr(sys.modules[load_data.__module__], "get_file", lambda name, **_: str(folder / name))
    data = catalog.load(fashion_config(path=folder))
    for examples, (x, y) in zip((data.train, data.test), load_data(), strict=True):
        np.testing.assert_array_equal(examples.features, x.reshape(len(x), 784))
        np.testing.assert_array_equal(examples.labels, y)
        assert (examples.features.dtype.name, examples.divisor) == ("uint8", 255.0)
    assert (data.class_names[0], data.class_names[-1], data.classes) == ("T-shirt/top", "Ankle boot", 10)
    assert data.image_shape == (28, 28, 1)


BAD = {
    "no gzip": ("train_images", b"hello", "it cannot be read (Not a gzipped file"),
    "cut off": ("train_images", idx(np.zeros((20, 28, 28), np.uint8))[:-20], "it is truncated or not packed by gzip"),
    "flat": ("train_images", idx(np.zeros((20, 784), np.uint8)), "it is no IDX file of bytes in 3 dimensions"),
    "floats": ("train_images", idx(np.zeros((20, 28, 28), np.uint8), 13), "it is no IDX file of bytes in 3 dimensions"),
    "no header": ("train_labels", gzip.compress(b"\0\0"), "it is truncated or not packed by gzip"),
    "a bomb": ("t10k_labels", gzip.compress(b"\0\0\x08\1\xff\xff\xff\xff"), "it announces 4,294,967,295 bytes"),
    "too short": ("t10k_labels", gzip.compress(b"\0\0\x08\1\0\0\0\x0a\1"), "its header announces 10 bytes"),
    "too long": ("t10k_labels", gzip.compress(b"\0\0\x08\1\0\0\0\1\1\1"), "its header announces 1 bytes"),
    "a label of 10": ("t10k_labels", idx(np.full(10, 10, np.uint8)), "y_test must hold whole numbers from 0 to 9"),
    "of 32 × 32": ("t10k_images", idx(np.zeros((10, 32, 32), np.uint8)), "x_test must be [n, 28, 28]"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_file_that_is_damaged_is_named_in_one_line(tmp_path: Path, fault: str) -> None:
    name, contents, why = BAD[fault]
    line = refusal(fashion_config(path=fashion_folder(tmp_path / "mine", **{name: contents})))
    assert why in line


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = fashion_folder(tmp_path / "mine")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    assert "t10k-labels-idx1-ubyte.gz cannot be read (No such file" in refusal(fashion_config(path=folder))


def test_the_folder_is_found_and_its_four_files_are_fetched_once(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    """The server has them beside MNIST's others, without a folder, as Keras' has; on disk they stand in one."""
    server = serve()
    fashion_folder(server.folder)
    hashes = {name: f"md5:{hashlib.md5((server.folder / name).read_bytes()).hexdigest()}" for name in FILES}
    known = dataclasses.replace(BUILT_IN, files=hashes)
    fetched = bare_machine / "cache" / "downloads" / "fashion-mnist"
    for _ in range(2):
        assert sources.locate(fashion_config("auto"), known) == Location("full", fetched, DOWNLOADED)
    assert len(server.fetched()) == 4
    assert {each.name for each in fetched.glob("*.gz")} == {*FILES}

    keras_folder = fashion_folder(bare_machine / "keras" / "datasets" / "fashion-mnist")
    assert sources.locate(fashion_config(), known).path == keras_folder
    (keras_folder / "t10k-labels-idx1-ubyte.gz").unlink()  # three files are no data set
    assert sources.locate(fashion_config(), known).path == fetched
    fashion_folder(bare_machine / "data")  # not in the folder of its own: they may be MNIST's
    monkeypatch.setenv("RUNNER_DATA_DIR", str(bare_machine / "data"))
    assert sources.locate(fashion_config(), known).path == fetched
    fashion_folder(bare_machine / "data" / "fashion-mnist")
    assert sources.locate(fashion_config(), known).path == bare_machine / "data" / "fashion-mnist"


def test_another_file_than_the_known_one_is_not_kept(bare_machine: Path, serve: Serve) -> None:
    fashion_folder(serve().folder)
    with pytest.raises(DataError, match=f"than the known one .MD5 {FILES['train-images-idx3-ubyte.gz'][4:]}"):
        sources.locate(fashion_config("auto"), BUILT_IN)
    assert not [*(bare_machine / "cache").rglob("*.gz")]
