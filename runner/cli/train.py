"""`python -m runner …`: Hydra in, one typed config out; all is checked before Hydra makes a folder or runs a job."""

import argparse
import os
from pathlib import Path

from runner.cli import information
from runner.cli.exit_status import guarded
from runner.config import hydra_adapter
from runner.config.paths import Place, config_dir
from runner.datasets.catalog import register_built_in
from runner.errors import ConfigError
from runner.sweeps import planning
from runner.system.console import say


def main(words: list[str]) -> int:
    """Train what a command line says, once or as a sweep, and return the exit code."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # the exceptions of Hydra reach us, and become one line each
    if "--version" in words:
        say(information.versions())
        return 0
    if words in (["--help"], ["-h"]):
        say(information.usage())
        return 0
    return guarded(lambda: _train(words))


@hydra_adapter.refusals()
def _train(words: list[str]) -> int:
    register_built_in()
    flags = hydra_adapter.flags(words)
    place = place_of(flags)
    if any(getattr(flags, name) for name in information.FLAGS):
        information.inform(words, flags, place)
        return 0
    plan = planning.plan(flags.overrides, flags.multirun, place)

    from runner.cli import launch  # half a second, which a wrong word need not wait for

    return launch.launch(plan, place)


def place_of(flags: argparse.Namespace) -> Place:
    """Where the flags say that configs are. Raises ConfigError."""
    folder = Path(flags.config_path).absolute() if flags.config_path else config_dir()
    further = (Path(flags.config_dir).absolute(),) if flags.config_dir else ()
    missing = [each for each in (folder, *further) if not each.is_dir()]
    if missing:
        raise ConfigError([f"the config folder {each} does not exist" for each in missing])
    return Place(folder, flags.config_name or "config", further)
