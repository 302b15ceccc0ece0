"""The ledger of test sets: every opening once, whatever is killed, whoever writes at the same time."""

import json
from pathlib import Path

import pytest

from runner.runs import test_ledger as ledgers
from tests.processes import at_once

IMDB = {"name": "imdb", "source": "full", "fingerprint": "d35b", "test": 25_000}
OWN = {"name": "blobs", "source": "own", "fingerprint": "1", "test": 600}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "outputs" / "test-ledger.jsonl"


def opened(ledger: Path, dataset: dict[str, object], id: str | None = None) -> int:
    return ledgers.enter(ledger, ledgers.opening(dataset, Path("run"), "model.keras", 3, id))


def test_each_opening_knows_of_those_before_it_and_is_entered_once(ledger: Path) -> None:
    assert [opened(ledger, IMDB, name) for name in ("a", "b", "a", "c")] == [0, 1, 0, 2]
    assert [each.id for each in ledgers.read(ledger)] == ["a", "b", "c"]


def test_a_built_in_test_set_is_the_same_with_other_words_and_an_own_one_of_the_same_name_is_not(ledger: Path) -> None:
    opened(ledger, IMDB)
    opened(ledger, OWN)
    others = [IMDB | {"fingerprint": "e1"}, OWN | {"fingerprint": "2"}, IMDB | {"source": "sample", "fingerprint": "3"}]
    assert [ledgers.times_opened(ledger, each) for each in (IMDB, OWN, *others)] == [1, 1, 1, 0, 0]


def test_a_line_that_a_kill_has_cut_off_is_cut_away(ledger: Path) -> None:
    opened(ledger, IMDB, "a")
    whole = ledger.read_bytes()
    for size in (1, len(whole) // 2, len(whole) - 1):
        ledger.write_bytes(whole + whole[:size])
        assert ledgers.times_opened(ledger, IMDB) == 1
        assert opened(ledger, IMDB, "b") == 1
        assert [each.id for each in ledgers.read(ledger)] == ["a", "b"]
        assert all(json.loads(line)["run"] == "run" for line in ledger.read_text().splitlines())


def test_a_last_line_that_an_editor_left_without_its_end_is_counted_and_kept(ledger: Path) -> None:
    for name in "ab":
        opened(ledger, IMDB, name)
    ledger.write_bytes(ledger.read_bytes().rstrip(b"\n"))
    assert ledgers.times_opened(ledger, IMDB) == 2
    assert opened(ledger, IMDB, "c") == 2
    assert [each.id for each in ledgers.read(ledger)] == ["a", "b", "c"]


AT_ONCE = """
from pathlib import Path
from runner.runs import test_ledger
data = {"name": "imdb", "source": "full", "fingerprint": "d35b", "test": 25000}
start()
for _ in range(50):
    print(test_ledger.enter(Path(sys.argv[1]), test_ledger.opening(data, Path("run"), "model.keras", 3)))
"""


def test_two_processes_lose_no_line(ledger: Path) -> None:
    """And each opening is told another number of those before it."""
    ended = at_once(AT_ONCE, str(ledger), count=2)
    assert [each.returncode for each in ended] == [0, 0], [each.stderr for each in ended]
    assert len(ledgers.read(ledger)) == 100
    assert sorted(int(number) for each in ended for number in each.stdout.split()) == list(range(100))
