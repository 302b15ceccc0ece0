"""A sweep as a whole: what is planned, and what its jobs can take from one another."""

import dataclasses
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import run_folder
from runner.compose import Job
from runner.config import Config

PLAN = "sweep.json"


@dataclass(frozen=True)
class Planned:
    """A job as sweep.json holds it: its number from 0, the words that made it, its config."""

    number: int
    words: list[str]
    config: dict[str, Any]


def epochs_to_keep(configs: list[Config], identities: list[str]) -> list[set[int]]:
    """For each job the epochs after which another job of its identity ends, so that it can take the weights."""
    by_identity: dict[str, set[int]] = defaultdict(set)
    for config, identity in zip(configs, identities, strict=True):
        by_identity[identity].add(config.training.epochs)
    return [by_identity[identity] for identity in identities]


def write_plan(folder: Path, jobs: list[Job]) -> None:
    """Note what is planned, so that the rest can be resumed whatever happens."""
    planned = [
        dataclasses.asdict(Planned(number, list(job.words), dataclasses.asdict(job.config)))
        for number, job in enumerate(jobs)
    ]
    run_folder.write(folder / PLAN, json.dumps({"jobs": planned}, indent=1) + "\n")


def read_plan(folder: Path) -> list[Planned]:
    """What was planned. Raises OSError or ValueError."""
    try:
        return [Planned(**each) for each in json.loads((folder / PLAN).read_text())["jobs"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{folder / PLAN} is not the plan of a sweep: {error}") from None


def folders(folder: Path) -> dict[tuple[str, ...], Path]:
    """The folders of a sweep's runs by the words that made them."""
    return {tuple(record["overrides"]): where for where, record in _records(folder)}


def _records(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.rglob(run_folder.RECORD)):
        try:
            yield path.parent, run_folder.read_record(path.parent)
        except (OSError, ValueError):
            continue
