"""`predict RUN TEXT…`: what a trained network says of a user's own texts or images, and what it gets most wrong."""

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli import predict_display, trust
from runner.cli.exit_status import guarded
from runner.config.plugins import Trust
from runner.datasets.base import ImageForm
from runner.datasets.columns import UnusableCells
from runner.datasets.tables import file as table_file
from runner.errors import ConfigError, DataError, did_you_mean, refuse_usage
from runner.formatting import one_line, spreadsheet_text
from runner.inference import inputs, predictions
from runner.inference.inputs import Inputs
from runner.inference.load import LoadedRun, load
from runner.inference.predictions import Mistakes, Prediction
from runner.runs import test_ledger
from runner.runs.test_ledger import LEDGER
from runner.system import files
from runner.system.console import say

if TYPE_CHECKING:
    import pandas as pd

USAGE = "python -m runner predict RUN (TEXT… | - | --file IN.csv --column NAME --to OUT.csv | --errors N)"
FILE_USAGE = "--file, --column and --to go together: --file IN.csv --column text --to OUT.csv"
STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    run: Path
    given: list[str]
    best: bool
    file: Path | None
    column: str | None
    to: Path | None
    errors: int | None
    test: bool
    png: Path | None
    json: bool
    trust: bool


def main(words: list[str]) -> int:
    """Exit code 0: done; 1: data or a file cannot be used; 2: the request is invalid; 130: Ctrl-C."""
    return guarded(lambda: _run(words), remedy="give another file")


def _run(words: list[str]) -> int:
    options = _options(words)
    run = load(options.run, Trust(options.trust), best=options.best)
    if options.errors is not None:
        _show_errors(run, options, options.errors)
    elif options.file:
        _predict_file(run, options, options.file)
    else:
        _predict(run, options)
    return 0


def _options(words: list[str]) -> Options:
    """Raises ConfigError where options do not fit one another, SystemExit for --help."""
    parser = argparse.ArgumentParser(
        usage=USAGE, description="What a trained network says of your own examples, and what it gets most wrong."
    )
    add = parser.add_argument
    add("run", type=Path, metavar="RUN", help="the folder of a run")
    add("given", nargs="*", metavar="TEXT", help="a text, image (PNG, JPEG, .npy) or table; -: a line of input each")
    add("--best", action="store_true", help="the network after the best epoch, not after the last one")
    add("--file", type=Path, metavar="IN.csv", help="a table with a row for each example")
    add("--column", metavar="NAME", help="the column of it that holds the texts, where the run was trained on texts")
    add("--to", type=Path, metavar="OUT.csv", help="write the table with the columns label and probability")
    add("--errors", type=_positive, metavar="N", help="the N validation examples that it gets most wrong")
    add("--test", action="store_true", help="with --errors: the test examples; a look that the ledger counts")
    add("--png", type=Path, metavar="FILE", help="with --errors, of images: draw them into a file")
    add("--json", action="store_true", help="print for other programs: the probability of each class")
    trust.add_option(parser)
    parser.error = refuse_usage(USAGE)  # type: ignore[method-assign, assignment]
    options = Options(**vars(parser.parse_intermixed_args(words)))
    if problems := list(filter(None, _misfits(options))):
        raise ConfigError(problems)
    return options


def _misfits(options: Options) -> list[str]:
    asked = [bool(options.given), options.file is not None, options.errors is not None]
    with_file = (options.file is not None) == (options.to is not None) and (options.column is None or options.file)
    return [
        "" if sum(asked) == 1 else f"give texts, --file or --errors, one of them: {USAGE}",
        "" if with_file else FILE_USAGE,
        "--png draws what --errors N finds: give both" if options.png and options.errors is None else "",
        "--test looks at what --errors N finds: give both" if options.test and options.errors is None else "",
        "--to must not be the table that is read" if _are_one(options.file, options.to) else "",
        "--json prints, --to writes a table: give one of them" if options.json and options.to else "",
        "- stands alone: the texts come from standard input" if _is_mixed(options.given) else "",
    ]


def _are_one(file: Path | None, other: Path | None) -> bool:
    return file is not None and other is not None and file.resolve() == other.resolve()


def _is_mixed(given: Sequence[str]) -> bool:
    return STANDARD_INPUT in given and len(given) > 1


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1; got {text}")
    return int(text)


def _predict(run: LoadedRun, options: Options) -> None:
    given = _lines() if options.given == [STANDARD_INPUT] else options.given
    read = inputs.read(run, given)
    said = predictions.predict(run, read.rows)
    if options.json:
        say(json.dumps(_as_json(run, read, said), indent=2, allow_nan=False))
    else:
        predict_display.show(run, read, said)


def _lines() -> list[str]:
    """The lines of standard input, empty ones too; bytes that are no UTF-8 become a sign for it."""
    content = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    lines = [line.removesuffix("\r") for line in content.removesuffix("\n").split("\n")]
    if not content:
        raise ConfigError(["- reads a text from each line of standard input; got none"])
    return lines


def _as_json(run: LoadedRun, read: Inputs, said: list[Prediction]) -> dict[str, object]:
    rows = zip(read.names, said, read.details, strict=True)
    found = [{"input": name, **_prediction(each), **details} for name, each, details in rows]
    return {**_about(run), "predictions": found}


def _about(run: LoadedRun) -> dict[str, object]:
    return {"run": str(run.folder), "model": str(run.file), "epoch": run.epoch, "classes": list(run.class_names)}


def _prediction(said: Prediction) -> dict[str, object]:
    return {"label": said.label, "probability": said.probability, "probabilities": said.by_name()}


def _predict_file(run: LoadedRun, options: Options, file: Path) -> None:
    assert options.to
    table, read = _of_columns(run, options, file) if run.columns else _of_one_column(run, options, file)
    said = predictions.predict(run, read.rows)
    columns = ["label", "probability"]
    if {*columns} & {*table.columns}:
        columns = [f"predicted_{each}" for each in columns]
    if taken := {*columns} & {*table.columns}:
        raise ConfigError([f"{file} has a column {sorted(taken)[0]} already, which is to be written: rename it"])
    label, probability = columns
    table[label] = [spreadsheet_text(each.label) for each in said]
    table[probability] = [each.probability for each in said]
    files.write(options.to, table.to_csv(index=False))
    predict_display.wrote(options.to, read, said, columns)


def _of_one_column(run: LoadedRun, options: Options, file: Path) -> tuple["pd.DataFrame", Inputs]:
    """A table with a column of texts, or of names of files."""
    if options.column is None:
        raise ConfigError([FILE_USAGE])
    table = _table(file, options.column)
    read = inputs.read(run, table[options.column].tolist())
    if len(read) != len(table):
        raise ConfigError([f"{file}: each row must name a file of one image; got {len(read)} images"])
    return table, read


def _of_columns(run: LoadedRun, options: Options, file: Path) -> tuple["pd.DataFrame", Inputs]:
    """A table with the columns of the training."""
    assert run.columns
    if options.column is not None:
        raise ConfigError([f"--column is for texts; {run.folder} takes several columns: leave it out"])
    table = table_file.read(file).cells
    try:
        return table.fillna(""), inputs.of_cells(run.columns, table)
    except UnusableCells as error:
        raise ConfigError([f"{file} {error}"]) from None


def _table(file: Path, column: str) -> "pd.DataFrame":
    """A table as it stands in a CSV file, every cell a text. Raises ConfigError, DataError."""
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of rows that are longer than the headings
            table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
    except UnicodeDecodeError:
        raise DataError(f"{file} is not in UTF-8, as it must be: save it so") from None
    except pd.errors.EmptyDataError:
        raise DataError(f"{file} is empty: it must have a line of headings and a row for each text") from None
    except pd.errors.ParserWarning:
        raise DataError(f"{file} has rows with more cells than headings: put texts with a comma into quotes") from None
    except (pd.errors.ParserError, ValueError) as error:
        raise DataError(f"{file} is not a table of comma-separated values: {one_line(str(error), 120)}") from None
    if column not in table.columns:
        names = ", ".join(one_line(each, 40) for each in table.columns)
        hint = did_you_mean(column, table.columns)
        raise ConfigError(
            [f"--column must name a column of {file} ({one_line(names, 200)}); got {one_line(column)}{hint}"]
        )
    if not len(table):
        raise DataError(f"{file} has headings and no rows: it must have a row for each text")
    return table.fillna("")


def _show_errors(run: LoadedRun, options: Options, count: int) -> None:
    if options.png and not run.image:
        raise ConfigError([f"--png draws images; {run.config.dataset.name} has none"])
    if options.test:
        return _show_test_errors(run, options, count)
    numbers = run.validation
    if not len(numbers):
        raise ConfigError(
            [f"--errors shows validation examples, and {run.folder} holds none out: add --test for those of the test"]
        )
    train = run.data.train
    found = predictions.mistakes(run, train.features[numbers], train.labels[numbers], numbers.tolist(), count)
    _show_mistakes(run, options, found, "validation")


def _show_test_errors(run: LoadedRun, options: Options, count: int) -> None:
    """The same of the test examples: an opening of the test set, which is entered first."""
    test = run.data.test
    if not len(test):
        raise DataError(run.data.no_test)
    file = run.file.relative_to(run.folder).as_posix()
    dataset = {**run.run.record["dataset"], "test": len(test)}
    before = test_ledger.enter(LEDGER, test_ledger.opening(dataset, run.folder, file, run.epoch or 0))
    found = predictions.mistakes(run, test.features, test.labels, range(len(test)), count)
    _show_mistakes(run, options, found, "test")
    if before:
        say(f"this test set {test_ledger.opened_in_words(before, LEDGER)}", sys.stderr)


def _show_mistakes(run: LoadedRun, options: Options, found: Mistakes, split: str) -> None:
    """Print or draw the worst mistakes among the examples of a split, which is named."""
    if options.png and run.image and found.worst:
        _draw(options.png, run.image, found, split)
    if options.json:
        say(json.dumps(_mistakes_as_json(run, found, split), indent=2, allow_nan=False))
    else:
        predict_display.show_mistakes(run, found, split, pictures=options.png is None)


def _draw(file: Path, form: ImageForm, found: Mistakes, split: str) -> None:
    from runner.inference.contact_sheet import Picture, contact_sheet

    pictures = [
        Picture(
            each.row.reshape(form.shape) / form.divisor,
            f"{each.label_name}, not {each.prediction.label}\n{each.example}",
        )
        for each in found.worst
    ]
    files.write(file, contact_sheet(pictures, predict_display.summary(found, split)))


def _mistakes_as_json(run: LoadedRun, found: Mistakes, split: str) -> dict[str, object]:
    worst = [
        {
            "example": each.example,
            "class": each.label_name,
            "class_probability": each.probability,
            **_prediction(each.prediction),
            **({"words": dict(predictions.word_effects(run, each))} if run.vocabulary else {}),
        }
        for each in found.worst
    ]
    return {**_about(run), "split": split, "examples": found.examples, "wrong": found.wrong, "worst": worst}
