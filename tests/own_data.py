"""A table of 2,000 short texts in four topics, the same each time, of known difficulty.

    python -m tests.own_data tickets.csv

Each text has three of the 40 words of a topic among nine of no topic. Of one text in ten the label is that of another
topic: whoever tells the topics apart without fail is right in 0.9 of the texts, and nobody can be better on new ones.
Two columns of numbers and one of categories tell the topics less well.
"""

import csv
import sys
from pathlib import Path

import numpy as np

TOPICS = ("billing", "delivery", "login", "returns")
WORDS_EACH, FILLERS, MISLABELLED = 40, 200, 0.1
HEADINGS = ("number", "body", "topic", "age", "visits", "plan")


def write(path: Path, rows: int = 2000) -> Path:
    """Write the table, or as many of the first rows of it; the path."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEADINGS, *table(rows)])
    return path


def table(rows: int = 2000) -> list[tuple[str | int | float, ...]]:
    """The rows: number, text, topic, two numbers, category."""
    random = np.random.default_rng(0)
    return [_row(number, random) for number in range(1, rows + 1)]


def _row(number: int, random: np.random.Generator) -> tuple[str | int | float, ...]:
    topic = int(random.integers(len(TOPICS)))
    of_topic = [f"{TOPICS[topic][:3]}{word}" for word in random.choice(WORDS_EACH, 3, replace=False)]
    fillers = [f"word{word}" for word in random.choice(FILLERS, 9, replace=False)]
    text = " ".join(random.permutation([*of_topic, *fillers]))
    said = (topic + int(random.integers(1, len(TOPICS)))) % len(TOPICS) if random.random() < MISLABELLED else topic
    plan = ("free", "paid")[int(random.random() < 0.2 + 0.2 * topic)]
    return number, f"{text}, please.", TOPICS[said], round(random.normal(topic, 1), 3), int(random.poisson(3)), plan


if __name__ == "__main__":
    write(Path(sys.argv[1]))
