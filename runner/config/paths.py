"""Relative paths made whole: a run's data is found again from any folder, and jobs may run in folders of their own."""

import dataclasses
import os
from pathlib import Path

from runner.config.compose import Plan
from runner.config.schema import Config

VARIABLES = ("RUNNER_DATA_DIR", "RUNNER_CACHE_DIR", "KERAS_HOME")


def anchored(plan: Plan) -> Plan:
    """The plan with the whole paths of its data; of its folder and those of the environment with `hydra.job.chdir`."""
    jobs = [dataclasses.replace(job, config=with_whole_path(job.config)) for job in plan.jobs]
    if not plan.chdir:
        return dataclasses.replace(plan, jobs=jobs)
    for name in VARIABLES:
        if os.environ.get(name):
            os.environ[name] = os.path.abspath(os.path.expanduser(os.environ[name]))
    return dataclasses.replace(plan, jobs=jobs, folder=plan.folder.absolute())


def with_whole_path(config: Config, base: Path | None = None) -> Config:
    """A config with the whole path of its data, which is given relative to a folder, by default the current one."""
    if not config.dataset.path:
        return config
    path = (base or Path.cwd()) / Path(config.dataset.path).expanduser()
    return dataclasses.replace(config, dataset=dataclasses.replace(config.dataset, path=str(path)))
