"""What an exported network takes and gives, for programs: signature.json."""

import math
from typing import Any

import numpy as np
import pandas as pd

from runner.errors import DataError
from runner.formatting import data_label
from runner.inference.load import LoadedRun
from runner.runs.folder import COLUMNS, VOCABULARY, read_test, test_of
from runner.training.formats import FEATURES, PROBABILITIES, TEXTS

SCHEMA_VERSION = 1
NO_RESULTS = ("epoch", "learning_rate")  # columns of metrics.csv
TOLD_OF_TEST = ("examples", "accuracy", "accuracy_standard_error")
EXAMPLE_TEXT = "A wonderful film, not a dull one."


def describe(run: LoadedRun, with_text: bool) -> dict[str, Any]:
    """The contents of signature.json, but for `files`. Raises ConfigError, DataError: of an unusable network too.

    A length that is null in a shape is the number of examples.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "run": _run(run),
        "input": _input(run, with_text),
        "output": _output(run),
        "classes": list(run.class_names),
        "text": _text(run),
        "image": _image(run),
        "columns": run.columns and {"file": COLUMNS, "features": run.columns.features},
        "example": _example(run),
    }


def _run(run: LoadedRun) -> dict[str, Any]:
    """`values` are loss and metrics of the epoch, as metrics.csv has them; an ensemble has none.

    `test` is null where this network was not tested.
    """
    record = run.run.record
    return {
        "dataset": data_label(record["dataset"]["name"], record["dataset"]["source"]),
        "network": _name(run),
        "epoch": run.epoch,
        "identity": record["identity"],
        "versions": record["versions"],
        "values": _values(run),
        "test": _test(run),
    }


def _values(run: LoadedRun) -> dict[str, float]:
    row = run.run.metrics[run.epoch - 1] if run.epoch and run.run.metrics else {}
    return {name: value for name, value in row.items() if name not in NO_RESULTS and math.isfinite(value)}


def _test(run: LoadedRun) -> dict[str, Any] | None:
    try:
        found = read_test(run.folder, test_of(_name(run)))
        is_of_this = (found["network"], found["epoch"]) == (_name(run), run.epoch)
        return {name: found[name] for name in TOLD_OF_TEST} if is_of_this else None
    except (OSError, DataError):
        return None


def _name(run: LoadedRun) -> str:
    """The saved network in the folder of the run."""
    return run.file.relative_to(run.folder).as_posix()


def _input(run: LoadedRun, with_text: bool) -> dict[str, Any]:
    """The features of an example are divided by `divisor` before they are given to the network."""
    if with_text:
        return {"name": TEXTS, "dtype": "string", "shape": [None], "encoding": "UTF-8"}
    shape = [None, *run.network.input_shape[1:]]
    return {"name": FEATURES, "dtype": "float32", "shape": shape, "divisor": run.divisor}


def _output(run: LoadedRun) -> dict[str, Any]:
    """`columns` are the classes whose probabilities the columns are."""
    units = int(run.network.output_shape[-1])
    is_sigmoid = units == 1
    return {
        "name": PROBABILITIES,
        "dtype": "float32",
        "shape": [None, units],
        "activation": "sigmoid" if is_sigmoid else "softmax",
        "columns": list(run.class_names[1:] if is_sigmoid else run.class_names),
    }


def _text(run: LoadedRun) -> dict[str, Any] | None:
    """What turns a text into a row; `unknown` is null where words that are not listed are left out."""
    vocabulary = run.vocabulary
    if not vocabulary:
        return None
    return {
        "form": vocabulary.form,
        "ngrams": vocabulary.ngrams,
        "vocabulary": VOCABULARY,
        "first_word": vocabulary.first_word,
        "start": vocabulary.start,
        "unknown": vocabulary.unknown,
        "lower": vocabulary.tokenizer.lower,
        "filters": vocabulary.tokenizer.filters,
        "split": vocabulary.tokenizer.split,
    }


def _image(run: LoadedRun) -> dict[str, Any] | None:
    """`figure` is the side, in pixels, of the square that what is shown fits, `centred` by its mass or its box.

    Both are null, as is the `background`, for whole pictures. A byte is divided by `divisor`.
    """
    form = run.image
    if not form:
        return None
    return {
        "shows": form.what,
        "height": form.height,
        "width": form.width,
        "channels": form.channels,
        "figure": form.figure,
        "centred": ("mass" if form.by_mass else "box") if form.figure else None,
        "divisor": form.divisor,
        "background": 0 if form.figure else None,
    }


def _example(run: LoadedRun) -> dict[str, Any]:
    """An input, and the output for it: for whoever reads the network to see that it is read rightly."""
    given, rows = _example_input(run)
    units = run.network.output_shape[-1]
    return {"input": given, "output": run.probabilities(rows)[:, -units:].tolist()}


def _example_input(run: LoadedRun) -> tuple[Any, Any]:
    """An example as it is written, and its row."""
    if vocabulary := run.vocabulary:
        text = EXAMPLE_TEXT if run.built_in else " ".join(vocabulary.words[:5])
        return [text], vocabulary.encode([text])
    if columns := run.columns:
        example = columns.example()
        return [example], columns.encode(pd.DataFrame([example]).astype(str))[0]
    return "zeros", np.zeros((1, *run.network.input_shape[1:]), np.float32)
