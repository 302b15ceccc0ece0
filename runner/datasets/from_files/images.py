"""`dataset=images`: a folder with a sub-folder of pictures for each class."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from runner.config.options import Rule, one_of, option
from runner.datasets.base import Data, FromFiles, ImageForm
from runner.datasets.from_files import keys
from runner.datasets.from_files.keys import OwnFiles
from runner.errors import DataError
from runner.system.late import late

if TYPE_CHECKING:
    import numpy as np

    from runner.datasets.cache import Prepared
    from runner.datasets.picture_folder import Files
else:
    np = late("numpy")

Labelled: TypeAlias = "list[tuple[str, int]]"

CHANNELS = {"gray": 1, "rgb": 3}
LARGEST = 1024  # pixels of a side: beyond it no network of dense layers fits into memory
VERSION = 1  # changes whenever pictures become other bytes


def _is_size(value: Any) -> bool:
    return len(value) == 2 and all(1 <= side <= LARGEST for side in value)


SIZE = Rule(f"[height,width] in pixels, from 1 to {LARGEST}", _is_size)


@dataclass
class Images(OwnFiles):
    size: list[int] = option(SIZE)
    color: str = one_of(*CHANNELS)


def form(config: Images) -> ImageForm:
    """How the pictures are that the network gets. Raises DataError for keys of a record that no run can have."""
    if not _is_size(config.size) or config.color not in CHANNELS:
        raise DataError(f"dataset.size must be {SIZE.words}; got {config.size} and dataset.color={config.color}")
    height, width = config.size
    return ImageForm(height, width, what="picture", channels=CHANNELS[config.color])


def load(config: Images) -> Data:
    """The pictures of the folder that a config names. Raises DataError."""
    from runner.datasets import cache, picture_folder

    test = None if config.test is None else keys.given(config.test)
    found = picture_folder.splits(keys.given(config.path), test)
    if config.test_split and "test" in found:
        asked = f"dataset.test_split={config.test_split}"
        raise DataError(f"{asked} does not fit {config.path}, which has a folder test: leave the key out")
    folders = [[str(each.root.resolve()), each.stamps] for each in found.values()]
    key = [VERSION, list(config.size), config.color, config.test_split, folders]
    prepare = functools.partial(_prepare, config, found, cache.unfinished("images", key))
    return cache.prepared("images", key, prepare, functools.partial(keys.data_of, "images"))


def _prepare(config: Images, found: dict[str, Files], unfinished: Path) -> Prepared:
    from runner.datasets import picture_folder, picture_store
    from runner.datasets.cache import Prepared

    names = sorted({name for each in found.values() for name in each.by_class})
    examples = {split: _labelled(files, names) for split, files in found.items()}
    examples = examples if "test" in examples else _divided(config, examples["train"])
    shape = form(config)
    paths = {split: [path for path, _ in each] for split, each in examples.items()}
    written = picture_store.decode(paths, shape, unfinished)
    about = {
        "class_names": [picture_folder.shown(name) for name in names],
        "divisor": shape.divisor,
        "image_shape": list(shape.shape),
    }
    labels = {f"{split}_labels": np.array([label for _, label in each], np.int64) for split, each in examples.items()}
    return Prepared(labels, about, written={f"{split}_features": path for split, path in written.items()})


def _labelled(files: Files, names: list[str]) -> Labelled:
    """The pictures of a split with the number of their class, sorted by class and name."""
    return [
        (f"{files.root}/{path}", number) for number, name in enumerate(names) for path in files.by_class.get(name, [])
    ]


def _divided(config: Images, examples: Labelled) -> dict[str, Labelled]:
    from runner.datasets import split

    try:
        train, test = split.without_test(np.array([label for _, label in examples]), config.test_split)
    except ValueError as error:
        raise DataError(f"dataset.test_split {error}, in {config.path}") from None
    return {"train": [examples[each] for each in train], "test": [examples[each] for each in test]}


FROM_FILES = FromFiles(
    name="images",
    schema=Images,
    problems=functools.partial(keys.problems, what="a folder with a sub-folder of pictures for each class"),
    load=load,
    image=form,
)
