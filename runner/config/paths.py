"""Where configs and data are: the folders of configs, and relative paths made absolute."""

import dataclasses
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from runner.config.schema import Config


def config_dir() -> Path:
    """The folder conf/: inside the package in an installed wheel, next to the package in a checkout."""
    package = Path(str(resources.files("runner")))
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


@dataclass(frozen=True)
class Place:
    """Where configs are: the folder of the primary one, its name, and further folders of the user's."""

    folder: Path
    name: str = "config"
    further: tuple[Path, ...] = ()


def with_absolute_path(config: Config, base: Path | None = None) -> Config:
    """A config whose `dataset.path` and `dataset.test` are absolute, so that the data is found again from any folder.

    Relative ones are relative to `base`, by default the current folder.
    """
    given = {name: getattr(config.dataset, name, None) for name in ("path", "test")}
    paths: dict[str, Any] = {
        name: str((base or Path.cwd()) / os.path.expanduser(path)) for name, path in given.items() if path
    }
    return dataclasses.replace(config, dataset=dataclasses.replace(config.dataset, **paths)) if paths else config
