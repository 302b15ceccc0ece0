"""Lines and tables on a stream, in signs that it can show: `+/-` for `±` where it knows ASCII alone."""

import codecs
import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TextIO

from runner.formatting import one_line, printable

PLAIN = {"±": "+/-", "…": "...", "×": "x", "–": "-", "−": "-", "‘": "'", "’": "'", "▀": "'", "▄": ".", "█": "#"}
ERRORS = "runner.plain"

lost: list[TextIO] = []  # streams on a full disk, of which not all was written


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Replacements for signs that cannot be encoded."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


codecs.register_error(ERRORS, _plain)


def replace_unencodable(*streams: TextIO) -> None:
    """Make streams replace signs that they cannot encode, whoever prints."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def fitting(text: str, stream: TextIO) -> str:
    """The text as the stream shows it, with the width that it has there; nothing in it controls a terminal."""
    encoding = stream.encoding or "ascii"
    return printable(text).encode(encoding, ERRORS).decode(encoding)


class OneLine(logging.Formatter):
    """What a log tells on a terminal, a line for each entry."""

    def format(self, record: logging.LogRecord) -> str:
        return one_line(super().format(record))


def say(text: str, stream: TextIO | None = None) -> None:
    """Print a line, or drop it as `dropped` does."""
    stream = stream or sys.stdout
    with dropped(stream):
        print(fitting(text, stream), file=stream, flush=True)


@contextlib.contextmanager
def dropped(stream: TextIO) -> Iterator[None]:
    """Drop what a stream does not take, and all that follows: a training continues without a reader.

    Nobody reads any more, as in `| head`, or the stream is a file on a full disk, which is said once.
    """
    try:
        yield
    except OSError as error:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            lost.append(stream)
            if stream is not sys.stderr:
                say(f"standard output cannot be written ({error.strerror}): no more of it is shown", sys.stderr)


def open_missing_streams() -> None:
    """Let the null device stand for standard streams that are closed.

    Else the next file that is opened takes their number, and is written into by whatever prints.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # which takes the lowest number that is free
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: on a terminal within its width, elsewhere as plain text, whole."""
    lines = [[fitting(one_line(cell), sys.stdout) for cell in cells] for cells in (header, *rows)]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        drawn = Table(box=None, pad_edge=False, header_style="bold")
        for name in lines[0]:
            drawn.add_column(Text(name), overflow="fold")
        for cells in lines[1:]:
            drawn.add_row(*map(Text, cells))
        Console(highlight=False).print(drawn)
        return
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
