"""What every dataset comes down to: rows of features and a whole-number label for each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from runner.config.schema import Dataset
from runner.formatting import data_label


@dataclass(frozen=True)
class Examples:
    """Rows and labels.

    features  [examples, …] numeric, or a CSR matrix [examples, features]; possibly memory-mapped
    labels    int64 [examples], classes counted from 0
    divisor   features are divided by it on their way into the network (255 for bytes of an image)
    """

    features: NDArray[Any] | scipy.sparse.csr_matrix
    labels: NDArray[np.int64]
    divisor: float = 1.0

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_sparse(self) -> bool:
        return scipy.sparse.issparse(self.features)


@dataclass(frozen=True)
class Data:
    """A dataset: `source` is full, sample or own; `fingerprint` a hash of its contents."""

    name: str
    source: str
    fingerprint: str
    classes: int
    train: Examples
    test: Examples

    @property
    def label(self) -> str:
        """The name as headers and plots give it."""
        return data_label(self.name, self.source)


# A split of a dataset while it is being prepared: arrays by name, as they are written to the cache.
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class BuiltIn:
    """A dataset that the runner knows.

    file      its name on disk, and in the Keras cache
    sha256    of the file that Keras downloads
    sample    changes whenever the sample does
    settings  the fields of the config that decide what is prepared
    read      its full file → the prepared arrays; raises DataError
    generate  the sample → the prepared arrays
    examples  prepared arrays → Examples of the training and of the test split
    """

    name: str
    file: str
    sha256: str
    classes: int
    sample: str
    settings: Callable[[Dataset], dict[str, Any]]
    read: Callable[[Path, dict[str, Any]], Arrays]
    generate: Callable[[dict[str, Any]], Arrays]
    examples: Callable[[Arrays], tuple[Examples, Examples]]
