"""The files that `compare` writes: pictures by their suffix, tables for a paper."""

from pathlib import Path

import pytest

from runner.cli import compare

EXAMPLE = str(Path(__file__).parents[2] / "outputs" / "example" / "width")


@pytest.mark.parametrize(
    ("name", "start"), [("a.PNG", b"\x89PNG"), ("a", b"\x89PNG"), ("a.pdf", b"%PDF"), ("a.svg", b"<?xml")]
)
def test_the_suffix_of_a_picture_is_its_format(tmp_path: Path, name: str, start: bytes) -> None:
    option = "--figure" if name == "a.pdf" else "--png"
    assert compare.main([EXAMPLE, option, str(tmp_path / "new" / name)]) == 0
    assert (tmp_path / "new" / name).read_bytes().startswith(start)


@pytest.mark.parametrize("name", ["a.jpg", "a.pdf.gz"])
def test_another_suffix_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    place = tmp_path / name
    assert compare.main([EXAMPLE, "--csv", str(tmp_path / "table.csv"), "--png", str(place)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"--png must name a file that ends in .png, .pdf or .svg; got {place}\n")
    assert list(tmp_path.iterdir()) == []


def test_tables_for_a_paper_are_written(tmp_path: Path) -> None:
    words = ["--md", str(tmp_path / "new" / "t.md"), "--latex", str(tmp_path / "new" / "t.tex"), "--top", "1"]
    assert compare.main([EXAMPLE, *words]) == 0
    assert (tmp_path / "new" / "t.md").read_text().startswith("| width | seeds |")
    assert "\\begin{tabular}" in (tmp_path / "new" / "t.tex").read_text()
