"""The final model: the setting and number of epochs that validation chose, trained on all but the test set."""

import dataclasses
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from runner.config import compose, plugins
from runner.config.dotted import flat
from runner.config.plugins import Trust
from runner.config.schema import Config
from runner.datasets.base import Data
from runner.errors import ConfigError, DataError
from runner.experiment import preflight
from runner.experiment import run as experiment
from runner.experiment.preflight import Checked
from runner.experiment.progress import Progress
from runner.formatting import shown
from runner.runs import reuse, shape
from runner.runs.folder import CHOICE, OUTPUTS, PLAN, RECORD, logged, read_json, read_test
from runner.runs.status import COMPLETED
from runner.runs.writer import Outcome
from runner.selection import ensemble
from runner.selection.choice import Choice
from runner.system import files

AGAINST = "last"  # the folder of the network of all epochs


@dataclass(frozen=True)
class Final:
    """What choice.json holds: all that is needed to train the final model, or to go on with it.

    config  of the run, whose seed is the first of `seeds`; one network for each
    against number of epochs of the network that is tested too; None without one
    choice  what `Choice.entries` tells
    """

    folder: Path
    config: Config
    overrides: list[str]
    seeds: list[int]
    against: int | None
    choice: dict[str, Any]

    def members(self) -> list[tuple[Path, Config]]:
        """The runs to train, each with its folder: one in the final folder, several in folders below it."""
        if len(self.seeds) == 1:
            return [(self.folder, self.config)]
        single = _changed(self.config, evaluate_test=False)
        return [(self.folder / f"seed={seed}", dataclasses.replace(single, seed=seed)) for seed in self.seeds]

    def network_of_all_epochs(self) -> tuple[Path, Config]:
        """The run that is tested too, with its folder."""
        assert self.against is not None
        return self.folder / AGAINST, _changed(self.config, epochs=self.against)

    def runs(self) -> list[tuple[Path, Config]]:
        """All runs, each with its folder."""
        return [*self.members(), *([] if self.against is None else [self.network_of_all_epochs()])]

    def test(self) -> dict[str, Any]:
        """What the test said. Raises OSError where it has not been opened yet."""
        return read_test(self.folder)

    def test_of_all_epochs(self) -> dict[str, Any] | None:
        return None if self.against is None else read_test(self.folder / AGAINST)


def _changed(config: Config, **changes: Any) -> Config:
    return dataclasses.replace(config, training=dataclasses.replace(config.training, **changes))


def plan(
    choice: Choice,
    folder: Path,
    seeds: int,
    trust: Trust = plugins.NONE,
    *,
    keep_updates: bool,
    against_last: bool,
) -> Final:
    """What the final model of a choice is; nothing is written.

    Raises ConfigError where a record is of another version, or names modules that are not trusted.

    It has all examples that are not of the test, so an epoch has more updates: `keep_updates` chooses the number of
    epochs whose updates are nearest to those of the choice, at least one epoch. `against_last` tests the network of all
    epochs too, where that is another one.
    """
    run = choice.setting.runs[0]
    epochs = choice.epochs
    if keep_updates:
        dataset, batch_size = run.record["dataset"], run.record["config"]["training"]["batch_size"]
        in_an_epoch = -(-(dataset["train"] + dataset["validation"]) // batch_size)
        epochs = max(1, round(choice.updates / in_an_epoch))
    config = compose.from_record(run.record["config"], trust)
    config = _changed(
        config,
        epochs=epochs,
        validation_split=0,
        split_seed=None,
        folds=None,
        fold=None,
        early_stopping=dataclasses.replace(config.training.early_stopping, patience=None),
        evaluate_test=True,
    )
    config = dataclasses.replace(config, plan=False, exclude=None)
    entries = choice.entries() | {"kept": "updates" if keep_updates else "epochs", "epochs": epochs}
    return Final(
        folder=folder,
        config=config,
        overrides=_words(run.record["overrides"], run.record["config"], config),
        seeds=[config.seed + number for number in range(seeds)],
        against=choice.longest if against_last and choice.longest != epochs else None,
        choice=entries,
    )


def _words(words: Sequence[str], before: dict[str, Any], config: Config) -> list[str]:
    """The words of a config that was made from another by changes of values."""
    known = dict(flat(before))
    changed = {key: shown(value) for key, value in flat(dataclasses.asdict(config)) if known.get(key) != value}
    kept = [word for word in words if word.lstrip("+~").partition("=")[0] not in changed]
    return [*kept, *(f"{key}={value}" for key, value in changed.items())]


def new_folder(now: datetime) -> Path:
    """The folder of a final model that is begun now."""
    return OUTPUTS / "final" / f"{now:%Y-%m-%d/%H-%M-%S-%f}"


def check(choice: Choice, final: Final) -> list[Checked]:
    """Check the configs of a final model, its folder, and that data and plugins are those of the runs compared.

    Raises ConfigError, DataError; nothing is written.
    """
    held = (found for name in (CHOICE, PLAN, RECORD) for found in final.folder.rglob(name))
    if any(held):
        raise ConfigError([f"--to must not hold runs already; got {final.folder}: give another folder"])
    checked = preflight.check([config for _, config in final.runs()])
    data = checked[0].data
    _refuse_changes(choice.setting.runs[0].record, final.config, data)
    if not len(data.test):
        raise ConfigError([f"dataset: {data.no_test}, and compare again; nothing would test the final model"])
    return checked


def _refuse_changes(record: dict[str, Any], config: Config, now: Data) -> None:
    """Raises ConfigError where data or code is not that of a run that was compared."""
    recorded, code = record["dataset"], plugins.sources(config.plugins)
    problems = []
    if recorded["fingerprint"] != now.fingerprint:
        problems.append(
            f"dataset: the data has changed since the runs were compared; recorded {recorded['fingerprint'][:12]} "
            f"({recorded['source']}), now {now.fingerprint[:12]} ({now.source}): put the data back, or train anew"
        )
    then = record.get("plugin_sources") or {}
    if edited := sorted(name for name, source in then.items() if code.get(name) != source):
        problems.append(
            f"plugins: the code of {', '.join(edited)} has changed since the runs were compared: train them anew"
        )
    if problems:
        raise ConfigError(problems)


def write(final: Final) -> None:
    """Write choice.json, before anything is trained. Raises OSError."""
    entries = final.choice | {
        "seeds": final.seeds,
        "against": final.against,
        "overrides": final.overrides,
        "config": dataclasses.asdict(final.config),
    }
    files.write(final.folder / CHOICE, json.dumps(entries, indent=2, allow_nan=False) + "\n", durable=True)


def read(folder: Path, trust: Trust = plugins.NONE) -> Final:
    """The final model that a folder was made for.

    Raises DataError where its choice.json is damaged, ConfigError where it names modules that are not trusted.
    """
    try:
        entries = read_json(folder / CHOICE)
        shape.refuse_damaged(entries, shape.CHOICE)
        mine = {name: entries.pop(name, None) for name in ("seeds", "against", "overrides", "config")}
        config = compose.from_record(mine["config"], trust)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{folder / CHOICE} is damaged ({error}): choose anew with python -m runner final") from None
    found = Final(folder, config, mine["overrides"], mine["seeds"], mine["against"], entries)
    for place, _ in found.runs():
        if place != folder and not files.is_inside(folder, place.name):
            raise DataError(f"{place} is a link that leads out of the folder of the final model: remove it")
    return found


def train(
    final: Final,
    run_roots: Sequence[Path],
    ledger: Path,
    progress: Callable[[], Progress],
    *,
    force: bool = False,
) -> Outcome:
    """Train what is not trained yet, open the test set once, and tell how the last run ended that was begun.

    `progress` makes what shows a run.
    """

    def run(folder: Path, config: Config) -> Outcome:
        with logged(folder):
            return experiment.run(
                config,
                folder,
                _words(final.overrides, dataclasses.asdict(final.config), config),
                run_roots=run_roots,
                epochs_to_keep=reuse.doublings(config),
                ledger=ledger,
                force=force,
                progress=progress(),
            )

    steps = [functools.partial(run, folder, config) for folder, config in final.members()]
    if len(final.seeds) > 1:
        steps.append(functools.partial(ensemble.test, final.folder, final.members(), ledger))
    if final.against is not None:
        steps.append(functools.partial(run, *final.network_of_all_epochs()))
    for step in steps:
        outcome = step()
        if outcome.status != COMPLETED or outcome.signal:
            break
    return outcome
