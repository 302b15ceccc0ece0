"""Processes beside a run or a comparison: readers that look while it claims its folder, deletion while it reads."""

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from runner.errors import DataError
from runner.runs import folder as run_folder
from runner.runs import reader
from runner.runs.status import CRASHED
from tests.records import write_run

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
