"""The effect of a key: which settings are joined by a line, and that the picture and the page draw the same."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.compare import picture
from runner.compare.comparison import compare
from runner.compare.effects import Effect, effects
from runner.compare.grouping import Table, tables
from runner.compare.report import page
from runner.formatting import shown
from runner.runs.reader import Run, load
from tests.records import write_run

ADAM = {"name": "adam", "learning_rate": 0.001, "beta_1": 0.9}
SGD = {"name": "sgd", "learning_rate": 0.001, "nesterov": False}
Lines = dict[str, list[tuple[str, float]]]  # by name: each setting's value of the key, as text, and its mean


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """`run("name", curve, {"model.width": 16}, …)`: a recorded run, loaded from its folder."""
    return lambda name, *given, **named: load(write_run(tmp_path / name, *given, **named))


@pytest.fixture
def choices(run: Callable[..., Run]) -> Table:
    """Adam, and sgd with two values of a key that adam does not have; each with two widths and two seeds."""
    optimizers = {"adam": ADAM, "sgd-0": {**SGD, "momentum": 0.0}, "sgd-0.9": {**SGD, "momentum": 0.9}}
    [table] = tables(
        run(
            f"{name}-{width}-{seed}",
            (0.5 + place / 10 + width / 1000 + seed / 50,),
            {"optimizer": optimizer, "model.width": width, "seed": seed},
        )
        for place, (name, optimizer) in enumerate(optimizers.items())
        for width in (8, 16)
        for seed in (0, 1)
    )
    return table


def effect_of(table: Table, key: str) -> Effect:
    [found] = [each for each in effects(table) if each.key == key]
    return found


def lines(effect: Effect) -> dict[str, list[Any]]:
    """By name, the key's values of the settings."""
    return {line.name: [setting.values[effect.key] for setting in line.settings] for line in effect.lines}


def test_an_effect_joins_the_settings_that_differ_in_that_key_alone(run: Callable[..., Run]) -> None:
    """Numbers by size, not as text or by result; then the rest. A setting without a partner has no part in it."""
    runs = [
        run(f"{width}-{size}", (0.5 + place / 10,), {"model.width": width, "training.batch_size": size})
        for place, (width, size) in enumerate([(16, 32), ([4, 8], 32), (8, 32), (16, 64)])
    ]
    [table] = tables(runs)
    effect = effect_of(table, "model.width")
    assert [shown(value) for value in effect.values] == ["8", "16", "[4,8]"]
    assert lines(effect) == {"training.batch_size=32": [8, 16, [4, 8]]}
    assert [[effect.place(setting) for setting in line.settings] for line in effect.lines] == [[0, 1, 2]]


def test_settings_that_differ_in_two_keys_show_the_effect_of_none(run: Callable[..., Run]) -> None:
    """Deeper networks that were trained for fewer epochs too: depth is not why they are worse."""
    runs = [
        run(f"{depth}-{epochs}", [0.6 + epochs / 100] * epochs, {"model.depth": depth, "training.epochs": epochs})
        for depth, epochs in ((1, 3), (1, 4), (2, 2), (3, 1))
    ]
    [table] = tables(runs)
    assert {effect.key for effect in effects(table)} == {"training.epochs"}
    assert lines(effect_of(table, "training.epochs")) == {"model.depth=1": [3, 4]}


def test_a_choice_is_joined_to_the_others_over_the_keys_that_it_does_not_have(choices: Table) -> None:
    assert lines(effect_of(choices, "optimizer.name")) == {
        "model.width=16": ["adam", "sgd", "sgd"],
        "model.width=8": ["adam", "sgd", "sgd"],
    }


def test_the_effect_of_a_key_is_over_the_settings_that_have_it(choices: Table) -> None:
    effect = effect_of(choices, "optimizer.momentum")
    assert effect.values == [0.0, 0.9]
    assert lines(effect) == {
        "model.width=16 optimizer.name=sgd": [0.0, 0.9],
        "model.width=8 optimizer.name=sgd": [0.0, 0.9],
    }
    assert set(lines(effect_of(choices, "model.width"))) == {
        "optimizer.name=adam",
        "optimizer.name=sgd optimizer.momentum=0.0",
        "optimizer.name=sgd optimizer.momentum=0.9",
    }


def test_a_plugin_is_joined_to_none_over_the_code_that_only_it_has(run: Callable[..., Run]) -> None:
    found = [run("none", (0.7,), numerics=2)]
    for place, source in enumerate("ab"):
        sources = {"plugin_sources": {"mine": 64 * source}, "numerics": 2}
        found.append(run(source, (0.8 + place / 100,), {"plugins": ["mine"]}, **sources))
    [table] = tables(found)
    assert table.keys == ["plugins", "plugins.mine"]
    assert lines(effect_of(table, "plugins")) == {"": [[], ["mine"], ["mine"]]}
    assert lines(effect_of(table, "plugins.mine")) == {"plugins=[mine]": ["aaaaaaaa", "bbbbbbbb"]}


def test_a_key_that_only_one_setting_has_shows_no_effect(run: Callable[..., Run]) -> None:
    """A record of an earlier version lacks a key that came later: its picture has no effects."""
    runs = [run("old"), run("new", settings={"training.later": 2})]
    [table] = tables(runs)
    assert table.keys == ["training.later"]
    assert list(effects(table)) == []
    assert in_the_picture(runs) == {}


def test_the_picture_and_the_page_draw_the_same_effects(choices: Table) -> None:
    expected: dict[str, Lines] = {
        effect.key: {
            line.name: [(shown(setting.values[effect.key]), setting.mean) for setting in line.settings]
            for line in effect.lines
        }
        for effect in effects(choices)
    }
    assert set(expected) == {"model.width", "optimizer.name", "optimizer.momentum"}
    runs = [run for setting in choices.settings for run in setting.runs]
    assert in_the_picture(runs) == expected
    drawn = re.findall(r'aria-label="val_accuracy by ([\w.]+):', page.page(compare(runs), command="again"))
    assert set(drawn) == set(expected)


def in_the_picture(runs: list[Run]) -> dict[str, Lines]:
    """The effects as matplotlib's axes hold them: lines that are slightly shifted."""
    found: dict[str, Lines] = {}
    for axes in picture.picture(compare(runs).tables).axes:
        if axes.containers:
            ticks = [label.get_text() for label in axes.get_xticklabels()]
            found[axes.get_label()] = {
                bars.get_label(): [(ticks[round(x)], float(y)) for x, y in bars.lines[0].get_xydata()]
                for bars in axes.containers
            }
    return found
