"""The table for a paper, read by people and by other programs."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from runner.compare import paper
from runner.compare.comparison import Comparison, Sort, compare
from runner.runs.reader import load
from tests.records import write_run

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def compared(tmp_path: Path) -> Comparison:
    """Four settings, the best and one not told from it, names with signs that both languages take for their own."""
    found = []
    for name, rate, curve in (
        ("adam", 0.001, (0.80, 0.892)),
        ("50%_mine|#1", 0.001, (0.80, 0.891)),
        ("adam", 0.1, (0.6, 0.65)),
        (r"[a]\b ~$x^2$ {y} <z> & *w*", 0.001, (0.6, 0.7)),
    ):
        for seed, noise in enumerate((-0.003, 0.001, 0.004) if name[0] in "a[" else (0.004, -0.003, 0.001)):
            values = {"optimizer": {"name": name, "learning_rate": rate}, "seed": seed}
            folder = tmp_path / f"{len(found)}"
            found.append(load(write_run(folder, [value + noise for value in curve], values, commonest_class=0.5032)))
    return compare(found)


@pytest.mark.parametrize(("name", "written"), [("paper.md", paper.markdown), ("paper.tex", paper.latex)])
def test_the_table_reads_as_it_always_has(compared: Comparison, name: str, written: Callable[..., str]) -> None:
    assert written(compared) == (GOLDEN / name).read_text()


def test_rows_are_sorted_and_cut_as_in_the_other_tables(compared: Comparison) -> None:
    lines = paper.markdown(compared, Sort("val_accuracy"), 2).splitlines()
    assert [re.findall(r"0\.\d{4} ±", line) for line in lines[2:4]] == [["0.6507 ±"], ["0.7007 ±"]]
    assert "**" not in lines[2] + lines[3]


@example("a|b").via("the sign between cells")
@example("&lt;").via("an entity")
@example("[64,16]").via("a list")
@given(text=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_markdown_shows_a_value_as_it_is(tmp_path: Path, text: str) -> None:
    """By a reader of GitHub's tables that is not ours."""
    runs = [
        load(write_run(tmp_path / name, (0.6, value), {"optimizer": {"name": name_}}))
        for name, name_, value in (("given", text, 0.8), ("other", f"{text}!", 0.7))
    ]
    tokens = MarkdownIt().enable("table").parse(paper.markdown(compare(runs)))
    cells = [
        "".join(child.content for child in token.children or [])
        for place, token in enumerate(tokens)
        if token.type == "inline" and tokens[place - 1].type == "td_open"
    ]
    assert cells[::4] == [text, f"{text}!"]


def test_latex_has_as_many_cells_in_each_row_and_closes_what_it_opens(compared: Comparison) -> None:
    text = paper.latex(compared)
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows[1:]} == {5}
    unescaped = re.sub(r"\\[{}]", "", text)
    assert unescaped.count("{") == unescaped.count("}")
    assert re.findall(r"\\(begin|end)\{(\w+)\}", text) == [
        ("begin", "table"),
        ("begin", "tabular"),
        ("end", "tabular"),
        ("end", "table"),
    ]


def test_the_caption_tells_the_test_and_what_it_covers(tmp_path: Path) -> None:
    """With one seed each nothing is known of other seeds."""
    runs = [load(write_run(tmp_path / str(width), (0.6, 0.7), {"model.width": width})) for width in (1, 2)]
    caption = paper.markdown(compare(runs)).splitlines()[-1]
    assert "Test: one seed each, without predictions; p \\< 0.05." in caption
    assert caption.endswith("One seed of each setting tells nothing of others.")
