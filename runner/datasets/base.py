"""What every data set comes down to: rows of features, each with a whole-number label."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from runner.config.schema import Dataset
from runner.datasets.columns import Columns
from runner.datasets.text import Vocabulary
from runner.formatting import data_label
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sparse
    from numpy.typing import NDArray
else:
    sparse = late("scipy.sparse")


ImageShape: TypeAlias = tuple[int, int, int]  # height, width, channels
CHANNELS = (1, 3, 4)  # last lengths that are colours: grey; red, green, blue; with transparency


def image_shape_of(shape: tuple[int, ...]) -> ImageShape | None:
    """The shape of an image, where a row of this shape can be one: [height, width], perhaps with channels last."""
    if len(shape) == 2:
        return shape[0], shape[1], 1
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 and shape[2] in CHANNELS else None


@dataclass(frozen=True)
class Examples:
    """Rows and labels of one split.

    features  numeric [examples, …], or a CSR matrix [examples, features]; possibly memory-mapped
    labels    int64 [examples], classes counted from 0
    divisor   features are divided by it on their way into the network: 255 for the bytes of an image
    """

    features: NDArray[Any] | sparse.csr_matrix
    labels: NDArray[np.int64]
    divisor: float = 1.0

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_sparse(self) -> bool:
        return sparse.issparse(self.features)


@dataclass(frozen=True)
class Data:
    """A data set: `source` is full, sample or own; `fingerprint` is a SHA-256 of its contents.

    `class_names` has a name for each class, in the order of the labels. A data set without test examples has an empty
    `test`. `find_vocabulary` is for `vocabulary`, `fit` for `fitted`. Where a row shows an image, `image_shape` is
    (height, width, channels): the features stand in its order, in that shape or in another.
    `columns` is what turns cells into a row, of tables of numbers and categories; `notes` are lines on how files were
    read.
    """

    name: str
    source: str
    fingerprint: str
    class_names: tuple[str, ...]
    train: Examples
    test: Examples
    find_vocabulary: Callable[[], Vocabulary | None] = lambda: None
    fit: Callable[[NDArray[np.int32]], Data] | None = None
    image_shape: ImageShape | None = None
    columns: Columns | None = None
    notes: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @functools.cached_property
    def vocabulary(self) -> Vocabulary | None:
        """What turns a text into a row; None for data that is no text.

        Looked for when first asked for. Raises DataError where the words of texts are not to be had.
        """
        return self.find_vocabulary()

    def fitted(self, trained: NDArray[np.int32]) -> Data:
        """The data with the features that a training on these examples, int32 [n], has.

        What features learn, such as the words of a vocabulary, they learn of those examples alone. The features of
        data that learns something have no meaning before.
        """
        return self.fit(trained) if self.fit else self

    @property
    def no_test(self) -> str:
        """The reason why nothing can be tested, for data without test examples."""
        return f"{self.label} has no test examples: train with dataset.test=FILE or dataset.test_split=0.2"

    @property
    def label(self) -> str:
        """The name as headers and plots give it."""
        return data_label(self.name, self.source)


# A data set while it is being prepared: arrays by name, as they are written to the cache.
Arrays: TypeAlias = "dict[str, NDArray[Any]]"


@dataclass(frozen=True)
class ImageForm:
    """Images of bytes; a row is an image, line by line.

    height, width  in pixels
    what           what an image shows, as messages call it
    channels       1: grey; 3: red, green, blue
    figure         the images show one figure each, bright on black, which fits a square of this side, in pixels; None:
                   whole pictures
    by_mass        whether the centre of mass of a figure is that of the image; else the figure is in the middle
    divisor        that of `Examples`
    """

    height: int
    width: int
    what: str
    channels: int = 1
    figure: int | None = None
    by_mass: bool = True
    divisor: float = 255.0

    @property
    def shape(self) -> ImageShape:
        return self.height, self.width, self.channels


@dataclass(frozen=True)
class WordIndex:
    """The words of a built-in data set of texts.

    file      its name on disk, next to the data or wherever data is looked for
    md5       of the file that Keras downloads: Keras' own source names no other hash of it
    read      the file and the number of columns of a row → the vocabulary; raises DataError
    generate  the number of columns of a row → the vocabulary of the sample, if there is one
    """

    file: str
    md5: str
    read: Callable[[Path, int], Vocabulary]
    generate: Callable[[int], Vocabulary] | None = None


@dataclass(frozen=True)
class FromFiles:
    """A kind of data set that files of a user make.

    name      as in `dataset=name` and in conf/dataset/name.yaml
    schema    its keys: those of `Dataset`, and its own
    problems  reasons why the keys do not fit one another, before any file is read
    load      the data that a config names; raises DataError
    image     how the images are that a config names; None for what is no images
    """

    name: str
    schema: type[Dataset]
    problems: Callable[[Any], list[str]]
    load: Callable[[Any], Data]
    image: Callable[[Any], ImageForm | None] = lambda config: None


@dataclass(frozen=True)
class BuiltIn:
    """A data set that comes with the runner.

    name         as in `dataset=name` and in conf/dataset/name.yaml
    schema       its keys: those of `Dataset`, and its own, which decide what is prepared
    class_names  a name for each class, in the order of the labels
    files        their names on disk, with the hash of the file that Keras downloads, such as sha256:6966…
    read         its full file and its own settings → the prepared arrays; raises DataError
    examples     prepared arrays → Examples of the training and of the test split
    finish       the data as `examples` makes it and its own settings → the data
    folder       the folder of several files, which `read` gets in the place of the one file
    sample       changes whenever the sample does; no sample comes with the runner where it is empty
    generate     its own settings → the prepared arrays of the sample
    words        of texts: where the words of the rows are found
    image        of images: how they are
    """

    name: str
    schema: type[Dataset]
    class_names: tuple[str, ...]
    files: dict[str, str]
    read: Callable[[Path, dict[str, Any]], Arrays]
    examples: Callable[[Arrays], tuple[Examples, Examples]]
    folder: str = ""
    sample: str = ""
    generate: Callable[[dict[str, Any]], Arrays] | None = None
    words: WordIndex | None = None
    image: ImageForm | None = None
    finish: Callable[[Data, dict[str, Any]], Data] = lambda data, settings: data

    @property
    def image_shape(self) -> ImageShape | None:
        return self.image.shape if self.image else None

    @property
    def place(self) -> str:
        """What is looked for on disk: the file, or the folder of several."""
        return self.folder or next(iter(self.files))

    def files_of(self, path: Path) -> list[Path]:
        """The files of the data set: `path` itself, or those in it."""
        return [path / name for name in self.files] if self.folder else [path]

    def settings(self, config: Dataset) -> dict[str, Any]:
        """The values of a config that decide what is prepared.

        A newer key is among them where it changes something, so that what was prepared before there was the key stays.
        """
        common = {each.name for each in fields(Dataset)}
        own = {each.name: each.default for each in fields(self.schema) if each.name not in common}
        values = {name: getattr(config, name, default) for name, default in own.items()}
        return {name: value for name, value in values.items() if value != own[name]}
