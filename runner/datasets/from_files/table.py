"""`dataset=csv`: a table of a user's, with a column of labels, and one of texts or some of numbers and categories."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.datasets.base import Data, FromFiles
from runner.datasets.from_files import keys
from runner.datasets.tables.keys import MEAN, Table
from runner.errors import DataError

if TYPE_CHECKING:
    from runner.datasets.cache import Prepared  # imports NumPy

NAME = "csv"
VERSION = 1  # changes whenever a file becomes other rows
_latest: dict[Any, Data] = {}  # the last data that was fitted: the jobs of a sweep have the same training examples


def problems(config: Table) -> list[str]:
    """Reasons why the keys do not fit one another."""
    found = keys.problems(config, "a table, such as tickets.csv")
    if config.target is None:
        found.append("dataset.target must name the column of the labels; got null")
    if config.text is not None and config.features is not None:
        found.append("dataset.text and dataset.features exclude each other: a column of texts, or columns of numbers")
    if config.features is not None and not config.features:
        found.append("dataset.features must name a column at least; got []: null takes all but the target")
    if config.features is not None and len({*config.features}) < len(config.features):
        found.append(f"dataset.features must name each column once; got [{','.join(config.features)}]")
    if config.target is not None and config.target in (config.text, *(config.features or ())):
        found.append(f"dataset.target={config.target} must not be among what is learned from")
    if config.text is not None and config.missing == MEAN:
        found.append("dataset.missing=mean is for columns of numbers; dataset.text has texts: use drop or refuse")
    return found


def load(config: Table) -> Data:
    """The data of a table. Raises ConfigError for columns that it does not have, DataError."""
    from runner.datasets import cache

    paths = [_regular(each) for each in (config.path, config.test) if each is not None]
    hashes = [[cache.file_hash(path, "give another file"), path.suffixes] for path in paths]
    settings = [config.target, config.text, config.features, config.missing, config.test_split]
    key = [VERSION, *hashes, *settings, config.ngrams if config.text is not None else None]
    prepare = functools.partial(_prepare, config, paths)
    return cache.prepared(NAME, key, prepare, functools.partial(_data, config, paths))


def _regular(given: str) -> Path:
    """The path of a file. Raises DataError for what is no regular file, such as a pipe, which is read only once."""
    path = Path(os.path.expanduser(given))
    if not path.exists():
        raise DataError(f"{path} does not exist: give another dataset.path or dataset.test")
    if not path.is_file():
        raise DataError(f"{path} is no regular file: give another dataset.path or dataset.test")
    return path


def _prepare(config: Table, paths: list[Path]) -> Prepared:
    from runner.datasets.cache import Prepared
    from runner.datasets.tables import column_features, rows, text_features

    chosen = rows.choose(config, paths)
    if config.text is not None:
        arrays, kinds = text_features.prepare(paths[0], chosen, config.text, config.ngrams), None
    else:
        arrays, kinds = column_features.prepare(paths, chosen)
    about = {"columns": kinds, "classes": chosen.class_names, "facts": chosen.facts}
    return Prepared({**arrays, **chosen.labels}, about)


def _data(config: Table, paths: list[Path], found: Prepared) -> Data:
    from runner.datasets.tables import column_features, rows, text_features

    def fit(trained: Any) -> Data:
        key = (found.fingerprint, config.encoding, config.num_words, config.missing, trained.tobytes())
        if key not in _latest:
            _latest.clear()
            if config.text is not None:
                _latest[key] = text_features.fitted(data, found.arrays, trained, config)
            else:
                _latest[key] = column_features.fitted(data, found, trained, fills=config.missing == MEAN)
        return _latest[key]

    of_texts = config.text is not None
    train, test = (text_features if of_texts else column_features).examples(found.arrays)
    data = Data(
        name=NAME,
        source="own",
        fingerprint=found.fingerprint,
        class_names=tuple(found.about["classes"]),
        train=train,
        test=test,
        fit=fit,
        notes=(
            *rows.notes(paths, found.about["facts"]),
            *column_features.notes(paths[0], found.about["columns"] or (), len(train)),
        ),
    )
    return data


FROM_FILES = FromFiles(NAME, Table, problems, load)
