"""The keys of `dataset=csv`."""

from dataclasses import dataclass
from typing import Any, Optional

from runner.config.options import Rule, null_or_at_least, one_of, option
from runner.datasets.encoding import FORMS
from runner.datasets.from_files.keys import OwnFiles

REFUSE, MEAN, DROP = "refuse", "mean", "drop"


def _of_texts(config: Any) -> bool:
    return config.dataset.text is not None


@dataclass
class Table(OwnFiles):
    target: Optional[str] = option()
    text: Optional[str] = option()
    features: Optional[list[str]] = option()
    missing: str = one_of(REFUSE, MEAN, DROP)
    encoding: str = one_of(*FORMS, decides=_of_texts)
    num_words: Optional[int] = null_or_at_least(1, decides=_of_texts)
    ngrams: int = option(Rule("1 or 2", lambda value: value in (1, 2)), decides=_of_texts)
