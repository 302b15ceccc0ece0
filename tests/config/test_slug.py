"""Names of folders: readable where the text is, safe whatever it is, and never two texts of one name."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.config.slug import slug


@pytest.mark.slow
@given(text=st.text(min_size=1, max_size=200) | st.text("ab./=,-_ ", min_size=1, max_size=80))
def test_a_slug_is_one_safe_folder_name_of_at_most_60_characters(text: str) -> None:
    made = slug(text)
    assert re.fullmatch(r"[A-Za-z0-9.,=_-]{1,60}", made)
    assert made not in (".", "..")
    assert Path(made).name == made
    assert slug(text) == made


@given(texts=st.sets(st.text(min_size=1, max_size=80), min_size=2, max_size=5), tail=st.sampled_from(["", "x" * 80]))
def test_distinct_texts_have_distinct_slugs(texts: set[str], tail: str) -> None:
    longer = {tail + text for text in texts}
    assert len({slug(text) for text in longer}) == len(longer)


@pytest.mark.parametrize("text", [".", "..", "/", "../..", " ", "é", "a" * 61, "model.width=[1,2]", "x\n"])
def test_a_slug_of_an_awkward_text_is_safe_too(text: str) -> None:
    made = slug(text)
    assert re.fullmatch(r"[A-Za-z0-9.,=_-]{1,60}", made)
    assert made not in (".", "..")


def test_a_short_clean_text_is_its_own_slug() -> None:
    assert slug("model.width=16,training.epochs=5") == "model.width=16,training.epochs=5"


def test_a_slug_of_no_text_is_a_name_too() -> None:
    assert slug("")
