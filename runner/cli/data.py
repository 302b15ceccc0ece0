"""`data [dataset overrides]`: what is in a data set, before anything is trained on it."""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.cli import data_display, information, run_display, train
from runner.cli.exit_status import guarded
from runner.config import hydra_adapter
from runner.config.plan import plan_of
from runner.datasets import survey
from runner.datasets.base import Data
from runner.datasets.catalog import register_built_in
from runner.datasets.split import Split
from runner.datasets.survey import Part, Survey
from runner.datasets.text import Vocabulary
from runner.errors import ConfigError, DataError, refuse_usage
from runner.experiment import preflight
from runner.experiment.preflight import Checked
from runner.formatting import one_line
from runner.system import files
from runner.system.console import say

USAGE = "python -m runner data [group=option] [key=value] … [--json] [--png FILE]"
TEXTS, ROWS, IMAGES = 3, 3, 40  # examples that are shown
CAPTION = 16  # signs of the name of a class below an image


@dataclass(frozen=True)
class Options:
    """What the command line asks for; `words` are those of the config, and flags of Hydra's."""

    words: list[str]
    json: bool
    png: Path | None


@dataclass(frozen=True)
class Surveyed:
    """A data set as a training would have it, and what is in it; `no_words` says why texts have no words."""

    data: Data
    split: Split
    vocabulary: Vocabulary | None
    no_words: str
    found: Survey

    def examples(self, count: int) -> NDArray[np.int32]:
        """Numbers of a few training examples."""
        return survey.first_of_each_class(np.asarray(self.data.train.labels), self.split.train, count)


def main(words: list[str]) -> int:
    """Exit code 0: done; 1: data or a file cannot be used; 2: the request is invalid; 130: Ctrl-C."""
    return guarded(lambda: _data(words), remedy="give another file")


@hydra_adapter.refusals()
def _data(words: list[str]) -> int:
    options = _options(words)
    checked = _checked(options.words)
    surveyed = _surveyed(checked)
    if options.png:
        _draw(surveyed, options.png)
    if options.json:
        warnings = [*preflight.unasked_samples([checked]), *preflight.warnings([checked])]
        say(json.dumps(_as_json(surveyed, warnings), indent=2, allow_nan=False))
    else:
        run_display.warnings([checked])
        data_display.show(surveyed.data, surveyed.found)
        _show_examples(surveyed, options)
    return 0


def _options(words: list[str]) -> Options:
    """Raises ConfigError, SystemExit for --help."""
    parser = argparse.ArgumentParser(
        usage=USAGE,
        allow_abbrev=False,
        description="What is in a data set, divided as the config says: sizes, classes, features, equal rows, a few "
        "examples; and the warnings of a training. The words are those of a training, such as dataset=mnist.",
    )
    parser.add_argument("--json", action="store_true", help="print for other programs")
    parser.add_argument("--png", type=Path, metavar="FILE", help="of images: draw some of each class into a file")
    parser.error = refuse_usage(USAGE)  # type: ignore[method-assign, assignment]
    options, rest = parser.parse_known_args(words)
    return Options(rest, options.json, options.png)


def _checked(words: list[str]) -> Checked:
    """The config of the words, with its data, checked as for a training. Raises ConfigError, DataError."""
    register_built_in()
    flags = hydra_adapter.flags(words)
    place = train.place_of(flags)
    if flags.multirun or any(getattr(flags, name) for name in information.FLAGS):
        raise ConfigError([f"data takes words of a config, --config-dir, --json and --png, no other flags: {USAGE}"])
    configs = [job.config for job in plan_of(flags.overrides, False, place).jobs]
    if len({repr((each.dataset, preflight.split_of(each))) for each in configs}) > 1:
        raise ConfigError(["data shows one data set, divided once; the recipe sweeps over several: leave it out"])
    return preflight.check(configs[:1])[0]


def _surveyed(checked: Checked) -> Surveyed:
    divided = preflight.divided(checked)
    data = checked.data.fitted(divided.train)
    vocabulary, no_words = None, ""
    try:
        vocabulary = data.vocabulary
    except DataError as error:
        no_words = str(error)
    return Surveyed(data, divided, vocabulary, no_words, survey.survey(data, divided, vocabulary))


def _show_examples(surveyed: Surveyed, options: Options) -> None:
    data = surveyed.data
    if surveyed.vocabulary and data.train.is_sparse:
        data_display.show_texts(data, surveyed.examples(TEXTS), surveyed.vocabulary)
    elif data.image_shape and options.png:
        say(f"examples: {options.png}")
    elif data.image_shape:
        say("examples: --png FILE draws some of each class into a file")
    else:
        if surveyed.no_words:
            say(f"the words of the texts are not known: {surveyed.no_words}")
        data_display.show_rows(data, surveyed.examples(ROWS))


def _draw(surveyed: Surveyed, file: Path) -> None:
    """Raises ConfigError where the data is no images."""
    data = surveyed.data
    if data.image_shape is None:
        raise ConfigError([f"--png draws images; {data.label} has none"])
    from runner.inference.contact_sheet import Picture, contact_sheet

    train = data.train
    pictures = [
        Picture(
            np.asarray(train.features[number]).reshape(data.image_shape) / train.divisor,
            f"{one_line(data.class_names[train.labels[number]], CAPTION)}\n{number}",
        )
        for number in surveyed.examples(IMAGES)
    ]
    files.write(file, contact_sheet(pictures, f"{data.label}: {len(pictures)} training examples"))


def _as_json(surveyed: Surveyed, warnings: list[str]) -> dict[str, Any]:
    data, found = surveyed.data, surveyed.found
    return {
        "dataset": data.name,
        "source": data.source,
        "fingerprint": data.fingerprint,
        "shape": list(found.shape),
        "dtype": found.dtype,
        "filled": found.filled,
        "parts": {part.name: _part_as_json(part, data.class_names) for part in found.parts},
        "equal_rows": [{"part": each.part, "among": list(each.among), **asdict(each.overlap)} for each in found.equal],
        "warnings": [*([surveyed.no_words] if surveyed.no_words else []), *warnings],
    }


def _part_as_json(part: Part, class_names: tuple[str, ...]) -> dict[str, Any]:
    common = part.commonest
    return {
        "examples": part.examples,
        "classes": dict(zip(class_names, part.counts, strict=True)),
        "commonest_class_name": None if common is None else class_names[common],
        "commonest_class": None if common is None else part.share(common),
        "words": asdict(part.words) if part.words else None,
        "values": asdict(part.values) if part.values else None,
    }
