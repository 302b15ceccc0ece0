"""`name=zip(…)`: keys that a sweep varies row by row, as Hydra's design of zipped sweeps describes it."""

import itertools
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from runner.config.overrides import parsed, single_words
from runner.config.paths import Place, config_dir
from runner.config.plan import plan_of
from runner.config.zipped import without_zips
from runner.errors import ConfigError

PARSER = OverridesParser.create()


def words_of(*words: str, place: Place | None = None) -> list[tuple[str, ...]]:
    return [job.words for job in plan_of(list(words), True, place).jobs]


def refusal(*words: str, multirun: bool = True, place: Place | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        plan_of(list(words), multirun, place)
    return refused.value.problems


@pytest.mark.parametrize(
    ("word", "rows"),
    [
        ("a=zip(model.width=[8,16],seed=[1,2])", ["model.width=8 seed=1", "model.width=16 seed=2"]),
        ("a=zip(model.width=choice(8,16),seed=range(1,3))", ["model.width=8 seed=1", "model.width=16 seed=2"]),
        ("a=zip(model.width=[[64,16],[32]],seed=[1,2])", ["model.width=[64,16] seed=1", "model.width=[32] seed=2"]),
        ("a=zip(\n  optimizer=[sgd,adam],\n  seed=[1,2]\n)", ["optimizer=sgd seed=1", "optimizer=adam seed=2"]),
        ("a=zip(dataset.path=['a,b','c)'],seed=[1,2])", ["dataset.path=a\\,b seed=1", "dataset.path=c\\) seed=2"]),
        ("a=zip(model.options.x=[1,2],seed=[1,2])", ["++model.options.x=1 seed=1", "++model.options.x=2 seed=2"]),
    ],
)
def test_a_row_takes_one_value_of_each_key(word: str, rows: list[str]) -> None:
    _, (found,), problems = without_zips([word], PARSER)
    assert (found.rows, problems) == ([tuple(row.split(" ")) for row in rows], [])


def test_a_zip_is_one_dimension_among_others_in_the_place_of_its_word() -> None:
    first, second = "a=zip(model.width=[8,16],model.depth=[1,2])", "b=zip(seed=[3,4],training.epochs=[5,6])"
    rows = [("model.width=8", "model.depth=1"), ("model.width=16", "model.depth=2")]
    others = [("seed=3", "training.epochs=5"), ("seed=4", "training.epochs=6")]
    found = words_of("model.l2=0,0.1", first, second, "training.batch_size=7")
    assert found == [
        (f"model.l2={l2}", *row, *other, "training.batch_size=7")
        for l2, row, other in itertools.product(["0", "0.1"], rows, others)
    ]


def test_the_words_that_vary_name_the_folders() -> None:
    planned = plan_of(["a=zip(model.width=[8,16],model.depth=[1,2])", "seed=3"], True)
    assert [job.folder for job in planned.jobs] == ["0_model.depth=1,model.width=8", "1_model.depth=2,model.width=16"]
    assert [(job.config.model.width, job.config.model.depth) for job in planned.jobs] == [(8, 1), (16, 2)]


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(0, 9)), min_size=1, max_size=6, unique=True))
def test_shuffle_draws_an_order_of_whole_rows(rows: list[tuple[int, int]]) -> None:
    widths, seeds = ([row[number] for row in rows] for number in (0, 1))
    word = f"a=shuffle(zip(model.width={widths},seed={seeds}))"
    plain, (found,), _ = without_zips([word], PARSER)
    assert sorted(found.rows) == sorted((f"model.width={width}", f"seed={seed}") for width, seed in rows)
    assert [single_words(each) for each in parsed(plain, PARSER)] == [
        list(column) for column in zip(*found.rows, strict=True)
    ]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["a=zip(seed=[1,2],model.width=[8])"],
         ["a=zip(…): must have equally many values of each key; got 2 values of seed, 1 value of model.width"]),
        (["a=zip(seed=[1,2])"], ["a=zip(…): must have two keys or more; got 1: write zip(a=[1,2],b=[3,4])"]),
        (["a=zip()"], ["a=zip(…): must have two keys or more; got 0: write zip(a=[1,2],b=[3,4])"]),
        (["a=zip(seed=[1,2],seed=[3,4])"], ["a=zip(…): must have each key once; got seed 2 times"]),
        (["a=zip(seed=1,2,model.width=[8,16])"],
         ["a=zip(…): seed must have a list of values, as [a,b]; got 1",
          "a=zip(…): each part must be a key and its values; got 2: write key=[a,b]"]),
        (["a=zip(seed=[],model.width=interval(1,2))"],
         ["a=zip(…): seed must have a list of values, as [a,b]; got []",
          "a=zip(…): model.width must have a list of values, as [a,b]; got interval(1,2)"]),
        (["a=zip(seed=shuffle([1,2]),model.width=zip(x=[1,2]))"],
         ["a=zip(…): seed must have its values in their order; got shuffle([1,2]): write seed=[a,b]",
          "a=zip(…): model.width must have its values in their order; got zip(x=[1,2]): write model.width=[a,b]"]),
        (["a=zip(hydra.job.name=[a,b],seed=[1,2])"],
         ["a=zip(…): hydra.job.name must be a key of the config, and is one of Hydra's: give it for all jobs"]),
        (["=zip(model.width=[8,16],seed=[1,2])"],
         ["=zip(…): the name before zip must be of letters, digits and _; got none: write pairs=zip(…)"]),
    ],
)  # fmt: skip
def test_what_is_no_zip_is_refused_with_all_its_problems(words: list[str], lines: list[str]) -> None:
    assert without_zips(words, PARSER)[2] == lines


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["model=zip(model.width=[8,16],seed=[1,2])", "experiment=zip(model.l2=[1,2],model.depth=[1,2])"],
         ["model=zip(…): the name before zip must not be a key of the config; got model: write pairs=zip(…)",
          "experiment=zip(…): the name before zip must not be a key of the config; got experiment: "
          "write pairs=zip(…)"]),
        (["a=zip(model.width=[8,16],seed=[1,2])", "a=zip(model.depth=[1,2],model.width=[1,2])", "seed=1,2"],
         ["a=zip(…) is given 2 times: give each zip a name of its own",
          "model.width is given by a=zip(…) and by another word: leave one of them out",
          "seed is given by a=zip(…) and by another word: leave one of them out"]),
        (["a=zip(model.widht=[8,16],training.epochs=[0,1])"],
         ["model.widht is not a key of the config; did you mean model.width?",
          "training.epochs must be at least 1; got 0"]),
        (["a=zip(optimizer=[adm,sgd],seed=[1,2])"],
         ["optimizer must be one of adagrad, adam, adamw, nadam, rmsprop, sgd; got adm; did you mean adam?"]),
        (["a=zip(seed=[1,2])", "model.width=["],
         ["a=zip(…): must have two keys or more; got 1: write zip(a=[1,2],b=[3,4])",
          "model.width=[ cannot be read: write key=value, and a value with special characters as 'model.width=\"[\"'"]),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_config_or_another_word_is_refused(words: list[str], lines: list[str]) -> None:
    assert refusal(*words) == lines


def test_without_m_a_zip_is_refused() -> None:
    assert refusal("a=zip(seed=[1,2],model.width=[8,16])", multirun=False) == [
        "a=zip(…) names several values: add -m to train each"
    ]


def a_recipe(folder: Path, **params: str) -> Place:
    lines = [f"      {key}: {value}" for key, value in params.items()]
    text = "\n".join(["# @package _global_", "hydra:", "  mode: MULTIRUN", "  sweeper:", "    params:", *lines, ""])
    (folder / "experiment").mkdir()
    (folder / "experiment/mine.yaml").write_text(text)
    return Place(config_dir(), further=(folder,))


def test_a_recipe_may_zip_and_the_command_line_replaces_it_by_its_name(tmp_path: Path) -> None:
    place = a_recipe(tmp_path, sizes="zip(model.width=[8,16],model.depth=[1,2])", seed="1,2")

    def sizes(*words: str) -> list[tuple[object, ...]]:
        configs = [job.config for job in plan_of(["experiment=mine", *words], place=place).jobs]
        return [(each.model.width, each.model.depth, each.seed) for each in configs]

    assert sizes() == [(8, 1, 1), (8, 1, 2), (16, 2, 1), (16, 2, 2)]
    assert sizes("seed=3", "sizes=zip(model.width=[4,5,6],model.depth=[1,2,3])") == [(4, 1, 3), (5, 2, 3), (6, 3, 3)]
    assert refusal("experiment=mine", "model.width=3", place=place) == [
        "model.width is given by sizes=zip(…) and by another word: leave one of them out"
    ]
