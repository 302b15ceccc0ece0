"""What a command line asks for besides training: help, versions, and the composed config."""

import argparse
from importlib import metadata

from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner.config import compose, hydra_adapter, overrides
from runner.config.compose import Place

FLAGS = ("help", "hydra_help", "cfg", "info", "shell_completion")


def usage() -> str:
    """The text of --help, as Hydra would print it after composing everything, which takes a second."""
    text = OmegaConf.load(compose.config_dir() / "hydra" / "help" / "runner.yaml")
    return str(OmegaConf.create({"hydra": {"help": text}}).hydra.help.template)


def versions() -> str:
    """One line: the runner and the libraries that it stands on."""
    others = ", ".join(f"{name} {metadata.version(name)}" for name in ("keras", "tensorflow", "hydra-core"))
    return f"keras-experiment-runner {metadata.version('keras-experiment-runner')} ({others})"


def inform(words: list[str], flags: argparse.Namespace, place: Place) -> None:
    """Print what one of the FLAGS asks for. Raises ConfigError."""
    if flags.cfg and flags.multirun:
        return _show_jobs(flags, place)
    compose.register_schema()
    try:
        _hydra(overrides.opened(words), place)
    except (HydraException, OmegaConfBaseException):
        compose.plan(flags.overrides, flags.multirun, place)  # says it better
        raise


def _show_jobs(flags: argparse.Namespace, place: Place) -> None:
    """Print the config of each job of a sweep, below its words."""
    plan = compose.plan(flags.overrides, True, place)
    shown = ["--cfg", flags.cfg, *(["--package", flags.package] if flags.package else [])]
    shown += ["--resolve"] if flags.resolve else []
    hydras = [word for word in flags.overrides if word.lstrip("+~").startswith(("hydra.", "hydra/"))]
    for number, job in enumerate(plan.jobs):
        print("# job", number, *job.words, flush=True)
        _hydra([*shown, *hydras, *job.words], place)


def _hydra(words: list[str], place: Place) -> None:
    hydra_adapter.run(words, place.folder, place.name, place.further, lambda composed: None)
