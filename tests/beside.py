"""Processes beside a run or a comparison: readers that look while it claims its folder, deletion while it reads."""

import contextlib
import io
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np

from runner.cli import compare
from runner.errors import DataError
from runner.runs import folder as run_folder
from runner.runs import reader
from runner.runs.status import CRASHED
from runner.system import files
from tests.records import write_run

RIGHT = np.ones((3, 100), np.uint8)
FORK = multiprocessing.get_context("fork")


@contextlib.contextmanager
def _beside(work: Callable[[], dict[str, int]], count: int) -> Iterator[list[dict[str, int]]]:
    """Repeat `work` in processes until the end of the block; the list has what each has counted then."""
    goes_on, counted = FORK.Value("b", 1), FORK.SimpleQueue()

    def repeat() -> None:
        total: dict[str, int] = {}
        while goes_on.value:
            for name, number in work().items():
                total[name] = total.get(name, 0) + number
        counted.put(total)

    processes = [FORK.Process(target=repeat) for _ in range(count)]
    for each in processes:
        each.start()
    found: list[dict[str, int]] = []
    try:
        yield found
    finally:
        goes_on.value = 0
        found += [counted.get() for _ in processes]
        for each in processes:
            each.join()


def _sum(counted: list[dict[str, int]], name: str) -> int:
    return sum(each.get(name, 0) for each in counted)


def readers(place: Path, claims: int, count: int = 16) -> str:
    """Claim a folder again and again beside processes that look at it and at a run that died: none may err."""
    claimed, dead = place / "claimed", write_run(place / "dead", status="running")
    (dead / run_folder.CLAIM).touch()

    def look() -> dict[str, int]:
        for _ in range(50):
            run_folder.is_held(claimed)
        return {"looks": 1, "wrong": reader.load(dead).status != CRASHED}

    refused = unseen = 0
    with _beside(look, count) as counted:
        for _ in range(claims):
            try:
                with run_folder.claimed(claimed):
                    unseen += not run_folder.is_held(claimed)
            except DataError:
                refused += 1
            time.sleep(0.001)
    looks, wrong = _sum(counted, "looks"), _sum(counted, "wrong")
    told = (
        f"{refused} of {claims} claims refused, {unseen} not seen; {wrong} of {looks} looks called a dead run running"
    )
    assert refused + unseen + wrong == 0, told
    return told


def deletion(place: Path, calls: int, words: Sequence[str] = (), count: int = 2) -> str:
    """Compare again and again beside processes that record runs and delete them; each call must end with 0."""
    for each in range(4):
        write_run(place / f"stays-{each}", settings={"model.width": 16 + each % 2, "seed": each}, right=RIGHT)

    def come_and_go() -> dict[str, int]:
        gone = place / f"sweep-{os.getpid()}"
        for each in range(4):
            write_run(gone / str(each), settings={"model.width": 32, "seed": each}, right=RIGHT)
        files.write(gone / run_folder.PLAN, "{}")
        shutil.rmtree(gone)
        return {"deleted": 4}

    ended: list[tuple[int, str]] = []
    with _beside(come_and_go, count) as counted:
        for _ in range(calls):
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                code = compare.main([str(place), *words])
            ended.append((code, err.getvalue()))
    failed = [each for each in ended if each[0] != 0]
    told = f"{len(failed)} of {calls} comparisons failed while {_sum(counted, 'deleted')} runs were deleted"
    assert not failed, f"{told}: {failed[0]}"
    return told
