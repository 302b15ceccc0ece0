"""What runs must have in common to be compared: data, split, monitor; and how a table of them is titled."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runner.config.monitor import Monitor
from runner.config.schema import NEVER_DECIDING
from runner.formatting import shown
from runner.runs import circumstances
from runner.runs.reader import Run

SPLIT, FROM, DRAW = "training.validation_split", "training.validation_from", "training.split_seed"
LOSS, PENALTY = "training.loss", "model.l2"
FOLDS, FOLD = "training.folds", "training.fold"
# What decides no number of a run, or stands in its data; runs that differ in seed and fold alone are one setting.
ASIDE = NEVER_DECIDING | {"seed", DRAW, FOLDS, FOLD}


@dataclass(frozen=True)
class Data:
    """What runs must have in common to be compared: data, split and monitor."""

    name: str
    source: str
    fingerprint: str
    train: int  # number of training examples
    validation: int  # number of validation examples
    held_out: str | None  # which examples are the validation examples: validation_from; None without validation
    folds: int  # of cross-validation; 0 without
    draw: str  # the split_seed that has drawn them
    measure: str  # what a loss is made of, its name and the penalty in it; empty for a metric
    monitor: Monitor


def groups(runs: Iterable[Run]) -> dict[Data, list[Run]]:
    """The runs by what they have in common."""
    found = list(runs)
    drawn = [(_training(run, "split_seed"), run.record["seed"]) for run in found]
    by_seed = all(draw == seed for draw, seed in drawn if draw is not None)
    by_data: dict[Data, list[Run]] = defaultdict(list)
    for run in found:
        by_data[_data(run, by_seed)].append(run)
    return by_data


def title(data: Data, groups: dict[Data, list[Run]]) -> str:
    """A table's title. Data sets of the same name are distinguished by their config, or else by their fingerprints."""
    of_name = {other: runs for other, runs in groups.items() if (other.name, other.source) == (data.name, data.source)}
    alike = {other.fingerprint: _data_config(runs[0]) for other, runs in of_name.items()}
    mine = alike[data.fingerprint]
    words = [
        f"{each}={shown(value)}"
        for each, value in mine.items()
        if any(other.get(each) != value for other in alike.values())
    ]
    which = " ".join([data.name, *words])
    hidden = len(alike) > 1 and sum(other == mine for other in alike.values()) > 1
    source = f"{data.source}, {data.fingerprint[:8]}" if hidden else data.source
    examples = f"{data.train:,} to train on, {data.validation:,} for validation"
    if data.folds:
        examples += f" in each of {data.folds} folds"
    if data.held_out and len({other.held_out for other in of_name} - {None}) > 1:
        examples += f" ({FROM}={data.held_out})"
    if data.draw and (data.draw == "${seed}" or len({other.draw for other in of_name}) > 1):
        examples += f" ({DRAW}={data.draw})"
    if data.measure and len({other.measure for other in of_name} - {""}) > 1:
        examples += f", {data.monitor.name} with {data.measure}"
    return f"{which} ({source}): {examples}"


def values_of(run: Run) -> dict[str, Any]:
    """The config and the circumstances; the validation split always as the number of examples."""
    values = {key: value for key, value in run.config.items() if key not in ASIDE}
    count = run.record["dataset"]["validation"]
    if SPLIT in values:
        values[SPLIT] = count
    if _training(run, "folds"):
        values.pop(SPLIT, None)
    if not count:
        values.pop(FROM, None)
    return {**values, **circumstances.of(run.record)}


def words_of(values: dict[str, Any], keys: Iterable[str]) -> str:
    return " ".join(f"{key}={shown(values.get(key))}" for key in keys)


def _data(run: Run, by_seed: bool) -> Data:
    """The data of a run. `by_seed` says that each seed has drawn validation examples of its own."""
    record, values = run.record["dataset"], values_of(run)
    about = {key: record[key] for key in ("name", "source", "fingerprint", "train", "validation")}
    draw, folds = _training(run, "split_seed"), _training(run, "folds") or 0
    if folds:  # which differ by an example where the number is not a multiple
        examples = record["train"] + record["validation"]
        about |= {"train": examples - examples // folds, "validation": examples // folds}
    which = "" if draw is None else "${seed}" if by_seed and not folds else str(draw)
    measure = words_of(values, (LOSS, PENALTY)) if run.monitor.name == run.monitor.loss else ""
    return Data(**about, held_out=values.get(FROM), folds=folds, draw=which, measure=measure, monitor=run.monitor)


def _training(run: Run, key: str) -> Any:
    """A key of the training, None in records that are older than it."""
    return run.record["config"]["training"].get(key)


def _data_config(run: Run) -> dict[str, Any]:
    return {key: value for key, value in values_of(run).items() if key.startswith("dataset.")}
