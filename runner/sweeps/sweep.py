"""What a sweep is: its jobs, as sweep.json in its folder tells it."""

import dataclasses
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import DataError
from runner.formatting import shown
from runner.runs.folder import PLAN
from runner.system import files


@dataclass(frozen=True)
class Planned:
    """A job as sweep.json holds it: its number from 0, its folder in the sweep's, its words, its config."""

    number: int
    folder: str
    words: list[str]
    config: dict[str, Any]

    def value(self, key: str) -> str:
        """What the job has for a key, as it is written on the command line; of a group, the choice."""
        node: Any = self.config
        for name in key.split("."):
            node = node.get(name) if isinstance(node, dict) else None
        return shown(node) if node is not None and not isinstance(node, dict) else self._given(key)

    def _given(self, key: str) -> str:
        return next((value for name, value in map(_split, self.words) if name == key), "")


@dataclass(frozen=True)
class Sweep:
    """The jobs of a sweep's folder, the worker processes that run them, and the threads of each."""

    folder: Path
    jobs: list[Planned]
    workers: int
    threads: dict[str, int]

    @property
    def swept(self) -> list[str]:
        """The keys that are not the same in all jobs, in the order of the command line."""
        values: dict[str, set[str]] = defaultdict(set)
        for job in self.jobs:
            for key, value in map(_split, job.words):
                values[key].add(value)
        return [key for key, found in values.items() if len(found) > 1]

    def setting(self, job: Planned) -> str:
        """What of a job varies, as words."""
        return " ".join(f"{key}={job.value(key)}" for key in self.swept) or "the only job"

    def place(self, job: Planned) -> Path:
        return self.folder / job.folder


def _split(word: str) -> tuple[str, str]:
    key, _, value = word.lstrip("+").partition("=")
    return key, value


def write(sweep: Sweep) -> None:
    """Note what is planned, so that the rest can be resumed whatever happens."""
    content = {
        "workers": sweep.workers,
        "threads": sweep.threads,
        "jobs": [dataclasses.asdict(job) for job in sweep.jobs],
    }
    files.write(sweep.folder / PLAN, json.dumps(content, indent=1) + "\n")


def read(folder: Path) -> Sweep:
    """What was planned. Raises DataError."""
    try:
        content = json.loads((folder / PLAN).read_text())
        jobs = [Planned(**each) for each in content["jobs"]]
        return Sweep(folder, jobs, content["workers"], content["threads"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder / PLAN} cannot be read as the plan of a sweep: {error}") from None
