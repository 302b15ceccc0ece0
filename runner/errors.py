"""The two ways in which a user's own input can stop the runner, each shown as plain lines, and the hint at a remedy."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NoReturn


class ConfigError(Exception):
    """What was asked is invalid or refused (exit 2): one line a problem, all of them at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class DataError(Exception):
    """The data, a disk or a folder cannot be used (exit 1): one line with file and remedy."""


class RunFailed(Exception):
    """A training that was started from Python has failed: the folder of the run and the reason."""


def did_you_mean(name: str, known: Iterable[str], synonyms: Mapping[str, str] = MappingProxyType({})) -> str:
    """A hint at the nearest known name, or nothing; a key without its group is compared by the last part.

    `synonyms` are what other libraries and papers call a known name.
    """
    leaf, whole = name.rpartition(".")[2].lower(), {each.lower(): each for each in known}
    leaves: dict[str, str] = {}
    for each in whole.values():
        leaves.setdefault(each.rpartition(".")[2].lower(), each)
    close = [synonyms[leaf]] if synonyms.get(leaf, "").lower() in whole else []
    for names, wanted in ((whole, name.lower()), (leaves, leaf)) if "." in name else ((leaves, leaf), (whole, leaf)):
        close += [names[each] for each in difflib.get_close_matches(wanted, names, n=1)]
    return f"; did you mean {close[0]}?" if close else ""


def refuse_usage(remedy: str) -> Callable[[str], NoReturn]:
    """What a parser of a command line does with words that it does not take: raise ConfigError."""

    def refuse(message: str) -> NoReturn:
        raise ConfigError([f"{message}: {remedy}"])

    return refuse
