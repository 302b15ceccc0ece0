"""Lines and tables on a stream, in signs that it can show: `+/-` for `±` where it knows ASCII alone."""

import codecs
import io
import logging
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from runner.formatting import one_line, printable

PLAIN = {"±": "+/-", "…": "...", "×": "x", "–": "-", "−": "-", "‘": "'", "’": "'", "▀": "'", "▄": ".", "█": "#"}
ERRORS = "runner.plain"


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
    """Print a line; drop it where nobody reads any more, as in `| head`: a sweep continues without a reader."""
    stream = stream or sys.stdout
    try:
        print(fitting(text, stream), file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
