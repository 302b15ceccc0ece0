"""`--filter`: which runs are looked at."""

from pathlib import Path
from typing import Any

import pytest

from runner.compare import filters
from runner.errors import ConfigError
from runner.runs.reader import Run


def a_run(status: str = "completed", **config: Any) -> Run:
    data = {"name": "imdb", "source": "full"}
    record = {"config": config, "dataset": data, "epochs": 1, "best_epoch": 1, "monitor": "val_accuracy"}
    row = {"epoch": 1.0, "val_accuracy": 0.9}
    timing = {"epoch": 1.0, "seconds": 2.0, "updates": 5.0}
    return Run(Path("run"), status, record, [row], [timing])


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("model.width>=32", True),
        ("model.width>32", False),
        ("model.width = 32", True),
        ("model.width!=16", True),
        ("model.width<=31", False),
        ("model.layers=[64,32]", True),
        ("model.name=mlp", True),
        ("model.name='mlp'", True),
        ("model.name!=mlp", False),
        ("model.head=null", True),
        ("shuffle=true", True),
        ("status=completed", True),
        ("dataset.source=full", True),  # where the config says auto, what was used
        ("val_accuracy>0.89", True),
        ("epochs<2", True),
        ("seconds>=2", True),
        ("updates=5", True),
        ("model.name>=3", False),  # text does not compare with a number
    ],
)
def test_a_filter_looks_at_keys_of_the_config_and_at_results(text: str, passes: bool) -> None:
    run = a_run(model={"width": 32, "layers": [64, 32], "name": "mlp", "head": None}, shuffle=True)
    assert filters.chosen([run], [filters.parse(text)]) == ([run] if passes else [])


def test_all_filters_must_hold() -> None:
    runs = [a_run(seed=seed) for seed in range(4)]
    both = [filters.parse("seed>=1"), filters.parse("seed<3")]
    assert [run.record["config"]["seed"] for run in filters.chosen(runs, both)] == [1, 2]


def test_a_filter_may_join_tests() -> None:
    runs = [a_run(seed=seed) for seed in range(4)]
    assert filters.chosen(runs, [filters.parse("seed>=1 and seed<3 and status=completed")]) == runs[1:3]


def test_a_run_without_the_key_of_others_does_not_pass() -> None:
    plain, momentum = a_run(optimizer={"name": "adam"}), a_run(optimizer={"name": "sgd", "momentum": 0.5})
    assert filters.chosen([plain, momentum], [filters.parse("optimizer.momentum<1")]) == [momentum]


def test_an_unknown_key_is_refused_with_a_hint() -> None:
    with pytest.raises(ConfigError, match=r"no run has the key model.widht; did you mean model.width\?"):
        filters.chosen([a_run(model={"width": 32})], [filters.parse("model.widht>=16")])


@pytest.mark.parametrize("text", ["", "model.width", ">=3", "model width>3", "model.width=>3", "seed>1,seed<3"])
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--filter must be a key"):
        filters.parse(text)
