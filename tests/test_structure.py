"""The order of the wings, the modules that import TensorFlow, the terminal or Hydra's private parts: README, "Code
structure".
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

import runner

PACKAGE = Path(runner.__file__).parent
# From the top: a wing imports those after it; wings in one line import neither one another nor upward.
ORDER = [
    {"__main__"},
    {"cli"},
    {"sweeps", "selection"},
    {"experiment"},
    {"inference"},
    {"training", "compare"},
    {"datasets", "runs"},
    {"config"},
    {"system"},
    {"errors", "register", "formatting"},
]
FLOOR = {wing: floor for floor, wings in enumerate(ORDER) for wing in wings}
TERMINAL = {"rich", "runner.cli", "runner.system.console"}
KERAS = {"tensorflow", "keras"}


def modules(root: Path = PACKAGE) -> dict[str, Path]:
    """The modules of the package by their dotted names below it."""
    names = {file: ".".join(file.relative_to(root).with_suffix("").parts) for file in root.rglob("*.py")}
    return {name.removesuffix(".__init__"): file for file, name in names.items() if name != "__init__"}


def imports(file: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules that a file imports, late and for types too; a name of a package is the module of that name."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole.removeprefix("runner.") in known or node.module == "runner" else node.module


@functools.cache
def arrows(root: Path = PACKAGE) -> dict[str, list[str]]:
    """For each module what it imports."""
    known = modules(root)
    return {module: list(imports(file, known)) for module, file in known.items()}


def wing_of(module: str) -> str:
    return module.removeprefix("runner.").partition(".")[0]


def upward(root: Path = PACKAGE) -> list[str]:
    """Imports of a wing that does not lie below."""
    return [
        f"{module} imports {imported}"
        for module, every in arrows(root).items()
        for imported in every
        if imported.startswith("runner.") and wing_of(imported) != wing_of(module)
        if FLOOR[wing_of(imported)] <= FLOOR[wing_of(module)]
    ]


def circles(root: Path = PACKAGE) -> list[str]:
    """Modules that import themselves by way of others, late or for types alone too."""
    below = {module: {each.removeprefix("runner.") for each in every} for module, every in arrows(root).items()}

    def reached(module: str) -> set[str]:
        found: set[str] = set()
        ahead = [module]
        while ahead:
            new = below.get(ahead.pop(), set()) - found
            found |= new
            ahead += new
        return found

    return [module for module in below if module in reached(module)]


def importing(names: set[str], root: Path = PACKAGE) -> set[str]:
    """The modules that import one of the names, or what lies in it."""
    return {
        module
        for module, every in arrows(root).items()
        for imported in every
        if any(imported == name or imported.startswith(f"{name}.") for name in names)
    }


def test_no_import_runs_upward() -> None:
    assert upward() == []


def test_no_circle_closes() -> None:
    assert circles() == []


def test_only_training_imports_tensorflow() -> None:
    assert {each for each in importing(KERAS) if wing_of(each) != "training"} == {"system.backend"}


def test_records_and_comparisons_know_no_tensorflow_and_no_terminal() -> None:
    assert {each for each in importing(KERAS | TERMINAL) if wing_of(each) in ("runs", "compare")} == set()


def test_the_terminal_is_known_to_the_command_line_alone() -> None:
    assert {each for each in importing(TERMINAL) if wing_of(each) != "cli"} == {"__main__", "system.console"}


def test_only_the_adapter_knows_what_hydra_keeps_private() -> None:
    assert importing({"hydra._internal"}) == {"config.hydra_adapter"}


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("runs/broken.py", "from runner.cli import train\n", "runs.broken imports runner.cli.train"),
        ("datasets/broken.py", "import runner.runs.reader\n", "datasets.broken imports runner.runs.reader"),
        ("errors.py", "def late():\n    from runner.config import schema\n", "errors imports runner.config.schema"),
    ],
)
def test_an_import_upward_is_found(tmp_path: Path, file: str, line: str, broken: str) -> None:
    for source in modules().values():
        place = tmp_path / source.relative_to(PACKAGE)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(source.read_text())
    (tmp_path / file).write_text(line)
    assert upward(tmp_path) == [broken]


def test_a_circle_is_found(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    for mine, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / "config" / f"{mine}.py").write_text(f"from runner.config import {other}\n")
    assert sorted(circles(tmp_path)) == ["config.a", "config.b", "config.c"]


def test_other_packages_are_found(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "broken.py").write_text("def late():\n    import keras.models\n    from rich import print\n")
    assert importing(KERAS, tmp_path) == importing(TERMINAL, tmp_path) == {"runs.broken"}
