"""A final model in words: what is trained, and what validation and test said of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.formatting import counted, number
from runner.runs.test_ledger import opened_in_words
from runner.selection.choice import Choice
from runner.selection.final import Final

ACCURACY = "accuracy"


def plan(choice: Choice, final: Final) -> Iterator[str]:
    """What is trained, where that does not follow from the choice alone."""
    if final.choice["kept"] == "updates":
        yield (
            f"--updates: {counted(final.config.training.epochs, 'epoch')} of the larger data, nearest to the "
            f"{choice.updates:,.0f} updates of the choice"
        )
    if len(final.seeds) > 1:
        yield f"{len(final.seeds)} networks, seeds {final.seeds[0]} to {final.seeds[-1]}, whose mean answers"
    if final.against is not None:
        yield f"--against-last: the network of all {final.against} epochs is tested too, a look at the test set more"


def result(final: Final, ledger: Path) -> Iterator[str]:
    """What validation and the test said, and how often this test set was looked at before."""
    test, chosen = final.test(), final.choice
    yield f"validation said {_validation(chosen)}; the test says {_value(test, _metric(chosen))}"
    if each := test.get("accuracy_of_each"):
        yield f"the test says of the {len(each)} networks alone {', '.join(map(number, each))}"
    if last := final.test_of_all_epochs():
        yield f"the network of all {counted(last['epoch'], 'epoch')} would have had {_value(last, _metric(chosen))}"
    if test["looked_at_before"]:
        yield f"this test set {opened_in_words(test['looked_at_before'], ledger)}"


def _metric(chosen: dict[str, Any]) -> str:
    return str(chosen["monitor"]).removeprefix("val_")


def _validation(chosen: dict[str, Any]) -> str:
    """The value of the choice, of how many it was the best, and how much of that is luck."""
    settings = chosen["compared"]["settings"]
    selected = ", by --select" if chosen["selected_by"] else f", the best of {settings}" if settings > 1 else ""
    luck = f" (about {number(chosen['luck'])} of it luck)" if chosen["luck"] else ""
    name = "" if _metric(chosen) == ACCURACY else f"{_metric(chosen)} "
    return f"{name}{number(chosen['value'])}{selected}{luck}"


def _value(test: dict[str, Any], metric: str) -> str:
    """A value of the test; the accuracy always, with its standard error."""
    accuracy = f"{number(test[ACCURACY])} ± {number(test['accuracy_standard_error'])}"
    if metric == ACCURACY or not isinstance(test.get(metric), float):
        return accuracy
    return f"{metric} {number(test[metric])}, accuracy {accuracy}"
