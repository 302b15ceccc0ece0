"""What is in a data set, on the terminal."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from runner.cli.words import say_words
from runner.datasets.base import Data
from runner.datasets.survey import TRAINING, EqualRows, Part, Survey
from runner.datasets.text import Vocabulary
from runner.formatting import counted, number, one_line
from runner.system.console import say, table

CLASSES_SHOWN = 50
NAME_WIDTH = 24  # columns of the name of a class
LINES_OF_WORDS = 3
VALUES_SHOWN = 8  # of a row
UNTOLD = "-"

Cell = Callable[[Part], str]


def show(data: Data, found: Survey) -> None:
    """Sizes and classes, what the rows hold, and which of them are equal."""
    train, validation, test = (part.examples for part in found.parts)
    say(f"{data.label}: {train:,} to train on, {validation:,} for validation, {test:,} for the test\n")
    present = [part for part in found.parts if part.examples]
    has_words = any(part.words for part in present)
    _show_classes(data, present)
    _show_features(data, found, present, has_words)
    _show_equal_rows(found, has_words)


def _show_classes(data: Data, present: Sequence[Part]) -> None:
    """A row for each class; where they are many, the commonest ones in training. Then what a single answer scores."""
    labels = sorted(range(data.classes), key=lambda label: -present[0].counts[label])
    labels = sorted(labels[:CLASSES_SHOWN])
    header = ["class", *(heading for part in present for heading in (part.name, "share"))]
    table(header, [[_class_name(data, label), *_class_cells(label, present)] for label in labels])
    if hidden := data.classes - len(labels):
        say(f"not shown: {hidden:,} of {data.classes:,} classes, those with the fewest training examples; see --json")
    judged = [part for part in present if part.name != TRAINING] or present
    say(f"baseline: one answer for all is right for {' and '.join(_commonest(data, part) for part in judged)}\n")


def _class_name(data: Data, label: int) -> str:
    return one_line(data.class_names[label], NAME_WIDTH)


def _class_cells(label: int, present: Sequence[Part]) -> list[str]:
    return [cell for part in present for cell in (f"{part.counts[label]:,}", number(part.share(label)))]


def _commonest(data: Data, part: Part) -> str:
    common = part.commonest
    assert common is not None
    return f"{number(part.share(common))} of {part.name} ({_class_name(data, common)})"


def _show_features(data: Data, found: Survey, present: Sequence[Part], has_words: bool) -> None:
    say(f"a row: {_row(data, found)}")
    columns = int(np.prod(found.shape))
    cells = _OF_WORDS if has_words else [*_OF_VALUES, *([_UNIFORM] if columns > 1 else [])]
    lines = [[name, *map(cell, present)] for name, cell in cells if columns]
    header = ["different known words a text" if has_words else "values", *(part.name for part in present)]
    table(header, [line for line in lines if {*line[1:]} != {UNTOLD}])
    if present[0].values and present[0].values.constant:
        constant = present[0].values.constant
        say(f"one value in all training examples: {constant:,} of {counted(columns, 'column')}")
    say("")


def _row(data: Data, found: Survey) -> str:
    values = " × ".join(f"{each:,}" for each in found.shape)
    parts = [f"{values} value{'' if found.shape == (1,) else 's'}, {found.dtype}"]
    if data.image_shape:
        height, width, channels = data.image_shape
        parts.append(f"an image of {height} × {width}" + (f" in {channels} channels" if channels > 1 else ""))
    if data.train.divisor != 1:
        parts.append(f"divided by {data.train.divisor:g} in the network")
    if found.filled is not None:
        parts.append(f"{number(found.filled)} of them not 0")
    return ", ".join(parts)


def _words(part: Part) -> Any:
    assert part.words
    return part.words


def _values(part: Part) -> Any:
    assert part.values
    return part.values


def _with_unknown(part: Part) -> str:
    count = _words(part).with_unknown
    return UNTOLD if count is None else f"{count:,}"


_OF_WORDS: list[tuple[str, Cell]] = [
    ("fewest", lambda part: f"{_words(part).fewest:,}"),
    ("median", lambda part: f"{_words(part).median:,g}"),
    ("most", lambda part: f"{_words(part).most:,}"),
    ("texts with unknown words", _with_unknown),
    ("texts without a known word", lambda part: f"{_words(part).without:,}"),
]
_OF_VALUES: list[tuple[str, Cell]] = [
    ("smallest", lambda part: f"{_values(part).smallest:g}"),
    ("largest", lambda part: f"{_values(part).largest:g}"),
]
_UNIFORM: tuple[str, Cell] = ("rows of one value", lambda part: f"{_values(part).uniform:,}")


def _show_equal_rows(found: Survey, has_words: bool) -> None:
    """A row for each two parts that have equal rows."""
    met = [each for each in found.equal if each.overlap.examples]
    present = {part.name for part in found.parts if part.examples}
    if not met:
        return say("equal rows: none\n")
    rows = [
        [_between(each, present), f"{overlap.examples:,}", number(overlap.share), f"{overlap.different_label:,}"]
        for each in met
        for overlap in [each.overlap]
    ]
    table(["equal rows", "examples", "share", "with another class"], rows)
    if has_words:
        say("equal rows are texts with the same known words; the texts themselves can differ")
    say("")


def _between(each: EqualRows, present: set[str]) -> str:
    if each.among == (each.part,):
        return f"within {each.part}"
    return f"{each.part}, also in {' or '.join(name for name in each.among if name in present)}"


def show_texts(data: Data, numbers: NDArray[np.int32], vocabulary: Vocabulary) -> None:
    """Training examples with these numbers as words, those of the last columns first."""
    for each in numbers:
        columns = data.train.features[each].indices.tolist()
        words = vocabulary.decode(sorted(columns, reverse=True))
        say(f"example {each}, {_class_name(data, data.train.labels[each])}")
        say_words(f"{counted(len(words), 'word')}, the rarest first:", words, LINES_OF_WORDS)


def show_rows(data: Data, numbers: NDArray[np.int32]) -> None:
    """The first values of training examples with these numbers."""
    for each in numbers:
        row = data.train.features[each]
        values = row.toarray() if sparse.issparse(row) else np.asarray(row)
        shown = [f"{value:g}" for value in values.ravel()[:VALUES_SHOWN]]
        more = " …" if values.size > VALUES_SHOWN else ""
        say(f"example {each}, {_class_name(data, data.train.labels[each])}: {' '.join(shown)}{more}")
