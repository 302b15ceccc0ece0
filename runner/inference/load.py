"""A recorded run, loaded to be used: its record, its words, its network, and what that says of rows."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runner import register
from runner.config import compose, plugins, task, validate
from runner.config.plugins import Trust
from runner.config.schema import Config
from runner.config.task import Task
from runner.datasets import catalog, columns, split, text
from runner.datasets.base import BuiltIn, Data, ImageForm
from runner.datasets.columns import Columns
from runner.datasets.text import Vocabulary
from runner.errors import ConfigError, DataError
from runner.formatting import counted, one_line
from runner.runs import reader
from runner.runs.folder import BEST_MODEL, COLUMNS, MODEL, MOST_BYTES_OF_WORDS, PLAN, RECORD, VOCABULARY
from runner.runs.reader import Run
from runner.runs.status import COMPLETED
from runner.system import backend, files

if TYPE_CHECKING:
    from runner.training.saved import Outputs  # imports TensorFlow


@dataclass(frozen=True)
class LoadedRun:
    """A run that can be asked. TensorFlow is imported with the first use of `network` or `probabilities`.

    run     the record, as reader.load gives it
    config  the run's config
    file    the saved network
    epoch   the number of the epoch whose weights the file holds; None where the run may have gone on since
    """

    run: Run
    config: Config
    file: Path
    epoch: int | None

    @property
    def folder(self) -> Path:
        return self.run.folder

    @property
    def built_in(self) -> BuiltIn | None:
        """The built-in data set that the run was trained on; None with a data set of a plugin."""
        own = self.run.record["dataset"]["source"] == "own"
        return None if own else catalog.BUILT_IN.get(self.config.dataset.name)

    @functools.cached_property
    def network(self) -> Any:
        """The keras.Model of the file, not compiled, from features [batch, …]. Raises ConfigError, DataError.

        Where Keras cannot open it and a plugin has built it, the plugin builds it again, if its code is the same.
        """
        plugins.load(self.config.plugins)
        backend.start()
        from runner.training import saved

        try:
            return saved.load(self.file)
        except DataError:
            if self.config.model.name not in register.models or not self._has_its_code:
                raise
            fitting, _ = task.resolve(self.config, self.data.classes)
            return saved.rebuilt(self.file, self.config.model, fitting, self.data.train.features.shape[1:])

    @property
    def _has_its_code(self) -> bool:
        """Whether the code of the plugins is that of the training."""
        return bool(self.run.record.get("plugin_sources") == plugins.sources(self.config.plugins))

    @functools.cached_property
    def task(self) -> Task:
        """The task of the network; its `form` is that of the head. Raises ConfigError, DataError."""
        self._refuse_unknown_names()
        return task.resolve(self.config, len(self.recorded_names) or self._units_as_classes)[0]

    def _refuse_unknown_names(self) -> None:
        """Import the plugins. Raises ConfigError for names of the config that neither they nor the runner know."""
        plugins.load(self.config.plugins)
        if unknown := [f"{self.folder}: {problem}" for problem in validate.unknown_names(self.config)]:
            raise ConfigError(unknown)

    @functools.cached_property
    def class_names(self) -> tuple[str, ...]:
        """A name for each column of `probabilities`; a unit beyond the classes has its number.

        A run recorded without names has the numbers of the classes. Raises ConfigError, DataError.
        """
        names = self.recorded_names
        return (*names, *map(str, range(len(names), self._units_as_classes)))

    @property
    def recorded_names(self) -> tuple[str, ...]:
        """The names of the classes that the record has, or those of the built-in data set; empty without any."""
        recorded = self.run.record["dataset"].get("class_names")
        return tuple(recorded or (self.built_in.class_names if self.built_in else ()))

    @property
    def _units_as_classes(self) -> int:
        units = int(self.network.output_shape[-1])
        return 2 if units == 1 else units

    @property
    def image(self) -> ImageForm | None:
        """How the images of the data set are; None for data that is no images."""
        if self.built_in:
            return self.built_in.image
        kind = catalog.FROM_FILES.get(self.config.dataset.name)
        return kind.image(self.config.dataset) if kind else None

    @property
    def divisor(self) -> float:
        """What the features of the data set are divided by; a run recorded without it tells it by its data set."""
        recorded = self.run.record["dataset"].get("divisor")
        return float(recorded or (self.image.divisor if self.image else 1.0))

    @functools.cached_property
    def vocabulary(self) -> Vocabulary | None:
        """What turns a text into a row; None where the data is no text.

        It is that of the folder; a run recorded without one takes it from its data. Raises DataError.
        """
        file = self.folder / VOCABULARY
        try:
            return text.from_json(files.read(file, MOST_BYTES_OF_WORDS).decode("utf-8"))
        except FileNotFoundError:
            return self._vocabulary_of_data()
        except (OSError, ValueError) as error:
            raise DataError(f"{file} cannot be used ({error}): remove it to have the words of the data") from None

    @functools.cached_property
    def columns(self) -> Columns | None:
        """What turns cells of numbers and categories into a row, as the folder has it; None for other data.

        Raises DataError.
        """
        file = self.folder / COLUMNS
        try:
            return columns.from_json(files.read(file, MOST_BYTES_OF_WORDS).decode("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise DataError(f"{file} cannot be used ({error}): train the run anew") from None

    def _vocabulary_of_data(self) -> Vocabulary | None:
        if getattr(self.config.dataset, "text", None) is not None:
            return self.data.vocabulary
        if self.built_in is None or self.built_in.words is None:
            return None
        try:
            return self.data.vocabulary
        except DataError as error:
            raise DataError(
                f"{self.folder} has no {VOCABULARY}, which turns a text into a row, and it cannot be made: {error}; "
                f"put {self.built_in.words.file} next to the data, and predict again"
            ) from None

    @functools.cached_property
    def data(self) -> Data:
        """The data of the run, loaded anew. Raises DataError where it is not that of the record."""
        self._refuse_unknown_names()
        data = catalog.load(self.config.dataset)
        recorded = self.run.record["dataset"]
        if data.fingerprint != recorded["fingerprint"]:
            raise DataError(
                f"{self.folder} was trained on other data than is found now ({data.label}): "
                f"recorded {recorded['fingerprint'][:12]}, now {data.fingerprint[:12]}; give back the data of the run"
            )
        return data.fitted(split.split(self.config.training, data.train.labels).train)

    @property
    def validation(self) -> NDArray[np.int32]:
        """Numbers of the validation examples in the training data, ascending. Raises DataError."""
        return split.split(self.config.training, self.data.train.labels).validation

    @functools.cached_property
    def _outputs(self) -> "Outputs":
        network = self.network
        from runner.training.saved import Outputs

        return Outputs(network)

    def probabilities(self, rows: Any) -> NDArray[np.float32]:
        """float32 [rows, classes] for features as the data set has them: [rows, …], an array or a CSR matrix.

        The one column of a sigmoid head becomes two. Raises DataError for a network that takes other rows, or whose
        outputs are no numbers.
        """
        takes = tuple(self.network.input_shape[1:])
        if tuple(rows.shape[1:]) != takes:
            raise DataError(
                f"{self.file} takes rows of {list(takes)} features, and the files next to it make rows of "
                f"{list(rows.shape[1:])}: put back what the runner wrote, or train anew"
            )
        outputs = self._outputs(rows, self.divisor)
        if not np.isfinite(outputs).all():
            raise DataError(f"{self.file} gives outputs that are no numbers: its training has diverged; train anew")
        if outputs.shape[1] == 1:
            return np.hstack([1 - outputs, outputs])
        return outputs


def load(folder: Path, trust: Trust = plugins.NONE, *, best: bool = False) -> LoadedRun:
    """The run of a folder, with the network after the last epoch or after the best one.

    TensorFlow is not imported. Raises ConfigError where the folder is none of a run or its modules are not trusted,
    DataError where its files are damaged or the network is missing.
    """
    run = _recorded(folder)
    catalog.register_built_in()
    name = BEST_MODEL if best else MODEL
    if not (folder / name).is_file():
        raise DataError(
            f"{folder} has no {name}, {run.status} after {counted(run.record['epochs'], 'epoch')}: {_remedy(run)}"
        )
    epoch = run.record["best_epoch"] if best else run.record["epochs"]
    config = compose.from_record(run.record["config"], trust)
    return LoadedRun(run, config, folder / name, epoch if run.status == COMPLETED else None)


def _recorded(folder: Path) -> Run:
    if not (folder / RECORD).is_file():
        raise ConfigError([_no_run(folder)])
    try:
        return reader.load(folder)
    except (OSError, ValueError) as error:
        raise DataError(f"{folder} cannot be read: {one_line(str(error))}; python -m runner resume {folder}") from None


def _no_run(folder: Path) -> str:
    what = "is a sweep" if (folder / PLAN).is_file() else "holds no run" if folder.is_dir() else "is not a folder"
    runs = sorted(each.parent for each in folder.glob(f"*/{MODEL}"))
    return f"{one_line(str(folder))} {what}: give the folder of a run" + (
        f", such as {runs[0]}" if runs else f", with {RECORD}"
    )


def _remedy(run: Run) -> str:
    if run.record.get("seeds"):
        return "the mean of several networks is that of their last epochs: leave --best out"
    if run.status == COMPLETED:
        return "it was removed: train the run anew"
    trust = plugins.trusting(run.record["config"].get("plugins") or [])
    return f"python -m runner resume {run.folder}{trust} trains it to the end"
