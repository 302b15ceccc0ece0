"""`--trust`, the option of every verb that loads a record: whether the modules that it names are imported."""

import argparse

from runner.config.plugins import TRUST


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option, as `trust`."""
    parser.add_argument(
        TRUST,
        action="store_true",
        help="run the code of the modules that the record names as its plugins; without it they are refused by name",
    )
