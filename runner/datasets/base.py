"""What every data set comes down to: rows of features, each with a whole-number label."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from runner.config.schema import Dataset
from runner.datasets.text import Vocabulary
from runner.formatting import data_label
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sparse
    from numpy.typing import NDArray
else:
    sparse = late("scipy.sparse")


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
    """

    name: str
    source: str
    fingerprint: str
    class_names: tuple[str, ...]
    train: Examples
    test: Examples
    find_vocabulary: Callable[[], Vocabulary | None] = lambda: None
    fit: Callable[[NDArray[np.int32]], Data] | None = None
    image_shape: tuple[int, int, int] | None = None

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
    def label(self) -> str:
        """The name as headers and plots give it."""
        return data_label(self.name, self.source)


# A data set while it is being prepared: arrays by name, as they are written to the cache.
Arrays: TypeAlias = "dict[str, NDArray[Any]]"


@dataclass(frozen=True)
class ImageForm:
    """Grey images of bytes, of one figure each, bright on a black ground; a row is an image, line by line.

    height, width  in pixels
    figure         the figure without its margin fits a square of this side, in pixels
    divisor        that of `Examples`
    what           what a figure is called
    """

    height: int
    width: int
    figure: int
    divisor: float
    what: str


@dataclass(frozen=True)
class WordIndex:
    """The words of a built-in data set of texts.

    file      its name on disk, next to the data or wherever data is looked for
    md5       of the file that Keras downloads: Keras' own source names no other hash of it
    read      the file and the number of columns of a row → the vocabulary; raises DataError
    generate  the number of columns of a row → the vocabulary of the sample
    """

    file: str
    md5: str
    read: Callable[[Path, int], Vocabulary]
    generate: Callable[[int], Vocabulary]


@dataclass(frozen=True)
class FromFiles:
    """A kind of data set that files of a user make.

    name      as in `dataset=name` and in conf/dataset/name.yaml
    schema    its keys: those of `Dataset`, and its own
    problems  reasons why the keys do not fit one another, before any file is read
    load      the data that a config names; raises DataError
    """

    name: str
    schema: type[Dataset]
    problems: Callable[[Any], list[str]]
    load: Callable[[Any], Data]


@dataclass(frozen=True)
class BuiltIn:
    """A data set that comes with the runner.

    name         as in `dataset=name` and in conf/dataset/name.yaml
    schema       its keys: those of `Dataset`, and its own, which decide what is prepared
    class_names  a name for each class, in the order of the labels
    file         its name on disk, and in the Keras cache
    sha256       of the file that Keras downloads
    sample       changes whenever the sample does
    read         its full file and its own settings → the prepared arrays; raises DataError
    generate     its own settings → the prepared arrays of the sample
    examples     prepared arrays → Examples of the training and of the test split
    words        of texts: where the words of the rows are found
    image        of images: how they are
    """

    name: str
    schema: type[Dataset]
    class_names: tuple[str, ...]
    file: str
    sha256: str
    sample: str
    read: Callable[[Path, dict[str, Any]], Arrays]
    generate: Callable[[dict[str, Any]], Arrays]
    examples: Callable[[Arrays], tuple[Examples, Examples]]
    words: WordIndex | None = None
    image: ImageForm | None = None

    def settings(self, config: Dataset) -> dict[str, Any]:
        """The values of a config that decide what is prepared."""
        common = {each.name for each in fields(Dataset)}
        own = [each.name for each in fields(self.schema) if each.name not in common]
        return {name: getattr(config, name, None) for name in own}
