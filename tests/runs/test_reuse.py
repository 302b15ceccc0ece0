"""What a sweep will find recorded, and what its jobs can take from one another, against what it then trains."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.cli import train
from runner.config.plan import plan_of
from runner.config.schema import Config
from runner.experiment import preflight
from runner.runs import folder as run_folder
from runner.runs import reuse
from runner.runs.reuse import Forecast
from tests.conftest import Train

SAMPLE = ("dataset.source=sample", "dataset.num_words=200", "model.depth=0")


@cache
def known(*words: str) -> tuple[list[Config], list[str]]:
    """The configs of a sweep and their identities."""
    configs = [job.config for job in plan_of([*SAMPLE, *words], multirun=True).jobs]
    return configs, [each.identity for each in preflight.check(configs)]


def forecast(*words: str, root: Path | None = None) -> list[Forecast]:
    return reuse.forecast(*known(*words), [root] if root else [])


def left(jobs: list[Forecast]) -> list[int]:
    return [job.left for job in jobs]


@pytest.mark.parametrize(
    ("epochs", "trained"),
    [
        ("5,10,20", [5, 5, 10]),
        ("5,20,10", [5, 15, 0]),
        ("10,5,20", [10, 0, 10]),
        ("10,20,5", [10, 10, 0]),
        ("20,5,10", [20, 0, 0]),
        ("20,10,5", [20, 0, 0]),
    ],
)
def test_a_sweep_over_epochs_leaves_those_of_its_longest_job_in_any_order(epochs: str, trained: list[int]) -> None:
    assert left(forecast(f"training.epochs={epochs}")) == trained


@given(jobs=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40)), min_size=1, max_size=8))
def test_each_setting_is_trained_as_long_as_its_longest_job_and_no_longer(jobs: list[tuple[int, int]]) -> None:
    """Jobs are (setting, epochs), in any order."""
    (config,), (its,) = known("seed=0")
    configs = [replace(config, training=replace(config.training, epochs=epochs)) for _, epochs in jobs]
    found = reuse.forecast(configs, [f"{its}-{setting}" for setting, _ in jobs], [])
    longest = {setting: max(epochs for of, epochs in jobs if of == setting) for setting, _ in jobs}
    assert sum(left(found)) == sum(longest.values())
    assert [job.epochs for job in found] == [epochs for _, epochs in jobs]
    for number, job in enumerate(found):
        first = jobs.index(jobs[number])
        assert job.equal_to == (first if first != number else None)
        assert job.left == 0 or job.equal_to is None


def test_of_equal_jobs_the_first_is_trained_and_the_others_name_it() -> None:
    assert [(job.left, job.equal_to) for job in forecast("seed=0,1,0,0")] == [(20, None), (20, None), (0, 0), (0, 0)]


@pytest.mark.parametrize("word", ["reuse=false", "training.keep_state=none"])
def test_where_nothing_is_reused_or_kept_each_job_is_trained_whole(word: str) -> None:
    assert left(forecast("training.epochs=5,10,20", word)) == [5, 10, 20]
    assert left(forecast("seed=0,0", word)) == [20, 20]


def test_a_cosine_schedule_is_another_run_for_each_number_of_epochs() -> None:
    assert left(forecast("training.epochs=5,10,20", "optimizer.schedule=cosine")) == [5, 10, 20]


def test_what_an_earlier_job_of_the_sweep_will_leave_is_not_recorded_already() -> None:
    assert [job.recorded for job in forecast("training.epochs=20,10,5")] == [False, False, False]


def test_each_job_keeps_the_states_that_jobs_of_its_identity_end_with() -> None:
    assert reuse.epochs_to_keep(*known("training.epochs=2,3", "seed=0")) == [{2, 3}, {2, 3}]
    assert reuse.epochs_to_keep(*known("training.epochs=2,3", "optimizer.schedule=cosine")) == [{2}, {3}]


@pytest.mark.slow
def test_runs_on_a_shelf_are_recorded_already_or_shorten_what_is_left(train: Train, tmp_path: Path) -> None:
    words = ("training.epochs=3", "training.save_seconds=1000", "seed=1")
    train(*SAMPLE, *words, folder="root/earlier", run_roots=[tmp_path / "root"])
    jobs = forecast("training.epochs=2,3,7", "seed=1,2", root=tmp_path / "root")
    assert left(jobs) == [2, 2, 0, 1, 4, 4]
    assert [job.recorded for job in jobs] == [False, False, True, False, False, False]
    assert left(forecast("training.epochs=3", "seed=1", "reuse=false", root=tmp_path / "root")) == [3]


@pytest.mark.parametrize(
    ("epochs", "kept"), [(1, [1]), (2, [1, 2]), (3, [1, 2]), (16, [1, 2, 4, 8, 16]), (20, [1, 2, 4, 8, 16])]
)
def test_a_single_run_keeps_the_states_of_each_doubling(epochs: int, kept: list[int]) -> None:
    (config,), _ = known(f"training.epochs={epochs}")
    assert sorted(reuse.doublings(config)) == kept
    (cosine,), _ = known(f"training.epochs={epochs}", "optimizer.schedule=cosine")
    assert reuse.doublings(cosine) == set()


@pytest.mark.slow
def test_a_longer_run_serves_a_sweep_over_its_first_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that a sweep over other numbers has to continue, from a state of more than half of them."""
    monkeypatch.chdir(tmp_path)
    assert train.main([*SAMPLE, "training.epochs=7", "hydra.run.dir=outputs/longer"]) == 0
    assert left(forecast("training.epochs=1,2,4,8", root=tmp_path / "outputs")) == [0, 0, 0, 1]
    assert left(forecast("training.epochs=3", root=tmp_path / "outputs")) == [1]
    assert train.main(["experiment=epochs", *SAMPLE, "training.epochs=1,2,4", "seed=0", "hydra.sweep.dir=sweep"]) == 0
    longer = Path("outputs/longer/metrics.csv").read_bytes()
    for folder in Path("sweep").glob("*_*"):
        record, metrics = run_folder.read_record(folder), (folder / "metrics.csv").read_bytes()
        assert record["inherited_epochs"] == record["epochs"]
        assert longer.startswith(metrics)
        assert (folder / "model.keras").exists()


@pytest.mark.slow
def test_the_plan_of_a_sweep_is_what_it_then_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("training.epochs=2,4,2", "seed=0,1")
    planned = left(forecast(*words))
    assert train.main(["-m", *SAMPLE, *words, "hydra.sweep.dir=sweep"]) == 0
    folders = sorted((path.parent for path in tmp_path.glob("sweep/*/run.json")), key=lambda each: int(each.name[0]))
    records = [run_folder.read_record(folder) for folder in folders]
    assert [record["epochs"] - record["inherited_epochs"] for record in records] == planned
