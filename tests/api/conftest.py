"""A process in which nothing of the runner has written a log yet, as that of a program that calls it."""

import logging

import pytest


@pytest.fixture(autouse=True)
def no_log_of_an_earlier_command() -> None:
    """A command in this process leaves the log of its run open, which Hydra closes with the next one."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, logging.FileHandler)]:
        root.removeHandler(handler)
        handler.close()
