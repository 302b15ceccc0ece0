"""The story of one run: data, model, what is there already, fit, record."""

import contextlib
import errno
import logging
import math
import os
import re
import shutil
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.cli import run_display as display
from runner.config import task
from runner.config.schema import Config
from runner.datasets import catalog
from runner.datasets import split as batches
from runner.datasets.base import Data
from runner.errors import ConfigError, DataError
from runner.runs import checkpoint, shelf
from runner.runs import folder as run_folder
from runner.runs import learning_curves as plots
from runner.runs.identity import differences, identity_of
from runner.runs.status import COMPLETED, INTERRUPTED
from runner.runs.writer import Outcome, Record
from runner.system import backend, files
from runner.system import signals as interruption

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settled:
    """A config with its data: all that decides the numbers of a run."""

    config: Config
    data: Data
    goal: task.Task
    split: batches.Split

    @property
    def identity(self) -> str:
        return identity_of(self.config, self.data)


def run(
    config: Config,
    folder: Path,
    overrides: list[str],
    *,
    shelves: Sequence[Path] = (),
    keep: Collection[int] = (),
    anyway: bool = False,
    screen: display.Screen | None = None,
) -> Outcome:
    """Train what a config describes, or go on with it, and leave the record in a folder.

    A folder that holds a run of the same identity is continued; `anyway` continues one of another identity too.
    `shelves` are folders below which runs of this identity are looked for and noted; `keep` are epochs whose states
    another run will need; `screen` shows the run, by default on stdout. A run that fails or is interrupted is an
    Outcome too. Raises ConfigError where the folder holds another run, DataError where folder or data cannot be used.
    """
    with run_folder.claimed(folder), interruption.watched() as signals:
        setting = settle(config)
        record = Record(folder, config, overrides)
        record.refuse_other_runs(setting.identity, anyway=anyway)
        if record.is_complete(config.training.epochs):
            return record.outcome("finished already")
        screen = screen or display.Screen()
        earlier = _earlier_state(setting, record, shelves, screen)
        _identify(record, setting, earlier)
        with _recorded(record, signals):
            record.begin(setting.data, setting.goal, setting.split)
            if config.training.keep_state != "none" and not record.entries["mixed"]:
                _note(shelves, setting.identity, folder)
            _train(setting, record, earlier, keep, signals, screen)
        return record.outcome(_stopped_early(record), signals.signal)


def _stopped_early(record: Record) -> str:
    """The line that says so, empty for a run that went through."""
    training = record.config.training
    if record.entries["status"] != COMPLETED or len(record.metrics) >= training.epochs:
        return ""
    return f"stopped early: no better {record.entries['monitor']} in {training.early_stopping.patience} epochs"


def settle(config: Config) -> Settled:
    """Load the data of a config and divide it. Raises DataError."""
    data = catalog.load(config.dataset)
    goal, _ = task.resolve(config, data.classes)
    return Settled(config, data, goal, batches.split(config.training, data.train.labels))


class FitFailed(Exception):
    """The training itself went wrong."""


@contextlib.contextmanager
def _recorded(record: Record, signals: interruption.Interruption) -> Iterator[None]:
    """Write how the block ended into the record: completed, interrupted or failed."""
    try:
        yield
        if len(record.metrics) < record.config.training.epochs:
            signals.stop()
    except KeyboardInterrupt:
        record.write(status=INTERRUPTED)
    except (Exception, SystemExit) as error:
        log.error("the run failed\n%s", traceback.format_exc())
        record.fail(_unwritten(error, record.folder) or reason(error))
    else:
        record.write(status=COMPLETED)


# What a disk says that takes no more; HDF5 says it in its text alone.
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}


def _unwritten(error: BaseException, folder: Path) -> str | None:
    """What to do where the disk or the run's folder is at fault; None where the user's own code may be."""
    if not isinstance(error, OSError):
        return None
    in_text = re.search(r"errno = (\d+)", str(error))
    number = error.errno or (int(in_text[1]) if in_text else None)
    named = isinstance(error.filename, (str, bytes)) and Path(os.fsdecode(error.filename)).absolute()
    is_ours = named and named.is_relative_to(folder.absolute())
    is_only_missing = number == errno.ENOENT and named and named.parent.is_dir()
    if number not in DISK and (not is_ours or is_only_missing):
        return None
    why = error.strerror or (os.strerror(number) if number else str(error))
    return f"{error.filename or folder} cannot be written ({why}): make room, then resume"


def reason(error: BaseException) -> str:
    """Why a run failed, in one line."""
    name, text = type(error).__name__, " ".join(str(error).split())
    if name in ("MemoryError", "ResourceExhaustedError"):
        return "out of memory: lower model.width, model.depth or training.batch_size"
    if isinstance(error, (FitFailed, ConfigError, DataError)):
        return text
    return f"{name}: {text}" if text else name


def _note(shelves: Sequence[Path], identity: str, folder: Path) -> None:
    for root in shelves:
        if folder.absolute().is_relative_to(root.absolute()):
            return shelf.put(root, identity, folder)


@dataclass(frozen=True)
class Earlier:
    """A training to go on from, and the folder of the run that has saved it."""

    state: checkpoint.State
    folder: Path


def _earlier_state(setting: Settled, record: Record, shelves: Sequence[Path], screen: display.Screen) -> Earlier | None:
    """The longest training that this run can go on from: its own, else, unless nothing is to be reused, another's.

    A state is taken only where it says itself that it is of the identity that is looked for.
    """
    epochs = setting.config.training.epochs
    own = _states(record.folder, record.identity or setting.identity, epochs, screen)
    if found := next(own, None):
        return found
    if not setting.config.reuse:
        return None
    folders = dict.fromkeys(other for root in shelves for other in shelf.find(root, setting.identity))
    others = [other for other in folders if other.absolute() != record.folder.absolute()]
    longest = (next(_states(other, setting.identity, epochs, screen), None) for other in others)
    return max(filter(None, longest), key=lambda each: each.state.epoch, default=None)


def _states(folder: Path, identity: str, epochs: int, screen: display.Screen) -> Iterator[Earlier]:
    """The states of an identity in a folder that go no further than a number of epochs, the longest first."""
    for epoch in checkpoint.epochs(folder):
        if epoch > epochs:
            continue
        try:
            state = checkpoint.load(checkpoint.path(folder, epoch))
        except checkpoint.DamagedState as error:
            screen.warn(f"{error}: passed over for an earlier one")
        except OSError:
            continue  # its run has just removed it
        else:
            if state.identity == identity and state.epoch == epoch:
                yield Earlier(state, folder)


def _identify(record: Record, setting: Settled, earlier: Earlier | None) -> None:
    """Say in the record whose numbers it will hold: this setting's, or those of two, one after the other."""
    if earlier is None or earlier.folder != record.folder:
        record.start_over(setting.identity)
    elif record.is_of_another(setting.identity):
        changes = list(differences(record.entries, setting.config, setting.data))
        record.mix(earlier.state.epoch, setting.identity, changes)
    elif record.identity is None:
        record.start_over(setting.identity)


def _train(
    setting: Settled,
    record: Record,
    earlier: Earlier | None,
    keep: Collection[int],
    signals: interruption.Interruption,
    screen: display.Screen,
) -> None:
    config, split = setting.config, setting.split
    screen.header(config, setting.data, len(split.train), len(split.validation))
    backend.start()
    from runner.training import fit as training
    from runner.training.evaluation import Evaluation

    network, trained = training.prepare(config, setting.data, setting.goal, split)
    record.write(parameter_count=network.count_params())
    _refuse_full_disk(record.folder, trained)
    history = training.History()
    if earlier:
        training.restore(trained, history, earlier.state, setting.goal)
        record.inherit(history, 0 if earlier.folder == record.folder else earlier.state.epoch)
        screen.inherited(earlier.state.epoch, earlier.folder, record.folder)
    keeper = Keeper(record, trained, {*keep, config.training.epochs})
    targets = setting.goal.targets(setting.data.train.labels)
    with screen.progress(config.training.epochs, len(history.metrics)) as show:
        further = _tensorboard(record, history) if config.training.tensorboard else []
        training.fit(trained, config, setting.goal, split, targets, [keeper, show], signals, history, further)
    keeper.save(history)
    at_best = Evaluation(trained, split.train, targets)
    _save(record, network, trained, history, at_best)
    _draw(record, setting.data.label)
    if history.problem:
        raise FitFailed(history.problem)


def _tensorboard(record: Record, history: Any) -> list[Any]:
    from runner.training.tensorboard import TensorBoard

    return [TensorBoard(record.folder, record.entries["config"], history)]


def _refuse_full_disk(folder: Path, trained: Any) -> None:
    """Raises OSError where what a run leaves at the least does not fit: two states and two models."""
    weights = sum(variable.numpy().nbytes for variable in trained.variables)
    needed = 10 * weights + (1 << 20)
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, f"{needed >> 20} MB are needed", str(folder))


class Keeper:
    """Stores the training after an epoch: for short epochs no more than once in so many seconds."""

    def __init__(self, record: Record, trained: Any, keep: Collection[int]) -> None:
        self.record, self.trained, self.keep = record, trained, keep
        self.settings = record.config.training
        self.saved_at = time.monotonic()

    def __call__(self, history: Any) -> None:
        epoch = len(history.metrics)
        if self.settings.keep_state == "all" or epoch in self.keep or self._is_due():
            self.save(history)

    def save(self, history: Any) -> None:
        """State first, then the files that are rendered from it; whatever fails, the earlier ones stand."""
        if not history.metrics or self.record.saved == len(history.metrics):
            return
        if self.settings.keep_state != "none":
            from runner.training import fit as training

            checkpoint.save(self.record.folder, training.state(self.trained, history, self.record.after(history)))
        self.record.keep(history)
        if self.settings.keep_state == "last":
            checkpoint.prune(self.record.folder, self.keep)
        self.saved_at = time.monotonic()

    def _is_due(self) -> bool:
        return time.monotonic() - self.saved_at >= self.settings.save_seconds


def _save(record: Record, network: Any, trained: Any, history: Any, evaluate: Callable[[], dict[str, float]]) -> None:
    """The network after the last epoch, and after the best one, with what `evaluate` says of the latter."""
    folder = record.folder
    with files.replacing(folder / run_folder.MODEL, durable=True) as path:
        network.save(path)
    if history.best_epoch is None:
        return
    last = trained.get_weights()
    trained.set_weights(history.best_weights)
    with files.replacing(folder / run_folder.BEST_MODEL, durable=True) as path:
        network.save(path)
    record.write(training_at_best={name: value for name, value in evaluate().items() if math.isfinite(value)})
    trained.set_weights(last)


def _draw(record: Record, label: str) -> None:
    if record.metrics:
        monitor, best = record.entries["monitor"], record.entries["best_epoch"]
        picture = plots.curves(record.metrics, f"{label}, best {monitor} in epoch {best}", monitor, best)
        files.write(record.folder / run_folder.CURVES, picture)
