"""The story of one run: data, what is recorded already, training, record."""

import contextlib
import functools
import logging
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.config import task
from runner.config.schema import Config
from runner.config.task import Task
from runner.datasets import catalog, split
from runner.datasets.base import Data
from runner.datasets.split import Split
from runner.errors import DataError
from runner.experiment import saving, test_set
from runner.experiment.failures import FitFailed, reason, unwritten
from runner.experiment.progress import Progress
from runner.runs import checkpoint, reuse
from runner.runs.folder import MODEL, claimed
from runner.runs.identity import differences, identity_of
from runner.runs.reuse import Recorded
from runner.runs.status import COMPLETED, INTERRUPTED
from runner.runs.test_ledger import LEDGER
from runner.runs.writer import DatasetInfo, Outcome, Record
from runner.system import backend, signals
from runner.system.signals import Interruption

if TYPE_CHECKING:
    from runner.training.fit import Training  # imports TensorFlow

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Resolved:
    """A config with its data: all that decides the numbers of a run."""

    config: Config
    data: Data
    task: Task
    split: Split

    @property
    def identity(self) -> str:
        return identity_of(self.config, self.data.fingerprint)

    @property
    def commonest_class(self) -> tuple[str, float] | None:
        """The commonest class of the validation examples, by name, and its share; None without any."""
        found = split.commonest_class(self.data.train.labels[self.split.validation])
        return (self.data.class_names[found[0]], found[1]) if found else None

    @property
    def dataset(self) -> DatasetInfo:
        """The data as run.json names it."""
        return dataset_info(self.data, self.split)


def run(
    config: Config,
    folder: Path,
    overrides: list[str],
    *,
    run_roots: Sequence[Path] = (),
    epochs_to_keep: Collection[int] = (),
    ledger: Path = LEDGER,
    force: bool = False,
    progress: Progress | None = None,
    on_begin: Callable[[], None] = lambda: None,
) -> Outcome:
    """Train what a config describes, or continue it, and leave the record in a folder.

    A folder that holds a run of the same identity is continued; `force` continues one of another identity too.
    Runs of this identity below the `run_roots` are reused, and this run is noted there. The states after
    `epochs_to_keep` are not pruned: another run will need them. Where the config asks for the test set, its opening is
    entered in the `ledger`. `progress` shows the run, by default in its log alone. `on_begin` is called once the folder
    is this run's to write in.

    A run that fails or is interrupted is an Outcome too. Raises ConfigError where the folder holds another run,
    DataError where folder or data cannot be used.
    """
    with claimed(folder), signals.watched() as interruption:
        resolved = resolve(config)
        record = Record(folder, config, overrides)
        record.refuse_other_runs(resolved.identity, force=force)
        if record.is_complete():
            return record.outcome("finished already")
        progress = progress or Progress()
        find = functools.partial(_earlier, resolved, record, run_roots, progress)
        earlier = find()
        _identify(record, resolved, earlier)
        on_begin()
        with recorded(record, interruption):
            record.begin(resolved.dataset, resolved.task.monitor, resolved.commonest_class)
            saving.save_what_makes_rows(folder, resolved.data)
            if config.training.keep_state != "none" and not record.entries["mixed"]:
                reuse.note(run_roots, resolved.identity, folder)
            training = _train(resolved, record, earlier, find, epochs_to_keep, interruption, progress)
            _test(resolved, record, training, ledger, interruption)
        return record.outcome(_stopped_early(record), interruption.signal)


def resolve(config: Config) -> Resolved:
    """Load the data of a config and divide it. Raises DataError."""
    data = catalog.load(config.dataset)
    fitting, _ = task.resolve(config, data.classes)
    divided = split.split(config.training, data.train.labels)
    return Resolved(config, data.fitted(divided.train), fitting, divided)


def dataset_info(data: Data, divided: Split) -> DatasetInfo:
    """The data of a run as run.json names it."""
    examples = (len(divided.train), len(divided.validation), len(data.test))
    return DatasetInfo(data.name, data.source, data.fingerprint, *examples, data.class_names, data.train.divisor)


def _earlier(
    resolved: Resolved, record: Record, run_roots: Sequence[Path], progress: Progress, most: int | None = None
) -> Recorded | None:
    """The longest training of at most `most` epochs that this run can continue: its own, else, with reuse, another's.

    `most` is by default the number of epochs of the config.
    """
    epochs = resolved.config.training.epochs if most is None else most
    own = reuse.own_state(record.folder, record.identity or resolved.identity, epochs, progress.warn)
    if own or not resolved.config.reuse:
        return own
    return reuse.longest_state(run_roots, resolved.identity, epochs, record.folder, progress.warn)


def _identify(record: Record, resolved: Resolved, earlier: Recorded | None) -> None:
    """Record whose numbers the folder will hold: those of this config, or of two configs one after the other."""
    if earlier is None or earlier.folder != record.folder:
        record.start_over(resolved.identity)
    elif record.is_of_another(resolved.identity):
        data = resolved.data
        changes = list(differences(record.entries, resolved.config, data.fingerprint, data.source))
        record.mix(earlier.state.epoch, resolved.identity, changes)
    elif record.identity is None:
        record.start_over(resolved.identity)


@contextlib.contextmanager
def recorded(record: Record, interruption: Interruption) -> Iterator[None]:
    """Write how the block ended into the record: completed, interrupted or failed."""
    try:
        yield
        if len(record.metrics) < record.config.training.epochs:
            interruption.stop()
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        if interruption.signal is not None or signals.behind(error):
            record.write(status=INTERRUPTED)
            return
        log.error("the run failed\n%s", traceback.format_exc())
        record.fail(unwritten(error, record.folder) or reason(error))
    else:
        record.write(status=COMPLETED)


def _train(
    resolved: Resolved,
    record: Record,
    earlier: Recorded | None,
    find: Callable[[int], Recorded | None],
    epochs_to_keep: Collection[int],
    interruption: Interruption,
    progress: Progress,
) -> "Training":
    epochs = resolved.config.training.epochs
    progress.header(resolved.config, resolved.dataset)
    backend.start()
    from runner.training.fit import Training

    with interruption.waiting():
        training = Training(resolved.config, resolved.data, resolved.task, resolved.split)
        record.write(parameter_count=training.network.count_params())
        saving.refuse_full_disk(record.folder, training)
        if earlier := _fitting(training, record, earlier, find, progress):
            _continue(training, record, earlier, progress)
        else:
            saving.save_predictions(record, training)  # so that none of another training stand there until the end
        interruption.stop()
        checkpointer = saving.Checkpointer(record, training, {*epochs_to_keep, epochs})
        with progress.epochs(epochs, len(training.history.metrics)) as show:
            training.fit([checkpointer, show], interruption, _extra_callbacks(record, training))
        checkpointer.save()
        saving.save_predictions(record, training)
        saving.save_models(record, training)
        saving.draw(record, resolved.data.label)
    if training.history.problem:
        raise FitFailed(training.history.problem)
    return training


def _test(resolved: Resolved, record: Record, training: "Training", ledger: Path, interruption: Interruption) -> None:
    """Open the test set, where the config asks for it and the training has ended."""
    if not resolved.config.training.evaluate_test:
        return
    interruption.stop()
    with interruption.waiting():
        candidate = test_set.Candidate(training.saved_network(), MODEL, len(training.history.metrics))
        test_set.evaluate(record, candidate, resolved.data, resolved.task, ledger)


def _fitting(
    training: "Training",
    record: Record,
    earlier: Recorded | None,
    find: Callable[[int], Recorded | None],
    progress: Progress,
) -> Recorded | None:
    """The training to continue, or the longest earlier one where its state is none of this network; None without any.

    Raises DataError where the record tells already that others trained the epochs before.
    """
    while earlier and (why := training.misfit(earlier.state)):
        damaged = f"{checkpoint.path(earlier.folder, earlier.state.epoch)} is damaged ({why})"
        if record.entries["mixed"]:
            raise DataError(f"{damaged}: train the run anew, in another folder")
        progress.warn(f"{damaged}: an earlier one is used")
        earlier = find(earlier.state.epoch - 1)
    return earlier


def _continue(training: "Training", record: Record, earlier: Recorded, progress: Progress) -> None:
    epochs = earlier.state.epoch
    training.restore(earlier.state)
    if training.keeps_predictions and training.history.predictions is None:
        log.warning("no predictions.npz: the epochs taken from %s have no predictions", earlier.folder)
    record.inherit(training.history, 0 if earlier.folder == record.folder else epochs)
    progress.inherited(epochs, record.config.training.epochs, earlier.folder, record.folder)


def _extra_callbacks(record: Record, training: "Training") -> list[Any]:
    if not record.config.training.tensorboard:
        return []
    from runner.training.tensorboard import TensorBoard

    return [TensorBoard(record.folder, record.entries["config"], training.history)]


def _stopped_early(record: Record) -> str:
    """The line for a run that stopped early, empty for one that went through."""
    training = record.config.training
    if record.entries["status"] != COMPLETED or len(record.metrics) >= training.epochs:
        return ""
    return f"stopped early: no better {record.entries['monitor']} in {training.early_stopping.patience} epochs"
