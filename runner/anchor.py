"""Relative paths made whole, for jobs that Hydra runs in folders of their own (`hydra.job.chdir`)."""

import dataclasses
import os

from runner.compose import Plan

VARIABLES = ("RUNNER_DATA_DIR", "RUNNER_CACHE_DIR", "KERAS_HOME")


def anchored(plan: Plan) -> Plan:
    """The plan with its folder seen from anywhere, and so the folders that the environment names."""
    for name in VARIABLES:
        if os.environ.get(name):
            os.environ[name] = os.path.abspath(os.path.expanduser(os.environ[name]))
    return dataclasses.replace(plan, folder=plan.folder.absolute())
