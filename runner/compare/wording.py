"""What a comparison found, in words."""

from collections.abc import Iterator

from runner.compare import comparison
from runner.compare.comparison import Comparison, Judged, Overfitting, overfitting
from runner.compare.grouping import Setting, Table
from runner.compare.significance import LEVEL, MOST_SEEDS, Verdict
from runner.formatting import counted, number
from runner.runs import circumstances
from runner.runs.reader import Run
from runner.runs.status import COMPLETED, CRASHED, DIED, RUNNING

SINGLE = "a single seed compares networks, not settings"


def verdict(judged: Judged, setting: Setting, found: Verdict) -> str:
    """Whether the reference or the setting is better, by how much, and by which test."""
    table = judged.table
    first, second = table.name(judged.reference, setting), table.name(setting, judged.reference)
    if found.interval is None:
        return f"{first} and {second} cannot be told apart: {found.method}; train at least 2 more seeds of each"
    if found.difference == 0:
        return f"{first} and {second} are equal: {table.monitor.name} {number(judged.reference.mean)}"
    if found.is_better is None:
        return f"{first} and {second} are not distinguishable: {_size(judged, setting, found)}; {_more(found)}"
    better, worse = (first, second) if found.is_better else (second, first)
    firmer = f"; {SINGLE}: train {counted(found.more_seeds or 2, 'more seed')} of each"
    return f"{better} is better than {worse}: {_size(judged, setting, found)}{firmer if found.thin else ''}"


def _size(judged: Judged, setting: Setting, found: Verdict) -> str:
    """The two values, that of the better one first, with their difference."""
    assert found.interval is not None
    values, difference, interval = (judged.reference.mean, setting.mean), found.difference, found.interval
    if found.is_better is False:
        values, difference, interval = values[::-1], -difference, (-interval[1], -interval[0])
    return (
        f"{judged.table.monitor.name} {number(values[0])} against {number(values[1])}, "
        f"difference {number(difference)}, 95 % interval {number(interval[0])} to {number(interval[1])}, "
        f"{_p(found.adjusted)}, {found.method}"
    )


def method(judged: Judged) -> str:
    """How the p-values were corrected for the number of comparisons; empty with a single setting."""
    others = len(judged.verdicts)
    if not others:
        return ""
    made = counted(others, "comparison")
    if judged.chosen:
        made = f"{counted(others * (others + 1) // 2, 'pair')}, out of which the best was chosen"
    rule = f"better means p below {LEVEL}; each interval is for one pair, without correction"
    return f"p corrected by Holm's method for {made}; {rule}"


def every(found: Comparison) -> list[str]:
    """Every sentence about a comparison; with several tables each begins with the data it is about."""
    several = len(found.tables) > 1
    return [
        f"{judged.table.title.partition(':')[0]}: {sentence}" if several else sentence
        for judged in found.tables
        for sentence in _sentences(judged)
    ]


def _sentences(judged: Judged) -> Iterator[str]:
    """Verdicts, method, overfitting."""
    yield from (verdict(judged, setting, found) for setting, found in judged.verdicts)
    if judged.verdicts:
        yield method(judged)
    yield from overfit(judged.table)


def _more(found: Verdict) -> str:
    alone = f"{SINGLE}; " if found.thin else ""
    if found.more_seeds is None:
        return f"{alone}not even {MOST_SEEDS} seeds of each would show a difference this small"
    return f"{alone}{counted(found.more_seeds, 'more seed')} of each would show a difference of this size"


def _p(value: float | None) -> str:
    if value is None:
        return "no p"
    return "p < 0.001" if value < 0.001 else f"p {value:.3f}"


def overfit(table: Table) -> Iterator[str]:
    """A line for each setting: its best epoch, where validation loss starts to rise, what stopping there saves."""
    for name, setting in table.curves.items():
        yield f"{name}: {_overfit(overfitting(setting), table)}"


def _overfit(found: Overfitting, table: Table) -> str:
    text = f"best in epoch {found.chosen_epoch} of {found.epochs:g}"
    if found.rises_from is not None:
        text += f", validation loss only rises from epoch {found.rises_from:g}"
    if not table.monitor.is_of_validation:
        text += f" by {table.monitor.name} on the training examples, which says nothing of new ones"
    elif not found.saved_epochs:
        return f"{text}: more epochs may be better still"
    if not found.saved_epochs:
        return text
    epochs = f"{found.saved_epochs:g} epoch{'' if found.saved_epochs == 1 else 's'}"
    return f"{text}; stopping at the best saves {epochs}, {found.saved_seconds:.1f} s"


def best_run(table: Table) -> str:
    """The folder of the best run; with its setting and result where that is not the best setting, by a lucky seed."""
    run, setting = comparison.best_run(table)
    if setting is table.settings[0]:
        return f"best run: {run.folder}"
    return f"best run: {run.folder}, {table.monitor.name} {number(setting.result(run))} with {table.name(setting)}"


def reason(run: Run) -> str:
    """Why a run is left out of a comparison."""
    if run.status == COMPLETED and (mixed := circumstances.mixed(run.record)):
        return mixed
    known = {
        CRASHED: DIED,
        RUNNING: "it is still training",
        COMPLETED: f"{run.record['monitor']} had no finite value",
    }
    return run.record["error"] or known.get(run.status, "")
