"""A checked plan, launched: one run or a sweep, whose jobs Hydra hands out."""

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from runner.cli import exit_status, run_display, sweep_display
from runner.cli.run_display import TerminalProgress
from runner.config import compose, hydra_adapter
from runner.config.paths import Place, with_absolute_path
from runner.config.plan import Plan
from runner.config.schema import Config
from runner.datasets import split
from runner.errors import ConfigError, DataError
from runner.experiment import preflight
from runner.experiment import run as experiment
from runner.experiment.preflight import Checked
from runner.experiment.progress import header
from runner.runs import reuse
from runner.runs.folder import OUTPUTS, PLAN, RECORD, claimed, is_held
from runner.runs.writer import Outcome, Record
from runner.sweeps import executor, sweep, workers
from runner.sweeps.executor import FailFast, Work
from runner.sweeps.sweep import Sweep
from runner.system import backend
from runner.system.console import say
from runner.system.signals import broken_pipes_survived


def launch(plan: Plan, place: Place) -> int:
    """Check a plan, train it or show what it would train, and return the exit code."""
    checked = check([job.config for job in plan.jobs], lambda found: _refuse_other_runs(plan, found))
    if plan.multirun:
        with broken_pipes_survived():
            return _sweep(plan, checked, place)
    if plan.jobs[0].config.plan:
        return _show_plan(checked[0])
    outcome = _single(plan, place)
    run_display.result(outcome)
    return exit_status.of_run(outcome)


def check(configs: Sequence[Config], refuse: Callable[[list[Checked]], None] = lambda found: None) -> list[Checked]:
    """Check configs, refuse what `refuse` raises for, and show the warnings of what is left."""
    checked = preflight.check(configs)
    refuse(checked)
    run_display.warn_of_samples(checked)
    for text in preflight.warnings(checked):
        run_display.warn(text)
    return checked


def _show_plan(checked: Checked) -> int:
    divided = split.split(checked.config.training, checked.data.train.labels)
    for text in header(checked.config, experiment.dataset_info(checked.data, divided)):
        say(text)
    say(sweep_display.epochs_left(reuse.forecast([checked.config], [checked.identity], [OUTPUTS])))
    return 0


def _single(plan: Plan, place: Place) -> Outcome:
    """Let Hydra run the one job. Raises what the job raises."""
    ended: list[Outcome | Exception] = []
    run_roots, here = [_outputs(plan)], Path.cwd()

    def job(composed: DictConfig) -> float | None:
        hydras = HydraConfig.get()
        folder = plan.folder if plan.chdir else _from_here(Path(hydras.runtime.output_dir))
        config, words = with_absolute_path(compose.typed(composed), here), list(hydras.overrides.task)
        try:
            outcome = experiment.run(
                config,
                folder,
                words,
                run_roots=run_roots,
                epochs_to_keep=reuse.doublings(config),
                progress=TerminalProgress(),
            )
        except (ConfigError, DataError, OSError) as error:
            ended.append(error)  # raised below, for Hydra would add lines of its own
            return None
        ended.append(outcome)
        return executor.monitored(outcome)

    hydra_adapter.run(plan.words, place, job, plan.mode)
    if isinstance(ended[0], Exception):
        raise ended[0]
    return ended[0]


def _sweep(plan: Plan, checked: list[Checked], place: Place) -> int:
    count = workers.count(plan.n_jobs, len(plan.jobs))
    whole = Sweep(plan.folder, plan.jobs, count, backend.threads_wanted())
    work = executor.work(whole, checked, [_outputs(plan), plan.folder])
    sweep_display.plan(whole, work, plan.excluded)
    if any(job.config.plan for job in plan.jobs):
        sweep_display.planned_jobs(whole, work)
        return 0
    refusals: list[str] = []
    with claimed(whole.folder):
        sweep.write(whole)
        say(f"folder:     {whole.folder}")

        def hand_out(run: Callable[[Work], object]) -> None:
            _hand_out(plan, place, work, run, refusals)

        ended = executor.run_all(whole, work, hand_out, sweep_display.following(whole, work), run_display.warn)
        sweep_display.end(whole, ended.lines)
    if refusals:
        raise ConfigError(refusals)
    return exit_status.of_sweep(ended)


def _hand_out(plan: Plan, place: Place, work: list[Work], run: Callable[[Work], object], refusals: list[str]) -> None:
    """Let Hydra hand out the jobs one by one; none after one that is not the planned one, whose reason is noted."""
    here = Path.cwd()

    def job(composed: DictConfig) -> object:
        hydras = HydraConfig.get()
        mine, config = work[hydras.job.num], with_absolute_path(compose.typed(composed), here)
        others = [*compose.differences(mine.job.config, config), *_elsewhere(mine.folder, hydras.runtime.output_dir)]
        if others:
            refusals.extend(f"job {mine.job.number}: {other}" for other in others)
            raise FailFast
        return run(dataclasses.replace(mine, environment=dict(hydras.job.env_set), chdir=plan.chdir))

    hydra_adapter.run_jobs(plan.words, [each.words for each in plan.jobs], place, job, plan.mode)


def _elsewhere(planned: Path, composed: str) -> Iterator[str]:
    """Why the folder of a job is not the planned one."""
    if os.path.abspath(planned) != composed:
        yield f"its folder was planned as {planned}, and is {composed} now: name it by what stays the same"


def _refuse_other_runs(plan: Plan, checked: list[Checked]) -> None:
    """Raises ConfigError where the folder holds other runs, DataError where it is in use."""
    folder = plan.folder
    if not plan.multirun:
        return _refuse_other_run(folder, checked[0])
    if is_held(folder):
        raise DataError(f"{folder} is in use by another process: wait for it, or give another folder")
    if (folder / PLAN).exists() or any(folder.glob(f"*/{RECORD}")):
        raise ConfigError(
            [
                f"hydra.sweep.dir must not hold runs already; got {folder}: give another folder, "
                f"or continue with python -m runner resume {folder}"
            ]
        )


def _refuse_other_run(folder: Path, checked: Checked) -> None:
    record = Record(folder, checked.config, [])
    record.refuse_other_runs(checked.identity)
    if record.entries and not checked.config.reuse:
        raise ConfigError(
            [
                f"reuse=false trains from nothing, but {folder} holds a run: give another folder with hydra.run.dir, "
                f"or continue with python -m runner resume {folder}"
            ]
        )


def _outputs(plan: Plan) -> Path:
    return OUTPUTS.absolute() if plan.chdir else OUTPUTS


def _from_here(folder: Path) -> Path:
    """The shorter name of a folder below the current one."""
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
