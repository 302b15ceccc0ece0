"""What a comparison says: the reference and its verdicts, what is left out, and how settings overfit."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.compare import wording
from runner.compare.comparison import Comparison, compare, overfitting, results, rises_from, row
from runner.compare.grouping import At, Setting
from runner.errors import ConfigError
from runner.runs.folder import claimed
from runner.runs.reader import Run, load
from tests.records import write_run

RUNS = {8: (0.81, 0.82, 0.84), 16: (0.83, 0.84, 0.85), 32: (0.861, 0.872, 0.883)}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """`run("name", curve, {"model.width": 16}, …)`: a recorded run, loaded from its folder."""
    return lambda name, *given, **named: load(write_run(tmp_path / name, *given, **named))


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
        [0.032, fmean([0.051, 0.052, 0.043])]
    )
    assert [verdict.is_better for _, verdict in judged.verdicts] == [True, True]
    assert judged.verdicts[0][1].method == "paired t-test over 3 seeds"


def test_the_run_of_a_reference_names_its_setting(runs: list[Run], tmp_path: Path) -> None:
    """Any of its seeds, however its folder is written; the best can be on the other side then."""
    for folder in (tmp_path / "16-0", tmp_path / "8-1" / ".." / "16-2"):
        found = compare(runs, folder)
        assert widths(found) == [16, 32, 8]
        [judged] = found.tables
        assert judged.chosen is False
        assert judged.verdicts[0][1].difference == pytest.approx(-0.032)
        assert judged.verdicts[0][1].is_better is False


def test_a_chosen_best_is_corrected_for_all_pairs_and_a_named_one_for_the_others(
    runs: list[Run], tmp_path: Path
) -> None:
    """Three settings are three pairs, and two comparisons with a named one. The smallest p shows the correction."""
    for reference, comparisons in ((None, 3), (tmp_path / "32-0", 2)):
        [judged] = compare(runs, reference).tables
        smallest = min((verdict for _, verdict in judged.verdicts), key=lambda verdict: verdict.p or 0)
        assert smallest.p
        assert smallest.adjusted == pytest.approx(comparisons * smallest.p)


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
    assert found.tables == compare(runs).tables
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


@pytest.mark.parametrize(
    ("monitor", "validation", "said"),
    [
        ("val_accuracy", 10_000, "best in epoch 3 of 3: more epochs may be better still"),
        ("accuracy", 0, "best in epoch 3 of 3 by accuracy on the training examples, which says nothing of new ones"),
        (
            "accuracy",
            10_000,
            "best in epoch 3 of 3 by accuracy on the training examples, which says nothing of new ones",
        ),
    ],
)
def test_what_the_training_examples_say_is_not_taken_for_a_hope_of_more(
    run: Callable[..., Run], monitor: str, validation: int, said: str
) -> None:
    [judged] = compare([run("a", (0.6, 0.7, 0.8), monitor=monitor, data={"validation": validation})]).tables
    assert list(wording.overfit(judged.table)) == [f"the only setting: {said}"]


def test_nothing_that_completed_is_no_table(run: Callable[..., Run]) -> None:
    found = compare([run("a", status="failed")])
    assert (found.tables, len(found.left_out)) == ([], 1)
    assert compare([]) == Comparison([], [])


def test_a_setting_alone_has_no_verdict(run: Callable[..., Run]) -> None:
    [judged] = compare([run("a")]).tables
    assert judged.reference is judged.table.settings[0]
    assert judged.verdicts == []


def test_one_seed_is_judged_by_the_validation_examples_of_its_data(run: Callable[..., Run]) -> None:
    """0.88 against 0.87: of 10,000 examples z = 2.14, of 1,000 z = 0.68."""
    for examples, better in ((10_000, True), (1_000, None)):
        pair = [
            run(f"{examples}-{value}", (value,), {"model.width": round(100 * value)}, data={"validation": examples})
            for value in (0.88, 0.87)
        ]
        [(_, verdict)] = compare(pair).tables[0].verdicts
        assert verdict.method == f"sampling error on {examples:,} validation examples"
        assert (verdict.is_better, verdict.thin) == (better, True)


@pytest.mark.parametrize("validation", [0, 10_000])
def test_one_seed_is_not_judged_by_what_it_was_trained_on(run: Callable[..., Run], validation: int) -> None:
    """Training accuracy has no sampling error, whether or not there are validation examples too."""
    data = {"validation": validation}
    pair = [run(f"{w}", (v,), {"model.width": w}, monitor="accuracy", data=data) for w, v in ((1, 0.5), (2, 0.9))]
    [(_, verdict)] = compare(pair).tables[0].verdicts
    assert verdict.difference > 0
    assert (verdict.p, verdict.is_better) == (None, None)


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
        assert verdict.is_better is True
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
    assert [row(judged.table, each)["epoch"] for each in judged.table.settings] == [2, 4]
    assert [row(judged.table, each)["chosen_epoch"] for each in judged.table.settings] == [2, 2]
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
    shown = row(judged.table, judged.reference)
    assert shown["gap"] == pytest.approx(gap)
    assert (shown["seeds"], shown["deviation"], shown["best_epoch"], shown["rises_from"]) == (1, None, 1, None)


def test_a_row_names_what_differs_and_the_folder_of_the_best_seed(runs: list[Run], tmp_path: Path) -> None:
    [judged] = compare(runs).tables
    shown = row(judged.table, judged.reference)
    assert shown["model.width"] == 32
    assert shown["val_accuracy"] == pytest.approx(0.872)
    assert shown["folder"] == str(tmp_path / "32-2")


def test_a_row_without_validation_has_no_gap(run: Callable[..., Run]) -> None:
    [judged] = compare([run("a", monitor="accuracy", data={"validation": 0})]).tables
    assert "gap" not in row(judged.table, judged.reference)
