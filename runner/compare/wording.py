"""What a comparison found, in plain words."""

from collections.abc import Iterator

from runner.compare import comparison
from runner.compare.comparison import Comparison, Judged, Overfitting, overfitting
from runner.compare.grouping import Setting, Table
from runner.compare.significance import LEVEL, Verdict
from runner.formatting import counted, number
from runner.runs import circumstances
from runner.runs.reader import Run
from runner.runs.status import COMPLETED, CRASHED, RUNNING


def verdict(judged: Judged, setting: Setting, found: Verdict) -> str:
    """Whether the reference or the setting is better, by how much, and on what grounds."""
    table = judged.table
    first, second = table.name(judged.reference, setting), table.name(setting, judged.reference)
    if found.interval is None:
        return f"{first} and {second} cannot be told apart: {found.method}; train at least 2 more seeds of each"
    if found.difference == 0:
        return f"{first} and {second} are equal: {table.monitor} {number(judged.reference.mean)}"
    low, high = found.interval
    size = (
        f"{table.monitor} {number(judged.reference.mean)} against {number(setting.mean)}, "
        f"difference {number(found.difference)}, 95 % interval {number(low)} to {number(high)}, "
        f"{_p(found.adjusted)}, {found.method}"
    )
    if found.is_better is None:
        return f"{first} and {second} are not distinguishable: {size}; {_more(found)}"
    better, worse = (first, second) if found.is_better else (second, first)
    firmer = f"; one seed is thin evidence, {counted(found.more_seeds or 2, 'more seed')} of each would be firmer"
    return f"{better} is better than {worse}: {size}{firmer if found.thin else ''}"


def method(judged: Judged) -> str:
    """How the verdicts were corrected for one another; empty for a single setting."""
    others = len(judged.verdicts)
    if not others:
        return ""
    made = counted(others, "comparison")
    if judged.chosen:
        made = f"{counted(others * (others + 1) // 2, 'pair')}, out of which the best was chosen"
    return f"p corrected by Holm's method for {made}; better means p below {LEVEL}; an interval is of its pair alone"


def every(found: Comparison) -> list[str]:
    """All that there is to say of a comparison."""
    return [
        text if len(found.tables) == 1 else f"{judged.table.title.partition(':')[0]}: {text}"
        for judged in found.tables
        for text in [
            *(verdict(judged, setting, its) for setting, its in judged.verdicts),
            method(judged),
            *overfit(judged.table),
        ]
        if text
    ]


def _more(found: Verdict) -> str:
    alone = "one seed is thin evidence: " if found.thin else ""
    if found.more_seeds is None:
        return f"{alone}no reasonable number of seeds would tell so small a difference"
    return f"{alone}{counted(found.more_seeds, 'more seed')} of each would tell a difference of this size"


def _p(value: float | None) -> str:
    if value is None:
        return "no p"
    return "p < 0.001" if value < 0.001 else f"p {value:.3f}"


def overfit(table: Table) -> Iterator[str]:
    """A line a setting: its best epoch, from where validation loss only rises, what stopping there would save."""
    for setting in table.settings:
        yield f"{table.name(setting)}: {_overfit(overfitting(setting.runs), table)}"


def _overfit(found: Overfitting, table: Table) -> str:
    text = f"best in epoch {found.best_epoch:g} of {found.epochs:g}"
    if found.rises_from is not None:
        text += f", validation loss only rises from epoch {found.rises_from:g}"
    if table.monitor == table.training:
        text += f" by {table.monitor} on the training examples, which says nothing of new ones"
    elif not found.saved_epochs:
        return f"{text}: more epochs may be better still"
    if not found.saved_epochs:
        return text
    epochs = f"{found.saved_epochs:g} epoch{'' if found.saved_epochs == 1 else 's'}"
    return f"{text}; stopping at the best saves {epochs}, {found.saved_seconds:.1f} s"


def best_run(table: Table) -> str:
    """Its folder; of another setting than the best one, which a single lucky run can be, with its name and result."""
    run, setting = comparison.best_run(table)
    if setting is table.settings[0]:
        return f"best run: {run.folder}"
    return f"best run: {run.folder}, {table.monitor} {number(run.monitored or 0.0)} with {table.name(setting)}"


def reason(run: Run) -> str:
    """Why a run is left out of a comparison."""
    if run.status == COMPLETED and (mixed := circumstances.mixed(run)):
        return mixed
    known = {
        CRASHED: "its process ended without a word: killed, or out of memory",
        RUNNING: "it is still training",
        COMPLETED: f"{run.record['monitor']} was a number at no epoch",
    }
    return run.record["error"] or known.get(run.status, "")
