"""A run as a folder for other programs: its network in their formats, and what goes in and comes out."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import ConfigError, DataError
from runner.formatting import data_label
from runner.inference import export_readme, signature
from runner.inference.load import LoadedRun
from runner.runs.folder import COLUMNS, VOCABULARY
from runner.system import files
from runner.training.formats import FORMATS, SAVED_MODEL, Format

README, SIGNATURE = "README.md", "signature.json"


@dataclass(frozen=True)
class Exported:
    """What a folder holds: `made` are the formats of the network, `refused` the reasons why others are missing."""

    made: list[Format]
    refused: list[str]


def export(run: LoadedRun, folder: Path, names: Iterable[str], *, with_text: bool = False) -> Exported:
    """Write the network of a run into a folder, new or empty, in those of some formats in which it can be.

    With `with_text` the network takes texts instead of rows. Nothing is written where it raises ConfigError, for a
    folder in use or a run that has no texts, or DataError, where no format can be made or the run cannot be used.
    """
    _refuse(run, folder, with_text)
    wanted = [FORMATS[name] for name in dict.fromkeys(names)]
    reasons = {each: reason for each in wanted if (reason := _unfit(each, with_text))}
    _refuse_nothing(wanted, reasons)
    described = signature.describe(run, with_text)
    with files.new_folder(folder) as place:
        reasons |= _convert(run, [each for each in wanted if each not in reasons], place, with_text)
        _refuse_nothing(wanted, reasons)
        made = [each for each in wanted if each not in reasons]
        _document(run, {**described, "files": {each.name: each.file for each in made}}, place)
    return Exported(made, _lines(wanted, reasons))


def _refuse(run: LoadedRun, folder: Path, with_text: bool) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError([f"--to must be a new or an empty folder; got {folder}: give another"])
    if with_text and not run.vocabulary:
        dataset = run.run.record["dataset"]
        label = data_label(dataset["name"], dataset["source"])
        raise ConfigError([f"--with-text is for runs on texts; {run.folder} was trained on {label}: leave it out"])


def _unfit(wanted: Format, with_text: bool) -> str:
    """The reason why a format cannot be made of any network, else nothing."""
    if with_text and wanted != SAVED_MODEL:
        return "it has no operations for texts: leave --with-text out, and README.md says how a text becomes a row"
    if missing := " and ".join(wanted.missing):
        is_or_are = "is" if len(wanted.missing) == 1 else "are"
        return f"{missing} {is_or_are} not installed: python -m pip install '.[export]', or {' '.join(wanted.missing)}"
    return ""


def _lines(wanted: Sequence[Format], reasons: dict[Format, str]) -> list[str]:
    return [f"{each.name}: not made, {reasons[each]}" for each in wanted if each in reasons]


def _refuse_nothing(wanted: Sequence[Format], reasons: dict[Format, str]) -> None:
    if len(reasons) == len(wanted):
        raise DataError("\n".join(_lines(wanted, reasons)))


def _convert(run: LoadedRun, wanted: Sequence[Format], place: Path, with_text: bool) -> dict[Format, str]:
    """Write the network in some formats, and return the reasons why it cannot be in others."""
    network = run.network
    from runner.training import convert

    vocabulary = run.vocabulary if with_text else None
    named = convert.from_texts(network, vocabulary) if vocabulary else convert.from_features(network)
    reasons = {}
    for each in wanted:
        try:
            convert.write(named, each, place)
        except convert.Refused as error:
            reasons[each] = f"its converter does not take this network: {error}"
    return reasons


def _document(run: LoadedRun, described: dict[str, Any], place: Path) -> None:
    if run.vocabulary:
        files.write(place / VOCABULARY, run.vocabulary.to_json())
    if run.columns:
        files.write(place / COLUMNS, run.columns.to_json())
    files.write(place / SIGNATURE, json.dumps(described, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    files.write(place / README, export_readme.text(described))
