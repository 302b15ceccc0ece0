"""conf/ as a user reads it: every key explained, none too many, none missing, and a help that fits the screen."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from runner.config import schema
from runner.config.paths import config_dir
from tests.conftest import Command

CONF = config_dir()
SCHEMAS: dict[str, type] = {
    "config.yaml": schema.Config,
    "training/default.yaml": schema.Training,
    **{f"{group}/{name}.yaml": option for group, of in schema.GROUPS.items() for name, option in of.items()},
}
RECIPES = sorted(path.relative_to(CONF).as_posix() for path in (CONF / "experiment").glob("*.yaml"))


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(path))  # type: ignore[assignment]
    return found


def entries(path: Path) -> dict[str, Any]:
    """What a YAML file sets, without what Hydra reads."""
    return {key: value for key, value in loaded(path).items() if key not in ("defaults", "hydra")}


def leaves(node: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def schema_leaves(schema: type, prefix: str = "") -> Iterator[str]:
    for each in fields(schema):
        if isinstance(each.type, type) and is_dataclass(each.type):
            yield from schema_leaves(each.type, f"{prefix}{each.name}.")
        else:
            yield f"{prefix}{each.name}"


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def test_every_file_of_a_group_has_its_schema_here() -> None:
    files = {path.relative_to(CONF).as_posix() for path in CONF.rglob("*.yaml")}
    assert {each for each in files if not each.startswith("hydra/")} == {*SCHEMAS, *RECIPES}


@pytest.mark.parametrize("name", [*SCHEMAS])
def test_every_field_has_a_comment_beside_it(name: str) -> None:
    lines = (CONF / name).read_text().splitlines()
    for key in leaves(entries(CONF / name)):
        leaf = key.rpartition(".")[2]
        of_key = [line for line in lines if line.strip().startswith(f"{leaf}:")]
        assert of_key, key
        assert all("  # " in line for line in of_key), key


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_says_what_it_shows(name: str) -> None:
    comments = [line for line in (CONF / name).read_text().splitlines() if line.startswith("# ")]
    assert [line for line in comments if "@package" not in line]


@pytest.mark.parametrize("name", [each for each in SCHEMAS if each != "config.yaml"])
def test_the_keys_of_a_file_are_those_of_its_schema(name: str) -> None:
    assert sorted(leaves(entries(CONF / name))) == sorted(schema_leaves(SCHEMAS[name]))


def test_the_top_level_keys_and_groups_are_those_of_the_schema() -> None:
    defaults = loaded(CONF / "config.yaml")["defaults"]
    groups = {key for each in defaults if isinstance(each, dict) for key in each if "hydra/" not in key}
    own = set(entries(CONF / "config.yaml"))
    assert own | groups - {"experiment"} == {each.name for each in fields(schema.Config)}


@pytest.mark.parametrize("group", ["dataset", "model", "optimizer", "training", "experiment"])
def test_the_comment_beside_a_group_names_its_options(group: str) -> None:
    line = next(each for each in (CONF / "config.yaml").read_text().splitlines() if f"- {group}:" in each)
    for option in options(group):
        assert option in line.partition("#")[2]


@pytest.mark.parametrize("name", [each for each in SCHEMAS if "/" in each])
def test_the_name_in_a_file_is_that_of_the_file(name: str) -> None:
    assert entries(CONF / name).get("name", Path(name).stem) == Path(name).stem


def test_help_names_every_option_of_every_group_on_one_screen(runner: Command, tmp_path: Path) -> None:
    asked = runner("--help")
    assert (asked.returncode, asked.stderr, [*tmp_path.iterdir()]) == (0, "", [])
    lines = asked.stdout.rstrip().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 110
    for group in ("dataset", "model", "optimizer", "experiment"):
        line = next(each for each in lines if f" {group}  " in each)
        assert sorted(each.strip(",") for each in line.partition(f" {group}  ")[2].split()) == options(group)


def test_help_names_only_keys_that_there_are(runner: Command) -> None:
    known = {key for name in SCHEMAS for key in leaves(entries(CONF / name), _prefix(name))}
    words = [word.partition("=")[0] for word in runner("--help").stdout.split() if "=" in word and "[" not in word[:1]]
    keys = {word for word in words if word not in ("key",) and not word.startswith(("hydra.", "hydra/"))}
    assert keys
    assert keys <= known


def _prefix(name: str) -> str:
    return f"{name.partition('/')[0]}." if "/" in name else ""
