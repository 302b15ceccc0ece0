"""Train, sweep, resume, move, copy, delete, edit, at random: `python -m tests.reuse [--sequences 20] [--steps 12]`.

After every step each recorded run must hold the numbers of the run that trains the same config on the same code and
data from nothing (`reuse=false`). Whose code and data a run claims is read from its own record, so that numbers lent to
the wrong config, code or data show. A parent imports TensorFlow once and forks a child for each command.
"""

import argparse
import contextlib
import importlib
import json
import os
import random
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from runner.system import backend

ACTIVATIONS, NOISES, EPOCHS = ("relu", "tanh", "elu"), (0.1, 1.0, 3.0), 6
PLUGIN = """
import numpy as np
import runner
from layers import build

runner.register.model("own")(build)


@runner.register.dataset("points")
def points():
    random, noise = np.random.default_rng(0), float(open("noise.txt").read())
    x = random.normal(size=(300, 4)).astype("float32")
    y = (x[:, 0] + noise * random.normal(size=300) > 0).astype(int)
    return (x[:200], y[:200]), (x[200:], y[200:])
"""
LAYERS = """
import keras


def build(input_shape, output_units, output_activation, width=4):
    hidden = keras.layers.Dense(width, "{activation}")
    return keras.Sequential([keras.Input(input_shape), hidden, keras.layers.Dense(output_units, output_activation)])
"""
# Each kind of step, those that train after what may mislead them.
EACH = ["train", "sweep", "copy", "resume", "move", "edit", "replace", "delete", "change_data", "train"]
# What each command would import for itself: a second for each. TensorFlow stands a fork before its first operation.
IMPORTED_ONCE = ["runner.training.fit", "runner.cli.launch", "runner.cli.resume", "runner.cli.train"]
COMMON = ["plugins=[mine]", "dataset.name=points", "model.name=own", "training.batch_size=32"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reuse", description=__doc__)
    parser.add_argument("--sequences", type=int, default=20)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--each", action="store_true", help="each kind of step in a fixed order, not at random")
    options = parser.parse_args()
    print(campaign(options.sequences, options.steps, options.seed, each=options.each))


def campaign(sequences: int, steps: int, seed: int, *, each: bool = False) -> str:
    """What was tried. Raises AssertionError, with the steps so far, where a run holds numbers that are not its own."""
    backend.start()
    for name in IMPORTED_ONCE:
        importlib.import_module(name)
    compared = 0
    with tempfile.TemporaryDirectory() as folder:
        truth = Truth(Path(folder) / "truth")
        for number in range(sequences):
            world = World(Path(folder) / f"world-{number}", random.Random(f"{seed} {number}"))
            for way in EACH if each else [None] * steps:
                world.step(way)
                compared += world.compare(truth)
    steps = len(EACH) if each else steps
    return f"{sequences} sequences of {steps} steps: {compared} recorded runs, each equal to one trained from nothing"


def command(folder: Path, *words: str) -> int:
    """The exit code of `python -m runner …` in a folder."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.chdir(folder)
            sys.path.insert(0, str(folder))
            sys.argv = ["runner", *words]
            said = os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(said, 1)
            os.dup2(said, 2)
            from runner.__main__ import main as front_door

            front_door()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def write_code(folder: Path, activation: str, noise: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.py").write_text(PLUGIN)
    (folder / "layers.py").write_text(LAYERS.format(activation=activation))
    (folder / "noise.txt").write_text(str(noise))


def recorded(folder: Path) -> tuple[list[str], list[bytes]]:
    """Lines of metrics.csv, the header first, and rows of predictions.npz, one for each epoch."""
    with np.load(folder / "predictions.npz") as arrays:
        return (folder / "metrics.csv").read_text().splitlines(), [row.tobytes() for row in arrays["right"]]


class Truth:
    """What a config, code and data give when trained from nothing; each trained once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[tuple[Any, ...], tuple[list[str], list[bytes]]] = {}

    def of(self, config: dict[str, Any], activation: str, noise: float) -> tuple[list[str], list[bytes]]:
        """Lines of metrics.csv, the header first, and rows of predictions.npz, for as many epochs as any run has."""
        key = (activation, noise, config["model"]["options"]["width"], config["seed"])
        key = (*key, config["optimizer"]["learning_rate"])
        if key not in self.known:
            place = self.folder / str(len(self.known))
            write_code(place, activation, noise)
            words = [f"model.options.width={key[2]}", f"seed={key[3]}", f"optimizer.learning_rate={key[4]}"]
            words += ["reuse=false", "hydra.run.dir=run", f"training.epochs={EPOCHS}"]
            assert command(place, *COMMON, *words) == 0, (place / "said.txt").read_text()
            self.known[key] = recorded(place / "run")
        return self.known[key]


class World:
    """A user's folder, and what happens in it."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        self.activation, self.noise = ACTIVATIONS[0], NOISES[0]
        self.done: list[str] = []
        self.given: list[list[str]] = []
        self.marks: dict[str, Any] = {}  # what the hashes in records stand for
        write_code(folder, self.activation, self.noise)

    def step(self, name: str | None = None) -> None:
        """A step of a kind, or of one at random."""
        trains = [self.train] * 4 + [self.replace] * 3 + [self.resume] * 2 + [self.sweep]
        way = self.chance.choice([*trains, self.move, self.copy, self.delete, self.edit, self.change_data])
        way = getattr(self, name) if name else way
        said = way()
        self.done.append(f"{way.__name__} {said}")
        assert not name or said != "nothing", f"{name} found nothing to do: another seed gives it something"

    def runs(self) -> list[Path]:
        return sorted(record.parent for record in (self.folder / "outputs").rglob("run.json"))

    def words(self) -> list[str]:
        """A config, more often than not one that has been trained before, with another number of epochs."""
        pick = self.chance.choice
        new = [f"model.options.width={pick((4, 8))}", f"optimizer.learning_rate={pick((0.001, 0.01))}"]
        if not self.given or self.chance.random() < 0.4:
            self.given.append([*new, f"seed={pick((0, 1))}"])
        epochs, keep = pick(range(1, EPOCHS + 1)), pick(("last", "all", "all", "none"))
        return [*COMMON, *pick(self.given), f"training.epochs={epochs}", f"training.keep_state={keep}"]

    def run(self, *words: str) -> str:
        code = command(self.folder, *words)
        assert code in (0, 2), f"exit {code}: {(self.folder / 'said.txt').read_text()[-2000:]}"
        return f"{' '.join(words[len(COMMON) :] if words[: len(COMMON)] == tuple(COMMON) else words)} → {code}"

    def train(self) -> str:
        return self.run(*self.words(), f"hydra.run.dir=outputs/{self.chance.choice('abcdef')}")

    def sweep(self) -> str:
        words = [word for word in self.words() if not word.startswith(("seed=", "training.epochs="))]
        epochs = ",".join(map(str, self.chance.sample(range(1, EPOCHS + 1), 2)))
        folder = f"hydra.sweep.dir=outputs/sweep-{self.chance.choice('ab')}"
        return self.run("-m", *words, f"training.epochs={epochs}", "seed=0,1", folder)

    def resume(self) -> str:
        runs = self.runs()
        if not runs:
            return "nothing"
        folder, anyway = self.chance.choice(runs), self.chance.random() < 0.5
        epochs = json.loads((folder / "run.json").read_text())["epochs"] + self.chance.choice((0, 1, 2))
        words = [f"training.epochs={max(1, min(epochs, EPOCHS))}", *(["--anyway"] if anyway else [])]
        return self.run("resume", str(folder.relative_to(self.folder)), "--trust", *words)

    def move(self) -> str:
        return self._to_another_name(shutil.move)

    def copy(self) -> str:
        return self._to_another_name(shutil.copytree)

    def _to_another_name(self, act: Any) -> str:
        runs = self.runs()
        target = self.folder / "outputs" / self.chance.choice("abcdef")
        if not runs or target.exists():
            return "nothing"
        source = self.chance.choice(runs)
        act(source, target)
        return f"{source.name} to {target.name}"

    def delete(self) -> str:
        if not (runs := self.runs()):
            return "nothing"
        gone = self.chance.choice(runs)
        shutil.rmtree(gone)
        return gone.name

    def replace(self) -> str:
        if not (runs := self.runs()):
            return "nothing"
        folder = self.chance.choice(runs)
        shutil.rmtree(folder)
        return self.run(*self.words(), f'hydra.run.dir="{folder.relative_to(self.folder)}"')

    def edit(self) -> str:
        self.activation = self.chance.choice([other for other in ACTIVATIONS if other != self.activation])
        write_code(self.folder, self.activation, self.noise)
        return self.activation

    def change_data(self) -> str:
        self.noise = self.chance.choice([other for other in NOISES if other != self.noise])
        write_code(self.folder, self.activation, self.noise)
        return str(self.noise)

    def compare(self, truth: Truth) -> int:
        """The number of runs compared. Raises AssertionError for one with numbers that are not its own."""
        compared = 0
        for folder in self.runs():
            record = json.loads((folder / "run.json").read_text())
            if record["status"] != "completed" or record["mixed"]:
                continue
            # A mark that is new belongs to the code and data that are there now.
            marks = [record["plugin_sources"]["layers"], record["dataset"]["fingerprint"]]
            now = [self.activation, self.noise]
            activation, noise = (self.marks.setdefault(mark, value) for mark, value in zip(marks, now, strict=True))
            lines, rows = truth.of(record["config"], activation, noise)
            own = (lines[: record["epochs"] + 1], rows[: record["epochs"]])
            story = "\n  ".join(self.done)
            assert recorded(folder) == own, f"{folder} has numbers that are not its own, after\n  {story}"
            compared += 1
        return compared


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
