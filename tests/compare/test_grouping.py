"""Which runs compare: one table a data set and monitor, one setting for all its seeds, the best first."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.compare.grouping import Setting, Table, tables
from runner.config.dotted import flat
from runner.config.monitor import Monitor
from runner.config.schema import NEVER_DECIDING, Config
from runner.runs.reader import Run, load
from tests.records import write_run

DECIDING_NOTHING = dict.fromkeys(("seed", *sorted(NEVER_DECIDING)), 7)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """`run("name", curve, {"model.width": 16}, …)`: a recorded run, loaded from its folder."""
    return lambda name, *given, **named: load(write_run(tmp_path / name, *given, **named))


def only(found: list[Table]) -> Table:
    assert len(found) == 1
    return found[0]


def folders(setting: Setting) -> list[str]:
    return [run.folder.name for run in setting.runs]


def test_runs_that_differ_in_their_seed_alone_are_one_setting(run: Callable[..., Run]) -> None:
    """The mean curve is 0.6, then 0.767: all are judged after epoch 2, at 0.6, 0.8, 0.9, with an sd of 0.153."""
    curves = {2: (0.5, 0.9), 0: (0.7, 0.6), 1: (0.6, 0.8)}
    runs = [run(f"seed-{seed}", curve, {"seed": seed}, seconds=(seed, 1)) for seed, curve in curves.items()]
    table = only(tables(runs))
    [setting] = table.settings
    assert setting.seeds == [0, 1, 2]
    assert setting.results == [0.6, 0.8, 0.9]
    assert setting.mean == pytest.approx(2.3 / 3)
    assert setting.deviation == pytest.approx(0.15275, abs=1e-5)
    assert (setting.updates, setting.seconds) == (60, 2)
    assert table.keys == []
    assert table.name(setting) == "the only setting"


def test_a_single_seed_has_no_deviation(run: Callable[..., Run]) -> None:
    [setting] = only(tables([run("a")])).settings
    assert (setting.mean, setting.deviation) == (0.8, None)


def test_another_column_is_taken_at_each_runs_own_best_epoch(run: Callable[..., Run]) -> None:
    """Training accuracy at the best epochs 1 and 2: (1 + 0.7)/2 = 0.85 and (1 + 0.9)/2 = 0.95, in the mean 0.9."""
    table = only(tables([run("a", (0.7, 0.6)), run("b", (0.5, 0.9), {"seed": 1})]))
    assert table.monitor.training_counterpart == "accuracy"
    assert table.settings[0].training_at_best("accuracy") == pytest.approx(0.9)
    assert table.settings[0].training_at_best("f1_score") is None


@pytest.mark.parametrize("order", [1, -1])
def test_a_repeated_seed_counts_once_the_longest_then_the_newest(run: Callable[..., Run], order: int) -> None:
    runs = [
        run("short-newest", (0.9,)),
        run("long-newer", (0.6, 0.7)),
        run("long-older", (0.6, 0.8)),
        run("other-seed", (0.5,), {"seed": 1}),
    ]
    for age, each in enumerate(runs):
        os.utime(each.folder / "run.json", (1e9 - age, 1e9 - age))
    runs = [load(each.folder) for each in runs]
    [setting] = only(tables(runs[::order])).settings
    assert folders(setting) == ["long-newer", "other-seed"]
    assert setting.results == [0.6, 0.5]  # after epoch 1, the last one that all seeds have


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"fingerprint": "0123456789ab"}),
        ({}, {"source": "sample", "fingerprint": "0123456789ab"}),
        ({}, {"name": "mnist"}),
        ({}, {"train": 20_000}),
        ({}, {"validation": 5_000}),
    ],
    ids=["fingerprint", "sample", "dataset", "training-examples", "validation-examples"],
)
def test_runs_on_different_data_are_different_tables_with_different_titles(
    run: Callable[..., Run], one: dict[str, Any], other: dict[str, Any]
) -> None:
    found = tables([run("a", data=one), run("b", data=other), run("c", data=one, settings={"seed": 1})])
    assert [[folders(setting) for setting in table.settings] for table in found] == [[["a", "c"]], [["b"]]]
    assert found[0].title != found[1].title


def test_runs_with_different_monitors_are_different_tables(run: Callable[..., Run]) -> None:
    found = tables([run("a"), run("b", monitor="val_loss")])
    assert [(table.monitor, table.monitor.sign) for table in found] == [
        (Monitor("val_accuracy", "max"), 1),
        (Monitor("val_loss", "min"), -1),
    ]
    assert found[0].title != found[1].title


def test_a_title_names_the_commonest_class_and_nothing_in_its_name_reaches_the_terminal(
    run: Callable[..., Run],
) -> None:
    """A run recorded by an earlier version has the share alone."""
    named, earlier = {"commonest_class_name": "so\x1b[31m so"}, {"commonest_class": 0.5017}
    assert "the commonest class (so [31m so) 0.5017 of them" in only(tables([run("a", **earlier, **named)])).title
    assert ", the commonest class 0.5017 of them" in only(tables([run("b", **earlier)])).title


def test_a_title_says_the_data_and_the_monitor_and_the_fingerprint_only_where_it_tells_two_apart(
    run: Callable[..., Run],
) -> None:
    plain = "imdb (full): 15,000 to train on, 10,000 for validation; by val_accuracy at the best epoch of each setting"
    sample = {"source": "sample", "fingerprint": "fedcba987654"}
    assert [table.title for table in tables([run("a"), run("b", data=sample)])] == [
        plain,
        plain.replace("full", "sample"),
    ]
    assert [table.title for table in tables([run("c"), run("d", data={"fingerprint": "fedcba987654"})])] == [
        plain.replace("full", "full, d35b17d1"),
        plain.replace("full", "full, fedcba98"),
    ]


def test_without_validation_a_table_is_by_the_training_examples(run: Callable[..., Run]) -> None:
    table = only(tables([run("a", monitor="accuracy", data={"train": 25_000, "validation": 0})]))
    assert table.monitor == Monitor("accuracy", "max")
    assert table.monitor.training_counterpart == "accuracy"
    assert table.settings[0].mean == 0.8


@pytest.mark.parametrize(("key", "value"), DECIDING_NOTHING.items())
def test_what_decides_no_number_sets_no_settings_apart(run: Callable[..., Run], key: str, value: object) -> None:
    table = only(tables([run("a"), run("b", settings={key: value}), run("c", settings={"model.width": 8})]))
    assert len(table.settings) == 2
    assert table.keys == ["model.width"]


def test_everything_else_sets_settings_apart(run: Callable[..., Run], config_of: Callable[..., Config]) -> None:
    """Every other key of a config, each in turn; those of monitor and split tables."""
    keys = dict(flat(dataclasses.asdict(config_of()))).keys()
    assert keys >= DECIDING_NOTHING.keys()
    plain = run("plain")
    of_tables = {"training.monitor", "training.validation_split", "training.validation_from", "training.split_seed"}
    of_tables |= {"training.folds", "training.fold"}
    for key in keys - DECIDING_NOTHING.keys() - of_tables:
        other = 99 if key in ("training.epochs", "training.batch_size") else "another"
        table = only(tables([plain, run(key, settings={key: other})]))
        assert (len(table.settings), table.keys) == (2, [key])


CIRCUMSTANCES = {
    "plugin_sources": {"mine": "a" * 64, "helper": "b" * 64},
    "versions": {"keras-experiment-runner": "0.1.0", "keras": "3.15.1", "numpy": "2.4.6"},
    "numerics": 2,
    "environment": {"floatx": "float32", "epsilon": 1e-07, "dtype_policy": "float32"},
    "threads": {"intra_op": 2, "inter_op": 2},
    "device": "cpu",
}


@pytest.mark.parametrize(
    ("part", "other", "names"),
    [
        ("plugin_sources", {"mine": "a" * 64, "helper": "c" * 64}, {"plugins.helper": ("bbbbbbbb", "cccccccc")}),
        ("plugin_sources", {"mine": "a" * 64}, {"plugins.helper": ("bbbbbbbb", "null")}),
        (
            "versions",
            {"keras-experiment-runner": "0.2.0", "keras": "3.14.0", "numpy": "2.4.6"},
            {"versions.keras": ("3.15.1", "3.14.0")},
        ),
        ("numerics", 3, {"numerics": ("2", "3")}),
        (
            "environment",
            {"floatx": "float64", "epsilon": 1e-07, "dtype_policy": "float64"},
            {"environment.floatx": ("float32", "float64"), "environment.dtype_policy": ("float32", "float64")},
        ),
        ("threads", {"intra_op": 1, "inter_op": 2}, {"threads.intra_op": ("2", "1")}),
        ("device", "gpu", {"device": ("cpu", "gpu")}),
    ],
)
def test_other_circumstances_are_another_setting_that_says_which(
    run: Callable[..., Run], part: str, other: object, names: dict[str, tuple[str, str]]
) -> None:
    """Seeds 0 and 1, and seed 0 again elsewhere: two settings, of two seeds and of one."""
    plain = [run(f"seed-{seed}", (0.9,), {"seed": seed}, **CIRCUMSTANCES) for seed in (0, 1)]
    changed = run("changed", (0.8,), {"seed": 0}, **{**CIRCUMSTANCES, part: other})
    table = only(tables([*plain, changed]))
    assert [folders(setting) for setting in table.settings] == [["seed-0", "seed-1"], ["changed"]]
    assert sorted(table.keys) == sorted(names)
    for place, setting in enumerate(table.settings):
        assert table.name(setting) == " ".join(f"{key}={names[key][place]}" for key in table.keys)


def test_a_setting_of_other_plugins_is_named_by_them_alone(run: Callable[..., Run]) -> None:
    """The source of a plugin that the other setting does not have says no more."""
    mine = run("mine", (0.9,), {"plugins": ["mine"]}, **CIRCUMSTANCES)
    none = run("none", (0.8,), **{**CIRCUMSTANCES, "plugin_sources": {}})
    table = only(tables([mine, none]))
    assert [table.name(setting) for setting in table.settings] == ["plugins=[mine]", "plugins=[]"]


def test_a_record_of_before_the_numerics_were_counted_is_of_the_first(run: Callable[..., Run]) -> None:
    """It lacks what came later, which its age says already."""
    old = {key: CIRCUMSTANCES[key] for key in ("versions", "threads", "device")}
    runs = [run("old", (0.8,), **old), run("new", (0.9,), **CIRCUMSTANCES)]
    runs.append(run("first", (0.8,), {"seed": 1}, **old, numerics=1))
    table = only(tables(runs))
    assert [table.name(setting) for setting in table.settings] == ["numerics=2", "numerics=1"]
    assert [folders(setting) for setting in table.settings] == [["new"], ["old", "first"]]


def test_as_many_held_out_as_a_share_and_as_a_count_are_one_setting(run: Callable[..., Run]) -> None:
    """0.4 of 25,000 examples are 10,000; the settings are named by what does differ."""
    runs = [
        run(
            f"{split}-{width}", (width / 100,), {"training.validation_split": split, "model.width": width, "seed": seed}
        )
        for seed, split in enumerate((0.4, 10_000))
        for width in (16, 32)
    ]
    table = only(tables(runs))
    assert [folders(setting) for setting in table.settings] == [["0.4-32", "10000-32"], ["0.4-16", "10000-16"]]
    assert table.keys == ["model.width"]


def test_other_examples_held_out_are_other_data(run: Callable[..., Run]) -> None:
    """As many of them, from another place: tables whose titles say which."""
    froms = ("first", "last", "random")
    found = tables([run(name, settings={"training.validation_from": name}) for name in froms])
    title = "imdb (full): 15,000 to train on, 10,000 for validation (training.validation_from={}); "
    title += "by val_accuracy at the best epoch of each setting"
    assert [table.title for table in found] == [title.format(name) for name in froms]


def test_without_validation_it_does_not_matter_where_none_is_taken_from(run: Callable[..., Run]) -> None:
    data = {"train": 25_000, "validation": 0}
    runs = [
        run(name, settings={"training.validation_from": name, "seed": seed}, monitor="accuracy", data=data)
        for seed, name in enumerate(("first", "last"))
    ]
    assert [folders(setting) for setting in only(tables(runs)).settings] == [["first", "last"]]


def test_a_table_names_only_what_differs_in_words_of_the_command_line(run: Callable[..., Run]) -> None:
    """Everything else is the same; the order of the keys is that of the config."""
    runs = [
        run("a", (0.9,), {"model.width": [4, 8], "model.output_units": None, "training.batch_size": 32}),
        run("b", (0.8,), {"model.width": 16, "model.output_units": 2, "training.batch_size": 32}),
        run("c", (0.7,), {"model.width": [4, 8], "model.output_units": 2, "training.batch_size": 32}),
    ]
    table = only(tables(runs))
    assert table.keys == ["model.width", "model.output_units"]
    assert [table.name(setting) for setting in table.settings] == [
        "model.width=[4,8] model.output_units=null",
        "model.width=16 model.output_units=2",
        "model.width=[4,8] model.output_units=2",
    ]
    assert [setting.values["model.width"] for setting in table.settings] == [[4, 8], 16, [4, 8]]
    assert table.settings[0].values["model.output_units"] is None


def test_keys_that_go_with_another_choice_of_a_group_say_no_more_than_the_choice(run: Callable[..., Run]) -> None:
    """Another optimizer has other keys; they are named where those that have them differ."""
    adam = {"name": "adam", "learning_rate": 0.001, "beta_1": 0.9}
    sgd = {"name": "sgd", "learning_rate": 0.001, "nesterov": False}
    both = [run("a", (0.9,), {"optimizer": adam}), run("b", (0.8,), {"optimizer": sgd})]
    assert only(tables(both)).keys == ["optimizer.name"]
    other = run("c", (0.7,), {"optimizer": {**sgd, "nesterov": True}})
    table = only(tables([*both, other]))
    assert [table.name(setting) for setting in table.settings] == [
        "optimizer.name=adam optimizer.nesterov=null",
        "optimizer.name=sgd optimizer.nesterov=false",
        "optimizer.name=sgd optimizer.nesterov=true",
    ]


def test_two_settings_are_named_by_what_differs_between_the_two(run: Callable[..., Run]) -> None:
    shapes = [(4, 32), (8, 32), (8, 64)]
    table = only(
        tables(
            run(f"{width}-{size}", settings={"model.width": width, "training.batch_size": size})
            for width, size in shapes
        )
    )
    first, second, third = table.settings
    assert table.name(first) == "model.width=4 training.batch_size=32"
    assert (table.name(first, second), table.name(second, first)) == ("model.width=4", "model.width=8")
    assert table.name(second, third) == "training.batch_size=32"
    assert table.name(first, third) == table.name(first)


def test_no_two_settings_of_a_table_have_the_same_name(run: Callable[..., Run]) -> None:
    """A record of an earlier version lacks a key that came later, and is null by default."""
    table = only(tables([run("old"), run("new", settings={"training.later": None})]))
    assert len({table.name(setting) for setting in table.settings}) == len(table.settings)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("monitor", "best"), [("val_accuracy", [32, 16, 8]), ("val_loss", [8, 16, 32])])
def test_the_best_setting_by_its_mean_stands_first(
    run: Callable[..., Run], monitor: str, best: list[int], order: int
) -> None:
    """Means over two seeds 0.70, 0.75 and 0.80, though the single best run, 0.9, is of the middle one."""
    results = {8: (0.70, 0.70), 16: (0.60, 0.90), 32: (0.85, 0.75)}
    runs = [
        run(f"{width}-{seed}", (value,), {"model.width": width, "seed": seed}, losses=(value,), monitor=monitor)
        for width, pair in results.items()
        for seed, value in enumerate(pair)
    ]
    table = only(tables(runs[::order]))
    assert [setting.values["model.width"] for setting in table.settings] == best


def test_equal_settings_stand_in_the_order_of_their_folders(run: Callable[..., Run]) -> None:
    runs = [run(name, settings={"model.width": width}) for name, width in (("b", 1), ("c", 2), ("a", 3))]
    assert [folders(setting) for setting in only(tables(runs)).settings] == [["a"], ["b"], ["c"]]


def test_no_runs_are_no_tables() -> None:
    assert tables([]) == []


def test_the_training_column_is_the_one_evaluated_at_the_best_epoch(
    run: Callable[..., Run],
) -> None:
    """Evaluated 0.99 and, of a run without it, (1 + 0.9)/2 = 0.95 of its row: 0.97 in the mean."""
    table = only(tables([run("a", (0.5, 0.9), training_at_best={"accuracy": 0.99}), run("b", (0.5, 0.9), {"seed": 1})]))
    assert table.settings[0].training_at_best("accuracy") == pytest.approx(0.97)


def test_folds_are_one_setting_and_one_table_whatever_their_sizes(run: Callable[..., Run]) -> None:
    """Of 1,001 examples in five folds one is larger by one."""
    runs = [
        run(
            f"{width}-{fold}",
            (0.8 + fold / 100,),
            {"model.width": width, "training.folds": 5, "training.fold": fold},
            data={"train": 1001 - size, "validation": size},
        )
        for width in (8, 32)
        for fold, size in enumerate((201, 200, 200, 200, 200), 1)
    ]
    table = only(tables(runs))
    assert [len(setting.runs) for setting in table.settings] == [5, 5]
    assert [setting.folds for setting in table.settings] == [5, 5]
    assert table.settings[0].overlap == pytest.approx(201 / 800)
    assert table.title.startswith("imdb (full): 801 to train on, 200 for validation in each of 5 folds")


def test_examples_that_each_seed_draws_are_one_table_and_other_draws_are_others(run: Callable[..., Run]) -> None:
    drawn = [run(f"d{seed}", (0.8,), {"seed": seed, "training.split_seed": seed}) for seed in (0, 1)]
    assert len(only(tables(drawn)).settings[0].runs) == 2
    fixed = [run(f"f{draw}", (0.8,), {"seed": 2, "training.split_seed": draw}) for draw in (5, 6)]
    assert len(tables(fixed)) == 2
    assert [
        f"(training.split_seed={draw})" in table.title for draw, table in zip((5, 6), tables(fixed), strict=True)
    ] == [
        True,
        True,
    ]


def test_losses_with_other_penalties_stand_in_tables_of_their_own(run: Callable[..., Run]) -> None:
    """By val_loss, which has the penalty in it; accuracies are comparable."""
    for monitor, count in (("val_loss", 2), ("val_accuracy", 1)):
        runs = [run(f"{monitor}-{l2}", (0.8,), {"model.l2": l2}, monitor=monitor) for l2 in (0.0, 0.01)]
        assert len(tables(runs)) == count
    assert (
        "val_loss with training.loss=auto model.l2=0.01"
        in tables([run(f"again-{l2}", (0.8,), {"model.l2": l2}, monitor="val_loss") for l2 in (0.01, 0.0)])[0].title
    )
