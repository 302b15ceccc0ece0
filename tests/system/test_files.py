"""Files that are put in place as a whole, and grow from then on."""

from pathlib import Path

import pytest

from runner.system.files import Growing


def extended(file: Growing, pieces: list[bytes], piece: bytes) -> None:
    pieces.append(piece)
    file.extend(piece, lambda: b"".join(pieces))


def test_a_file_that_is_there_already_is_replaced_and_then_appended_to(tmp_path: Path) -> None:
    path, pieces = tmp_path / "folder" / "rows", [b"before "]
    path.parent.mkdir()
    path.write_bytes(b"of somebody else, and much longer")
    file = Growing(path)
    extended(file, pieces, b"one ")
    place = path.stat().st_ino
    extended(file, pieces, b"two")
    assert path.read_bytes() == b"before one two"
    assert path.stat().st_ino == place
    assert [each.name for each in path.parent.iterdir()] == ["rows"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"tw")


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("change", [cut, torn, linked, Path.unlink])
def test_a_file_that_is_not_as_it_was_left_is_written_as_a_whole(tmp_path: Path, change: object) -> None:
    path, pieces = tmp_path / "rows", [b""]
    file = Growing(path)
    extended(file, pieces, b"one ")
    assert callable(change)
    change(path)
    for piece in (b"two ", b"three"):
        extended(file, pieces, piece)
    assert path.read_bytes() == b"one two three"
    assert not path.is_symlink()
    elsewhere = tmp_path / "elsewhere"
    assert not elsewhere.exists() or elsewhere.read_bytes() == b"one "
