"""Text in what a stream can show: `+/-` for `±` where it has no more than ASCII."""

import codecs
import io
from typing import TextIO

PLAIN = {"±": "+/-", "…": "...", "×": "x", "–": "-", "−": "-", "‘": "'", "’": "'"}
ERRORS = "runner.plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    """What stands for the signs that cannot be encoded."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


codecs.register_error(ERRORS, _plain)


def make_fit(*streams: TextIO) -> None:
    """Let streams show what they can of all that is printed, by whom it may be."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def fitting(text: str, stream: TextIO) -> str:
    """The text as the stream shows it, for who has to know how wide it is."""
    encoding = stream.encoding or "ascii"
    return text.encode(encoding, ERRORS).decode(encoding)
