"""Which recorded trainings a run can continue: where they are noted, the longest that fits, what jobs will find.

    outputs/.shelf/IDENTITY/HASH   holds the path of a run's folder, relative to outputs/

A note costs no search. It is a hint, never a proof: a folder that is gone is passed over, and where a folder holds a
run of another identity by now the note is dropped. Without its notes a run is trained anew.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.config.schema import Config, deciding
from runner.runs import checkpoint
from runner.runs.folder import read_record
from runner.system import files

NOTES = ".shelf"
Warn = Callable[[str], None]


@dataclass(frozen=True)
class Recorded:
    """A training to continue, and the folder of the run that saved it."""

    state: checkpoint.State
    folder: Path


@dataclass(frozen=True)
class Forecast:
    """What is left of a job: epochs to train, whether all are recorded, and the number of an earlier job equal to it.

    `equal_to` counts from 0; None where no earlier job is equal.
    """

    epochs: int
    left: int
    recorded: bool
    equal_to: int | None


def note(roots: Iterable[Path], identity: str, folder: Path) -> None:
    """Note a run's folder in the first root that it lies below, if any. Raises OSError."""
    for root in roots:
        if folder.absolute().is_relative_to(root.absolute()):
            relative = folder.absolute().relative_to(root.absolute()).as_posix()
            place = root / NOTES / identity / hashlib.sha256(relative.encode()).hexdigest()[:16]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(relative)
            return


def noted(root: Path, identity: str) -> Iterator[Path]:
    """The folders below a root that are noted for an identity and still hold a run of it."""
    for place in sorted((root / NOTES / identity).glob("*")):
        try:
            folder = root / files.read(place, 4096).decode("utf-8")
            recorded = read_record(folder).get("identity")
        except (OSError, ValueError):
            continue  # gone, or being written
        if recorded == identity:
            yield folder
        else:
            place.unlink(missing_ok=True)


def own_state(folder: Path, identity: str, epochs: int, warn: Warn) -> Recorded | None:
    """The longest training of an identity that a run's own folder holds, of at most `epochs` epochs."""
    return next(_states(folder, identity, epochs, warn), None)


def longest_state(roots: Sequence[Path], identity: str, epochs: int, apart_from: Path, warn: Warn) -> Recorded | None:
    """The longest training of an identity that other runs below the roots hold, of at most `epochs` epochs."""
    folders = dict.fromkeys(folder for root in roots for folder in noted(root, identity))
    others = [folder for folder in folders if folder.absolute() != apart_from.absolute()]
    found = (own_state(folder, identity, epochs, warn) for folder in others)
    return max(filter(None, found), key=lambda each: each.state.epoch, default=None)


def _states(folder: Path, identity: str, epochs: int, warn: Warn) -> Iterator[Recorded]:
    """Saved states to resume from, none longer than `epochs`, the longest first.

    A state is taken only where its own record names the identity.
    """
    for epoch in checkpoint.epochs(folder):
        if epoch > epochs:
            continue
        try:
            state = checkpoint.load(checkpoint.path(folder, epoch))
        except checkpoint.DamagedState as error:
            warn(f"{error}: an earlier one is used")
        except OSError:
            continue  # its run has just removed it
        else:
            if state.identity == identity and state.epoch == epoch:
                yield Recorded(state, folder)


def doublings(config: Config) -> set[int]:
    """The epochs 1, 2, 4, 8, … of a single run, whose states it keeps for shorter runs of the same identity.

    Such a run finds a state of more than half of its epochs. Empty where another number of epochs is another identity.
    """
    if "epochs" in deciding(config)["training"]:
        return set()
    return {1 << power for power in range(config.training.epochs.bit_length())}


def epochs_to_keep(configs: list[Config], identities: list[str]) -> list[set[int]]:
    """For each job the epochs after which another job of its identity ends, so that it can take the weights."""
    by_identity: dict[str, set[int]] = defaultdict(set)
    for config, identity in zip(configs, identities, strict=True):
        by_identity[identity].add(config.training.epochs)
    return [by_identity[identity] for identity in identities]


def forecast(configs: list[Config], identities: list[str], roots: Sequence[Path]) -> list[Forecast]:
    """What each job, in turn, will find recorded. Early stopping may leave less to train."""
    states: dict[str, set[int]] = {}
    there: dict[str, frozenset[int]] = {}
    first: dict[tuple[str, int], int] = {}
    jobs = []
    kept = epochs_to_keep(configs, identities)
    for number, (config, identity) in enumerate(zip(configs, identities, strict=True)):
        epochs = config.training.epochs
        if identity not in states:
            states[identity] = _recorded_epochs(identity, roots)
            there[identity] = frozenset(states[identity])
        found = states[identity] if config.reuse else set()
        left = epochs - max((epoch for epoch in found if epoch <= epochs), default=0)
        earlier = first.setdefault((identity, epochs), number)
        recorded = config.reuse and epochs in there[identity] and earlier == number
        jobs.append(Forecast(epochs, left, recorded, earlier if earlier != number else None))
        if config.training.keep_state != "none":
            states[identity] |= {epoch for epoch in kept[number] if epoch <= epochs}
    return jobs


def _recorded_epochs(identity: str, roots: Sequence[Path]) -> set[int]:
    return {epoch for root in roots for folder in noted(root, identity) for epoch in checkpoint.epochs(folder)}
