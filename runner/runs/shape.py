"""The shape of recorded values: what the runner has not written is refused when it is read, not where it is used."""

import math
from collections.abc import Callable, Collection
from typing import Any

from runner.runs.status import COMPLETED, FAILED, INTERRUPTED, RUNNING

Check = Callable[[Any], bool]

MOST = 2**53  # beyond it a count is no exact number in other programs
MOST_THREADS = 4096
STATUSES = (RUNNING, COMPLETED, FAILED, INTERRUPTED)


def is_count(value: Any, least: int = 0, most: int = MOST) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def is_list_of(each: Check) -> Check:
    """A check for a list whose entries all pass a check."""
    return lambda value: isinstance(value, list) and all(map(each, value))


def is_mapping_of(each: Check) -> Check:
    """A check for a mapping whose values all pass a check; keys are texts, as in all of JSON."""
    return lambda value: isinstance(value, dict) and all(map(each, value.values()))


are_texts = is_list_of(is_text)


def are_threads(value: Any) -> bool:
    """Whether these are thread counts that a machine can have."""
    return is_mapping_of(lambda count: is_count(count, 1, MOST_THREADS))(value) and {"intra_op", "inter_op"} <= {*value}


def is_number(value: Any) -> bool:
    """Whether this is a number, finite and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_plain(value: Any, depth: int = 8) -> bool:
    """Whether this is what a config holds: texts, numbers, truth values, null, and lists and mappings of them."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return depth > 0 and all(is_plain(each, depth - 1) for each in value)
    if isinstance(value, dict):
        return depth > 0 and all(is_plain(each, depth - 1) for each in value.values())
    return isinstance(value, str | int) or value is None


def is_plain_mapping(value: Any) -> bool:
    return is_mapping(value) and is_plain(value)


def or_none(check: Check) -> Check:
    """The check, passed by null too, and so by an entry that the version which wrote the record did not know."""
    return lambda value: value is None or check(value)


def _is_mixture(value: Any) -> bool:
    return is_count(value["epoch"]) and are_texts(value["changes"]) and or_none(is_text)(value.get("identity"))


def _is_dataset(value: Any) -> bool:
    texts, counts = ("name", "source", "fingerprint"), ("train", "validation")
    names, test = value.get("class_names"), value.get("test")
    whole = all(is_text(value[key]) for key in texts) and all(is_count(value[key]) for key in counts)
    divides = or_none(lambda divisor: is_number(divisor) and divisor > 0)(value.get("divisor"))
    named = or_none(lambda value: are_texts(value) and len(value) != 1)(names)  # nothing is told apart by one class
    return whole and divides and named and or_none(is_count)(test)


SCALARS = frozenset([str, int, bool, type(None)])
GROUPS = ("dataset", "model", "optimizer", "training")
LISTS = ("metrics",)  # keys of the training that hold a list
NESTED = ("options", "early_stopping", "class_weight")  # keys of a group that hold further keys


def _is_config(value: Any) -> bool:
    for name in GROUPS:
        group = value[name]
        if not (_is_flat(group, NESTED) and (name == "training" or is_text(group["name"]))):
            return False
    training = value["training"]
    counted = is_count(training["epochs"]) and is_count(training["batch_size"], 1)
    folds = all(or_none(is_count)(training.get(key)) for key in ("folds", "fold"))
    if any(type(each) is list for key, each in training.items() if key not in LISTS):
        return False
    return counted and folds and is_number(training.get("validation_split", 0)) and _is_flat(value, GROUPS)


def _is_flat(value: dict[str, Any], nested: Collection[str]) -> bool:
    """Whether a level of a config holds plain values, and mappings under some keys alone.

    A loop, for it is the most of what a look at a run costs.
    """
    for key, each in value.items():
        kind = type(each)
        if kind in SCALARS or (kind is float and math.isfinite(each)):
            continue
        if kind is dict and key in nested and (nested is GROUPS or is_plain(each)):
            continue
        if kind is not list or _holds_mapping(each) or not is_plain(each):
            return False
    return True


def _holds_mapping(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_mapping, value)))


def _is_opening(value: Any) -> bool:
    texts = all(is_text(value[key]) for key in ("id", "network", "fingerprint"))
    return texts and is_count(value["epoch"]) and isinstance(value["done"], bool)


are_versions = is_mapping_of(is_text)
RECORD: dict[str, Check] = {
    "status": lambda value: value in STATUSES,
    "seed": is_count,
    "epochs": is_count,
    "inherited_epochs": is_count,
    "monitor": is_text,
    "monitor_direction": lambda value: value in (None, "min", "max"),
    "best_epoch": or_none(lambda value: is_count(value, 1)),
    "config": _is_config,
    "overrides": are_texts,
    "error": or_none(is_text),
    "identity": or_none(is_text),
    "dataset": or_none(_is_dataset),
    "versions": or_none(are_versions),
    "plugin_sources": or_none(are_versions),
    "threads": or_none(are_threads),
    "environment": or_none(is_plain_mapping),
    "device": or_none(is_text),
    "numerics": or_none(is_count),
    "mixed": or_none(is_list_of(_is_mixture)),
    "training_at_best": or_none(is_mapping_of(or_none(is_number))),
    "commonest_class": or_none(is_number),
    "commonest_class_name": or_none(is_text),
    "parameter_count": or_none(is_count),
    "holder": or_none(is_plain_mapping),
    "opening": or_none(_is_opening),
    "opening_of_best": or_none(_is_opening),
    "seeds": or_none(is_list_of(is_count)),
}


TEST: dict[str, Check] = {
    "examples": lambda value: is_count(value, 1),
    "accuracy": is_number,
    "accuracy_standard_error": is_number,
    "network": is_text,
    "epoch": is_count,
    "looked_at_before": is_count,
    "accuracy_of_each": or_none(is_list_of(is_number)),
}


CHOICE: dict[str, Check] = {
    "seeds": lambda value: value != [] and is_list_of(is_count)(value),  # parts of the names of folders
    "against": or_none(lambda value: is_count(value, 1)),
    "overrides": are_texts,
    "config": _is_config,
    "compared": lambda value: is_count(value["settings"], 1),
    "chosen_by": is_text,
    "monitor": is_text,
    "monitor_direction": lambda value: value in ("min", "max"),
    "value": is_number,
    "luck": or_none(is_number),
}


def refuse_damaged_record(record: dict[str, Any]) -> None:
    """Raises ValueError, naming the entry, where run.json holds what the runner does not write."""
    refuse_damaged(record, RECORD)
    if (record["best_epoch"] or 0) > record["epochs"]:
        raise ValueError("its best_epoch is beyond its epochs")


def refuse_damaged(record: dict[str, Any], wanted: dict[str, Check]) -> None:
    """Raises ValueError, naming the entry, where one does not pass the check of it."""
    for key, check in wanted.items():
        try:
            fits = check(record.get(key))
        except (KeyError, TypeError, AttributeError, RecursionError):
            fits = False
        if not fits:
            raise ValueError(f"its {key} is not as the runner wrote it")
