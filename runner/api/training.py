"""Training from Python: `runner.train`, `runner.sweep`, `runner.final`, in the words of the command line."""

import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from runner.api import bar
from runner.api.as_found import as_found
from runner.api.recorded import Run, Sweep
from runner.compare import comparison
from runner.config import conditions, hydra_adapter
from runner.config.paths import Place, config_dir
from runner.config.plan import Plan
from runner.config.plugins import Trust
from runner.datasets.catalog import register_built_in
from runner.errors import ConfigError, RunFailed
from runner.experiment import preflight
from runner.experiment.preflight import Checked
from runner.runs import search
from runner.runs.folder import OUTPUTS
from runner.runs.status import FAILED
from runner.runs.test_ledger import LEDGER
from runner.runs.writer import Outcome
from runner.selection import choice
from runner.selection import final as finals
from runner.sweeps import launch, planning
from runner.system.signals import Interrupted


def train(*overrides: str) -> Run:
    """Train what overrides say, as `python -m runner` does, and return the run.

    A run recorded already is reused. In a notebook a bar shows the epochs; nothing else is shown.

    Parameters
    ----------
    *overrides
        Hydra's overrides, such as "model.width=16".

    Raises
    ------
    ConfigError
        What was asked is invalid; nothing was trained.
    DataError
        The data or the folder cannot be used.
    RunFailed
        The training failed; the text says why.
    KeyboardInterrupt
        The run was interrupted, after the epoch in hand; trained again, in the same folder, it goes on.
    """
    with as_found(), hydra_adapter.refusals():
        plan = _plan(overrides, multirun=False)
        if plan.multirun:
            raise ConfigError(["train trains one run; got a sweep: use runner.sweep"])
        _checked(plan)
        return _ended(launch.single(plan, _place(), bar.progress()))


def sweep(*overrides: str) -> Sweep:
    """Train every combination of overrides, as `python -m runner -m` does, and return the sweep.

    A job that fails is a warning, and has its reason in the summary. Raises what `train` raises but RunFailed.

    Parameters
    ----------
    *overrides
        Hydra's overrides, of which some have several values, such as "model.width=16,32".
    """
    with as_found(), hydra_adapter.refusals():
        plan = _plan(overrides, multirun=True)
        whole, work = launch.planned(plan, _checked(plan))
        with launch.several(plan, _place(), whole, work, bar.following(whole, work), warnings.warn) as ended:
            for line in ended.lines:
                if line.error:
                    warnings.warn(f"job {line.job.number} {line.status}: {line.error}", stacklevel=2)
    if ended.signal:
        raise Interrupted(ended.signal)
    return Sweep(whole.folder, trust=True)


def final(
    *paths: str | Path,
    select: str | Sequence[str] = (),
    updates: bool = False,
    seeds: int = 1,
    against_last: bool = False,
    to: str | Path | None = None,
    trust: bool = False,
) -> Run:
    """Train what validation chose among recorded runs, open the test set once, and return the final model.

    The options are those of `python -m runner final`. `choice` and `test` of the run have the grounds and the result.
    Raises what `train` raises.

    Parameters
    ----------
    *paths
        Folders of runs or sweeps, or globs; without any: outputs.
    select
        Conditions, such as "model.width=32", that overrule validation.
    updates
        Keep the number of updates, not of epochs.
    seeds
        Number of networks, whose mean answers.
    against_last
        Test the network of all epochs too, in the folder `last`.
    to
        The folder; by default outputs/final/DATE/TIME.
    trust
        Import the modules that the chosen record names as its plugins, which runs their code.
    """
    with as_found(), hydra_adapter.refusals():
        register_built_in()
        tests = [conditions.parse(text, "select") for text in ([select] if isinstance(select, str) else select)]
        runs = search.some_runs(paths or [search.DEFAULT], warn=warnings.warn)
        chosen = choice.choose(comparison.compare(runs), tests)
        folder = Path(to) if to else finals.new_folder(datetime.now())
        planned = finals.plan(chosen, folder, seeds, Trust(trust), keep_updates=updates, against_last=against_last)
        _warn(finals.check(chosen, planned))
        finals.write(planned)
        return _ended(finals.train(planned, [OUTPUTS], LEDGER, bar.progress), folder)


def _plan(words: Sequence[str], *, multirun: bool) -> Plan:
    register_built_in()
    return planning.plan(list(words), multirun, _place())


def _place() -> Place:
    return Place(config_dir())


def _checked(plan: Plan) -> list[Checked]:
    """Check a plan; what there is to say of it are warnings."""
    checked = preflight.check([job.config for job in plan.jobs])
    launch.refuse_other_runs(plan, checked)
    _warn(checked)
    return checked


def _warn(checked: list[Checked]) -> None:
    for text in (*preflight.unasked_samples(checked), *preflight.warnings(checked)):
        warnings.warn(text, stacklevel=4)


def _ended(outcome: Outcome, folder: Path | None = None) -> Run:
    if outcome.signal:
        raise Interrupted(outcome.signal)
    if outcome.status == FAILED:
        raise RunFailed(f"{outcome.folder}: {outcome.error}")
    return Run(folder or outcome.folder, trust=True)
