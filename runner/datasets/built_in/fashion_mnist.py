"""Fashion-MNIST: images of articles of clothing, 28 × 28 bytes, flattened.

Source: Xiao, Rasul, Vollgraf, Fashion-MNIST (2017), four files in the layout of MNIST.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.config.schema import Dataset
from runner.datasets import npz
from runner.datasets.base import Arrays, BuiltIn, ImageForm
from runner.datasets.built_in import mnist
from runner.system.files import MIB
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = late("numpy")

# An article is trimmed, scaled to the longest side and set in the middle; the picture is negated: so they were made.
IMAGE = ImageForm(height=28, width=28, what="article", figure=28, by_mass=False)
MOST_BYTES = 256 * MIB  # of a file, unpacked; the largest has 47 million
UNSIGNED_BYTE = 8  # type of the values, in the header of an IDX file

# Keras' own source names no hash: these are the MD5 that the publishers give.
FILES = {
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}


@dataclass
class FashionMnist(Dataset):
    pass


def read(path: Path, settings: dict[str, Any]) -> Arrays:
    """The images of a folder with the four files. Raises DataError."""
    names = ("x_train", "y_train", "x_test", "y_test")
    files = zip(names, FILES, strict=True)
    return mnist.checked(path, {name: _array(path / file, 3 if name[0] == "x" else 1) for name, file in files})


def _array(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The bytes of a packed IDX file, in a number of dimensions. Raises DataError."""
    try:
        with gzip.open(path) as stream:
            magic, *shape = np.frombuffer(stream.read(4 + 4 * dimensions), ">u4").tolist()
            if magic != UNSIGNED_BYTE << 8 | dimensions or len(shape) != dimensions:
                raise npz.refused(path, f"it is no IDX file of bytes in {dimensions} dimensions")
            size = int(np.prod(shape, dtype=object))
            if size > MOST_BYTES:
                raise npz.refused(path, f"it announces {size:,} bytes, at most {MOST_BYTES:,} are read")
            values = np.frombuffer(stream.read(size + 1), np.uint8)
    except OSError as error:
        raise npz.refused(path, f"it cannot be read ({error.strerror or error})") from None
    except (EOFError, zlib.error, ValueError) as error:
        raise npz.refused(path, f"it is truncated or not packed by gzip: {error}") from None
    if len(values) != size:
        raise npz.refused(path, f"its header announces {size:,} bytes, and others are there")
    return values.reshape(shape)


BUILT_IN = BuiltIn(
    name="fashion_mnist",
    schema=FashionMnist,
    class_names=tuple("T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot".split(",")),
    files=FILES,
    read=read,
    examples=mnist.examples,
    folder="fashion-mnist",
    image=IMAGE,
)
