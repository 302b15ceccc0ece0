"""What jobs will find recorded, and what they can take from one another."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.config.schema import Config
from runner.runs import checkpoint, shelf


def epochs_to_keep(configs: list[Config], identities: list[str]) -> list[set[int]]:
    """For each job the epochs after which another job of its identity ends, so that it can take the weights."""
    by_identity: dict[str, set[int]] = defaultdict(set)
    for config, identity in zip(configs, identities, strict=True):
        by_identity[identity].add(config.training.epochs)
    return [by_identity[identity] for identity in identities]


@dataclass(frozen=True)
class Ahead:
    """What is left of a job: epochs to train, whether they are recorded, and an earlier job that is equal to it."""

    epochs: int
    left: int
    recorded: bool
    equal_to: int | None


def ahead(configs: list[Config], identities: list[str], shelves: Sequence[Path]) -> list[Ahead]:
    """For each job, taken in turn, what it will find recorded; early stopping may leave less to train."""
    states: dict[str, set[int]] = {}
    there: dict[str, frozenset[int]] = {}
    first: dict[tuple[str, int], int] = {}
    jobs = []
    kept = epochs_to_keep(configs, identities)
    for number, (config, identity) in enumerate(zip(configs, identities, strict=True)):
        epochs = config.training.epochs
        if identity not in states:
            states[identity] = _recorded(identity, shelves)
            there[identity] = frozenset(states[identity])
        found = states[identity] if config.reuse else set()
        left = epochs - max((epoch for epoch in found if epoch <= epochs), default=0)
        earlier = first.setdefault((identity, epochs), number)
        recorded = config.reuse and epochs in there[identity] and earlier == number
        jobs.append(Ahead(epochs, left, recorded, earlier if earlier != number else None))
        if config.training.keep_state != "none":
            states[identity] |= {epoch for epoch in kept[number] if epoch <= epochs}
    return jobs


def _recorded(identity: str, shelves: Sequence[Path]) -> set[int]:
    return {epoch for root in shelves for folder in shelf.find(root, identity) for epoch in checkpoint.epochs(folder)}
