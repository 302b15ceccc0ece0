"""Kill runs, fail their disks, damage their files, and see that nothing recorded is lost.

`python -m tests.faults [--kills 300]`. Of the others each runs alone: `--mutations 10000` damages recorded files,
`--hostile` puts what is more than text into every text, `--streams` takes stdout and stderr away from every verb.

A parent imports TensorFlow once and forks a child for each attempt, so that an attempt costs its training and no more.
"""

import argparse
import errno
import io
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from runner.config.plan import plan_of
from runner.config.schema import Config
from runner.experiment import run as experiment
from runner.runs import folder as run_folder
from runner.runs import test_ledger
from runner.system import backend
from tests import beside, hostile, mutations, streams, trained

Whole = tuple[dict[str, Any], float]
KINDS: tuple[Any, ...] = (errno.ENOSPC, errno.EIO, "short", "kill")
SETTINGS = {
    "dropout": ["dataset=imdb", "model.dropout=0.3", "training.epochs=25"],
    "early stopping": ["dataset=mnist", "training.early_stopping.patience=8", "training.epochs=25"],
    "final model": ["dataset=imdb", "training.validation_split=0", "training.evaluate_test=true", "training.epochs=8"],
    "schedule": ["dataset=imdb", "optimizer=adam", "optimizer.schedule=cosine", "training.epochs=25"],
}
# All of it at once and small, for the suite.
QUICK = ["dataset=imdb", "dataset.num_words=200", "model.depth=1", "model.dropout=0.3", "optimizer.schedule=cosine"]
QUICK += ["training.early_stopping.patience=3", "training.epochs=6", "training.evaluate_test=true"]
QUICK += ["training.save_seconds=0"]
# In the second saving of an attempt: before predictions.rows, in the state, in metrics.csv, in metrics.rows.
FAULTS: tuple[Any, ...] = ((errno.ENOSPC, 58), (errno.EIO, 71), ("short", 76), ("kill", 67))
OPERATIONS = ["dataset=imdb", "dataset.num_words=200", "model.depth=1", "training.epochs=3"]
COMMON = ["dataset.source=sample", "training.save_seconds=0.05", "reuse=false"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--step", type=int, default=1, help="fail each N-th file operation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mutations", type=int, metavar="N", help="damage N recorded files instead, and compare")
    parser.add_argument("--hostile", action="store_true", help="look at hostile texts in every field instead")
    parser.add_argument("--streams", action="store_true", help="take the streams away from every verb instead")
    parser.add_argument("--quick", action="store_true", help="one kill and one fault of each kind, of a small setting")
    options = parser.parse_args()
    if options.mutations or options.hostile or options.streams:
        with tempfile.TemporaryDirectory() as folder:
            if options.mutations:
                mutate(Path(folder), options.mutations, options.seed)
            for kind in [*([hostile] if options.hostile else []), *([streams] if options.streams else [])]:
                print(kind.campaign(Path(folder) / "campaign"), flush=True)
        return
    backend.start()
    import runner.training.fit  # noqa: F401  # once for all attempts; TensorFlow stands a fork before its first operation

    with tempfile.TemporaryDirectory() as folder:
        if options.quick:
            whole = whole_of(Path(folder) / "whole", QUICK)
            print(kill_at_random(Path(folder) / "kill", QUICK, whole, 1, options.seed), flush=True)
            print(fail_again_and_again(Path(folder) / "operations", QUICK, whole), flush=True)
            return
        for name, words in SETTINGS.items():
            place = Path(folder) / name.replace(" ", "_")
            told = kill_at_random(
                place, words, whole_of(place / "whole", words), options.kills // len(SETTINGS), options.seed
            )
            print(f"{name}: {told}", flush=True)
        place = Path(folder) / "operations"
        told = fail_operations(place, OPERATIONS, whole_of(place / "whole", OPERATIONS), options.step)
        print(f"file operations: {told}", flush=True)
        print(f"readers beside a run: {beside.readers(Path(folder) / 'readers', claims=1000)}", flush=True)
        print(f"deletion beside compare: {beside.deletion(Path(folder) / 'deletion', calls=500)}", flush=True)


def mutate(folder: Path, count: int, seed: int) -> None:
    """Damage recorded files: half of the times before a comparison, else states, else what other verbs read."""
    of_trained = count // 5
    of_states = count * 3 // 10
    print(trained.states(folder, of_states, seed), flush=True)
    print(trained.campaign(folder / "trained", of_trained, seed), flush=True)
    print(mutations.campaign(folder / "records", count - of_states - of_trained, seed), flush=True)


def config_of(words: list[str]) -> Config:
    return plan_of([*COMMON, *words]).jobs[0].config


def whole_of(folder: Path, words: list[str]) -> Whole:
    """A run that is never stopped: its outcome, and the seconds that it takes."""
    begun = time.monotonic()
    assert attempt(folder, config_of(words)) == 0
    return outcome_of(folder), time.monotonic() - begun


def kill_at_random(folder: Path, words: list[str], whole: Whole, kills: int, seed: int) -> str:
    """Kill runs at random moments, several times each, until `kills` have hit; each must end like a whole one."""
    chance, config = random.Random(seed), config_of(words)
    expected, seconds = whole
    hits = runs = 0
    while hits < kills:
        run, code = folder / f"run-{runs}", 1
        while code != 0:
            may_kill = hits < kills
            code = attempt(run, config, kill_after=chance.uniform(0, seconds) if may_kill else None)
            hits += code == -signal.SIGKILL
            assert code in (0, -signal.SIGKILL), f"{run} ended with {code}"
        assert outcome_of(run) == expected, f"{run} differs from the run that was never stopped"
        runs += 1
    return f"{hits} kills in {runs} runs, each equal to the run that was never stopped"


def fail_operations(folder: Path, words: list[str], whole: Whole, step: int) -> str:
    """Let a file operation fail, each `step`-th in turn, in each of four ways; nothing that was recorded may be lost.

    With steps the four ways begin at different operations, so that together they meet more of them.
    """
    config = config_of(words)
    attempts = 0
    for place, kind in enumerate(KINDS):
        number, code = 1 + place * step // 4, None
        while code != 0:
            run = folder / f"{kind}-{number}"
            code = _fail(run, config, (kind, number), whole)
            _continue(run, config, whole)
            attempts += 1
            number += step
    return f"{attempts} faults, each continued to the bytes of the run that never failed"


def fail_again_and_again(folder: Path, words: list[str], whole: Whole) -> str:
    """Let a run fail in each of the four ways, one after the other, with an epoch recorded before each."""
    config = config_of(words)
    for fault in FAULTS:
        assert _fail(folder, config, fault, whole) != 0, f"{folder} met no fault"
    _continue(folder, config, whole)
    return f"{len(FAULTS)} faults in a run, continued to the bytes of the run that never failed"


def _fail(run: Path, config: Config, fault: tuple[Any, int], whole: Whole) -> int:
    """The exit code of an attempt with a fault; what it has recorded must be a beginning of the whole run."""
    code = attempt(run, config, fault=fault)
    expected, _ = whole
    assert expected["metrics"].startswith(_recorded(run)), f"{run}: metrics.csv is not a beginning of the whole one"
    return code


def _continue(run: Path, config: Config, whole: Whole) -> None:
    expected, _ = whole
    assert attempt(run, config) == 0, f"{run} could not be continued"
    assert outcome_of(run) == expected, f"{run} differs from the run that never failed"


def _recorded(run: Path) -> bytes:
    metrics = run / run_folder.METRICS
    return metrics.read_bytes() if metrics.exists() else b""


def outcome_of(run: Path) -> dict[str, Any]:
    """What two equal runs have in common: bytes of the files, the weights, what the test said, the looks at it."""
    from runner.runs import checkpoint

    state = checkpoint.load(checkpoint.path(run, checkpoint.epochs(run)[0]))
    weights = [array.tobytes() for part in (state.model, state.optimizer, state.best) for array in part]
    predicted = (run / run_folder.PREDICTIONS).read_bytes()
    test = run / run_folder.TEST
    tested = {"test": test.read_bytes() if test.exists() else b"", "looks": len(test_ledger.read(ledger_of(run)))}
    return {"metrics": _recorded(run), "predictions": predicted, "weights": weights, **tested}


def ledger_of(run: Path) -> Path:
    """Of one run alone, so that equal runs have seen as much."""
    return run.with_name(f"{run.name}.jsonl")


def attempt(
    folder: Path, config: Config, *, kill_after: float | None = None, fault: tuple[Any, int] | None = None
) -> int:
    """Run in a child: its exit code, 0 completed, 1 failed, negative the signal that killed it."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os._exit(_child(folder, config, fault))
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _child(folder: Path, config: Config, fault: tuple[Any, int] | None) -> int:
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            if fault:
                _arm(*fault, folder=folder)
            outcome = experiment.run(config, folder, [], ledger=ledger_of(folder))
        return 0 if outcome.status == "completed" else 1
    except BaseException as error:
        sys.__stderr__.write(f"{type(error).__name__}: {error}\n")  # type: ignore[union-attr]
        return 3 if not isinstance(error, OSError) else 1


def _arm(kind: Any, number: int, folder: Path) -> None:
    """Make one file operation below the folder fail, by its number: an errno, a `short` write, a `kill` before it."""
    left = [number]
    folder.mkdir(parents=True, exist_ok=True)

    def due(path: Any) -> bool:
        if isinstance(path, (str, Path)) and str(path).startswith(str(folder)):
            left[0] -= 1
        return left[0] == 0

    def fail(path: Any) -> None:
        left[0] = -1
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        code = errno.ENOSPC if kind == "short" else kind
        raise OSError(code, os.strerror(code), str(path))

    def failing(operation: Callable[..., Any]) -> Callable[..., Any]:
        def replaced(path: Any, *rest: Any, **named: Any) -> Any:
            if due(path):
                fail(path)
            return operation(path, *rest, **named)

        return replaced

    plain_open = io.open

    def opened(path: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if ("w" in mode or "a" in mode) and due(path):
            if kind != "short":
                fail(path)
            left[0] = -1
            return _Short(plain_open(path, mode, *rest, **named), path)
        return plain_open(path, mode, *rest, **named)

    io.open = opened  # type: ignore[assignment]
    os.replace, os.unlink, os.mkdir = failing(os.replace), failing(os.unlink), failing(os.mkdir)
    plain_fsync, plain_os_open = os.fsync, os.open
    handles: dict[int, Any] = {}

    def os_opened(path: Any, *rest: Any, **named: Any) -> int:
        handle = plain_os_open(path, *rest, **named)
        handles[handle] = path
        return handle

    os.open = os_opened

    def synced(fd: Any) -> None:
        failing(lambda path: plain_fsync(fd))(handles.get(fd, ""))

    os.fsync = synced


class _Short:
    """A file that takes half of what is written and is full then."""

    def __init__(self, stream: Any, path: Any) -> None:
        self.stream, self.path = stream, path

    def write(self, content: Any) -> int:
        self.stream.write(content[: len(content) // 2])
        self.stream.flush()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def __enter__(self) -> "_Short":
        return self

    def __exit__(self, *error: Any) -> None:
        self.stream.close()


if __name__ == "__main__":
    main()
