"""A command line as a plan that can be launched from here. Light to import: a wrong word is told at once."""

from runner.config.paths import Place
from runner.config.plan import Plan, plan_of, with_absolute_paths
from runner.sweeps import workers
from runner.system import backend


def plan(words: list[str], multirun: bool, place: Place) -> Plan:
    """The plan of a command line; its workers share the cores. Raises ConfigError with every problem."""
    found = with_absolute_paths(plan_of(words, multirun, place))
    backend.share_cores(workers.count(found.n_jobs, len(found.jobs)))
    return found
