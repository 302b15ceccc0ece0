"""The folders of a command as Hydra names them, told before it runs; and the words that make it use just these."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from omegaconf import DictConfig, OmegaConf, flag_override

from runner.config.slug import slug

# What conf/config.yaml says, and what it said when 1.3 was the newest Hydra: with either a folder is quick to name.
SUBDIRS = (
    "${hydra.job.num}_${runner.slug:${runner.words:}}",
    "${hydra.job.num}_${runner.slug:${hydra.job.override_dirname}}",
)


def job_folder(
    hydra_config: DictConfig, number: int, overrides: Sequence[Override], constant: Sequence[str]
) -> str | None:
    """A job's folder in that of the sweep; None where `hydra.sweep.subdir` is not that of conf/."""
    subdir = OmegaConf.to_container(hydra_config.sweep, resolve=False)["subdir"]  # type: ignore[index,call-overload]
    if subdir not in SUBDIRS:
        return None
    given = [str(each.input_line) for each in overrides if each.key_or_group not in _excluded(hydra_config, constant)]
    return f"{number}_{slug(_dirname(hydra_config, given))}"


def fill_in(
    settings: DictConfig, overrides: Sequence[Override], constant: Sequence[str] = (), number: int | None = None
) -> None:
    """Set in Hydra's settings what Hydra sets when it composes a job, for folders that are named by it."""
    with flag_override(settings, ["struct", "readonly"], False):
        settings.hydra.job.config.override_dirname.exclude_keys = _excluded(settings.hydra, constant)
        settings.hydra.overrides.task = [str(each.input_line) for each in overrides]
        settings.hydra.job.override_dirname = words_of_job(_root_=settings)
        if number is not None:
            settings.hydra.job.num = number
            settings.hydra.job.id = str(number)


def words_of_job(*, _root_: DictConfig) -> str:
    """The resolver `runner.words`: the words of a job, without the excluded keys, as Hydra joins them for a folder."""
    hydra_config: Any = OmegaConf.select(_root_, "hydra") or HydraConfig.get()
    given: Any = OmegaConf.to_container(hydra_config.overrides.task, resolve=False)
    read = zip(given, OverridesParser.create().parse_overrides(given), strict=True)
    excluded = _excluded(hydra_config)
    return _dirname(hydra_config, [word for word, override in read if override.key_or_group not in excluded])


def _dirname(hydra_config: DictConfig, words: list[str]) -> str:
    """As `hydra.job.override_dirname` is made, which Hydra 1.4 gives up."""
    config = hydra_config.job.config.override_dirname
    return re.sub("=", str(config.kv_sep), str(config.item_sep).join(sorted(words)))


def _excluded(hydra_config: DictConfig, constant: Sequence[str] = ()) -> list[str]:
    return [*hydra_config.job.config.override_dirname.exclude_keys, *constant]


def folder_problems(folders: list[str]) -> Iterator[str]:
    """Why the jobs of a sweep cannot each have the folder that `hydra.sweep.subdir` names."""
    for folder, times in Counter(map(os.path.normpath, folders)).items():
        if times > 1:
            yield f"hydra.sweep.subdir must be another for each job; got {folder} {times} times: add ${{hydra.job.num}}"
        if folder == "." or folder.startswith("..") or os.path.isabs(folder):
            yield f"hydra.sweep.subdir must lie inside the sweep's folder; got {folder}"


def run_words(folder: Path) -> list[str]:
    """Words that make Hydra use the planned folder of a run."""
    return [f"hydra.run.dir={_quoted(folder)}"]


def sweep_words(hydra_config: DictConfig, folder: Path, constant: Sequence[str]) -> list[str]:
    """Words that make Hydra use the planned folder of a sweep, and name those of its jobs by the keys that vary."""
    return [
        f"hydra.sweep.dir={_quoted(folder)}",
        f"hydra.job.config.override_dirname.exclude_keys=[{','.join(_excluded(hydra_config, constant))}]",
    ]


def _quoted(folder: Path) -> str:
    return str(QuotedString(str(folder), Quote.single).with_quotes())
