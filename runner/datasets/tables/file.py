"""A table of a user's file, every cell a text: CSV and TSV as spreadsheets write them, and Parquet."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import re
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.datasets import columns
from runner.errors import DataError
from runner.formatting import one_line
from runner.system import archives, files
from runner.system.late import late

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = late("pandas")

TEXT_SUFFIXES = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": ","}
PARQUET = ".parquet"
COMPRESSED: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
ZIP = ".zip"
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
MOST_BYTES = archives.MOST_BYTES  # of a file, and of what it unpacks to
REASON_WIDTH = 160


@dataclass(frozen=True)
class TableFile:
    """The cells of a file: rows in its order, texts by the names of the columns; a missing cell is NaN or empty.

    `facts` are how it was read, where that is not as usual: `encoding`, `mark` (before UTF-8), `separator`,
    `decimal_commas` (columns of numbers).
    """

    cells: pd.DataFrame
    facts: dict[str, Any] = field(default_factory=dict)


def read(path: Path) -> TableFile:
    """The table of a file whose suffix tells its form. Raises DataError, naming the file and the remedy."""
    suffix, _ = _form(path)
    content = _content(path)
    table = _of_parquet(path, content) if suffix == PARQUET else _of_text(path, content, TEXT_SUFFIXES[suffix])
    if not len(table.cells):
        raise refused(path, "it has no rows: the first line names the columns, each other line is an example")
    return table


def refused(path: Path, why: str) -> DataError:
    """The error for a file that cannot be used; `why` ends with a remedy."""
    return DataError(f"{path} cannot be used: {one_line(why)}")


def _form(path: Path) -> tuple[str, str]:
    """The suffix of the table and that of the compression, in small letters; the latter empty without one."""
    *_, first, last = ["", "", *(each.lower() for each in path.suffixes)]
    suffix, compression = (first, last) if last in (*COMPRESSED, ZIP) else (last, "")
    known = [*TEXT_SUFFIXES, PARQUET]
    if suffix not in known:
        raise refused(
            path, f"its name must end with {', '.join(known)}, before {', '.join([*COMPRESSED, ZIP])} if compressed"
        )
    return suffix, compression


def _content(path: Path) -> bytes:
    """The bytes of a regular file, unpacked. Raises DataError."""
    _, compression = _form(path)
    try:
        content = files.read(path, MOST_BYTES)
        if compression == ZIP:
            content = _only_member(content)
        elif compression:
            with COMPRESSED[compression](io.BytesIO(content)) as stream:
                content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist: give another dataset.path or dataset.test") from None
    except (OSError, EOFError, ValueError, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise refused(path, f"{getattr(error, 'strerror', None) or error}: give another file") from None
    if len(content) > MOST_BYTES:
        raise refused(path, f"it unpacks to more than {MOST_BYTES:,} bytes: divide it")
    return content


def _only_member(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archives.refuse_bomb(archive)
        names = [each for each in archive.namelist() if not each.endswith("/")]
        if len(names) != 1:
            raise ValueError(f"it holds {len(names):,} files, not one")
        return archive.read(names[0])


def _of_text(path: Path, content: bytes, usual: str) -> TableFile:
    """A table of lines, the first of which names the columns."""
    text, facts = _decoded(path, content)
    separator = _separator(text, usual)
    if separator != usual:
        facts["separator"] = separator
    cells = _parsed(path, text, separator)
    if separator == ";":
        cells, with_commas = _with_points(cells)
        facts |= {"decimal_commas": with_commas} if with_commas else {}
    return TableFile(cells, facts)


def said(facts: dict[str, Any]) -> list[str]:
    """The facts of a table file in words."""
    decimals = ", ".join(one_line(name, 40) for name in facts.get("decimal_commas", []))
    sentences = {
        "encoding": f"it is no UTF-8 and is read as {facts.get('encoding')}: save it in UTF-8 if letters look wrong",
        "mark": "the byte order mark that Excel writes at its beginning is left out",
        "separator": f"its columns are divided by {SEPARATORS.get(facts.get('separator', ''))}",
        "decimal_commas": f"the commas of numbers in {decimals} are decimal points",
    }
    return [sentence for fact, sentence in sentences.items() if fact in facts]


def _decoded(path: Path, content: bytes) -> tuple[str, dict[str, Any]]:
    """The text of a file, and what there is to say of the encoding: Excel writes a mark before UTF-8, and UTF-16."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(path, content, "utf-16"), {"encoding": "UTF-16"}
    if b"\0" in content:
        raise refused(path, "it holds zero bytes, as no table of text does: give another file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), {"encoding": "Latin-1 (Windows-1252)"}
    return text, {"mark": True} if content.startswith(b"\xef\xbb\xbf") else {}


def _strictly(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise refused(path, f"it begins as {encoding} and is not: {error.reason}: save it in UTF-8") from None


def _separator(text: str, usual: str) -> str:
    """What divides the headings: the usual sign, or where they hold none of it the commonest of the others."""
    heading = re.sub(r'"[^"]*"', "", text.lstrip("\r\n")[:100_000].partition("\n")[0])
    found = max(SEPARATORS, key=lambda sign: (heading.count(sign), sign == usual))
    return usual if usual in heading or found not in heading else found


def _parsed(path: Path, text: str, separator: str) -> pd.DataFrame:
    """Every cell as a text. Raises DataError for what is no table."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            rows = pd.read_csv(
                io.StringIO(text),
                sep=separator,
                header=None,
                dtype=str,
                keep_default_na=False,
                quoting=csv.QUOTE_MINIMAL,
            )
    except pd.errors.EmptyDataError:
        raise refused(path, "it is empty: the first line names the columns, each other line is an example") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
        raise refused(path, _reason(str(error), separator)) from None
    cells = rows.iloc[1:].reset_index(drop=True)
    names = [str(name) for name in rows.iloc[0].fillna("")]
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise refused(path, f"two columns are called {one_line(twice[0], 40)!r}: rename one of them")
    cells.columns = names
    return cells


def _reason(error: str, separator: str) -> str:
    """What pandas says against a file, in words that name the place and the remedy."""
    if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", error):
        wanted, line, saw = found.groups()
        return (
            f"row {int(line) - 1} has {saw} cells, the headings are {wanted}: put cells with "
            f"{SEPARATORS[separator]} into quotes"
        )
    if found := re.search(r"EOF inside string starting at row (\d+)", error):
        return f"a quote that opens in row {found.group(1)} is never closed: close it, or double it within a text"
    return f"{one_line(error, REASON_WIDTH)}: correct it"


def _with_points(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The cells with a point in place of the comma in columns of numbers, and the names of those columns.

    Where semicolons divide the cells, the comma is that of numbers.
    """
    changed = []
    for name in cells.columns:
        column = cells[name]
        filled = column[~columns.absent(column)]
        has_comma = filled.str.contains(",", regex=False)
        if has_comma.any() and filled.str.fullmatch(r"\s*[+-]?\d*,?\d+([eE][+-]?\d+)?\s*").all():
            cells[name] = column.str.replace(",", ".", regex=False)
            changed.append(name)
    return cells, changed


def _of_parquet(path: Path, content: bytes) -> TableFile:
    try:
        found = pd.read_parquet(io.BytesIO(content))
    except ImportError:
        raise refused(
            path, "Parquet needs the package pyarrow: python -m pip install '.[parquet]', or save the table as CSV"
        ) from None
    except Exception as error:  # of pyarrow, which knows many
        raise refused(path, f"{one_line(str(error), REASON_WIDTH)}: give another file") from None
    cells = pd.DataFrame({str(name): _as_text(found.iloc[:, place]) for place, name in enumerate(found.columns)})
    return TableFile(cells)


def _as_text(values: pd.Series) -> pd.Series:
    """A column of any type as texts; what is missing stays missing."""
    texts = values.astype(object).map(str, na_action="ignore")
    return texts.where(values.notna().to_numpy(), None).astype(object)
