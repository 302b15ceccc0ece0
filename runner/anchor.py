"""Relative paths made whole, for jobs that Hydra runs in folders of their own (`hydra.job.chdir`)."""

import dataclasses
import os
from pathlib import Path

from runner.compose import Plan
from runner.config import Config

VARIABLES = ("RUNNER_DATA_DIR", "RUNNER_CACHE_DIR", "KERAS_HOME")


def anchored(plan: Plan) -> Plan:
    """The plan with the folders and files that it names seen from anywhere; those of the environment too."""
    for name in VARIABLES:
        if os.environ.get(name):
            os.environ[name] = os.path.abspath(os.path.expanduser(os.environ[name]))
    jobs = [dataclasses.replace(job, config=with_whole_path(job.config)) for job in plan.jobs]
    return dataclasses.replace(plan, jobs=jobs, folder=plan.folder.absolute())


def with_whole_path(config: Config, base: Path | None = None) -> Config:
    """A config with the whole path of its data, which was given relative to a folder."""
    if not config.dataset.path:
        return config
    path = (base or Path.cwd()) / Path(config.dataset.path).expanduser()
    return dataclasses.replace(config, dataset=dataclasses.replace(config.dataset, path=str(path)))
