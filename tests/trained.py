"""Files of trained runs, damaged at random, and read by the verbs that use them: a line each, never a traceback."""

import contextlib
import hashlib
import io
import random
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.cli import compare, export, final, predict, resume, test, train
from runner.config import compose
from runner.experiment import run as experiment
from runner.runs import checkpoint
from runner.runs.folder import read_record
from runner.system import archives, backend
from tests import mutations, own_data
from tests.processes import PATIENCE

TEXTS = ["dataset=imdb", "dataset.source=sample", "dataset.num_words=20", "model.depth=0", "training.save_seconds=0"]
TABLE = ["dataset=csv", "dataset.path=tickets.csv", "dataset.features=[age,plan]", "dataset.target=topic"]
STATE = "texts/checkpoints/epoch-000002.state"
PREDICT = ["texts", "a film"]
Look = tuple[Callable[[list[str]], int], list[str]]
# Each file with its share of the mutations, and the commands that read it.
FILES: dict[str, tuple[int, list[Look]]] = {
    STATE: (4, [(resume.main, ["texts", "training.epochs=3"])]),
    "texts/checkpoints/metrics.rows": (1, [(resume.main, ["texts", "training.epochs=3"])]),
    "texts/checkpoints/predictions.rows": (1, [(resume.main, ["texts", "training.epochs=3"])]),
    "texts/run.json": (4, [(resume.main, ["texts"]), (predict.main, PREDICT), (test.main, ["texts"])]),
    "final/run.json": (4, [(resume.main, ["final"]), (test.main, ["final"])]),
    "final/choice.json": (4, [(resume.main, ["final"])]),
    "final/test.json": (4, [(resume.main, ["final"]), (test.main, ["final"])]),
    "outputs/test-ledger.jsonl": (2, [(resume.main, ["final"]), (test.main, ["texts"])]),
    "texts/vocabulary.json": (4, [(predict.main, PREDICT)]),
    "table/columns.json": (4, [(predict.main, ["table", "new.csv"])]),
    "texts/model.keras": (4, [(predict.main, PREDICT), (test.main, ["texts"])]),
    "table/model.keras": (1, [(export.main, ["table", "--to", "out", "--format", "saved_model"])]),
    "texts/.hydra/config.yaml": (1, [(resume.main, ["texts"]), (compare.main, ["texts"])]),
    "texts/.hydra/overrides.yaml": (1, [(resume.main, ["texts"]), (compare.main, ["texts"])]),
}


def campaign(folder: Path, count: int, seed: int) -> str:
    """What was tried. Raises AssertionError for a traceback, a hang, or a state that stopped a run."""
    whole, refused = trained(folder / "trained"), 0
    for number in range(count):
        chance = random.Random(f"{seed} trained {number}")
        with case(whole, folder / "case"):
            (name,) = chance.choices(list(FILES), [share for share, _ in FILES.values()])
            how = mutate(Path(name), chance)
            refused += look(name, whole, f"seed {seed}, mutation {number} of trained runs: {name}, {how}")
    return f"{count} mutations of files of trained runs: {refused} refused or passed over with a line, no traceback"


def states(folder: Path, count: int, seed: int) -> str:
    """Load damaged states and put a training there: each is refused as damaged, or is one of this network."""
    file, refused = trained(folder / "states") / STATE, 0
    content, training = file.read_bytes(), _training(file.parents[1])
    for number in range(count):
        chance = random.Random(f"{seed} state {number}")
        file.write_bytes(content)
        how = mutate(file, chance)
        try:
            state = checkpoint.load(file)
            if not training.misfit(state):
                training.restore(state)
                continue
        except checkpoint.DamagedState:
            pass
        except Exception as error:
            raise AssertionError(f"seed {seed}, state {number}: {how}: {error!r}") from error
        refused += 1
    return f"{count} changes of a state, most with the right checksum: {refused} refused, the others restored"


def _training(run: Path) -> Any:
    """The training of a recorded run, at the beginning."""
    from runner.training.fit import Training

    resolved = experiment.resolve(compose.from_record(read_record(run)["config"]))
    return Training(resolved.config, resolved.data, resolved.task, resolved.split)


@contextlib.contextmanager
def case(whole: Path, place: Path) -> Iterator[None]:
    """A copy of a folder as the current one, removed at the end of the block."""
    shutil.copytree(whole, place, symlinks=True)
    try:
        with contextlib.chdir(place):
            yield
    finally:
        shutil.rmtree(place)


def trained(root: Path) -> Path:
    """A folder with runs on texts and on a table, and with a final model."""
    root.mkdir(parents=True)
    with contextlib.chdir(root):
        own_data.write(Path("tickets.csv"), 200)
        Path("new.csv").write_text("plan,age\nfree,0.1\nodd,3\n")
        _done(train.main, [*TEXTS, "training.epochs=3", "hydra.run.dir=longer", "reuse=false"])
        _done(train.main, [*TEXTS, "training.epochs=2", "hydra.run.dir=texts", "training.keep_state=all"])
        _done(train.main, [*TABLE, "model.depth=0", "training.epochs=1", "hydra.run.dir=table"])
        _done(final.main, ["texts", "--to", "final"])
        shutil.rmtree("outputs/.shelf", ignore_errors=True)
    return root


def _done(command: Callable[[list[str]], int], words: list[str]) -> None:
    code, said = mutations.said_by(command, words, " ".join(words), PATIENCE)
    assert code == 0, said


def mutate(file: Path, chance: random.Random) -> str:
    """Damage a file, and tell how; the checksum of a state may be right again, and a network may open."""
    if file.suffix == ".state" and chance.random() < 0.8:
        return reseal(file, chance)
    if file.suffix == ".keras" and chance.random() < 0.5:
        return _entry_of_archive(file, chance)
    if file.suffix == ".jsonl" and chance.random() < 0.7:
        return mutations.entry(file, chance)
    return mutations.mutate(file, chance)


def reseal(file: Path, chance: random.Random) -> str:
    """Change the arrays of a state, and make the checksum right again."""
    arrays = arrays_of(file)
    name = chance.choice(list(arrays))
    how, changed = chance.choice(CHANGES)
    if how == "text":
        text = chance.choice(["", "[]", "{}", "null", '["x"]', '["epoch", "loss"]', '{"identity": null}', "\ud800"])
        arrays[name] = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    elif how == "added":
        arrays[f"{name.partition('.')[0]}.{chance.randrange(4)}"] = arrays[name]
    elif changed is None:
        del arrays[name]
    else:
        arrays[name] = changed(arrays[name])
    seal(file, arrays)
    return f"{name} became {how}"


def arrays_of(file: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a state by their names in the file."""
    return archives.arrays(file.read_bytes().partition(b"\n")[2])


def seal(file: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write a state of arrays, with the checksum of it."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    contents = stream.getvalue()
    file.write_bytes(checkpoint.MAGIC + hashlib.sha256(contents).hexdigest().encode() + b"\n" + contents)


Changed = Callable[[NDArray[Any]], NDArray[Any]]
CHANGES: list[tuple[str, Changed | None]] = [
    ("gone", None),
    ("text", None),
    ("added", None),
    ("another type", lambda array: array.astype(np.float64)),
    ("another type of bytes", lambda array: array.astype("S8")),
    ("complex", lambda array: array.astype(np.complex64)),
    ("empty", lambda array: array.reshape(-1)[:0]),
    ("flat", lambda array: array.reshape(-1)),
    ("larger", lambda array: np.concatenate([array.reshape(-1)] * 2)),
    ("deeper", lambda array: array[None]),
    ("negative", lambda array: -array.astype(np.int64)),
    ("huge", lambda array: np.full_like(array, 255 if array.dtype.kind == "u" else 60_000)),
    ("NaN", lambda array: np.full(array.shape, np.nan)),
    ("one number", lambda array: np.array(7)),
]


def _entry_of_archive(file: Path, chance: random.Random) -> str:
    """Damage a part of a .keras file, which opens as a zip all the same; often a value of its config."""
    with zipfile.ZipFile(file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(list(contents))
    part = Path("part").with_suffix(Path(name).suffix)
    part.write_bytes(contents[name])
    how = mutations.mutate(part, chance)
    with zipfile.ZipFile(file, "w") as archive:
        for each, content in contents.items():
            archive.writestr(each, part.read_bytes() if each == name else content)
    return f"in {name}: {how}"


def look(name: str, whole: Path, about: str) -> bool:
    """Use the damaged file; whether it was refused or passed over. A state that cannot be used must stop no run."""
    passed = False
    for command, words in FILES[name][1]:
        code, said = mutations.said_by(command, words, about)
        about_it = f"{about}\n{command.__module__} {' '.join(words)} ended with {code}\n{said}"
        assert code in (0, 1, 2), about_it
        assert not re.search(r"Traceback|failed: [A-Za-z.]+(Error|Exception)\b", said), about_it
        assert not {each for each in said if not each.isprintable() and each != "\n"}, about_it
        assert said.strip(), about_it
        passed |= code != 0 or "is damaged" in said
        if "/checkpoints/" in name:
            assert code == 0, about_it
            if "is damaged" in said:
                same = Path("texts/metrics.csv").read_bytes() == (whole / "longer" / "metrics.csv").read_bytes()
                assert same, f"{about_it}\nmetrics.csv is not that of the run that was never stopped"
    backend.release()
    return passed
