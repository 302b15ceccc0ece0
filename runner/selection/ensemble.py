"""Several final networks that answer together: their mean is saved, and tested once with each of them."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from runner.config.plugins import Trust
from runner.config.schema import Config
from runner.experiment import run as experiment
from runner.experiment import saving, test_set
from runner.inference import load
from runner.runs import history, writer
from runner.runs.folder import METRICS, MODEL, TIMINGS, claimed, me
from runner.runs.history import Row
from runner.runs.status import COMPLETED, RUNNING
from runner.runs.writer import Outcome, Record
from runner.system import files, signals

Member = tuple[Path, Config]


def test(folder: Path, members: Sequence[Member], ledger: Path) -> Outcome:
    """Save the mean network of trained runs in a folder above them, with the record of the first, and test it once.

    A failure or an interruption is an Outcome too. Raises DataError where folder or data cannot be used.
    """
    first, config = members[0]
    with claimed(folder), signals.watched() as interruption:
        record = Record(folder, config, [])
        is_complete = record.entries.get("status") == COMPLETED
        if is_complete and test_set.is_tested(record, MODEL, config.training.epochs):
            return record.outcome("finished already")
        resolved = experiment.resolve(config)
        record.metrics = _write_means(folder, [path for path, _ in members])
        saving.save_what_makes_rows(folder, resolved.data)
        record.write(**_entries(writer.read(first), members), opening=record.entries.get("opening"))
        with experiment.recorded(record, interruption), interruption.waiting():
            trust = Trust(names=frozenset(config.plugins))
            networks = [load.load(path, trust).network for path, _ in members]
            from runner.training.ensemble import averaged

            network = averaged(networks)
            with files.replacing(folder / MODEL, durable=True) as path:
                network.save(path)
            candidate = test_set.Candidate(network, MODEL, config.training.epochs, networks)
            test_set.evaluate(record, candidate, resolved.data, resolved.task, ledger)
        return record.outcome(signal=interruption.signal)


def _entries(first: dict[str, Any], members: Sequence[Member]) -> dict[str, Any]:
    """The run.json of an ensemble: that of the first member, with the seeds and the parameters of all."""
    seeds = [config.seed for _, config in members]
    parameters = first["parameter_count"] * len(members)
    return {**first, "status": RUNNING, "seeds": seeds, "parameter_count": parameters, "holder": me()}


def _write_means(folder: Path, members: Sequence[Path]) -> list[Row]:
    """Write the means over the networks of metrics.csv and timings.csv, epoch by epoch; those of metrics.csv."""
    means = {}
    for name in (METRICS, TIMINGS):
        epochs = zip(*(history.read(each / name) for each in members), strict=True)
        means[name] = [{column: fmean(row[column] for row in rows) for column in rows[0]} for rows in epochs]
        files.write(folder / name, history.text(means[name]))
    return means[METRICS]
