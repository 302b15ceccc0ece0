"""The reviews that the runner writes itself: readable, balanced, and the same for ever."""

import hashlib
import os
import re
import subprocess
import sys

import pytest

from runner.datasets import sample_reviews
from runner.datasets.sample_reviews import Split

# Of all reviews and labels as `written` puts them. Another value makes runs on the sample incomparable with earlier
# ones, and asks for another `sample` in runner/datasets/built_in/imdb.py, so that caches do not keep the old reviews.
SHA256_OF_THE_SAMPLE = "5f48d27addb378da063bd74c683c6d19fce24eb6b741fb18a41fd6cd87bd7717"

WRITTEN = """
from runner.datasets import sample_reviews
for texts, labels in sample_reviews.generate():
    for text, label in zip(texts, labels, strict=True):
        print(label, text)
"""


@pytest.fixture(scope="module")
def sample() -> tuple[Split, Split]:
    return sample_reviews.generate()


@pytest.fixture(scope="module")
def texts(sample: tuple[Split, Split]) -> list[str]:
    return [text for split, _ in sample for text in split]


def written(sample: tuple[Split, Split]) -> str:
    return "".join(f"{label} {text}\n" for texts, labels in sample for text, label in zip(texts, labels, strict=True))


def test_there_are_4000_and_2000_reviews_half_of_them_positive(sample: tuple[Split, Split]) -> None:
    for (split, labels), count in zip(sample, (4_000, 2_000), strict=True):
        assert len(split) == len(labels) == count
        assert set(labels) == {0, 1}
        assert sum(labels) == count // 2


def test_every_call_gives_the_same(sample: tuple[Split, Split]) -> None:
    assert sample_reviews.generate() == sample


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_every_process_gives_the_same(sample: tuple[Split, Split], hash_seed: str) -> None:
    """Whatever order Python's sets happen to have in it."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"}
    printed = subprocess.run([sys.executable, "-c", WRITTEN], env=environment, capture_output=True, check=True)
    assert printed.stdout.decode().splitlines() == written(sample).splitlines()


def test_the_sample_is_the_one_that_was_settled(sample: tuple[Split, Split]) -> None:
    assert hashlib.sha256(written(sample).encode()).hexdigest() == SHA256_OF_THE_SAMPLE


def test_no_review_stands_there_twice(texts: list[str]) -> None:
    """So that none of the test reviews was trained on."""
    assert len(set(texts)) == 6_000


def test_a_review_is_plain_lower_case_words(texts: list[str]) -> None:
    """No pattern's placeholder is left, and splitting at spaces gives the words."""
    assert [text for text in texts if not re.fullmatch(r"[a-z]+( [a-z]+)*", text)] == []


def test_a_review_has_the_length_of_a_paragraph(texts: list[str]) -> None:
    lengths = [len(text.split()) for text in texts]
    assert min(lengths) >= sample_reviews.SHORTEST
    assert max(lengths) <= sample_reviews.LONGEST


def test_articles_agree_with_the_word_that_follows(texts: list[str]) -> None:
    wrong = re.compile(r"\ba [aeiou]\w*|\ban [^aeiou]\w*|\b(?:a|an)$|\b(?:an?|the) (?:an?|the)\b")
    assert [found.group() for text in texts if (found := wrong.search(text))] == []


def test_the_classes_are_mixed_from_the_first_review_on(sample: tuple[Split, Split]) -> None:
    """The first reviews are the ones held out."""
    for _, labels in sample:
        for start in range(0, len(labels), 500):
            assert 175 < sum(labels[start : start + 500]) < 325


@pytest.mark.parametrize("label", [0, 1])
def test_reviews_of_either_class_negate(sample: tuple[Split, Split], label: int) -> None:
    """A single "not" must not give the class away."""
    negation = re.compile(r"\b(?:not|no|never|nothing|nobody|cannot)\b")
    of_class = [text for split, labels in sample for text, each in zip(split, labels, strict=True) if each == label]
    assert sum(bool(negation.search(text)) for text in of_class) > 0.2 * len(of_class)


@pytest.mark.parametrize(("word", "label"), [("boring", 1), ("terrible", 1), ("wonderful", 0), ("brilliant", 0)])
def test_words_of_the_other_class_occur_too(sample: tuple[Split, Split], word: str, label: int) -> None:
    """Mixed reviews: praise within blame, and blame within praise."""
    of_class = [text for split, labels in sample for text, each in zip(split, labels, strict=True) if each == label]
    assert sum(word in text.split() for text in of_class) >= 10
