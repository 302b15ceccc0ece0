"""A checked plan, launched without a terminal: one run, or a sweep, whose jobs Hydra hands out."""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from runner.config import compose, hydra_adapter, plugins
from runner.config.paths import Place, with_absolute_path
from runner.config.plan import Plan
from runner.errors import ConfigError, DataError
from runner.experiment import run as experiment
from runner.experiment.preflight import Checked
from runner.experiment.progress import Progress
from runner.runs import reuse
from runner.runs.folder import OUTPUTS, PLAN, RECORD, claimed, is_held
from runner.runs.test_ledger import LEDGER
from runner.runs.writer import Outcome, Record
from runner.sweeps import executor, sweep, workers
from runner.sweeps.executor import Ended, FailFast, Work
from runner.sweeps.sweep import Sweep
from runner.system import backend


def single(plan: Plan, place: Place, progress: Progress) -> Outcome:
    """Let Hydra run the one job, which `progress` shows. Raises what the job raises."""
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
                ledger=_outputs(plan) / LEDGER.name,
                progress=progress,
                on_begin=write_configs,
            )
        except (ConfigError, DataError, OSError) as error:
            ended.append(error)  # raised below, for Hydra would add lines of its own
            return None
        ended.append(outcome)
        return executor.monitored(outcome)

    with hydra_adapter.configs_held_back() as write_configs:
        hydra_adapter.run(plan.words, place, job, plan.mode)
    if isinstance(ended[0], Exception):
        raise ended[0]
    return ended[0]


def planned(plan: Plan, checked: list[Checked]) -> tuple[Sweep, list[Work]]:
    """The sweep of a plan, and what there is to do for each job; nothing is written."""
    count = workers.count(plan.n_jobs, len(plan.jobs))
    whole = Sweep(plan.folder, plan.jobs, count, backend.threads_wanted())
    return whole, executor.work(whole, checked, [_outputs(plan), plan.folder])


@contextlib.contextmanager
def several(
    plan: Plan,
    place: Place,
    whole: Sweep,
    work: list[Work],
    watching: contextlib.AbstractContextManager[object],
    warn: Callable[[str], None],
) -> Iterator[Ended]:
    """Run the jobs of a sweep while `watching` shows them; its folder is held until the end of the block.

    `warn` is told of a picture that cannot be made. Raises ConfigError at the end where Hydra composed another job than
    was planned, DataError where another process holds the folder.
    """
    refusals: list[str] = []

    def hand_out(run: Callable[[Work], object]) -> None:
        _hand_out(plan, place, work, run, refusals)

    with claimed(whole.folder):
        sweep.write(whole)
        yield executor.run_all(whole, work, hand_out, watching, warn)
    if refusals:
        raise ConfigError(refusals)


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


def refuse_other_runs(plan: Plan, checked: list[Checked]) -> None:
    """Raises ConfigError where the folder holds other runs, DataError where it is in use."""
    folder = plan.folder
    if not plan.multirun:
        return _refuse_other_run(folder, checked[0])
    if is_held(folder):
        raise DataError(f"{folder} is in use by another process: wait for it, or give another folder")
    modules = {module for each in checked for module in each.config.plugins}
    if (folder / PLAN).exists() or any(folder.glob(f"*/{RECORD}")):
        raise ConfigError(
            [
                f"hydra.sweep.dir must not hold runs already; got {folder}: give another folder, "
                f"or continue with python -m runner resume {folder}{plugins.trusting(modules)}"
            ]
        )


def _refuse_other_run(folder: Path, checked: Checked) -> None:
    record = Record(folder, checked.config, [])
    record.refuse_other_runs(checked.identity)
    if record.entries and not checked.config.reuse:
        raise ConfigError(
            [
                f"reuse=false trains from nothing, but {folder} holds a run: give another folder with hydra.run.dir, "
                f"or continue with python -m runner resume {folder}{plugins.trusting(checked.config.plugins)}"
            ]
        )


def _outputs(plan: Plan) -> Path:
    return OUTPUTS.absolute() if plan.chdir else OUTPUTS


def _from_here(folder: Path) -> Path:
    """The shorter name of a folder below the current one."""
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
