"""How README.md of an exported network says that a text becomes a row, or what a network does that takes texts."""

import json
import textwrap
from collections.abc import Mapping
from string import Template
from typing import Any

from runner.datasets.encoding import COUNT, MULTI_HOT, TF_IDF

WIDTH = 100

ROW = Template("""\
$contents

$tokenisation

```python
import json

import numpy as np

with open("$vocabulary", encoding="utf-8") as file:
    vocabulary = json.load(file)
columns = {word: column for column, word in enumerate(vocabulary["words"], $first_word)}
blanks = str.maketrans(dict.fromkeys($filters, $split))


def features(texts):
    rows = np.zeros((len(texts), $columns), np.float32)
    for row, text in zip(rows, texts):
        words = [word for word in text$lower.translate(blanks).split($split) if word]$pairs
        $marked$start
    $returned


examples = $example
```""")

TEXT = Template("""\
`texts`, string [n], in UTF-8: each text as it is. The network divides it into words.

$tokenisation

```python
examples = $example
```""")

WEIGHED = """rows *= np.array(vocabulary["weights"], np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)"""

CELL_OF_WORD = {
    MULTI_HOT: "1 in the column of each word that occurs, however often",
    COUNT: "the number of times that a word occurs in the column of that word",
    TF_IDF: "the number of times that a word occurs, times its weight, in the column of that word, all of the row "
    "divided by the root of the sum of squares",
}


def of_texts(words: Mapping[str, Any], example: str) -> str:
    """The section of a network that takes texts; `words` are those of signature.json."""
    return TEXT.substitute(tokenisation=filled(_tokenisation(words)), example=example)


def of_rows(words: Mapping[str, Any], shape: str, columns: int, example: str) -> str:
    """The section of a network that takes rows of `columns` features, float32 of this shape."""
    contents = filled(_contents(words, shape))
    return ROW.substitute(**_parts(words), contents=contents, columns=columns, example=example)


def _contents(words: Mapping[str, Any], shape: str) -> str:
    start, unknown = words["start"], words["unknown"]
    mark = f" Column {start} is that of the start of a text, once in every row." if start is not None else ""
    pairs = " Two words in a row, with a blank between, count as a word too." if words["ngrams"] == 2 else ""
    return (
        f"`features`, float32 {shape}: a row for each text, with {CELL_OF_WORD[words['form']]}, "
        f"and 0 elsewhere.{pairs} Columns count from 0. The words of `{words['vocabulary']}` have the columns from "
        f"{words['first_word']} on, in their order.{mark} A word that is not listed has "
        f"{'no column' if unknown is None else f'column {unknown}'}."
    )


def _parts(words: Mapping[str, Any]) -> dict[str, Any]:
    """What the code of ROW says of words."""
    start, unknown = words["start"], words["unknown"]
    known = "columns[word] for word in words if word in columns"
    if unknown is not None:
        known = f"columns.get(word, {unknown}) for word in words"
    is_plain, weighed, pairs = words["form"] == MULTI_HOT, words["form"] == TF_IDF, words["ngrams"] == 2
    return {
        "vocabulary": words["vocabulary"],
        "first_word": words["first_word"],
        "tokenisation": filled(_tokenisation(words)),
        "filters": json.dumps(words["filters"]),
        "split": json.dumps(words["split"]),
        "lower": ".lower()" if words["lower"] else "",
        "pairs": f"\n        words += map({json.dumps(words['split'])}.join, zip(words, words[1:]))" if pairs else "",
        "marked": f"row[[{known}]] = 1" if is_plain else f"np.add.at(row, np.array([{known}], int), 1)",
        "start": f"\n        row[{start}] = 1" if start is not None else "",
        "returned": WEIGHED if weighed else "return rows",
    }


def _tokenisation(words: Mapping[str, Any]) -> str:
    signs = "".join(each if each.isprintable() else repr(each)[1:-1] for each in words["filters"])
    steps = [
        *(["letters become lower case"] if words["lower"] else []),
        *([f"each sign of ``{signs}`` (`\\t` is a tab, `\\n` a new line) becomes a blank"] if signs else []),
        "what stands between blanks is a word",
    ]
    return f"To divide a text into words: {'; '.join(steps)}."


def filled(paragraph: str) -> str:
    """A paragraph in lines."""
    return textwrap.fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)
