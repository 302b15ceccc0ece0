"""A plan on the terminal: what would be trained, or what was."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

from runner.cli import exit_status, run_display, sweep_display
from runner.cli.run_display import TerminalProgress
from runner.config.paths import Place
from runner.config.plan import Plan
from runner.config.schema import Config
from runner.datasets import split
from runner.experiment import preflight
from runner.experiment import run as experiment
from runner.experiment.preflight import Checked
from runner.experiment.progress import header
from runner.runs import reuse
from runner.runs.folder import OUTPUTS
from runner.sweeps import launch as launching
from runner.sweeps.executor import Work
from runner.sweeps.sweep import Sweep
from runner.system.console import say


def launch(plan: Plan, place: Place) -> int:
    """Check a plan, train it or show what it would train, and return the exit code."""
    checked = check([job.config for job in plan.jobs], lambda found: launching.refuse_other_runs(plan, found))
    if plan.multirun:
        return _sweep(plan, checked, place)
    if plan.jobs[0].config.plan:
        return _show_plan(checked[0])
    outcome = launching.single(plan, place, TerminalProgress())
    run_display.result(outcome)
    return exit_status.of_run(outcome)


def check(configs: Sequence[Config], refuse: Callable[[list[Checked]], None] = lambda found: None) -> list[Checked]:
    """Check configs, refuse what `refuse` raises for, and show the warnings of what is left."""
    checked = preflight.check(configs)
    refuse(checked)
    run_display.warnings(checked)
    return checked


def _show_plan(checked: Checked) -> int:
    divided = split.split(checked.config.training, checked.data.train.labels)
    for text in header(checked.config, experiment.dataset_info(checked.data, divided)):
        say(text)
    say(sweep_display.epochs_left(reuse.forecast([checked.config], [checked.identity], [OUTPUTS])))
    return 0


def _sweep(plan: Plan, checked: list[Checked], place: Place) -> int:
    whole, work = launching.planned(plan, checked)
    sweep_display.plan(whole, work, plan.excluded)
    if any(job.config.plan for job in plan.jobs):
        sweep_display.planned_jobs(whole, work)
        return 0
    with launching.several(plan, place, whole, work, _watched(whole, work), run_display.warn) as ended:
        sweep_display.end(whole, ended.lines)
    return exit_status.of_sweep(ended)


@contextlib.contextmanager
def _watched(whole: Sweep, work: Sequence[Work]) -> Iterator[None]:
    say(f"folder:     {whole.folder}")
    with sweep_display.following(whole, work):
        yield
