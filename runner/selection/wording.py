"""A final model in words: what is trained, and what validation and test said of it."""

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from runner.compare.grouping import EPOCHS, SCHEDULE
from runner.formatting import counted, number
from runner.runs.class_scores import METRIC
from runner.runs.test_ledger import opened_in_words
from runner.selection.choice import Choice
from runner.selection.final import Final

ACCURACY, COSINE = "accuracy", "cosine"


def plan(choice: Choice, final: Final, *, against_last: bool) -> Iterator[str]:
    """What is trained, where that does not follow from the choice alone; `against_last` was asked for."""
    asked, epochs = choice.setting.values[EPOCHS], final.config.training.epochs
    if choice.setting.values.get(SCHEDULE) == COSINE and choice.epochs != asked:
        yield (
            f"the cosine schedule is drawn over {counted(epochs, 'epoch')} now, not over {asked}: the learning rates "
            "are not those that were compared"
        )
    if final.choice["kept"] == "updates":
        yield (
            f"--updates: {counted(final.config.training.epochs, 'epoch')} of the larger data, nearest to the "
            f"{choice.updates:,.0f} updates of the choice"
        )
    if len(final.seeds) > 1:
        yield f"{len(final.seeds)} networks, seeds {final.seeds[0]} to {final.seeds[-1]}, whose mean answers"
    if final.against is not None:
        yield f"--against-last: the network of all {final.against} epochs is tested too, a look at the test set more"
    elif against_last:
        yield f"--against-last: the final model is the network of all {counted(epochs, 'epoch')} itself"


def result(final: Final, ledger: Path) -> Iterator[str]:
    """What validation and the test said, and how often this test set was looked at before."""
    test, chosen = final.test(), final.choice
    yield f"validation said {_validation(chosen)}; the test says {_value(test, _metric(chosen))}"
    if each := test.get("accuracy_of_each"):
        yield (
            f"the test says of the {len(each)} networks alone {', '.join(map(number, each))}: their mean "
            f"{number(fmean(each))} is what the value of validation stands for"
        )
    else:
        yield "± is one standard error over the test examples; networks of other seeds differ too (--seeds 5)"
    if last := final.test_of_all_epochs():
        yield f"the network of all {counted(last['epoch'], 'epoch')} would have had {_value(last, _metric(chosen))}"
    if test["looked_at_before"]:
        yield f"this test set {opened_in_words(test['looked_at_before'], ledger)}"


def _metric(chosen: dict[str, Any]) -> str:
    return str(chosen["monitor"]).removeprefix("val_")


def _validation(chosen: dict[str, Any]) -> str:
    """The value of the choice, of how many it was the best, and how much of that is luck."""
    settings = chosen["compared"]["settings"]
    by_hand = chosen["chosen_by"] != "validation"
    selected = ", by --select" if by_hand else f", the best of {settings}" if settings > 1 else ""
    lowered = chosen["monitor_direction"] == "min"
    flattered = "luck has lowered it by about {}" if lowered else "about {} of it luck"
    luck = f" ({flattered.format(number(chosen['luck']))})" if chosen.get("luck") else ""
    name = "" if _metric(chosen) == ACCURACY else f"{_metric(chosen)} "
    return f"{name}{number(chosen['value'])}{selected}{luck}"


def _value(test: dict[str, Any], metric: str) -> str:
    """A value of the test; the accuracy always, with its standard error."""
    accuracy = f"{number(test[ACCURACY])} ± {number(test['accuracy_standard_error'])}"
    measured = test.get(f"{METRIC}{metric}", test.get(metric))
    if metric == ACCURACY and measured == test[ACCURACY]:
        return accuracy
    told = f"{metric} {number(measured)}, " if isinstance(measured, float) else ""
    return f"{told}{'share of right answers' if metric == ACCURACY else ACCURACY} {accuracy}"
