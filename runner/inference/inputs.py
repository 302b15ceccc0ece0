"""A user's own examples as rows of the data set: texts, images, or rows of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from runner.datasets.columns import Columns, UnusableCells
from runner.datasets.pictures import Unusable
from runner.datasets.tables import file as table_file
from runner.datasets.text import Vocabulary
from runner.errors import ConfigError
from runner.formatting import one_line
from runner.inference import images
from runner.inference.load import LoadedRun

if TYPE_CHECKING:
    import pandas as pd

LONGEST_NAME = 255  # bytes, of a file
UNKNOWN_SHOWN = 6  # words of a text that are named


@dataclass
class Inputs:
    """Examples as features [inputs, …], with the name of each as it was given and what there is to say of it.

    `details` are for programs: the number of words of a text and those that are unknown, how an image was changed.
    """

    names: list[str] = field(default_factory=list)
    rows: Any = None
    remarks: list[str] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.names)


def read(run: LoadedRun, given: Sequence[str]) -> Inputs:
    """Texts where the run was trained on texts, else files of images or rows, as many in each as it has.

    Raises ConfigError with each file that cannot be used.
    """
    if run.vocabulary:
        return _texts(run.vocabulary, given)
    if run.columns:
        return _tables(run.columns, [Path(path) for path in given])
    return _files(run, given)


def _texts(vocabulary: Vocabulary, texts: Sequence[str]) -> Inputs:
    found = Inputs(list(texts), vocabulary.encode(texts))
    for text in texts:
        words, unknown = len(vocabulary.tokenizer(text)), vocabulary.unlisted(text)
        found.remarks.append(_of_words(words, unknown) + _of_a_file(text))
        found.details.append({"words": words, "unknown": unknown})
    return found


def _tables(columns: Columns, paths: Sequence[Path]) -> Inputs:
    """The rows of tables with the columns of the training. Raises DataError for what is no table."""
    whole = Inputs()
    problems, rows = [], []
    for path in paths:
        try:
            found = of_cells(columns, table_file.read(path).cells)
        except UnusableCells as error:
            problems.append(f"{one_line(str(path), 200)} {error}")
            continue
        whole.names += [f"{path}, row {number}" for number in range(1, len(found) + 1)]
        whole.remarks += found.remarks
        whole.details += found.details
        rows.append(found.rows)
    if problems:
        raise ConfigError(problems)
    whole.rows = np.concatenate(rows)
    return whole


def of_cells(columns: Columns, cells: "pd.DataFrame") -> Inputs:
    """The rows of a table, named by their numbers from 1. Raises UnusableCells."""
    rows, remarks = columns.encode(cells)
    return Inputs([str(row + 1) for row in range(len(rows))], rows, remarks, [{"remark": each} for each in remarks])


def _of_words(words: int, unknown: list[str]) -> str:
    if not words:
        return "no words: the answer is the one that the network gives to an empty text"
    if not unknown:
        return ""
    distinct = list(dict.fromkeys(unknown))
    named = ", ".join(one_line(word, 24) or "(signs that cannot be shown)" for word in distinct[:UNKNOWN_SHOWN])
    more = f", … ({len(distinct):,} in all)" if len(distinct) > UNKNOWN_SHOWN else ""
    return f"unknown {len(unknown):,} of {words:,} {'word' if words == 1 else 'words'}: {named}{more}"


def _of_a_file(text: str) -> str:
    """What there is to say of a text that is the name of a file."""
    is_file = len(text.encode(errors="replace")) <= LONGEST_NAME and Path(text).is_file()
    return "; it is taken as a text, the lines of a file of this name are read with - < FILE" if is_file else ""


def _files(run: LoadedRun, paths: Sequence[str]) -> Inputs:
    found, problems, rows = Inputs(), [], []
    for path in paths:
        try:
            loaded, remark = (
                images.read(Path(path), run.image)
                if run.image
                else images.numbers(Path(path), _shape(run), are_bytes=run.divisor != 1)
            )
        except Unusable as error:
            problems.append(f"{one_line(path, 200)} {error}")
            continue
        several = len(loaded) > 1
        found.names += [f"{path}[{number}]" for number in range(len(loaded))] if several else [path]
        found.remarks += [remark] * len(loaded)
        found.details += [{"changed": remark}] * len(loaded)
        rows.append(loaded)
    if problems:
        raise ConfigError(problems)
    found.rows = np.concatenate(rows)
    return found


def _shape(run: LoadedRun) -> tuple[int, ...]:
    return tuple(run.network.input_shape[1:])
