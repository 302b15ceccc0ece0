"""`test RUN`: open the test set for a recorded run as it stands."""

import argparse
from pathlib import Path

from runner.cli import exit_status, run_display, trust
from runner.config import hydra_adapter
from runner.config.plugins import Trust
from runner.errors import refuse_usage
from runner.experiment import test_set
from runner.inference import load
from runner.runs.test_ledger import LEDGER
from runner.system.console import say

USAGE = "python -m runner test RUN [--best] [--trust]"


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
    trust.add_option(parser)
    parser.error = refuse_usage(USAGE)  # type: ignore[method-assign, assignment]
    options = parser.parse_intermixed_args(words)
    test = test_set.of_run(load.load(options.run, Trust(options.trust), best=options.best), LEDGER)
    say(run_display.tested(test))
    return 0
