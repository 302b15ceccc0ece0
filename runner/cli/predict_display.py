"""Predictions on the terminal: a table of a user's own examples, and the mistakes of a network."""

import itertools
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runner.cli.words import say_words
from runner.datasets.base import ImageForm
from runner.datasets.encoding import COUNT, MULTI_HOT, TF_IDF
from runner.formatting import counted, one_line
from runner.inference.inputs import Inputs
from runner.inference.load import LoadedRun
from runner.inference.predictions import Mistake, Mistakes, Prediction, word_effects
from runner.system.console import say, table

NAME_WIDTH = 48  # columns of a text or a path in the table
REMARKS_SHOWN = 20
WORDS_SHOWN = 8  # that speak for or against a class
BRIGHT = 96  # of 255: a pixel that is drawn
WIDEST = 40  # columns of a picture
WORDS_SEEN = {MULTI_HOT: "words once each", COUNT: "words with their number", TF_IDF: "words with their weight"}
GAP = 2  # columns between two pictures


def show(run: LoadedRun, read: Inputs, said: Sequence[Prediction]) -> None:
    """A row for each input, and below what there is to say of some."""
    what = "text" if run.vocabulary else "image" if run.image else "row"
    say(_network(run))
    several = len(said) > 1
    header = [
        *(["#"] if several else []),
        "label",
        "probability",
        *(["next"] if len(run.class_names) > 2 else []),
        what,
    ]
    rows = [
        [*([str(number)] if several else []), *_cells(each), one_line(name, NAME_WIDTH)]
        for number, (name, each) in enumerate(zip(read.names, said, strict=True), 1)
    ]
    table(header, rows)
    remarks = _grouped(read.remarks)
    for first, last, remark in remarks[:REMARKS_SHOWN]:
        which = f"{what} {first}" if first == last else f"{what}s {first} to {last}"
        say(f"{which}: {remark}" if several else remark)
    if len(remarks) > REMARKS_SHOWN:
        say(f"… and {len(remarks) - REMARKS_SHOWN:,} more such lines; --json has all")


def _grouped(remarks: Sequence[str]) -> list[tuple[int, int, str]]:
    """The remarks that say anything, with the first and the last number, from 1, of neighbours with the same one."""
    groups: list[tuple[int, int, str]] = []
    number = 1
    for remark, same in itertools.groupby(remarks):
        last = number + len(list(same)) - 1
        groups += [(number, last, remark)] if remark else []
        number = last + 1
    return groups


def _network(run: LoadedRun) -> str:
    epoch = f", after epoch {run.epoch}" if run.epoch else ""
    return f"{one_line(str(run.file))}{epoch}: {', '.join(run.class_names)}"


def _cells(said: Prediction) -> list[str]:
    cells = [said.label, f"{said.probability:.4f}"]
    if len(said.names) > 2:
        second = int(np.argsort(-said.probabilities, kind="stable")[1])
        cells.append(f"{said.names[second]} {said.probabilities[second]:.4f}")
    return cells


def wrote(file: Path, read: Inputs, said: Sequence[Prediction], columns: Sequence[str]) -> None:
    """A table that was written: how many of each class, what was unknown."""
    counts = Counter(each.label for each in said)
    of_class = ", ".join(f"{counts[name]:,} {name}" for name in said[0].names if counts[name])
    say(f"{one_line(str(file))}: {counted(len(said), 'row')}, {of_class}; columns {' and '.join(columns)}")
    if not read.details or "words" not in read.details[0]:
        return
    words = sum(each["words"] for each in read.details)
    unknown = sum(len(each["unknown"]) for each in read.details)
    if unknown:
        say(f"{unknown:,} of {counted(words, 'word')} unknown")
    if empty := sum(not each["words"] for each in read.details):
        say(f"{counted(empty, 'row')} without a word: the answer is the one that the network gives to an empty text")


def summary(found: Mistakes, split: str) -> str:
    return f"{found.wrong:,} of {found.examples:,} {split} examples wrong, {_share(found)}"


def _share(found: Mistakes) -> str:
    if len(found.worst) == found.wrong:
        return "all of them here"
    return f"the {len(found.worst)} furthest off" if len(found.worst) > 1 else "the one furthest off"


def show_mistakes(run: LoadedRun, found: Mistakes, split: str, *, pictures: bool) -> None:
    """The worst mistakes, the worst first: reviews by their words, images as pictures of signs unless not asked for."""
    say(_network(run))
    if not found.wrong:
        return say(f"none of {found.examples:,} {split} examples is wrong")
    say(summary(found, split))
    if run.vocabulary:
        say(f"{WORDS_SEEN[run.vocabulary.form]}, in no order: that is all that the network sees of a {_text(run)}\n")
        for each in found.worst:
            _show_review(run, each)
    elif run.image and pictures:
        _show_images([(each, _bright(each.row, run.image)) for each in found.worst])
    else:
        header = ["example", "class", "its probability", "the network says", "probability"]
        table(header, [_mistake_cells(each) for each in found.worst])


def _text(run: LoadedRun) -> str:
    return "review" if run.built_in and run.built_in.name == "imdb" else "text"


def _mistake_cells(each: Mistake) -> list[str]:
    said = each.prediction
    return [str(each.example), each.label_name, f"{each.probability:.4f}", said.label, f"{said.probability:.4f}"]


def _show_review(run: LoadedRun, mistake: Mistake) -> None:
    said = mistake.prediction
    say(f"{_text(run)} {mistake.example} is {mistake.label_name}; the network says {said.label} {said.probability:.4f}")
    effects = word_effects(run, mistake)
    against = [word for word, effect in effects[:WORDS_SHOWN] if effect < 0]
    speaking = [word for word, effect in effects[: -WORDS_SHOWN - 1 : -1] if effect > 0]
    assert run.vocabulary
    rarest = run.vocabulary.decode(sorted(mistake.row.indices.tolist(), reverse=True))
    for heading, words in (
        (f"for {said.label}:", against),
        (f"for {mistake.label_name}:", speaking),
        (f"{counted(len(rarest), 'word')}, the rarest first:", rarest),
    ):
        say_words(heading, words)
    say("")


def _bright(row: NDArray[np.uint8], form: ImageForm) -> NDArray[np.bool_]:
    """Which pixels of an image are drawn, [height, width]: those of the figure; of a picture those above the mean.

    A picture that is too wide for signs is drawn smaller.
    """
    if form.figure:
        return row.reshape(form.height, form.width) > BRIGHT
    step = -(-form.width // WIDEST)
    grey = row.reshape(form.shape).mean(axis=2)[::step, ::step]
    return grey > grey.mean()


def _show_images(mistakes: Sequence[tuple[Mistake, NDArray[np.bool_]]]) -> None:
    """Pictures next to one another, as many as fit a line of the terminal."""
    blocks = [[*_captions(each), *_signs(bright)] for each, bright in mistakes]
    wide = max(len(cell) for block in blocks for cell in block) + GAP
    fitting = max(1, (shutil.get_terminal_size().columns + GAP - 1) // wide)
    for first in range(0, len(blocks), fitting):
        for cells in zip(*blocks[first : first + fitting], strict=True):
            say("".join(cell.ljust(wide) for cell in cells).rstrip())


def _captions(mistake: Mistake) -> tuple[str, str]:
    said = mistake.prediction
    names = (one_line(each, NAME_WIDTH) for each in (mistake.label_name, said.label))
    return f"{', not '.join(names)} {said.probability:.4f}", f"example {mistake.example}"


def _signs(bright: NDArray[np.bool_]) -> Iterator[str]:
    """The pixels of an image that are drawn, [height, width], as lines of signs, each for two above one another."""
    if len(bright) % 2:
        bright = np.vstack([bright, np.zeros_like(bright[:1])])
    for upper, lower in zip(bright[::2], bright[1::2], strict=True):
        yield "".join(" ▀▄█"[int(up) + 2 * int(down)] for up, down in zip(upper, lower, strict=True))
