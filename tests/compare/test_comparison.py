"""What a comparison says: the reference and its verdicts, what is left out, and how settings overfit."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runner.compare import wording
from runner.compare.comparison import Comparison, compare, overfitting, results, rises_from
from runner.compare.grouping import At, Setting
from runner.errors import ConfigError
from runner.runs.folder import claimed
from runner.runs.reader import Run, load
from tests.records import write_run

RUNS = {8: (0.81, 0.82, 0.84), 16: (0.83, 0.84, 0.85), 32: (0.861, 0.872, 0.883)}


@pytest.fixture
def runs(run: Callable[..., Run]) -> list[Run]:
    """Three widths, three seeds each, in folders like `32-0`."""
    return [
        run(f"{width}-{seed}", (value,), {"model.width": width, "seed": seed})
        for width, values in RUNS.items()
        for seed, value in enumerate(values)
    ]


def widths(found: Comparison) -> list[int]:
    [judged] = found.tables
    return [judged.reference.values["model.width"], *(other.values["model.width"] for other, _ in judged.verdicts)]


def test_each_setting_is_held_against_the_best(runs: list[Run]) -> None:
    """Differences of 32 to 16 0.031, 0.032, 0.033; to 8 0.051, 0.052, 0.043."""
    found = compare(runs)
    assert widths(found) == [32, 16, 8]
    [judged] = found.tables
    assert judged.chosen is True
    assert [verdict.difference for _, verdict in judged.verdicts] == pytest.approx(
        [-0.032, -fmean([0.051, 0.052, 0.043])]
    )
    assert [verdict.outcome for _, verdict in judged.verdicts] == ["worse", "worse"]
    assert judged.as_good == [judged.best]


def test_the_run_of_a_reference_names_its_setting(runs: list[Run], tmp_path: Path) -> None:
    """Any of its seeds, however its folder is written; the best can be on the other side then."""
    for folder in (tmp_path / "16-0", tmp_path / "8-1" / ".." / "16-2"):
        found = compare(runs, folder)
        assert widths(found) == [16, 32, 8]
        [judged] = found.tables
        assert judged.chosen is False
        assert judged.verdicts[0][1].difference == pytest.approx(0.032)
        assert judged.verdicts[0][1].outcome == "better"
        assert judged.as_good == [judged.best]  # whatever the others are compared with


def test_a_reference_speaks_for_its_own_table_alone(runs: list[Run], run: Callable[..., Run], tmp_path: Path) -> None:
    other = run("sample", data={"source": "sample", "fingerprint": "0123456789ab"})
    first, second = compare([*runs, other], tmp_path / "16-0").tables
    assert (first.chosen, second.chosen) == (False, True)
    assert second.verdicts == []


def test_a_reference_that_is_a_shorter_repeat_still_names_its_setting(
    runs: list[Run], run: Callable[..., Run], tmp_path: Path
) -> None:
    """Its own result does not count, the setting's does."""
    run("longer", (0.83, 0.84), {"model.width": 16, "seed": 0})
    found = compare([*runs, load(tmp_path / "longer")], tmp_path / "16-0")
    assert widths(found)[0] == 16
    assert found.tables[0].chosen is False


def test_what_did_not_complete_is_left_out_and_named_even_where_it_is_best(
    runs: list[Run], run: Callable[..., Run], tmp_path: Path
) -> None:
    perfect = {"curve": (0.99,), "settings": {"model.width": 64}}
    others = [run(status, **perfect, status=status) for status in ("failed", "interrupted")]
    others.append(run("crashed", **perfect, status="running"))
    write_run(tmp_path / "running", **perfect, status="running")  # type: ignore[arg-type]
    with claimed(tmp_path / "running"):
        others.append(load(tmp_path / "running"))
    others.append(run("early", (), status="failed", dataset=None, monitor_direction=None))
    found = compare([*others, *runs])
    assert {each.folder.name: each.status for each in found.left_out} == {
        "failed": "failed",
        "interrupted": "interrupted",
        "crashed": "crashed",
        "running": "running",
        "early": "failed",
    }
    assert widths(found) == [32, 16, 8]
    assert sum(len(setting.runs) for setting in found.tables[0].table.settings) == 9


def test_a_completed_run_without_a_finite_result_is_left_out(runs: list[Run], run: Callable[..., Run]) -> None:
    found = compare([*runs, run("diverged", (float("nan"),), {"model.width": 64})])
    assert [each.folder.name for each in found.left_out] == ["diverged"]
    assert widths(found) == [32, 16, 8]


def test_a_run_that_went_on_over_something_else_is_left_out(runs: list[Run], run: Callable[..., Run]) -> None:
    """It belongs to no setting; `reason` says what changed and when."""
    mixed = [{"epoch": 1, "changes": ["data changed", "keras changed"]}, {"epoch": 2, "changes": ["numpy changed"]}]
    found = compare([*runs, run("mixed", (0.9, 0.95, 0.99), {"model.width": 32, "seed": 0}, mixed=mixed)])
    assert [each.folder.name for each in found.left_out] == ["mixed"]
    assert [wording.reason(each) for each in found.left_out] == [
        "mixed after epoch 1: data changed, keras changed; after epoch 2: numpy changed"
    ]
    assert found.tables[0].rows == compare(runs).tables[0].rows
    assert widths(found) == [32, 16, 8]


def test_the_best_run_is_the_best_of_all_and_named_where_its_setting_is_not_the_best(run: Callable[..., Run]) -> None:
    """Means 0.80 of width 32 and 0.75 of width 16, which has the single best run."""
    results = {16: (0.60, 0.90), 32: (0.85, 0.75)}
    runs = {
        (width, seed): run(f"{width}-{seed}", (value,), {"model.width": width, "seed": seed})
        for width, pair in results.items()
        for seed, value in enumerate(pair)
    }
    [judged] = compare(runs.values()).tables
    lucky = runs[16, 1].folder
    assert wording.best_run(judged.table) == f"best run: {lucky}, val_accuracy 0.9000 with model.width=16"
    [judged] = compare(each for key, each in runs.items() if key != (16, 1)).tables
    assert wording.best_run(judged.table) == f"best run: {runs[32, 0].folder}"


@pytest.mark.parametrize(("monitor", "validation"), [("accuracy", 0), ("accuracy", 10_000)])
def test_what_the_training_examples_say_is_not_taken_for_a_hope_of_more(
    run: Callable[..., Run], monitor: str, validation: int
) -> None:
    [judged] = compare([run("a", (0.6, 0.7, 0.8), monitor=monitor, data={"validation": validation})]).tables
    assert list(wording.curves(judged.table)) == [
        f"best after 3 epochs of 3 (accuracy {0.9 if validation else 0.8:.4f}), on the training "
        "examples, which says nothing of new ones"
    ]


def test_nothing_that_completed_is_no_table(run: Callable[..., Run]) -> None:
    found = compare([run("a", status="failed")])
    assert (found.tables, len(found.left_out)) == ([], 1)
    assert compare([]) == Comparison([], [])


def test_a_setting_alone_has_no_verdict(run: Callable[..., Run]) -> None:
    [judged] = compare([run("a")]).tables
    assert judged.reference is judged.table.settings[0]
    assert judged.verdicts == []


def test_one_seed_each_is_compared_by_what_the_networks_predict(run: Callable[..., Run], tmp_path: Path) -> None:
    """Of 1,000 examples 40 are right by the one alone, 20 by the other: McNemar's test, p 0.014."""
    right = np.ones((2, 1, 1000), np.uint8)
    right[0, 0, :20] = 0
    right[1, 0, 20:60] = 0
    pair = [
        run(f"{width}", (float(each.mean()),), {"model.width": width}, data={"validation": 1000}, right=each)
        for width, each in zip((32, 8), right, strict=True)
    ]
    [judged] = compare(pair).tables
    [(_, verdict)] = judged.verdicts
    assert verdict.p == pytest.approx(2 * stats.norm.sf(19 / math.sqrt(60)))
    assert (verdict.outcome, verdict.covers) == ("worse", ("examples",))
    assert wording.answer(judged)[0] == (
        "model.width=32 is better than model.width=8: val_accuracy 0.9800 against 0.9600, difference 0.0200, "
        "95 % interval 0.0038 to 0.0362, p 0.014, McNemar's test over 1,000 examples; these are two networks, train "
        "more seeds (seed=0,1,2) to compare the settings"
    )


def test_one_seed_each_without_predictions_is_not_judged(run: Callable[..., Run]) -> None:
    pair = [run(f"{width}", (value,), {"model.width": width}) for width, value in ((1, 0.5), (2, 0.9))]
    [judged] = compare(pair).tables
    [(_, verdict)] = judged.verdicts
    assert (verdict.p, verdict.outcome) == (None, "open")
    assert "one seed each, without predictions; train at least 2 more seeds of each" in wording.answer(judged)[0]


def test_seeds_and_examples_are_in_one_verdict(run: Callable[..., Run]) -> None:
    """Two widths, three seeds each, 400 examples: the parts of the variance as the formula of noise.py has them."""
    random = np.random.default_rng(4)
    easy = random.standard_normal(400)
    right = {
        width: (easy + shift + 0.3 * random.standard_normal((3, 400)) > -1).astype(np.uint8)
        for width, shift in ((32, 0.3), (8, 0.0))
    }
    runs = [
        run(
            f"{width}-{seed}",
            (float(each.mean()),),
            {"model.width": width, "seed": seed + width},
            data={"validation": 400},
            right=each[None],
        )
        for width, answers in right.items()
        for seed, each in enumerate(answers)
    ]
    [judged] = compare(runs).tables
    [(_, verdict)] = judged.verdicts
    wide, narrow = right[32].astype(float), right[8].astype(float)
    seeds = sum(np.var(each.mean(axis=1), ddof=1) / 3 for each in (wide, narrow))
    rest = [each - each.mean(axis=0) - each.mean(axis=1, keepdims=True) + each.mean() for each in (wide, narrow)]
    within = sum((each**2).sum() / (2 * 399) / 3 for each in rest)
    between = np.var(wide.mean(axis=0) - narrow.mean(axis=0), ddof=1)
    assert verdict.covers == ("seeds", "examples")
    assert verdict.interval is not None
    half = (verdict.interval[1] - verdict.interval[0]) / 2
    error = math.sqrt(seeds + (between - within) / 400)
    freedom = 4 * (error**2 / seeds) ** 2
    assert half / error == pytest.approx(stats.t.ppf(0.975, freedom), rel=0.01)


def test_the_same_runs_by_accuracy_and_by_loss_can_have_opposite_bests(run: Callable[..., Run]) -> None:
    """Wide: 0.88 right, loss 0.5; narrow: 0.86 right, loss 0.3."""
    found = {}
    for monitor in ("val_accuracy", "val_loss"):
        runs = [
            run(f"{monitor}-{width}-{seed}", (value,), settings, losses=(loss,), monitor=monitor)
            for seed, shift in enumerate((0.0, 0.001, 0.003))
            for width, value, loss in ((32, 0.88 + shift, 0.5 + 2 * shift), (8, 0.86, 0.3))
            for settings in [{"model.width": width, "seed": seed}]
        ]
        [judged] = compare(runs).tables
        [(_, verdict)] = judged.verdicts
        assert verdict.outcome == "worse"
        found[monitor] = judged.reference.values["model.width"]
    assert found == {"val_accuracy": 32, "val_loss": 8}


@pytest.mark.parametrize(
    ("losses", "epoch"),
    [
        ((0.5, 0.3, 0.4, 0.6), 2),
        ((0.5, 0.3, 0.4, 0.4), None),
        ((0.5, 0.3, 0.4, 0.35, 0.36), 4),
        ((0.3, 0.4, 0.5), 1),
        ((0.3, 0.4), 1),
        ((0.5, 0.4, 0.3), None),
        ((0.5, 0.3, 0.4, 0.6, 0.5), None),
        ((0.5, 0.5), None),
        ((0.5,), None),
        ((), None),
    ],
)
def test_the_epoch_from_which_validation_loss_only_rises(
    run: Callable[..., Run], losses: Sequence[float], epoch: int | None
) -> None:
    assert rises_from(run("a", [0.5] * len(losses), losses=losses)) == epoch


def test_without_validation_nothing_rises(run: Callable[..., Run]) -> None:
    data = {"validation": 0}
    assert rises_from(run("a", (0.6, 0.7), losses=(0.3, 0.4), monitor="accuracy", data=data)) is None


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_every_step_from_there_rises_and_the_one_before_does_not(tenths: list[int]) -> None:
    metrics = [{"epoch": epoch, "val_loss": value / 10} for epoch, value in enumerate(tenths, 1)]
    epoch = rises_from(Run(Path(), "completed", {}, metrics, []))
    steps = [after > before for before, after in pairwise(tenths)]
    if epoch is None:
        assert not steps or not steps[-1]
    else:
        assert steps[epoch - 1 :]
        assert all(steps[epoch - 1 :])
        assert epoch == 1 or not steps[epoch - 2]


def test_overfitting_is_the_chosen_epoch_and_medians_over_the_seeds(run: Callable[..., Run]) -> None:
    """The mean curve is 2.125/3, then three times 2.25/3; the loss of epoch 3 is the lowest of these, 2.

    By seed: loss rises from 1, 3, nowhere; after epoch 3 there are 1, 3, 1 epochs of 1, 13, 9 seconds.
    """
    found = overfitting(
        setting_of(
            run("0", (0.875, 0.75, 0.75, 0.625), losses=(1, 2, 3, 4), seconds=(9, 1, 1, 1)),
            run("1", (0.75, 0.875, *[0.75] * 4), {"seed": 1}, losses=(3, 2, 1, 2, 3, 4), seconds=(9, 9, 2, 4, 8, 1)),
            run("2", (0.5, 0.625, 0.75, 0.875), {"seed": 2}, losses=(4, 3, 2, 1), seconds=(9, 9, 9, 9)),
        )
    )
    assert (found.chosen_epoch, found.epochs) == (3, 4)
    assert found.rises_from == 2
    assert found.saved_epochs == 1
    assert found.saved_seconds == 9


def setting_of(*runs: Run) -> Setting:
    [judged] = compare(runs).tables
    return judged.reference


def test_loss_rises_for_a_setting_where_it_does_for_more_than_half_of_its_seeds(run: Callable[..., Run]) -> None:
    rising = [run(f"rising-{seed}", (0.9, 0.8), {"seed": seed}, losses=(1, 2)) for seed in range(2)]
    falling = [run(f"falling-{seed}", (0.8, 0.9), {"seed": seed}, losses=(2, 1)) for seed in range(2, 4)]
    assert overfitting(setting_of(*rising, falling[0])).rises_from == 1
    assert overfitting(setting_of(rising[0], falling[0])).rises_from is None
    assert overfitting(setting_of(rising[0], *falling)).rises_from is None


def test_a_run_that_is_best_at_its_end_saves_nothing_by_stopping(run: Callable[..., Run]) -> None:
    found = overfitting(setting_of(run("a", (0.6, 0.7))))
    assert (found.chosen_epoch, found.epochs, found.saved_epochs, found.saved_seconds) == (2, 2, 0, 0)


FLAT = {"training.epochs": 2}, {"training.epochs": 4}


def test_numbers_of_epochs_are_judged_by_what_they_leave(run: Callable[..., Run]) -> None:
    """Of one curve, 0.6 0.8 0.7 0.5, two epochs leave 0.8 and four leave 0.5; its own best is 0.8 both times."""
    short, long = run("short", (0.6, 0.8), FLAT[0]), run("long", (0.6, 0.8, 0.7, 0.5), FLAT[1])
    [judged] = compare([short, long]).tables
    assert judged.table.at == "last"
    assert [(each.values["training.epochs"], each.mean) for each in judged.table.settings] == [(2, 0.8), (4, 0.5)]
    assert [each["epoch"] for each in judged.rows] == [2, 4]
    assert [each["chosen_epoch"] for each in judged.rows] == [2, 2]
    assert judged.verdicts == []  # one curve, cut twice: how many epochs is another question
    assert list(judged.table.curves.items()) == [("the only setting", judged.table.settings[1])]
    assert [(each.folder.name, *rest) for each, *rest in results(compare([short, long]))] == [
        ("short", 0.8, 2),
        ("long", 0.5, 4),
    ]


def test_cuts_of_other_curves_are_judged_against_one_another(run: Callable[..., Run]) -> None:
    """Another width, or a schedule over all epochs, makes another curve of it."""
    narrow = run("narrow", (0.6, 0.7), {**FLAT[0], "model.width": 4})
    wide = [run(f"wide-{n}", (0.6, 0.8, 0.7, 0.5)[:n], {"training.epochs": n}) for n in (2, 4)]
    [judged] = compare([narrow, *wide]).tables
    assert [each.values["model.width"] for each, _ in judged.verdicts] == [4]
    cosine = [
        run(f"c-{n}", (0.6, 0.8, 0.7, 0.5)[:n], {"training.epochs": n, "optimizer.schedule": "cosine"}) for n in (2, 4)
    ]
    assert len(compare(cosine).tables[0].verdicts) == 1


def test_settings_of_equally_many_epochs_are_judged_at_one_epoch_for_all_seeds(run: Callable[..., Run]) -> None:
    """Wobbling: 0.9 0.5 and 0.5 0.9, each 0.9 at its own best; the mean is 0.7 0.7, the first with less loss."""
    wobbling = [
        run("w-0", (0.9, 0.5), {"model.width": 4}, losses=(1, 2)),
        run("w-1", (0.5, 0.9), {"model.width": 4, "seed": 1}, losses=(1, 2)),
    ]
    steady = [run(f"s-{seed}", (0.8, 0.8), {"seed": seed}) for seed in (0, 1)]
    [judged] = compare([*wobbling, *steady]).tables
    assert judged.table.at == "chosen"
    assert [each.mean for each in judged.table.settings] == [0.8, 0.7]
    assert [each.chosen_epoch for each in judged.table.settings] == [1, 1]


@pytest.mark.parametrize(("at", "mean"), [("last", 0.5), ("chosen", 0.8), (1, 0.6), (3, 0.7)])
def test_the_user_says_where_to_judge(run: Callable[..., Run], at: At, mean: float) -> None:
    [judged] = compare([run("a", (0.6, 0.8, 0.7, 0.5))], at=at).tables
    assert (judged.table.at, judged.reference.mean) == (at, mean)


def test_an_epoch_that_a_run_does_not_have_is_refused(run: Callable[..., Run]) -> None:
    runs = [run("a", (0.6, 0.8)), run("b", (0.6, 0.8, 0.7), {"seed": 1})]
    with pytest.raises(ConfigError, match=r"at most the 2 epochs of the shortest run compared; got 3: .*epochs>=3"):
        compare(runs, at=3)


@pytest.mark.parametrize(("monitor", "gap"), [("val_accuracy", 0.1), ("val_loss", 0.3)])
def test_a_row_shows_the_gap_to_training_as_positive_where_it_overfits(
    run: Callable[..., Run], monitor: str, gap: float
) -> None:
    """Validation 0.8 right with loss 0.7 against (1 + 0.8)/2 = 0.9 and 0.8/2 = 0.4 in training, at the one epoch."""
    [judged] = compare([run("a", (0.8,), losses=(0.7,), monitor=monitor)]).tables
    shown = judged.rows[0]
    assert shown["gap"] == pytest.approx(gap)
    assert (shown["seeds"], shown["deviation"], shown["best_epoch"], shown["rises_from"]) == (1, None, 1, None)


def test_a_row_names_what_differs_and_the_folder_of_the_best_seed(runs: list[Run], tmp_path: Path) -> None:
    [judged] = compare(runs).tables
    shown = judged.rows[0]
    assert shown["model.width"] == 32
    assert shown["val_accuracy"] == pytest.approx(0.872)
    assert shown["folder"] == str(tmp_path / "32-2")


def test_a_row_without_validation_has_no_gap(run: Callable[..., Run]) -> None:
    [judged] = compare([run("a", monitor="accuracy", data={"validation": 0})]).tables
    assert "gap" not in judged.rows[0]


def test_wobbling_curves_are_not_better_than_steady_ones_for_their_highest_points(tmp_path: Path) -> None:
    """Of 40 pairs of equal worth at most 5 are called better, the 99 % bound of 5 %; by their highest points 20 are.

    The wobble is what networks have: a fall, now and then, below what the others keep to.
    """
    random = np.random.default_rng(3)
    alarms = highest = 0
    for number in range(40):
        runs, best = [], {}
        for width, falls in ((32, 0.03), (8, 0.003)):
            curves = 0.8 + 0.003 * random.standard_normal((4, 12)) + 0.003 * random.standard_normal((4, 1))
            curves -= np.where(random.random((4, 12)) < 0.4, random.exponential(falls, (4, 12)), -0.4 * falls)
            best[width] = curves[:, curves.mean(axis=0).argmax()]
            for seed, curve in enumerate(curves.tolist()):
                folder = tmp_path / f"{number}-{width}-{seed}"
                runs.append(load(write_run(folder, tuple(curve), {"model.width": width, "seed": seed + width})))
        [judged] = compare(runs).tables
        alarms += judged.verdicts[0][1].outcome in ("better", "worse")
        highest += stats.ttest_ind(best[32], best[8], equal_var=False).pvalue < 0.05
    assert alarms <= stats.binom.ppf(0.99, 40, 0.05)
    assert highest > 20


def test_the_best_and_those_not_told_from_it_are_a_set(run: Callable[..., Run]) -> None:
    """Three widths alike, one far below; 8 is the smallest network of those that cannot be told from the best."""
    means = {8: 0.88, 16: 0.881, 32: 0.882, 64: 0.80}
    runs = [
        run(
            f"{width}-{seed}",
            (mean + shift,),
            {"model.width": width, "seed": seed + width},
            parameter_count=width * 1000,
        )
        for width, mean in means.items()
        for seed, shift in enumerate((-0.003, 0.0, 0.003))
    ]
    [judged] = compare(runs).tables
    assert [each.values["model.width"] for each in judged.as_good] == [32, 16, 8]
    assert [each["not_told_from_best"] for each in judged.rows] == [True, True, True, False]
    assert wording.answer(judged)[0] == (
        "2 of 3 other settings cannot be told from the best (model.width=32); the smallest of them is model.width=8 "
        "(8,000 parameters)"
    )


def test_a_setting_that_always_answers_the_commonest_class_is_said(run: Callable[..., Run]) -> None:
    runs = [
        run(f"{width}-{seed}", (mean + seed / 1000,), {"model.width": width, "seed": seed}, commonest_class=0.5)
        for width, mean in ((1, 0.4995), (32, 0.88))
        for seed in range(3)
    ]
    [judged] = compare(runs).tables
    assert list(wording.unlearned(judged)) == ["not shown to beat the commonest class, 0.5000: model.width=1"]
    assert "the commonest class 0.5000 of them" in judged.table.title


def test_settings_within_the_margin_are_practically_the_same_and_what_is_missing_is_said_of_all(
    run: Callable[..., Run],
) -> None:
    """Three widths whose seeds differ by 0.0001; a margin of 0.1 holds all intervals, one of 0.000001 none."""
    runs = [
        run(f"{width}-{seed}", (0.88 + shift,), {"model.width": width, "seed": seed + width})
        for width in (8, 16, 32)
        for seed, shift in enumerate((-0.0001, 0.0, 0.0001))
    ]
    [judged] = compare(runs, margin=0.1).tables
    assert wording.answer(judged)[0].startswith("2 of 2 other settings are practically the same as the best (")
    [judged] = compare(runs, margin=1e-6).tables
    assert wording.answer(judged)[0].startswith("none of the 2 other settings can be told from the best (")
    assert wording.answer(judged)[1] == "Not even 100 seeds of each would show a difference of 1e-06"
