"""What kinds of data from files of a user share: their keys, and the data that prepared arrays are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Union

from runner.config.options import option
from runner.config.schema import SPLIT, Dataset
from runner.datasets.base import Data, Examples

if TYPE_CHECKING:
    from runner.datasets.cache import Prepared  # imports NumPy


@dataclass
class OwnFiles(Dataset):
    test: Optional[str] = option(decides=False)  # the fingerprint of the data decides
    test_split: Union[int, float] = option(SPLIT)


def problems(config: OwnFiles, what: str) -> list[str]:
    """Reasons why these keys do not fit one another; `what` is what `dataset.path` must name, such as "an npz file"."""
    found = []
    if config.path is None:
        found.append(f"dataset.path must name {what}; got null: dataset={config.name} dataset.path=…")
    if config.source == "sample":
        found.append(f"dataset.source=sample does not fit dataset={config.name}: no sample comes with files of yours")
    if config.test is not None and config.test_split:
        found.append(f"dataset.test={config.test} and dataset.test_split={config.test_split} exclude each other")
    return found


def given(path: str | None) -> Path:
    """The path that a key gives, `~` followed."""
    assert path is not None
    return Path(os.path.expanduser(path))


def data_of(name: str, found: Prepared) -> Data:
    """The data in the arrays `train_features`, `train_labels`, `test_features` and `test_labels`.

    What is said about them: `class_names`, `divisor`, and `image_shape`, null for what is no images.
    """
    train, test = (
        Examples(found.arrays[f"{split}_features"], found.arrays[f"{split}_labels"], found.about["divisor"])
        for split in ("train", "test")
    )
    image_shape = found.about["image_shape"]
    return Data(
        name=name,
        source="own",
        fingerprint=found.fingerprint,
        class_names=tuple(found.about["class_names"]),
        train=train,
        test=test,
        image_shape=tuple(image_shape) if image_shape else None,
    )
