"""Small files in the layout of Keras' own, and the configs that name them."""

import gzip
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runner.config.schema import Dataset
from runner.datasets import catalog
from runner.datasets.built_in.fashion_mnist import FILES, FashionMnist
from runner.datasets.built_in.imdb import Imdb
from runner.datasets.built_in.mnist import Mnist
from runner.datasets.built_in.reuters import Reuters
from runner.datasets.tables.keys import Table
from runner.errors import DataError

SPLITS = ("train", "test")


def imdb_config(source: str = "full", path: Path | None = None, num_words: int | None = 10_000) -> Imdb:
    return Imdb(
        name="imdb", source=source, path=str(path) if path else None, labels="integer", options={}, num_words=num_words
    )


def mnist_config(source: str = "full", path: Path | None = None) -> Mnist:
    return Mnist(name="mnist", source=source, path=str(path) if path else None, labels="integer", options={})


def reuters_config(source: str = "full", path: Path | None = None, num_words: int | None = 10_000) -> Reuters:
    return Reuters(
        name="reuters",
        source=source,
        path=str(path) if path else None,
        labels="integer",
        options={},
        num_words=num_words,
    )


def fashion_config(source: str = "full", path: Path | None = None) -> FashionMnist:
    return FashionMnist(
        name="fashion_mnist", source=source, path=str(path) if path else None, labels="integer", options={}
    )


def objects(rows: Sequence[Any]) -> NDArray[Any]:
    """An object array [rows], whatever the rows are: np.array would make a matrix of rows of one length."""
    array = np.empty(len(rows), object)
    for place, row in enumerate(rows):
        array[place] = row
    return array


def imdb_file(path: Path, **replaced: Any) -> Path:
    """An imdb.npz of three and two reviews; None in place of an array leaves it out."""
    arrays = {
        "x_train": objects([[1, 14, 22, 16], [5, 2, 2], [30, 1]]),
        "y_train": np.array([1, 0, 1]),
        "x_test": objects([[7, 1], [3, 9, 4]]),
        "y_test": np.array([0, 1]),
    }
    return _saved(path, {**arrays, **replaced})


def mnist_file(path: Path, **replaced: Any) -> Path:
    """An mnist.npz of 20 and 10 images of noise; None in place of an array leaves it out."""
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (20, 28, 28), np.uint8),
        "y_train": np.arange(20, dtype=np.uint8) % 10,
        "x_test": rng.integers(0, 256, (10, 28, 28), np.uint8),
        "y_test": np.arange(10, dtype=np.uint8),
    }
    return _saved(path, {**arrays, **replaced})


def reuters_file(path: Path, newswires: int = 60, **replaced: Any) -> Path:
    """A reuters.npz of short newswires of all 46 topics; None in place of an array leaves it out."""
    rng = np.random.default_rng(0)
    arrays = {
        "x": objects([rng.integers(2, 40, length).tolist() for length in rng.integers(1, 9, newswires)]),
        "y": np.arange(newswires) % 46,
    }
    return _saved(path, {**arrays, **replaced})


def idx(array: NDArray[np.uint8], kind: int = 8) -> bytes:
    """An array of bytes in the layout of MNIST's files, packed."""
    header = np.array([kind << 8 | array.ndim, *array.shape], ">u4").tobytes()
    return gzip.compress(header + array.tobytes(), mtime=0)


def fashion_folder(folder: Path, **replaced: bytes) -> Path:
    """A folder with the four files, of 20 and 10 images of noise; `replaced` are contents, as train_images=b"…"."""
    rng = np.random.default_rng(1)
    contents = {
        "train_images": idx(rng.integers(0, 256, (20, 28, 28), np.uint8)),
        "train_labels": idx(np.arange(20, dtype=np.uint8) % 10),
        "t10k_images": idx(rng.integers(0, 256, (10, 28, 28), np.uint8)),
        "t10k_labels": idx(np.arange(10, dtype=np.uint8)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, each in zip(FILES, {**contents, **replaced}.values(), strict=True):
        (folder / name).write_bytes(each)
    return folder


def _saved(path: Path, arrays: dict[str, Any]) -> Path:
    np.savez(path, allow_pickle=True, **{name: array for name, array in arrays.items() if array is not None})
    return path


def npy(descr: str, shape: tuple[int, ...], body: bytes, padding: int = 0) -> bytes:
    """A .npy file whose header announces what its body need not hold."""
    stream = io.BytesIO()
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}{' ' * padding}\n".encode()
    stream.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body)
    return stream.getvalue()


def with_member(path: Path, name: str, contents: bytes) -> Path:
    """Put a .npy of any contents in the place of an array of an npz file."""
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    members[f"{name}.npy"] = contents
    with zipfile.ZipFile(path, "w") as archive:
        for each, written in members.items():
            archive.writestr(each, written)
    return path


def refusal(config: Dataset) -> str:
    """The one line in which loading is refused; it names the file where the config does, and a way out."""
    with pytest.raises(DataError) as caught:
        catalog.load(config)
    line = str(caught.value)
    assert line.isprintable()  # so it has no line break either
    if config.path is not None:
        assert config.path in line
        assert "; replace it, or remove it" in line or "give another dataset.path" in line
    return line


def table_config(path: Path, **keys: Any) -> Table:
    """A config of dataset=csv, by default of the column `text` with the labels `label`."""
    values: dict[str, Any] = {
        "source": "auto",
        "labels": "integer",
        "options": {},
        "test": None,
        "test_split": 0,
        "target": "label",
        "text": "text",
        "features": None,
        "missing": "refuse",
        "encoding": "multi_hot",
        "num_words": 10_000,
        "ngrams": 1,
    }
    return Table(name="csv", path=str(path), **{**values, **keys})


def table_file(path: Path, *rows: str, headings: str = "text,label") -> Path:
    """A table of lines; by default four texts of two classes."""
    lines = rows or ("good film,pos", "bad film,neg", "good good one,pos", "a bad one,neg")
    path.write_text("\n".join([headings, *lines]) + "\n", encoding="utf-8")
    return path
