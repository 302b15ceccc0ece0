"""A user's own modules: imported by name, and identified by a hash of the code that was imported."""

import ast
import functools
import hashlib
import importlib
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from runner.errors import ConfigError
from runner.system import backend, signals

# Folders of libraries, whose code is identified by their version.
LIBRARIES = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib"))
# By name: the module, or None if it was not imported when its file was read, and the SHA-256 of its file.
_hashed: dict[str, tuple[ModuleType | None, str]] = {}
TRUST = "--trust"
_imported_with: dict[str, set[str]] = {}  # by plugin: the modules of the user's that its import imported too


@dataclass(frozen=True)
class Trust:
    """Which modules that a record names may be imported: every one, or those that the user names.

    A record may come from a stranger, and importing a module runs the code in it.
    """

    every: bool = False
    names: frozenset[str] = frozenset()

    def untrusted(self, modules: Iterable[str]) -> list[str]:
        """A refusal for each module that may not be imported, with the file that it would come from."""
        return [
            f"plugins: the record asks for {each}, {_origin(each)}, and importing it runs the code in it: if you trust "
            f"that code, add {TRUST} (from Python: trust=True)"
            for each in ([] if self.every else sorted({*modules} - self.names))
        ]


NONE = Trust()


def trusting(modules: Iterable[str]) -> str:
    """The option that a command for going on needs, with a blank before it; empty for a run without modules."""
    return f" {TRUST}" if list(modules) else ""


def _origin(name: str) -> str:
    before = list(sys.path)
    _look_here()
    file = _file(name)
    sys.path[:] = before  # nothing that is imported later may come from here
    return f"from {file}" if file else f"which is found neither in {os.getcwd()} nor where Python finds packages"


def _look_here() -> None:
    """Let Python look for modules in the current folder, after the libraries.

    The console script does not look there, and a file named like a library must not stand in for it.
    """
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())


def load(modules: Iterable[str]) -> None:
    """Import the modules that register a user's own names, and remember their code. Raises ConfigError."""
    names = list(modules)
    problems = [f"plugins must name modules, without .py; got {each}" for each in names if each.endswith(".py")]
    if problems:
        raise ConfigError(problems)
    if names:
        _look_here()
    if names and all(map(is_found, names)):
        backend.start()  # a plugin may import Keras, which writes to the terminal unless it is started so
    for name in names:
        try:
            _import(name)
        except (Exception, SystemExit) as error:
            if interruption := signals.behind(error):
                raise interruption from None
            problems.append(
                f"plugins: {name} cannot be imported: {type(error).__name__}: {error}; "
                f"modules are looked for in {os.getcwd()} and where Python finds packages"
            )
    if problems:
        raise ConfigError(problems)


def is_found(module: str) -> bool:
    """Whether Python finds a module."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def sources(modules: Iterable[str]) -> dict[str, str]:
    """The code that plugins use: the SHA-256 of each of the user's own modules, as it was when imported.

    Libraries that they import are given by their version. Files of data that a module reads are not included.
    """
    found: dict[str, str] = {}
    owned = {name.partition(".")[0] for name in modules}
    ahead = sorted({*modules, *(each for name in modules for each in _imported_with.get(name, ()))})
    while ahead:
        name = ahead.pop()
        if name in found or name.partition(".")[0] == "runner":
            continue
        file = _file(name)
        if name.partition(".")[0] not in owned and (file is None or _is_library(file)):
            found |= _library_version(name)
        elif file is not None:
            found[name] = _hash(name, file)
            ahead += _imports(name, file, found[name])
    return found


def _import(name: str) -> None:
    """Import a module, and hash the code that it uses before anybody can edit it.

    No byte code is written: Python recognises an outdated one by the second and the size of the source, which an edit
    may leave as they were.
    """
    before, writes = set(sys.modules), sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        importlib.import_module(name)
    finally:
        sys.dont_write_bytecode = writes
    new = set(sys.modules) - before
    _imported_with.setdefault(name, set()).update(each for each in new if _is_own(each))
    sources([name])


def _is_own(name: str) -> bool:
    file = _file(name)
    return file is not None and not _is_library(file)


def _is_library(file: Path) -> bool:
    return any(file.is_relative_to(folder) for folder in LIBRARIES)


def _library_version(name: str) -> dict[str, str]:
    top = name.partition(".")[0]
    version = getattr(sys.modules.get(top), "__version__", None)
    known = top in sys.stdlib_module_names or not isinstance(version, str)
    return {} if known else {top: f"version {version}"}


def _hash(name: str, file: Path) -> str:
    module, digest = _hashed.get(name, (None, ""))
    if not digest or (module is not None and sys.modules.get(name) is not module):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        _hashed[name] = (sys.modules.get(name), digest)
    return digest


def _file(name: str) -> Path | None:
    """The file of a module, imported or not; None if it has none. Nothing is imported to find it."""
    module = sys.modules.get(name)
    if module is not None:
        origin = getattr(module, "__file__", None)
        return Path(origin).resolve() if origin else None
    top, *rest = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if not rest:
        return Path(spec.origin).resolve() if spec and spec.has_location and spec.origin else None
    for folder in (spec.submodule_search_locations if spec else None) or ():
        place = Path(folder, *rest)
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return file.resolve()
    return None


@functools.cache
def _imports(name: str, file: Path, digest: str) -> list[str]:
    """The modules that a file names in import statements anywhere in it, and their packages."""
    if file.suffix != ".py":
        return []
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return []
    named = {each for node in ast.walk(tree) for each in _named(node, package)}
    return sorted({".".join(parts[:end]) for parts in map(_split, named) for end in range(1, len(parts) + 1)})


def _named(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        levels = package.split(".")
        above = levels[: len(levels) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names if base)  # a module, or a name within one


def _split(name: str) -> list[str]:
    return [part for part in name.split(".") if part]
