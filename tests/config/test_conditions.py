"""Conditions by which a sweep leaves jobs out; their grammar is that of `--filter` (tests/compare/test_filters.py)."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from runner.config.conditions import parse
from runner.config.paths import Place, config_dir
from runner.config.plan import Plan, plan_of
from runner.errors import ConfigError

GRID = ("model.width=8,64,128", "model.depth=1,2,3")
EVERY = list(itertools.product((8, 64, 128), (1, 2, 3)))


def sweep(*words: str, place: Place | None = None) -> Plan:
    return plan_of(list(words), True, place)


def sizes(planned: Plan) -> list[tuple[int, int | None]]:
    return [(job.config.model.width, job.config.model.depth) for job in planned.jobs]


def refusal(*words: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        sweep(*words)
    return refused.value.problems


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("model.width>64 and model.depth>2", True),
        ("model.width>64 and model.depth>3", False),
        ("model.name='a and b'", True),
        ("model.name='a=1 and b'", False),
        ("training.class_weight={negative:2} and model.depth=3", True),
        ("training.class_weight=balanced", False),
        ("model.width=128  and  model.widths=[64,32] and model.name!=mlp", True),
    ],
)
def test_tests_are_joined_by_and(text: str, holds: bool) -> None:
    values: dict[str, Any] = {"model.width": 128, "model.depth": 3, "model.name": "a and b", "model.widths": [64, 32]}
    values["training.class_weight"] = {"negative": 2}
    assert parse(text, "--filter").holds(values) is holds


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["exclude=model.width>64 and model.depth>2"], [(128, 3)]),
        (["exclude=model.width>64", "exclude=model.depth=2"], [(w, d) for w, d in EVERY if w > 64 or d == 2]),
        (["exclude=['model.width>64','model.depth=2']"], [(w, d) for w, d in EVERY if w > 64 or d == 2]),
        (["exclude=model.width>128"], []),
        (["exclude=null"], []),
    ],
)
def test_jobs_for_which_a_condition_holds_are_left_out_and_the_others_numbered_anew(
    words: list[str], out: list[tuple[int, int]]
) -> None:
    planned = sweep(*GRID, *words)
    assert sizes(planned) == [each for each in EVERY if each not in out]
    assert [job.number for job in planned.jobs] == list(range(len(planned.jobs)))
    assert planned.jobs[-1].folder.startswith(f"{len(planned.jobs) - 1}_model.depth=")
    assert planned.excluded == (None if words == ["exclude=null"] else len(out))


def test_a_recipe_may_exclude_and_the_command_line_replaces_it(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("# @package _global_\nexclude: model.width>8\n")
    place = Place(config_dir(), further=(tmp_path,))
    assert sizes(sweep("experiment=mine", *GRID, place=place)) == EVERY[:3]
    assert sizes(sweep("experiment=mine", *GRID, "exclude=model.depth>1", place=place)) == EVERY[::3]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["exclude=model.widht>64"],
            "exclude=model.widht>64: no job has the key model.widht; did you mean model.width?",
        ),
        (
            ["exclude=model.width>=8", "exclude=model.depth=1"],
            "exclude must leave a job to train; got model.width>=8 or model.depth=1, true of all 9: "
            "give another condition, or more values",
        ),
        (
            ["exclude=model.width>8,model.depth>2"],
            "exclude must be a key, one of >= <= != == = > <, and a value, several joined by and; "
            "got model.width>8,model.depth>2",
        ),
        (["exclude="], "exclude must be null, a condition or a list of them; got ''"),
    ],
)
def test_a_condition_that_leaves_nothing_or_cannot_be_met_is_refused(words: list[str], line: str) -> None:
    assert refusal(*GRID, *words) == [line]


def test_a_single_run_is_not_left_out() -> None:
    """The words of a job of the sweep, which train it alone, have the condition among them."""
    assert sizes(plan_of(["exclude=model.width>8", "model.width=16"])) == [(16, 3)]
