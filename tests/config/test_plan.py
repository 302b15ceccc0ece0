"""Words of a command line → configs of all jobs; compared with what Hydra itself composes."""

import itertools
import math
import shlex
from pathlib import Path

import hydra
import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.cli import train
from runner.config import hydra_adapter
from runner.config.compose import typed
from runner.config.paths import Place, config_dir
from runner.config.plan import Plan, plan_of
from runner.config.schema import Config
from runner.errors import ConfigError
from tests.conftest import DATASETS

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
    return plan_of(list(words), multirun)


def refusal(*words: str, multirun: bool = False) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        plan(*words, multirun=multirun)
    return refused.value.problems


def composed_by_hydra(words: tuple[str, ...]) -> Config:
    hydra_adapter.register_schema()
    with hydra.initialize_config_dir(str(config_dir()), **hydra_adapter.VERSION_BASE):
        return typed(hydra.compose("config", list(words)))


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
        ("lr=0.1", "lr is not a key of the config; did you mean optimizer.learning_rate?"),
        ("optimizer.lr=0.1", "optimizer.lr is not a key of the config; did you mean optimizer.learning_rate?"),
        ("batch=32", "batch is not a key of the config; did you mean training.batch_size?"),
        ("model.kernel=5", "model.kernel is not a key of model=mlp, but of cnn"),
        ("layers=2", "layers is not a key of the config; did you mean model.depth?"),
        ("modell.name=x", "modell.name is not a key of the config; did you mean model.name?"),
        ("dataset=MNIST", f"dataset must be one of {DATASETS}; got MNIST; did you mean mnist?"),
        ("a.b.c=1", "a.b.c is not a key of the config: python -m runner --cfg job prints all keys"),
        ("+foo=1", "foo is not a key of the config: python -m runner --cfg job prints all keys"),
        ("dataset=imbd", f"dataset must be one of {DATASETS}; got imbd; did you mean imdb?"),
        ("model=mpl", "model must be one of cnn, mlp; got mpl; did you mean mlp?"),
        (
            "optimizer=adm",
            "optimizer must be one of adagrad, adam, adamw, nadam, rmsprop, sgd; got adm; did you mean adam?",
        ),
        (
            "experiment=smok",
            "experiment must be one of batch_sizes, cross_validation, epochs, mnist, overfit, seeds, smoke, "
            "width_depth; got smok; did you mean smoke?",
        ),
        (
            "model={width:3}",
            "model must be one of cnn, mlp; got model={width:3}: set its keys as model.key=value",
        ),
    ],
)
def test_a_word_that_nothing_answers_to_is_refused_with_what_was_meant(word: str, line: str) -> None:
    assert refusal(word) == [line]


@pytest.mark.parametrize("word", ["+model.foo=1", "++model.foo=1"])
def test_a_key_forced_into_a_group_is_refused(word: str) -> None:
    (line,) = refusal(word)
    assert line.startswith("model.foo is not a key of the config")


@pytest.mark.parametrize("word", ["model.width", "foo", "", "ünï=1", "=1"])
def test_a_word_that_says_no_value_of_a_key_is_refused(word: str) -> None:
    assert refusal(word, "seed=1") == [f"{word} cannot be read: write key=value"]


@pytest.mark.parametrize(
    "value",
    [
        "[16",
        "{16",
        "b=c",
        "epoch=3.npz",
        "größe.npz",
        "a~1.npz",
        'it\'s "mine".npz',
        'a\\"',
        "a b=c",
        "(",
        "a;b",
    ],
)
def test_a_value_that_cannot_be_parsed_is_refused_with_the_word_of_a_shell_that_works(value: str) -> None:
    """As a POSIX shell splits it."""
    (line,) = refusal(f"dataset.path={value}")
    said, _, works = line.partition(", and a value with special characters as ")
    assert said == f"dataset.path={value} cannot be read: write key=value"
    (word,) = shlex.split(works)
    assert plan(word).jobs[0].config.dataset.path == value


def test_the_home_folder_is_written_out_where_hydra_reads_no_tilde() -> None:
    (line,) = refusal("hydra.run.dir=~/mine")
    (word,) = shlex.split(line.partition(" characters as ")[2])
    assert plan(word).folder == Path.home() / "mine"


@pytest.mark.parametrize("key", ["dataset.path", "hydra.run.dir"])
def test_a_path_with_commas_is_refused_with_the_word_that_works(key: str) -> None:
    (line,) = refusal(f"{key}=a,b")
    assert line.startswith(f"{key}=a,b names several values: add -m to train each, or write a list as [a,b], or a text")
    (word,) = shlex.split(line.partition(" a text as ")[2])
    found = plan(word)
    assert str(found.folder if key == "hydra.run.dir" else found.jobs[0].config.dataset.path) == "a,b"


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


@pytest.mark.parametrize(
    ("name", "meant"), [("ReLU", "relu"), ("Tanh", "tanh"), ("LeakyReLU", "leaky_relu"), ("SELU", "selu")]
)
def test_an_activation_by_the_name_of_its_layer_is_refused_with_its_own(name: str, meant: str) -> None:
    (line,) = refusal(f"model.activation={name}")
    assert line.endswith(f"got {name}; did you mean {meant}?")


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


@pytest.mark.slow
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


def test_networks_of_different_depth_are_one_sweep() -> None:
    planned = plan("model.width=[64,16],[32],8", multirun=True)
    assert [job.config.model.widths() for job in planned.jobs] == [[64, 16], [32], [8, 8, 8]]


def test_a_glob_over_the_options_of_a_group_sweeps_them() -> None:
    planned = plan("optimizer=glob(ada*)", multirun=True)
    assert [job.config.optimizer.name for job in planned.jobs] == ["adagrad", "adam", "adamw"]


@pytest.mark.parametrize(
    ("words", "key", "values"),
    [
        (["experiment=epochs"], "training.epochs", [epochs for epochs in (1, 2, 4, 8, 16) for _ in range(3)]),
        (["experiment=epochs", "seed=7"], "training.epochs", [1, 2, 4, 8, 16]),
        (["experiment=batch_sizes"], "training.batch_size", [32, 128, 512, 2048]),
        (["experiment=cross_validation", "model.width=1,2"], "training.fold", [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
        (["experiment=epochs", "training.epochs=3"], "training.epochs", [3, 3, 3]),
        (["experiment=epochs", "training.epochs=3,5", "seed=0"], "training.epochs", [3, 5]),
        (["experiment=epochs", "training.epochs=3", "model.width=1,2"], "seed", [0, 0, 1, 1, 2, 2]),
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
    assert len(planned.jobs) == 5 * 3 + 4


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
    assert train.main([word]) == 2
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
    assert train.main([word]) == 2
    assert word[1:] in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
@given(key=st.sampled_from(sorted(INTEGERS)), value=st.integers(-(2**70), 2**70) | st.integers(-3, 9))
@settings(deadline=None, max_examples=20)
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


@pytest.mark.slow
@given(key=st.sampled_from(["training.epochs", "model.dropout", "training.shuffle", "model.width"]), text=TEXTS)
@settings(deadline=None, max_examples=20)
def test_any_text_as_a_value_comes_through_or_is_refused_in_lines_that_name_it(key: str, text: str) -> None:
    problems: list[str] = []
    try:
        plan(f"{key}={text}")
    except ConfigError as error:
        problems = error.problems
    assert all(key in problem for problem in problems)


def own_files(folder: Path, files: dict[str, str]) -> Place:
    """A folder of a user's own beside the built-in configs."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Place(config_dir(), further=(folder,))


NARROW = "# @package _global_\nmodel: {width: 7}\n"


def test_a_group_of_ones_own_is_chosen_as_hydra_wants_it(tmp_path: Path) -> None:
    place = own_files(tmp_path, {"ablation/narrow.yaml": NARROW, "ablation/wide.yaml": NARROW.replace("7", "9")})
    assert plan_of(["+ablation=narrow"], place=place).jobs[0].config.model.width == 7
    assert plan_of(["+ablation=[narrow,wide]"], place=place).jobs[0].config.model.width == 9
    swept = plan_of(["+ablation=narrow,wide", "seed=1"], True, place)
    assert [job.config.model.width for job in swept.jobs] == [7, 9]
    for words, problem in (
        ("ablation=wide", "must be chosen with a +, for the defaults list lacks it; got ablation=wide: write +"),
        ("ablation=narrow,wide", "must be chosen with a +, for the defaults list lacks it; got ablation=narrow,wide"),
        ("+ablation=wid", "must be one of narrow, wide; got wid; did you mean wide?"),
        ("+ablation=[wid]", "must be one of narrow, wide; got wid; did you mean wide?"),
    ):
        with pytest.raises(ConfigError) as refused:
            plan_of([words], True, place)
        assert [line.startswith(f"ablation {problem}") for line in refused.value.problems] == [True]


def test_a_group_that_a_recipe_adds_is_chosen_without_a_plus(tmp_path: Path) -> None:
    recipe = "# @package _global_\ndefaults: [{/ablation: narrow}]\n"
    wide = NARROW.replace("7", "9")
    place = own_files(
        tmp_path, {"ablation/narrow.yaml": NARROW, "ablation/wide.yaml": wide, "experiment/study.yaml": recipe}
    )
    assert plan_of(["experiment=study"], place=place).jobs[0].config.model.width == 7
    assert plan_of(["experiment=study", "ablation=wide"], place=place).jobs[0].config.model.width == 9


@pytest.mark.parametrize("word", ["experiment={}", "+ablation={}"])
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("model: {width: 7}\n", "must begin with the line # @package _global_: its keys are those of the whole config"),
        ("\ufeff" + NARROW, "must not begin with a byte order mark: save it as UTF-8 without one"),
    ],
)
def test_a_recipe_that_does_not_say_where_its_keys_belong_is_refused_by_its_file(
    tmp_path: Path, word: str, text: str, problem: str
) -> None:
    place = own_files(tmp_path, {"experiment/mine.yaml": text, "ablation/mine.yaml": text})
    with pytest.raises(ConfigError) as refused:
        plan_of([word.format("mine")], place=place)
    group = word.strip("+").partition("=")[0]
    assert refused.value.problems == [f"{tmp_path / group / 'mine.yaml'} {problem}"]


@pytest.mark.parametrize(
    ("word", "multirun"),
    [
        ("seed=shuffle(range(12))", True),
        ("seed=shuffle(1,2,3,4,5,6,7,8,9)", True),
        ("seed=tag(mine,shuffle(choice(1,2,3,4,5,6,7,8,9)))", True),
        ("model.width=shuffle([1,2,3,4,5,6,7,8,9])", False),
    ],
)
def test_what_is_shuffled_is_drawn_once(word: str, multirun: bool) -> None:
    """Hydra, which reads the words of the plan, sweeps over just these jobs in just this order."""
    planned = plan(word, "model.depth=9", multirun=multirun)
    parsed = OverridesParser.create().parse_overrides(planned.words)
    (theirs,) = BasicSweeper.split_arguments([each for each in parsed if not each.is_hydra_override()], None)
    assert [job.words for job in planned.jobs] == [tuple(words) for words in theirs]


def test_a_key_in_several_words_is_swept_over_as_hydra_does() -> None:
    planned = plan("seed=1,2", "model.width=4,8", "seed=3", "seed=5,6", multirun=True)
    assert [(job.config.seed, job.config.model.width) for job in planned.jobs] == [(5, 4), (5, 8), (6, 4), (6, 8)]


def test_values_between_two_ends_are_no_jobs() -> None:
    assert refusal("seed=interval(1,3)", multirun=True) == [
        "seed=interval(1,3) names no single values: list them as seed=a,b,c"
    ]


NAMED = [
    ("hydra.run.dir=out/${hydra.job.override_dirname}", "out/model.width=8,seed=3"),
    ("hydra.run.dir=out/${hydra:runtime.choices.optimizer}-${hydra.job.name}", "out/rmsprop-runner"),
    ("hydra.run.dir=out/${hydra.overrides.task}", "out/['seed=3', 'model.width=8']"),
]


@pytest.mark.parametrize(("word", "folder"), NAMED)
def test_a_folder_named_by_what_hydra_knows_of_the_job_is_known_before(word: str, folder: str) -> None:
    planned = plan("seed=3", "model.width=8", word)
    assert str(planned.folder) == folder


def test_the_words_that_hydras_settings_leave_out_or_write_otherwise_name_no_folder() -> None:
    settings = "hydra.job.config.override_dirname"
    words = ["seed=3", "model.width=8", f"{settings}.kv_sep=_", f"{settings}.exclude_keys=[seed]"]
    assert str(plan(*words, "hydra.run.dir=${hydra.job.override_dirname}").folder) == "model.width_8"
    swept = plan("seed=3,4", "model.width=8,9", *words[2:], multirun=True)
    assert [job.folder for job in swept.jobs] == [
        "0_model.width_8", "1_model.width_9", "2_model.width_8", "3_model.width_9"
    ]  # fmt: skip


def test_a_primary_config_names_folders_of_further_configs_and_of_jobs(tmp_path: Path) -> None:
    text = (config_dir() / "config.yaml").read_text()
    text = text.replace("hydra:\n", f"hydra:\n  searchpath: [file://{tmp_path / 'more'}]\n", 1)
    text = text.replace("subdir: ${hydra.job.num}_", "subdir: mine${hydra.job.num}_")
    place = own_files(tmp_path / "own", {"first.yaml": text})
    own_files(tmp_path / "more", {"experiment/narrow.yaml": NARROW, "ablation/wide.yaml": NARROW.replace("7", "9")})
    place = Place(place.folder, "first", place.further)
    planned = plan_of(["experiment=narrow", "seed=1,2"], True, place)
    assert [(job.config.model.width, job.folder) for job in planned.jobs] == [(7, "mine0_seed=1"), (7, "mine1_seed=2")]
    assert plan_of(["+ablation=wide"], place=place).jobs[0].config.model.width == 9


@pytest.mark.parametrize("name", ["local", "joblib"])
def test_joblib_is_read_as_the_local_launcher(name: str) -> None:
    planned = plan(f"hydra/launcher={name}", "hydra.launcher.n_jobs=2", "seed=1,2", multirun=True)
    assert (planned.n_jobs, len(planned.jobs)) == (2, 2)
    assert planned.words[-1] == "~hydra.launcher.n_jobs"
    assert plan(f"hydra/launcher={name}", "seed=1,2", multirun=True).n_jobs == -1


def test_a_job_tells_the_value_of_a_key_as_it_is_written_on_the_command_line() -> None:
    first, second = plan("optimizer=sgd,adam", "training.epochs=3", "+model.options.size=5", multirun=True).jobs
    assert [(job.number, job.folder) for job in (first, second)] == [(0, "0_optimizer=sgd"), (1, "1_optimizer=adam")]
    given = {"optimizer": "adam", "training.epochs": "3", "model.options.size": "5", "optimizer.amsgrad": "false"}
    assert {key: second.value(key) for key in given} == given
    assert {first.value(key) for key in ("optimizer.amsgrad", "nothing.of.this", "dataset.path")} == {""}


SUBDIRS = [
    "${hydra.job.num}_${runner.slug:${runner.words:}}",
    "${hydra.job.num}_${runner.words:}",
    "${hydra.job.num}_${hydra.job.override_dirname}",
]


@pytest.mark.parametrize("subdir", SUBDIRS)
def test_the_words_that_vary_name_the_folders_of_jobs(subdir: str) -> None:
    """The first is that of conf/, the last what Hydra 1.4 gives up."""
    words = ["seed=3,4", "training.epochs=2", "model.width=8", f"hydra.sweep.subdir='{subdir}'"]
    assert [job.folder for job in plan(*words, multirun=True).jobs] == ["0_seed=3", "1_seed=4"]


SWEEPERS = [
    (["hydra/launcher=far"], ["hydra/launcher must be basic or local; got far: leave it out, or run jobs in parallel"]),
    (["hydra/sweeper=other"], ["hydra/sweeper must be basic, whose jobs are known before the first begins; got other"]),
    (["hydra/sweeper=other", "hydra/launcher=far"], ["hydra/sweeper must be basic", "hydra/launcher must be basic"]),
    (["hydra.sweeper._target_=hydra_plugins.x.Y"], ["hydra/sweeper must be basic, whose jobs are known before"]),
    (
        ["hydra/launcher=local", "+hydra.callbacks={mine:{_target_:a.B}}"],
        ["hydra.callbacks must be empty with hydra/launcher=local"],
    ),
    (
        ["hydra/launcher=joblib", "+hydra.callbacks={mine:{_target_:a.B}}"],
        ["hydra.callbacks must be empty with hydra/launcher=local"],
    ),
]


@pytest.mark.parametrize(("words", "lines"), SWEEPERS)
def test_what_would_train_other_jobs_than_planned_is_refused(
    tmp_path: Path, words: list[str], lines: list[str]
) -> None:
    place = own_files(
        tmp_path,
        {
            "hydra/sweeper/other.yaml": "_target_: hydra_plugins.other.Sweeper\nparams: {model.width: '4,8'}\n",
            "hydra/launcher/far.yaml": "_target_: hydra_plugins.far.Launcher\n",
        },
    )
    with pytest.raises(ConfigError) as refused:
        plan_of([*words, "seed=1,2"], True, place)
    assert len(refused.value.problems) == len(lines)
    assert all(found.startswith(line) for found, line in zip(refused.value.problems, lines, strict=True))
    if not any(word.endswith(("launcher=local", "launcher=joblib")) for word in words):
        assert plan_of([*words, "seed=1"], False, place).jobs[0].config.seed == 1
