"""What each key allows: the last value inside its range, the first one outside, the wrong type, and what must fit."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner import register
from runner.config import schema, validate
from runner.config.dotted import flat
from runner.config.options import option
from runner.config.plan import plan_of
from runner.config.schema import Config, Model
from runner.datasets.built_in.imdb import Imdb
from runner.errors import ConfigError
from runner.formatting import shown
from tests.conftest import DATASETS

ConfigOf = Callable[..., Config]


def refusal(*words: str) -> list[str]:
    """The lines that a command line is refused with."""
    with pytest.raises(ConfigError) as refused:
        plan_of(list(words))
    assert str(refused.value) == "\n".join(refused.value.problems)
    return refused.value.problems


def value_of(found: Config, key: str) -> object:
    value: object = found
    for part in key.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("dataset.num_words=4", 4),
        ("dataset.num_words=null", None),
        ("dataset.path=null", None),
        ("dataset.path=my.npz", "my.npz"),
        ("model.depth=0", 0),
        ("model.width=1", 1),
        ("model.width=[64,32,16]", [64, 32, 16]),
        ("model.dropout=0", 0.0),
        ("model.dropout=0.999", 0.999),
        ("model.l2=0", 0.0),
        ("model.l2=1e-4", 1e-4),
        ("model.output_units=null", None),
        ("model.output_units=1", 1),
        ("optimizer.learning_rate=1e-12", 1e-12),
        ("optimizer.alpha=1", 1.0),
        ("optimizer.decay_rate=1", 1.0),
        ("optimizer.momentum=0", 0.0),
        ("optimizer.centered=true", True),
        ("training.epochs=1", 1),
        ("training.batch_size=1", 1),
        ("training.validation_split=0", 0),
        ("training.validation_split=1", 1),
        ("training.validation_split=0.4", 0.4),
        ("training.validation_split=10000", 10000),
        ("training.split_seed=null", None),
        ("training.early_stopping.patience=0", 0),
        ("training.early_stopping.patience=null", None),
        ("training.early_stopping.min_delta=0.01", 0.01),
        ("training.metrics=[]", []),
        ("training.class_weight=balanced", "balanced"),
        ("training.class_weight={negative:0,3:2.5}", {"negative": 0, "3": 2.5}),
        ("training.shuffle=false", False),
        ("seed=0", 0),
        ("seed=4294967295", 4294967295),
        ("plugins=[]", []),
        ("reuse=false", False),
    ],
)
def test_a_value_at_the_edge_of_its_range_is_taken(config_of: ConfigOf, word: str, value: object) -> None:
    found = value_of(config_of(word), word.partition("=")[0])
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("dataset.num_words=3", "dataset.num_words must be null or at least 4; got 3"),
        ("model.depth=-1", "model.depth must be null or at least 0; got -1"),
        ("model.width=0", "model.width must be a whole number of at least 1, or a list of them; got 0"),
        (
            "model.width=[32,0,32]",
            "model.width must be a whole number of at least 1, or a list of them; got [32,0,32]",
        ),
        ("model.width=1.5", "model.width must be a whole number of at least 1, or a list of them; got 1.5"),
        ("model.width=true", "model.width must be a whole number of at least 1, or a list of them; got true"),
        ("model.width=null", "model.width must be a whole number of at least 1, or a list of them; got null"),
        ("model.dropout=1", "model.dropout must be at least 0 and below 1; got 1.0"),
        ("model.dropout=-0.1", "model.dropout must be at least 0 and below 1; got -0.1"),
        ("model.l2=-1", "model.l2 must be at least 0; got -1.0"),
        ("model.output_units=0", "model.output_units must be null or at least 1; got 0"),
        ("optimizer.learning_rate=0", "optimizer.learning_rate must be above 0; got 0.0"),
        ("optimizer.alpha=1.1", "optimizer.alpha must be from 0 to 1; got 1.1"),
        ("optimizer.decay_rate=0", "optimizer.decay_rate must be above 0 and at most 1; got 0.0"),
        ("optimizer.rho=1", "optimizer.rho must be at least 0 and below 1; got 1.0"),
        ("optimizer.epsilon=0", "optimizer.epsilon must be above 0; got 0.0"),
        ("training.epochs=0", "training.epochs must be at least 1; got 0"),
        ("training.batch_size=0", "training.batch_size must be at least 1; got 0"),
        ("training.early_stopping.patience=-1", "training.early_stopping.patience must be null or at least 0; got -1"),
        ("training.early_stopping.min_delta=-1", "training.early_stopping.min_delta must be at least 0; got -1.0"),
        ("seed=-1", "seed must be a whole number from 0 to 4294967295; got -1"),
        ("seed=4294967296", "seed must be a whole number from 0 to 4294967295; got 4294967296"),
        ("training.split_seed=-1", "training.split_seed must be null or a whole number from 0 to 4294967295; got -1"),
        ("training.folds=1", "training.folds must be null or at least 2; got 1"),
        ("training.fold=0", "training.fold must be null or at least 1; got 0"),
        *(
            (
                f"training.class_weight={value}",
                "training.class_weight must be null, balanced or numbers of at least 0 by class names, as "
                f"{{negative:2}}; got {got}",
            )
            for value, got in [
                ("heavy", "heavy"),
                ("2", "2"),
                ("{}", "{}"),
                ("{a:-1}", "{a:-1}"),
                ("{a:nan}", "{a:nan}"),
                ("{a:true}", "{a:true}"),
            ]
        ),
        ("dataset.source=ful", "dataset.source must be one of auto, full, sample; got ful"),
        ("dataset.labels=onehot", "dataset.labels must be one of integer, one_hot; got onehot"),
        ("model.head=linear", "model.head must be one of auto, sigmoid, softmax; got linear"),
        ("optimizer.schedule=step", "optimizer.schedule must be one of constant, cosine, exponential; got step"),
        (
            "training.validation_from=middle",
            "training.validation_from must be one of auto, first, last, random, stratified; got middle",
        ),
    ],
)
def test_a_value_out_of_its_range_is_refused_with_key_constraint_and_value(word: str, line: str) -> None:
    assert refusal(word) == [line]


@pytest.mark.parametrize("value", ["-1", "1.0", "2.5", "-0.1"])
def test_a_split_is_a_count_or_a_share_below_one(value: str) -> None:
    assert refusal(f"training.validation_split={value}") == [
        f"training.validation_split must be a whole number of examples (0 is none) or a fraction below 1; got {value}"
    ]


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("training.epochs=abc", "training.epochs must be a whole number; got abc"),
        ("training.epochs=1.5", "training.epochs must be a whole number; got 1.5"),
        ("training.epochs=null", "training.epochs must be a whole number; got null"),
        ("training.epochs=true", "training.epochs must be a whole number; got true"),
        ("training.epochs=", "training.epochs must be a whole number; got ''"),
        ("training.epochs=[5]", "training.epochs must be a whole number; got [5]"),
        ("dataset.num_words=many", "dataset.num_words must be a whole number or null; got many"),
        ("dataset.source=null", "dataset.source must be text; got null"),
        ("model.dropout=some", "model.dropout must be a number; got some"),
        ("training.validation_split=null", "training.validation_split must be a number; got null"),
        ("training.validation_split=true", "training.validation_split must be a number; got true"),
        ("training.shuffle=maybe", "training.shuffle must be true or false; got maybe"),
        ("training.metrics=accuracy", "training.metrics must be a list, as [a,b]; got accuracy"),
        ("training.early_stopping=3", "training.early_stopping must be a group of keys; got 3"),
        ("plugins=my_module", "plugins must be a list, as [a,b]; got my_module"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_the_right_one(word: str, line: str) -> None:
    assert refusal(word) == [line]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(
    "key",
    [
        "model.dropout",
        "model.l2",
        "model.width",
        "optimizer.learning_rate",
        "optimizer.epsilon",
        "training.early_stopping.min_delta",
        "training.validation_split",
    ],
)
def test_a_number_that_is_not_finite_is_refused(key: str, value: str) -> None:
    assert refusal(f"{key}={value}") == [f"{key} must be a finite number; got {value}"]


def test_every_problem_is_said_at_once() -> None:
    words = ["model.widht=3", "model.dropout=nan", "training.batch_size=0", "training.epochs=x", "seed=-1"]
    assert sorted(refusal(*words)) == [
        "model.dropout must be a finite number; got nan",
        "model.widht is not a key of the config; did you mean model.width?",
        "seed must be a whole number from 0 to 4294967295; got -1",
        "training.batch_size must be at least 1; got 0",
        "training.epochs must be a whole number; got x",
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["model.depth=3", "model.width=[64,32]"],
            "model.width must have a number for each hidden layer, model.depth=3; got [64,32]: "
            "with model.depth=null the list decides",
        ),
        (
            ["model.activation=glu", "model.width=31"],
            "model.width must be even with model.activation=glu; got 31",
        ),
        (
            ["model=cnn", "model.depth=3", "model.width=[64,32]"],
            "model.width must have a number for each block, model.depth=3; got [64,32]: "
            "with model.depth=null the list decides",
        ),
        (["model=cnn", "model.activation=glu"], "model.activation=glu does not fit model=cnn: use relu or another"),
        (["model=cnn", "model.name=mlp"], "model.name=mlp needs the fields of that option: use model=mlp"),
        (
            ["dataset.name=mnist"],
            "dataset.name=mnist needs the fields of that option: use dataset=mnist",
        ),
        (
            ["training.split_seed=3"],
            "training.split_seed must be null with training.validation_from=first, which draws nothing; got 3: "
            "use training.validation_from=random or stratified",
        ),
        (["training.fold=2"], "training.folds must be the number of folds with training.fold=2; got null"),
        (
            ["training.folds=5"],
            "training.fold must be from 1 to training.folds=5; got null: "
            "give one of them, or all as -m 'training.fold=range(1,6)'",
        ),
        (
            ["training.folds=12", "training.fold=13"],
            "training.fold must be from 1 to training.folds=12; got 13: "
            "give one of them, or all as -m 'training.fold=range(1,13)'",
        ),
        (
            ["optimizer.name=adam"],
            "optimizer.name=adam needs the fields of that option: use optimizer=adam",
        ),
    ],
)
def test_keys_that_do_not_fit_one_another_are_refused(config_of: ConfigOf, words: list[str], line: str) -> None:
    assert validate.problems(config_of(*words)) == [line]


@pytest.mark.parametrize(
    ("word", "line"),
    [
        (
            "dataset.name=imbd",
            f"dataset.name must be one of {DATASETS}, or registered by a plugin; got imbd; did you mean imdb?",
        ),
        ("model.name=rnn", "model.name must be one of cnn, mlp, or registered by a plugin; got rnn; did you mean cnn?"),
        (
            "optimizer.name=lion",
            "optimizer.name must be one of adagrad, adam, adamw, nadam, rmsprop, sgd, or registered by a plugin; "
            "got lion",
        ),
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(word: str, line: str) -> None:
    assert refusal(word) == [line]


@pytest.mark.parametrize(
    ("word", "key", "known"),
    [
        ("training.loss=crossentropy", "training.loss", "binary_crossentropy"),
        ("training.loss=dice", "training.loss", "binary_crossentropy"),
        ("training.metrics=[accuracy,acuracy]", "training.metrics", "accuracy"),
        ("training.metrics=[mean_io_u]", "training.metrics", "f1_score"),
    ],
)
def test_an_unknown_loss_or_metric_is_refused(word: str, key: str, known: str) -> None:
    (line,) = refusal(word)
    assert line.startswith(f"{key} must be one of ")
    assert f" {known}, " in line
    assert f"; got {word.partition('=')[2].strip('[]').rpartition(',')[2]}" in line


def test_names_values_and_keys_are_refused_together() -> None:
    words = ["model.activation=rel", "model.widht=3", "training.batch_size=0", "optimizer=adm"]
    keys = [line.split()[0] for line in refusal(*words)]
    assert keys == ["optimizer", "model.widht", "training.batch_size", "model.activation"]


def test_words_that_a_plugins_model_would_not_look_at_are_refused() -> None:
    assert refusal("plugins=[mine]", "model.name=mine", "model.width=8") == [
        "model.width is not used by model.name=mine: give it as model.options.width"
    ]


@pytest.mark.parametrize(("name", "meant"), [("rel", "relu"), ("ReLU", "relu"), ("Tanh", "tanh"), ("SiLU", "silu")])
def test_an_unknown_activation_is_refused(name: str, meant: str) -> None:
    """Keras knows an activation by its name in lower case alone."""
    (line,) = refusal(f"model.activation={name}")
    assert line.startswith("model.activation must be one of celu, elu, ")
    assert line.endswith(f"; got {name}; did you mean {meant}?")


@pytest.mark.parametrize("name", ["bce", "BCE", "BinaryCrossentropy", "binary_crossentropy"])
def test_a_loss_may_be_written_as_keras_allows(config_of: ConfigOf, name: str) -> None:
    assert validate.problems(config_of(f"training.loss={name}")) == []


def test_a_registered_name_is_known(config_of: ConfigOf, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["dataset.name=mine", "model.name=mine", "training.loss=mine", "training.metrics=[mine]"]
    found = config_of(*words, "optimizer.name=mine", "plugins=[a_module]")
    assert len(validate.problems(found)) == 5
    for registry in (register.datasets, register.models, register.losses, register.metrics, register.optimizers):
        monkeypatch.setitem(registry, "mine", print)
    assert validate.problems(found) == []


NEVER_DECIDING = """dataset.path dataset.source exclude fail_fast plan reuse training.evaluate_test
    training.keep_predictions training.keep_state training.save_seconds training.tensorboard""".split()


SPLIT = "training.validation_split"
# Keys that decide nothing where they are null, or as everything was before there was the key.
WITHOUT = {f"training.{name}" for name in ("split_seed", "folds", "fold", "class_weight")} | {"dataset.encoding"}


@pytest.mark.parametrize(
    ("words", "others"),
    [
        (["optimizer.schedule=constant"], WITHOUT | {"training.epochs"}),
        (["optimizer.schedule=cosine"], WITHOUT),
        (
            ["training.folds=5", "training.fold=1"],
            {"training.split_seed", "training.class_weight", "training.epochs", "dataset.encoding", SPLIT},
        ),
    ],
)
def test_what_decides_the_numbers_of_a_run_is_all_but_a_few_keys(
    config_of: ConfigOf, words: list[str], others: set[str]
) -> None:
    assert sorted(schema.NEVER_DECIDING) == NEVER_DECIDING
    found = config_of(*words, "dataset.name=x", "dataset.options.rows=3", "plugins=[mine]")
    whole, deciding = dict(flat(asdict(found))), dict(flat(schema.deciding(found)))
    assert deciding == {key: value for key, value in whole.items() if key not in {*NEVER_DECIDING, *others}}


def test_a_split_seed_decides_and_may_follow_the_seed(config_of: ConfigOf) -> None:
    first, second = (
        config_of("training.validation_from=random", "training.split_seed=${seed}", f"seed={seed}") for seed in (1, 2)
    )
    assert (first.training.split_seed, schema.deciding(second)["training"]["split_seed"]) == (1, 2)
    assert validate.problems(first) == []


@pytest.mark.parametrize(("word", "other"), [("{negative:2,3:1}", "{3:1.0,negative:2.0}"), ("null", "null")])
def test_weights_written_in_two_ways_are_the_same_run(config_of: ConfigOf, word: str, other: str) -> None:
    first, second = (config_of(f"training.class_weight={each}") for each in (word, other))
    assert schema.deciding(first) == schema.deciding(second)
    assert ("class_weight" in schema.deciding(first)["training"]) is (word != "null")


def test_a_new_key_decides_unless_it_says_otherwise() -> None:
    @dataclass
    class Longer(Config):
        momentum: float = 0.5
        colour: str = option(decides=False)

    deciding = schema.deciding(Longer(colour="red"))
    assert (deciding["momentum"], "colour" in deciding) == (0.5, False)


@given(depth=st.none() | st.integers(0, 4), width=st.integers(1, 64) | st.lists(st.integers(1, 64), max_size=4))
@settings(deadline=None)
def test_there_is_a_width_for_each_hidden_layer_or_a_refusal(depth: int | None, width: int | list[int]) -> None:
    model = Model("mlp", depth, width, "relu", 0.0, 0.0, "auto", None)
    whole = Config(dataset=Imdb("imdb"), model=model, optimizer=schema.SGD("sgd"))
    whole.training.loss, whole.training.metrics = "auto", []
    fits = isinstance(width, int) or depth in (None, len(width))
    assert bool(validate.problems(whole)) is not fits
    if fits:
        assert model.widths() == (width if isinstance(width, list) else [width] * (3 if depth is None else depth))
        assert model.depth == len(model.widths())


def test_a_depth_of_null_is_the_number_that_it_stands_for_in_the_record_and_in_what_decides(
    config_of: ConfigOf,
) -> None:
    for null, number in (
        (["model.width=[64,16]"], ["model.width=[64,16]", "model.depth=2"]),
        (["model.depth=null"], ["model.depth=3"]),
        (["model.width=[]"], ["model.width=[]", "model.depth=0"]),
    ):
        assert config_of(*null) == config_of(*number)
        assert schema.deciding(config_of(*null))["model"]["depth"] == config_of(*number).model.depth


@pytest.mark.parametrize(
    ("value", "text"), [(None, "null"), (True, "true"), (False, "false"), ("", "''"), ("a b", "a b"), (0.001, "0.001")]
)
def test_a_value_is_shown_as_it_is_written_on_the_command_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_the_filters_of_one_width_double_from_block_to_block(config_of: ConfigOf) -> None:
    widths = [config_of("model=cnn", *words.split()).model.widths() for words in ("", "model.depth=3 model.width=5")]
    assert widths == [[32, 64], [5, 10, 20]]
    listed = config_of("model=cnn", "model.width=[7,6,5]").model
    assert (listed.widths(), listed.depth) == ([7, 6, 5], 3)
