"""What a command line asks for besides training: help, versions, and the composed config."""

import argparse
from importlib import metadata

from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner.config import hydra_adapter, overrides
from runner.config.paths import Place, config_dir
from runner.config.plan import plan_of

FLAGS = ("help", "hydra_help", "cfg", "info", "shell_completion")


def usage() -> str:
    """The text of --help, as Hydra would print it after composing everything, which takes a second."""
    text = OmegaConf.load(config_dir() / "hydra" / "help" / "runner.yaml")
    return str(OmegaConf.create({"hydra": {"help": text}}).hydra.help.template)


def versions() -> str:
    """One line: the runner and the libraries that it stands on."""
    others = ", ".join(f"{name} {metadata.version(name)}" for name in ("keras", "tensorflow", "hydra-core"))
    return f"keras-experiment-runner {metadata.version('keras-experiment-runner')} ({others})"


def inform(words: list[str], flags: argparse.Namespace, place: Place) -> None:
    """Print what one of the FLAGS asks for. Raises ConfigError."""
    if flags.cfg and flags.multirun:
        return _show_jobs(flags, place)
    try:
        hydra_adapter.run(overrides.opened(words), place, lambda composed: None)
    except (HydraException, OmegaConfBaseException):
        plan_of(flags.overrides, flags.multirun, place)  # says it better
        raise


def _show_jobs(flags: argparse.Namespace, place: Place) -> None:
    """Print the config of each job of a sweep, below its words."""
    plan = plan_of(flags.overrides, True, place)
    shown = ["--cfg", flags.cfg, *(["--package", flags.package] if flags.package else [])]
    shown += ["--resolve"] if flags.resolve else []
    hydras = [word for word in flags.overrides if word.lstrip("+~").startswith(("hydra.", "hydra/"))]
    for job in plan.jobs:
        print("# job", job.number, *job.words, flush=True)
        hydra_adapter.run([*shown, *hydras, *job.words], place, lambda composed: None)
