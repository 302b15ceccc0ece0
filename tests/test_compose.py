"""Words of a command line → configs of all jobs; compared with what Hydra itself composes."""

import itertools
import math
from pathlib import Path

import hydra
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner import app, compose
from runner.compose import Plan
from runner.config import Config
from runner.errors import ConfigError

INTEGERS = {
    "model.depth": 0,
    "model.output_units": 1,
    "training.epochs": 1,
    "training.batch_size": 1,
    "training.validation_split": 0,
    "training.early_stopping.patience": 0,
    "dataset.num_words": 4,
    "seed": 0,
}


def plan(*words: str, multirun: bool = False) -> Plan:
    return compose.plan(list(words), multirun)


def refusal(*words: str, multirun: bool = False) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        plan(*words, multirun=multirun)
    return refused.value.problems


def composed_by_hydra(words: tuple[str, ...]) -> Config:
    compose.register_schema()
    with hydra.initialize_config_dir(str(compose.config_dir()), version_base="1.3"):
        return compose.typed(hydra.compose("config", list(words)))


def value_of(found: object, key: str) -> object:
    for part in key.split("."):
        found = getattr(found, part)
    return found


def test_no_words_are_one_job_with_the_defaults_of_the_text() -> None:
    planned = plan()
    (job,) = planned.jobs
    assert (planned.multirun, planned.words, job.words) == (False, [f"hydra.run.dir='{planned.folder}'"], ())
    assert job.config == composed_by_hydra(())
    assert (job.config.training.epochs, job.config.training.batch_size) == (20, 512)
    assert (job.config.model.depth, job.config.model.width, job.config.optimizer.name) == (3, 32, "rmsprop")
    assert planned.folder is not None
    assert planned.folder.parts[:2] == ("outputs", "runs")


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("model.widht=16", "model.widht is not a key of the config; did you mean model.width?"),
        ("epochs=5", "epochs is not a key of the config; did you mean training.epochs?"),
        ("patience=5", "patience is not a key of the config; did you mean training.early_stopping.patience?"),
        ("training.epoch=5", "training.epoch is not a key of the config; did you mean training.epochs?"),
        ("Model.width=5", "Model.width is not a key of the config; did you mean model.width?"),
        ("a.b.c=1", "a.b.c is not a key of the config: python -m runner --cfg job prints all keys"),
        ("+foo=1", "foo is not a key of the config: python -m runner --cfg job prints all keys"),
        ("dataset=imbd", "dataset must be one of imdb, mnist; got imbd; did you mean imdb?"),
        ("model=mpl", "model must be one of mlp; got mpl; did you mean mlp?"),
        (
            "optimizer=adm",
            "optimizer must be one of adagrad, adam, adamw, nadam, rmsprop, sgd; got adm; did you mean adam?",
        ),
        (
            "experiment=smok",
            "experiment must be one of batch_sizes, epochs, mnist, overfit, seeds, smoke, width_depth; got smok; "
            "did you mean smoke?",
        ),
        (
            "model={width:3}",
            "model must be one of mlp; got model={width:3}: set its keys as model.key=value",
        ),
    ],
)
def test_a_word_that_nothing_answers_to_is_refused_with_what_was_meant(word: str, line: str) -> None:
    assert refusal(word) == [line]


@pytest.mark.parametrize("word", ["+model.foo=1", "++model.foo=1"])
def test_a_key_forced_into_a_group_is_refused(word: str) -> None:
    (line,) = refusal(word)
    assert line.startswith("model.foo is not a key of the config")


@pytest.mark.parametrize("word", ["model.width=[16", "model.width={16", "model.width", "a=b=c", "foo", "", "ünï=1"])
def test_a_word_that_cannot_be_parsed_is_refused(word: str) -> None:
    assert refusal(word, "seed=1") == [
        f"{word} cannot be read: write key=value, and quote a value with special characters"
    ]


@pytest.mark.parametrize("word", ["model.width=16,32", "training.epochs=range(1,5)", "training.epochs=choice(1,2)"])
def test_several_values_without_m_are_refused(word: str) -> None:
    assert refusal(word) == [f"{word} names several values: add -m to train each, or write a list as [a,b]"]


def test_a_refused_option_shows_the_word_as_it_was_typed() -> None:
    (line,) = refusal("model.options.size=1,2")
    assert line.startswith("model.options.size=1,2 names several values")


def test_the_problems_of_all_jobs_of_a_sweep_are_said_once_each() -> None:
    assert sorted(refusal("model.width=16,0", "training.epochs=5,x", "seed=1,2,3", multirun=True)) == [
        "model.width must be a whole number of at least 1, or a list of them; got 0",
        "training.epochs must be a whole number; got x",
    ]


def test_a_later_word_wins() -> None:
    (job,) = plan("seed=1", "dataset=mnist", "seed=2", "dataset=imdb").jobs
    assert (job.config.seed, job.config.dataset.name) == (2, "imdb")


@pytest.mark.parametrize(
    "words",
    [
        ("model.width=16",),
        ("dataset=mnist", "training.epochs=3"),
        ("training.epochs=3", "dataset=mnist"),
        ("optimizer=sgd", "optimizer.nesterov=true", "optimizer.momentum=0.9"),
        ("experiment=mnist",),
        ("experiment=mnist", "model.width=8", "dataset.labels=one_hot"),
        ("experiment=smoke", "optimizer=adamw", "optimizer.weight_decay=0.1"),
        ("experiment=mnist", "dataset=imdb"),
        ("training.early_stopping={patience:3}",),
        ("training.metrics=[auc,precision]", "training.metrics=[recall]"),
        ("model.width=[3,2,1]",),
        ("training.validation_split=1",),
        ("training.validation_split=0.25",),
        ("training.validation_split=0.0",),
        ("dataset.num_words=null", "dataset.path='a b=c.npz'"),
        ("seed=007",),
        ("model.activation='tanh'",),
        ("training.epochs=${seed}", "seed=9"),
        ("model.width=${training.batch_size}",),
        ("model.width=[${training.epochs},2,3]", "training.epochs=4"),
    ],
)
def test_a_config_is_what_hydra_composes(words: tuple[str, ...]) -> None:
    (job,) = plan(*words).jobs
    theirs = composed_by_hydra(words)
    assert job.config == theirs
    assert type(job.config.dataset) is type(theirs.dataset)
    assert type(job.config.optimizer) is type(theirs.optimizer)
    assert type(job.config.training.validation_split) is type(theirs.training.validation_split)


def test_two_hundred_jobs_with_choices_of_groups_are_what_hydra_composes() -> None:
    sweep = {
        "dataset": ["imdb", "mnist"],
        "optimizer": ["adam", "sgd", "rmsprop", "nadam", "adagrad"],
        "model.width": ["16", "[4,5,6]"],
        "training.epochs": ["1", "2"],
        "seed": ["1", "2", "3", "4", "5"],
    }
    planned = plan(*(f"{key}={','.join(values)}" for key, values in sweep.items()), multirun=True)
    expected = [
        tuple(f"{key}={value}" for key, value in zip(sweep, values, strict=True))
        for values in itertools.product(*sweep.values())
    ]
    assert len(planned.jobs) == 200
    assert planned.folder is not None
    assert planned.folder.parts[:2] == ("outputs", "sweeps")
    assert [job.words for job in planned.jobs] == expected
    for job in planned.jobs[::37]:
        assert job.config == composed_by_hydra(job.words)


def test_the_configs_of_a_sweep_share_nothing() -> None:
    first, second = plan("seed=1,2", multirun=True).jobs
    first.config.training.metrics.append("auc")
    first.config.model.options["size"] = 3
    assert second.config.training.metrics == ["accuracy"]
    assert second.config.model.options == {}


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("seed=range(3)", [0, 1, 2]),
        ("seed=choice(4,2)", [4, 2]),
        ("seed=sort(4,2)", [2, 4]),
        ("seed=tag(mine,choice(4,2))", [4, 2]),
        ("model.width=[1,2,3],4", [[1, 2, 3], 4]),
        ("training.early_stopping.patience=null,2", [None, 2]),
        ("dataset.path='a,b.npz',c.npz", ["a,b.npz", "c.npz"]),
        ("training.validation_split=1,0.5", [1, 0.5]),
    ],
)
def test_the_ways_to_write_several_values(word: str, values: list[object]) -> None:
    planned = plan(word, multirun=True)
    assert [value_of(job.config, word.partition("=")[0]) for job in planned.jobs] == values


def test_a_glob_over_the_options_of_a_group_sweeps_them() -> None:
    planned = plan("optimizer=glob(ada*)", multirun=True)
    assert [job.config.optimizer.name for job in planned.jobs] == ["adagrad", "adam", "adamw"]


@pytest.mark.parametrize(
    ("words", "key", "values"),
    [
        (["experiment=epochs"], "training.epochs", [1, 2, 4, 8, 16]),
        (["experiment=batch_sizes"], "training.batch_size", [32, 128, 512, 2048]),
        (["experiment=epochs", "training.epochs=3"], "training.epochs", [3]),
        (["experiment=epochs", "training.epochs=3,5"], "training.epochs", [3, 5]),
        (["experiment=epochs", "model.width=1,2"], "training.epochs", [1, 1, 2, 2, 4, 4, 8, 8, 16, 16]),
        (["experiment=batch_sizes", "dataset=mnist", "training.batch_size=7"], "training.batch_size", [7]),
    ],
)
def test_a_recipe_sweeps_by_itself_unless_the_command_line_has_values(
    words: list[str], key: str, values: list[int]
) -> None:
    planned = plan(*words)
    assert planned.multirun
    assert [value_of(job.config, key) for job in planned.jobs] == values
    given = [f"{key}={','.join(map(str, dict.fromkeys(values)))}"]
    assert [word for word in planned.words if word.startswith(key)] == given


def test_two_recipes_with_sweeps_of_their_own_are_not_swept_over_in_silence() -> None:
    """Either each recipe's values are trained, or the command is refused: never twice the defaults."""
    try:
        planned = plan("experiment=epochs,batch_sizes", multirun=True)
    except ConfigError:
        return
    assert len(planned.jobs) == 5 + 4


def test_a_group_choice_without_the_key_of_a_sweep_is_refused_for_that_choice() -> None:
    (line,) = refusal("optimizer=sgd,adam", "optimizer.nesterov=true", multirun=True)
    assert line == "optimizer.nesterov is not a key of optimizer=adam, but of sgd"


@pytest.mark.parametrize(
    "word",
    [
        "training.epochs=${model.dept}",
        "training.epochs=${oc.env:RUNNER_NO_SUCH_VARIABLE}",
        "training.epochs=${training.epochs}",
        "training.epochs=${optimizer.name}",
        "training.epochs=${nope:1}",
    ],
)
def test_an_interpolation_that_leads_nowhere_is_refused_with_its_key(
    word: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert app.train([word]) == 2
    assert "training.epochs" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_an_interpolated_value_keeps_its_range() -> None:
    assert refusal("training.epochs=${seed}") == ["training.epochs must be at least 1; got 0"]


@pytest.mark.parametrize(
    ("words", "folder"),
    [
        (["hydra.run.dir=mine"], "mine"),
        (["hydra.run.dir=."], "."),
        (["model.width=8", "hydra.run.dir=w${model.width}"], "w8"),
    ],
)
def test_the_folder_of_a_single_run_is_known_before_it_starts(words: list[str], folder: str) -> None:
    assert plan(*words).folder in (Path(folder), None)


def test_options_take_a_plugins_fields_with_and_without_a_plus() -> None:
    words = ["dataset.options.rows=5", "+model.options.kind=deep", "++optimizer.options={beta:0.5}"]
    (job,) = plan(*words).jobs
    assert job.config.dataset.options == {"rows": 5}
    assert job.config.model.options == {"kind": "deep"}
    assert job.config.optimizer.options == {"beta": 0.5}


@pytest.mark.parametrize("word", ["~seed", "~plugins", "~model", "~training", "~model.width", "~nothing"])
def test_a_deleted_key_is_refused_with_its_name(
    word: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert app.train([word]) == 2
    assert word[1:] in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


@given(key=st.sampled_from(sorted(INTEGERS)), value=st.integers(-(2**70), 2**70) | st.integers(-3, 9))
@settings(deadline=None, max_examples=40)
def test_a_whole_number_comes_through_or_is_refused_with_its_key(key: str, value: int) -> None:
    highest = 2**32 - 1 if key == "seed" else math.inf
    if INTEGERS[key] <= value <= highest:
        found = value_of(plan(f"{key}={value}").jobs[0].config, key)
        assert found == value
        assert type(found) is int
    else:
        (line,) = refusal(f"{key}={value}")
        assert line.startswith(f"{key} must be ")
        assert line.endswith(f"; got {value}")


TEXTS = st.text(max_size=20) | st.sampled_from(
    ["null", "nan", "1e3", "[1]", "{a:1}", "${seed}", "1,2", "'", "\\", "0x1"]
)


@given(key=st.sampled_from(["training.epochs", "model.dropout", "training.shuffle", "model.width"]), text=TEXTS)
@settings(deadline=None, max_examples=40)
def test_any_text_as_a_value_comes_through_or_is_refused_in_lines_that_name_it(key: str, text: str) -> None:
    problems: list[str] = []
    try:
        plan(f"{key}={text}")
    except ConfigError as error:
        problems = error.problems
    assert all(key in problem for problem in problems)
