"""A sweep: the jobs and how they run, as sweep.json in the folder tells."""

import dataclasses
import functools
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.config import compose, plugins
from runner.config.plan import Job
from runner.config.plugins import Trust
from runner.errors import ConfigError, DataError
from runner.runs import shape
from runner.runs.folder import MOST_BYTES_OF_PLAN, PLAN, read_json
from runner.system import files


@dataclass(frozen=True)
class Sweep:
    """The jobs in the folder of a sweep, the number of worker processes, and the threads of each."""

    folder: Path
    jobs: list[Job]
    workers: int
    threads: dict[str, int]

    @functools.cached_property
    def swept(self) -> list[str]:
        """The keys that are not the same in all jobs, in the order of the command line."""
        values: dict[str, set[str]] = defaultdict(set)
        for job in self.jobs:
            for key, value in map(_split, job.words):
                values[key].add(value)
        return [key for key, found in values.items() if len(found) > 1]

    def setting(self, job: Job) -> str:
        """What varies, as words: the values of one job."""
        return " ".join(f"{key}={job.value(key)}" for key in self.swept) or "the only job"

    @property
    def plugins(self) -> list[str]:
        """The modules of all jobs."""
        return sorted({module for job in self.jobs for module in job.config.plugins})

    def place(self, job: Job) -> Path:
        return self.folder / job.folder


def _split(word: str) -> tuple[str, str]:
    key, _, value = word.lstrip("+").partition("=")
    return key, value


def write(sweep: Sweep) -> None:
    """Record the plan, so that the rest can be resumed whatever happens. Raises OSError."""
    content = {
        "workers": sweep.workers,
        "threads": sweep.threads,
        "jobs": [dataclasses.asdict(job) for job in sweep.jobs],
    }
    files.write(sweep.folder / PLAN, json.dumps(content, indent=1) + "\n")


def read(folder: Path, trust: Trust = plugins.NONE) -> Sweep:
    """The sweep that a folder holds.

    Raises DataError, and ConfigError for configs of another version or with modules that are not trusted.
    """
    refused: list[str] = []
    try:
        content = read_json(folder / PLAN, MOST_BYTES_OF_PLAN)
        _refuse_damaged(folder, content)
        jobs = [job for each in content["jobs"] if (job := _job(trust, refused, **each))]
        sweep = Sweep(folder, jobs, content["workers"], content["threads"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{folder / PLAN} cannot be read as the plan of a sweep: {error}") from None
    if refused:
        raise ConfigError(list(dict.fromkeys(refused)))
    return sweep


def _refuse_damaged(folder: Path, content: Any) -> None:
    """Raises ValueError, or what a missing part raises, for a plan that the runner does not write."""
    jobs, threads = content["jobs"], content["threads"]
    if not (jobs and [job["number"] for job in jobs] == list(range(len(jobs)))):
        raise ValueError("its jobs do not count from 0")
    if not shape.is_count(content["workers"], 1, len(jobs)):
        raise ValueError(f"workers must be a whole number, at most one for each job; got {content['workers']}")
    if not shape.are_threads(threads):
        raise ValueError(f"threads must be the counts of a machine; got {threads}")
    for job in jobs:
        if not shape.is_text(job["folder"]) or not files.is_inside(folder, job["folder"]):
            raise ValueError(
                f"the folder of job {job['number']} must lie inside that of the sweep; got {job['folder']}"
            )
        if not shape.are_texts(job["words"]):
            raise ValueError(f"the words of job {job['number']} must be a list of texts")


def _job(
    trust: Trust, refused: list[str], number: int, folder: str, words: list[str], config: dict[str, Any]
) -> Job | None:
    """A job, or None where its config is refused, with the reasons in `refused`."""
    try:
        return Job(number, folder, tuple(words), compose.from_record(config, trust))
    except ConfigError as error:
        refused += error.problems
        return None
