"""What a comparison found, in words."""

import itertools
from collections.abc import Iterator

from runner.compare import comparison
from runner.compare.comparison import Comparison, Judged
from runner.compare.epochs import Epochs, epochs
from runner.compare.grouping import Setting, Table
from runner.compare.significance import Needed, Verdict
from runner.formatting import counted, data_label, number
from runner.runs import circumstances
from runner.runs.reader import Run
from runner.runs.status import COMPLETED, CRASHED, DIED, RUNNING
from runner.runs.test_ledger import LEDGER, opened_in_words, times_opened

RISEN = 1.1  # multiple of the lowest validation loss from which on a sentence tells of the rise


def answer(judged: Judged) -> list[str]:
    """The comparison in at most three lines: the best and those not told from it, what would tell, what is luck."""
    if not judged.verdicts:
        return list(itertools.islice(curves(judged.table), 1))
    lines = [_against(judged) if not judged.chosen else _best(judged)]
    missing = _missing(judged)
    if missing:
        lines.append(missing)
    if judged.chosen and judged.luck:
        seeds = "; that of single seeds is not counted" if any(len(each.runs) < 2 for each in judged.as_good) else ""
        count = len(judged.table.settings)
        lines.append(f"best of {count}: being chosen flatters it, by about {number(judged.luck)} (luck{seeds})")
    return lines


def _best(judged: Judged) -> str:
    """The best setting and how many cannot be told from it."""
    table, others = judged.table, judged.as_good[1:]
    name = table.name(judged.best)
    if len(judged.verdicts) == 1:
        return verdict(judged, *judged.verdicts[0])
    if not others:
        next_best, found = judged.verdicts[0]
        return (
            f"{name} is better than each of the other {len(judged.verdicts)} settings: {_value(judged, judged.best)}; "
            f"next is {table.name(next_best)} with {number(next_best.mean)}, {_p(found)}, {found.method}"
        )
    what = "networks" if any(found.is_of_networks for _, found in judged.verdicts) else "settings"
    count = len(judged.verdicts)
    same = [setting for setting, found in judged.verdicts if found.outcome == "same"]
    if len(same) == len(others):
        return f"{len(others)} of {count} other {what} are practically the same as the best ({name}){_cheapest(judged)}"
    if len(others) == count:
        return f"none of the {count} other {what} can be told from the best ({name}){_cheapest(judged)}"
    return f"{len(others)} of {count} other {what} cannot be told from the best ({name}){_cheapest(judged)}"


def _cheapest(judged: Judged) -> str:
    """The smallest network of those as good as the best, or where all are as large the one that gets there first."""
    sizes = {setting: setting.runs[0].record.get("parameter_count") for setting in judged.as_good}
    known = {setting: size for setting, size in sizes.items() if size}
    if len(known) == len(sizes) and len(set(known.values())) > 1:
        least = min(known, key=lambda setting: known[setting])
        if least is judged.best:
            return ", which is the smallest of them too"
        return f"; the smallest of them is {judged.table.name(least)} ({known[least]:,} parameters)"
    fastest = min(judged.as_good, key=lambda setting: setting.seconds_until_judged)
    until = f"{fastest.seconds_until_judged:.1f} s until {'its best' if fastest.at == 'chosen' else 'that'} epoch"
    if fastest is judged.best:
        return f", which is the fastest of them too ({until})"
    return f"; the fastest of them is {judged.table.name(fastest)} ({until})"


def _against(judged: Judged) -> str:
    """How many settings are better or worse than the reference that the user named."""
    outcomes = [found.outcome for _, found in judged.verdicts]
    words = {"better": "better", "worse": "worse", "same": "practically the same", "open": "not told from it"}
    counts = ", ".join(f"{outcomes.count(each)} {said}" for each, said in words.items() if each in outcomes)
    return f"against {judged.table.name(judged.reference)}: {counts}"


def _missing(judged: Judged) -> str:
    """What would show a difference that matters, where one is not shown yet."""
    still_open = [found for _, found in judged.verdicts if found.outcome == "open"]
    if not still_open or len(judged.verdicts) == 1 or "folds" in still_open[0].covers:
        return ""
    if any(found.is_of_networks for found in still_open):
        unknown = "" if still_open[0].covers else ", and without predictions its noise is unknown"
        return f"a single seed of a setting is one network{unknown}: train more seeds (seed=0,1,2) to compare settings"
    if Needed(None, None) in [found.needed for found in still_open]:
        return _would_show(judged, Needed(None, None)).capitalize()
    examples = max(found.needed.examples or 0 for found in still_open)
    seeds = max(found.needed.seeds or 0 for found in still_open)
    return _would_show(judged, Needed(seeds or None, examples or None)).capitalize()


def verdict(judged: Judged, setting: Setting, found: Verdict) -> str:
    """Whether the setting or the reference is better, by how much, and by which test."""
    table = judged.table
    first, second = table.name(judged.reference, setting), table.name(setting, judged.reference)
    if found.interval is None:
        return f"{first} and {second} cannot be told apart: {found.method}; train at least 2 more seeds of each"
    if found.outcome in ("better", "worse"):
        better, worse = (second, first) if found.outcome == "better" else (first, second)
        return f"{better} is better than {worse}: {_size(judged, setting, found)}{_networks(found)}"
    if found.outcome == "same":
        return f"{first} and {second} are practically the same: {_size(judged, setting, found)}"
    missing = _networks(found) or ("" if "folds" in found.covers else f"; {_would_show(judged, found.needed)}")
    pair = (second, first) if judged.table.monitor.sign * found.difference > 0 else (first, second)
    return f"{pair[0]} and {pair[1]} cannot be told apart: {_size(judged, setting, found)}{missing}"


def _size(judged: Judged, setting: Setting, found: Verdict) -> str:
    """The two values, that of the better one first, with their difference."""
    assert found.interval is not None
    values, difference, interval = (setting.mean, judged.reference.mean), found.difference, found.interval
    if judged.table.monitor.sign * difference < 0:
        values, difference, interval = values[::-1], -difference, (-interval[1], -interval[0])
    return (
        f"{judged.table.monitor.name} {number(values[0])} against {number(values[1])}, "
        f"difference {number(difference)}, 95 % interval {number(interval[0])} to {number(interval[1])}, "
        f"{_p(found)}, {found.method}"
    )


def _networks(found: Verdict) -> str:
    """That a verdict on two single seeds is one on two networks."""
    if not found.is_of_networks:
        return ""
    return "; these are two networks, train more seeds (seed=0,1,2) to compare the settings"


def _would_show(judged: Judged, needed: Needed) -> str:
    """What would show a difference as large as the margin."""
    size = f"{judged.margin:g}" if judged.margin is not None else ""
    if needed.examples:
        seeds = f" and {needed.seeds} seeds of each" if needed.seeds else ""
        return f"a difference of {size} needs about {_rough(needed.examples)} validation examples{seeds}"
    if needed.seeds:
        return f"{needed.seeds} seeds of each would show a difference of {size}"
    if judged.margin is None:
        return "give --margin, a difference that matters, to learn how many seeds would show it"
    return f"not even 100 seeds of each would show a difference of {size}"


def _rough(count: int) -> str:
    """A count up to two digits: 11,000 for 10,300."""
    step = 10 ** max(0, len(str(count)) - 2)
    return f"{-(-count // step) * step:,}"


def _value(judged: Judged, setting: Setting) -> str:
    error = comparison.error(setting)
    spread = "" if error is None else f" ± {number(error)}"
    return f"{judged.table.monitor.name} {number(setting.mean)}{spread}"


def method(judged: Judged) -> str:
    """The tests, what they are corrected for and cover; empty with a single comparison, which says its own."""
    others = len(judged.verdicts)
    tests = list(dict.fromkeys(found.method for _, found in judged.verdicts if found.covers))
    if others < 2 or not tests:
        return ""
    covers = {name for _, found in judged.verdicts for name in found.covers}
    words = " and ".join(f"other {name}" for name in ("seeds", "folds", "examples") if name in covers)
    whose = f"all pairs of {others + 1} settings (Tukey)" if judged.chosen else f"{others} comparisons (Dunnett)"
    return f"{' or '.join(tests[:2])}, corrected for {whose}; p below 0.05 is a difference, and would hold for {words}"


def pairs(judged: Judged) -> list[str]:
    """A verdict on each setting, and how they are corrected."""
    found = [verdict(judged, setting, each) for setting, each in judged.verdicts]
    return [*found, *filter(None, [method(judged)])]


def _p(found: Verdict) -> str:
    if found.p is None:
        return "no p"
    return "p < 0.001" if found.p < 0.001 else f"p {found.p:.3f}"


def curves(table: Table) -> Iterator[str]:
    """A line for each learning curve: how many epochs; without a name where there is one curve."""
    found = table.curves
    for name, setting in found.items():
        said = epochs_in_words(epochs(setting), table)
        yield f"{name}: {said}" if len(found) > 1 else said


def epochs_in_words(found: Epochs, table: Table) -> str:
    """The best epoch, those as good, and what validation loss does."""
    spread = "" if found.error is None else f" ± {number(found.error)}"
    value = f"{table.monitor.name} {number(found.value)}{spread}"
    text = f"best after {counted(found.chosen, 'epoch')} of {found.last} ({value})"
    if not table.monitor.is_of_validation:
        return f"{text}, on the training examples, which says nothing of new ones"
    if found.as_good and found.as_good[0] < found.as_good[1]:
        text += f"; {found.as_good[0]} to {found.as_good[1]} cannot be told from it"
    if found.lowest == found.last > 1:
        text += "; validation loss still falls"
    elif found.lowest is not None and found.last > 1:
        text += f"; validation loss is lowest after {found.lowest}"
        if found.growth >= RISEN:
            text += f", {found.growth:.1f} times as high after {found.last}"
    return f"{text}; more epochs may be better still" if found.still_rising else text


def unlearned(judged: Judged) -> Iterator[str]:
    """The settings that are not shown to be better than always answering the commonest class."""
    named = [judged.table.name(each) for each in comparison.unlearned(judged.table)]
    if named:
        yield f"not shown to beat the commonest class, {number(judged.table.commonest or 0.0)}: {', '.join(named)}"


def best_run(table: Table) -> str:
    """The folder of the best run; with its setting and result where that is not the best setting, by a lucky seed."""
    run, setting = comparison.best_run(table)
    if setting is table.settings[0]:
        return f"best run: {run.folder}"
    return f"best run: {run.folder}, {table.monitor.name} {number(setting.result(run))} with {table.name(setting)}"


def tests_opened(found: Comparison) -> Iterator[str]:
    """How often each test set was opened; nothing of one that was not."""
    of_runs = [judged.table.settings[0].runs[0].record["dataset"] for judged in found.tables]
    for dataset in {each["fingerprint"]: each for each in of_runs}.values():
        if times := times_opened(LEDGER, dataset):
            name = data_label(dataset["name"], dataset["source"])
            yield f"the test set of {name} {opened_in_words(times, LEDGER, before='')}"


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
