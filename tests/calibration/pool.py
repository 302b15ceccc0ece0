"""Real training, by the runner: a pool of runs of each setting, trained once and kept in a folder."""

import contextlib
import io
import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from runner.config import plugins
from runner.config.plan import plan_of
from runner.config.schema import Config
from runner.runs import reader
from runner.runs.reader import Run
from runner.runs.status import COMPLETED

Job = tuple[Path, Config, list[str], Callable[[Path], None] | None]


def trained(
    folder: Path, settings: Mapping[str, Sequence[str]], count: int, after: Callable[[Path], None] | None = None
) -> dict[str, list[Run]]:
    """`count` runs of each setting, by its name: seeds from 0 on; of folds all five with each seed.

    A run that the folder holds already is not trained again. `after` a training the worker calls that with its folder.
    """
    folders = {name: [folder / name.replace(" ", "_") / str(number) for number in range(count)] for name in settings}
    jobs: list[Job] = [
        (each, job.config, [*job.words], after)
        for name, words in settings.items()
        for each, job in zip(folders[name], plan_of([*words, *repeats(words, count)], multirun=True).jobs, strict=False)
        if not is_completed(each)
    ]
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with ProcessPoolExecutor(multiprocessing.cpu_count(), multiprocessing.get_context("spawn")) as workers:
        list(workers.map(train, jobs))
    return {name: [reader.load(each) for each in folders[name]] for name in settings}


def repeats(words: Sequence[str], count: int) -> list[str]:
    """The words for a sweep of at least that many runs."""
    folds = "training.folds=5" in words
    seeds = ",".join(map(str, range(-(-count // 5) if folds else count)))
    return ["reuse=false", f"seed={seeds}", *(["training.fold=1,2,3,4,5"] if folds else [])]


def is_completed(folder: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return reader.load(folder).status == COMPLETED
    return False


def train(job: Job) -> None:
    from runner.experiment import run as experiment

    folder, config, overrides, after = job
    plugins.load(config.plugins)
    with contextlib.redirect_stdout(io.StringIO()):
        experiment.run(config, folder, overrides)
    if after:
        after(folder)
