"""The keys that all kinds of data from files of a user have."""

from dataclasses import dataclass
from typing import Optional, Union

from runner.config.schema import SPLIT, Dataset, option


@dataclass
class OwnFiles(Dataset):
    test: Optional[str] = option(decides=False)  # the fingerprint of the data decides
    test_split: Union[int, float] = option(SPLIT)


def problems(config: OwnFiles, what: str) -> list[str]:
    """Reasons why these keys do not fit one another; `what` is what `dataset.path` must name, such as "an npz file"."""
    found = []
    if config.path is None:
        found.append(f"dataset.path must name {what}; got null: dataset={config.name} dataset.path=…")
    if config.source == "sample":
        found.append(f"dataset.source=sample does not fit dataset={config.name}: no sample comes with files of yours")
    if config.test is not None and config.test_split:
        found.append(f"dataset.test={config.test} and dataset.test_split={config.test_split} exclude each other")
    return found
