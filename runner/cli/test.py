"""`test RUN`: open the test set for a recorded run as it stands."""

import argparse
from pathlib import Path

from runner.cli import exit_status, run_display
from runner.cli.launch import check
from runner.config import compose, hydra_adapter
from runner.datasets.catalog import register_built_in
from runner.errors import ConfigError, refuse_usage
from runner.experiment import test_set
from runner.runs import writer
from runner.runs.folder import BEST_MODEL, MODEL
from runner.runs.test_ledger import LEDGER
from runner.system.console import say

USAGE = "python -m runner test RUN [--best]"


def main(words: list[str]) -> int:
    """The exit code: 0 done, 1 the data or a disk cannot be used, 2 refused, 130 and 143 interrupted."""
    return exit_status.guarded(lambda: _test(words))


@hydra_adapter.refusals()
def _test(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        usage=USAGE,
        description="Evaluate the network of a run on the test set, and enter the look in outputs/test-ledger.jsonl.",
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="the folder of a run")
    parser.add_argument("--best", action="store_true", help="the network after the best epoch, not after the last one")
    parser.error = refuse_usage(USAGE)  # type: ignore[method-assign, assignment]
    options = parser.parse_intermixed_args(words)
    register_built_in()
    return _evaluate(options.run, BEST_MODEL if options.best else MODEL)


def _evaluate(folder: Path, file: str) -> int:
    record = writer.read(folder)
    if not record:
        raise ConfigError([f"{folder} holds no run: give the folder of one"])
    if not (folder / file).is_file():
        raise ConfigError([f"{folder} has no {file}: continue it with python -m runner resume {folder}"])
    (checked,) = check([compose.from_record(record["config"])])
    recorded, now = record["dataset"], checked.data
    if recorded["fingerprint"] != now.fingerprint:
        raise ConfigError(
            [f"dataset: {now.label} is not the data of {folder}: put the data back that it was trained on"]
        )
    test = test_set.of_run(folder, checked, file, LEDGER)
    say(run_display.tested(test))
    return 0
