"""Recorded runs and sweeps as objects for a notebook: tables, pictures, networks, predictions."""

import functools
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.compare import comparison, wording
from runner.compare.comparison import Comparison
from runner.config.plugins import Trust
from runner.errors import ConfigError
from runner.formatting import from_spreadsheet, number, one_line
from runner.inference import inputs, predictions
from runner.inference import load as loading
from runner.runs import reader, search
from runner.runs.folder import CHOICE, PLAN, RECORD, TEST, read_json
from runner.runs.writer import DatasetInfo
from runner.sweeps.summary import SUMMARY

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Picture:
    """A picture that a notebook shows.

    png  the file as bytes
    """

    png: bytes

    def save(self, path: str | Path) -> None:
        """Write it to a file. Raises OSError."""
        Path(path).write_bytes(self.png)

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return f"a picture of {len(self.png) / 1000:.0f} kB, which a notebook shows; save(FILE) writes it"


class Run:
    """A recorded run, as it stood when it was loaded.

    folder   its folder
    record   what run.json holds
    status   completed, failed, interrupted, running or crashed
    """

    def __init__(self, folder: str | Path, *, trust: bool = False) -> None:
        self.folder, self._trust = Path(folder), Trust(trust)
        try:
            self._run = reader.load(self.folder)
        except (OSError, ValueError) as error:
            raise ConfigError([f"{self.folder} cannot be read as a run: {error}"]) from None
        self.record: dict[str, Any] = self._run.record
        self.status = self._run.status

    @property
    def config(self) -> dict[str, Any]:
        """The whole config, by groups."""
        found: dict[str, Any] = self.record["config"]
        return found

    @property
    def best_epoch(self) -> int | None:
        """The epoch, from 1, with the best monitored value; None before the first epoch."""
        return self.record["best_epoch"]

    @property
    def metrics(self) -> "pd.DataFrame":
        """metrics.csv: a row for each epoch, which is the index, from 1."""
        return _by_epoch(self._run.metrics)

    @property
    def timings(self) -> "pd.DataFrame":
        """timings.csv: a row for each epoch, which is the index, from 1."""
        return _by_epoch(self._run.timings)

    @property
    def test(self) -> dict[str, Any] | None:
        """What test.json holds; None where the test set was not opened."""
        return _json_of(self.folder / TEST)

    @property
    def choice(self) -> dict[str, Any] | None:
        """What choice.json holds; None for a run that is no final model."""
        return _json_of(self.folder / CHOICE)

    @property
    def model(self) -> Any:
        """The keras.Model after the last epoch. Raises ConfigError, DataError."""
        return self._loaded(False).network

    @property
    def best_model(self) -> Any:
        """The keras.Model after the best epoch. Raises ConfigError, DataError."""
        return self._loaded(True).network

    def predict(self, examples: str | Path | Iterable[str | Path], *, best: bool = False) -> "pd.DataFrame":
        """What the network says of examples.

        Parameters
        ----------
        examples
            Texts where the run was trained on texts, else paths of PNG, JPEG or .npy files; one, or several.
        best
            Whether the network after the best epoch answers, and not the one after the last.

        Returns
        -------
        pandas.DataFrame
            A row for each example: `input`, `label`, `probability` of that label, a column of probabilities for each
            class, and `remark`: unknown words, or how an image was changed.

        Raises
        ------
        ConfigError, DataError
            Where an example, or the network, cannot be used.
        """
        import pandas as pd

        given = [examples] if isinstance(examples, str | Path) else list(examples)
        loaded = self._loaded(best)
        read = inputs.read(loaded, [str(each) for each in given])
        said = predictions.predict(loaded, read.rows)
        rows = [
            {"input": name, "label": each.label, "probability": each.probability, **each.by_name(), "remark": remark}
            for name, each, remark in zip(read.names, said, read.remarks, strict=True)
        ]
        return pd.DataFrame(rows)

    def plot(self) -> Picture:
        """Loss and the monitored metric by epoch, the best epoch marked. Raises ConfigError before the first epoch."""
        from runner.runs import learning_curves

        run = self._run
        if not run.metrics:
            raise ConfigError([f"{self.folder} has no epoch to draw: it is {self.status}"])
        title = f"{self._dataset.label}, best {run.monitor.name} in epoch {self.best_epoch}"
        return Picture(learning_curves.curves(run.metrics, title, run.monitor, self.best_epoch))

    @functools.cache  # noqa: B019  # a network is loaded once
    def _loaded(self, best: bool) -> loading.LoadedRun:
        return loading.load(self.folder, self._trust, best=best)

    @property
    def _dataset(self) -> DatasetInfo:
        known = self.record["dataset"]
        return DatasetInfo(**{name: known.get(name) for name in DatasetInfo.__dataclass_fields__})

    def _lines(self) -> list[str]:
        """The run in a few lines of text."""
        lines = [f"{self.folder}: {self.status}, {self.record['epochs']} epochs"]
        best = self._run.best
        if best:
            values = ", ".join(f"{name} {number(value)}" for name, value in best.items() if name != "epoch")
            lines.append(f"best epoch: {self.best_epoch}, {values}")
        if test := self.test:
            accuracy = f"{number(test['accuracy'])} ± {number(test['accuracy_standard_error'])}"
            earlier = f", after epoch {test['epoch']}" if test["epoch"] != self.record["epochs"] else ""
            lines.append(f"test: accuracy {accuracy}{earlier}")
        return lines

    def __repr__(self) -> str:
        return "\n".join(map(one_line, self._lines()))

    def _repr_html_(self) -> str:
        return "<br>".join(map(html.escape, self._lines()))


class Sweep:
    """The runs of a sweep, as they stood when it was loaded.

    folder  its folder
    runs    the runs that have begun, by job
    """

    def __init__(self, folder: str | Path, *, trust: bool = False) -> None:
        self.folder = Path(folder)
        self.runs = [Run(each.folder, trust=trust) for each in search.runs([self.folder], warn=lambda text: None)]

    @property
    def summary(self) -> "pd.DataFrame":
        """summary.csv: a row for each planned job."""
        import pandas as pd

        table = pd.read_csv(self.folder / SUMMARY).rename(columns=from_spreadsheet)
        return table.map(lambda value: from_spreadsheet(value) if isinstance(value, str) else value)

    @property
    def settings(self) -> "pd.DataFrame":
        """A row for each setting, the best first, as `runner.compare.table` gives it."""
        from runner.compare import table

        return table(self.folder)

    def plot(self) -> Picture:
        """The settings with their intervals, the curves, the effects. Raises ConfigError without a completed run."""
        from runner.compare import picture

        found = self._compared()
        if not found.tables:
            raise ConfigError([f"{self.folder} has no completed run to draw"])
        return Picture(picture.comparison(found.tables))

    def _compared(self) -> Comparison:
        return comparison.compare(each._run for each in self.runs)

    def _lines(self) -> list[str]:
        """The sweep in a few lines of text: the answer of `compare`."""
        answers = [line for judged in self._compared().tables for line in wording.answer(judged)]
        return [f"{self.folder}: {len(self.runs)} runs", *answers]

    def __repr__(self) -> str:
        return "\n".join(map(one_line, self._lines()))

    def _repr_html_(self) -> str:
        return "<br>".join(map(html.escape, self._lines()))


def load(path: str | Path, *, trust: bool = False) -> Run | Sweep:
    """The run or the sweep of a folder.

    Parameters
    ----------
    path
        The folder.
    trust
        Whether the network of a run may import the modules that the record names as its plugins, which runs their code.
        Tables and pictures need none of them.

    Raises
    ------
    ConfigError
        Where the folder holds neither, or cannot be read.
    """
    folder = Path(path)
    if (folder / RECORD).is_file():
        return Run(folder, trust=trust)
    if (folder / PLAN).is_file():
        return Sweep(folder, trust=trust)
    raise ConfigError([f"{folder} holds no run and no sweep: give the folder with {RECORD} or {PLAN}"])


def _by_epoch(rows: Sequence[dict[str, Any]]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(rows).astype({"epoch": int}).set_index("epoch") if rows else pd.DataFrame()


def _json_of(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    return read_json(path)
