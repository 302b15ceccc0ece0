"""A file from the web, within limits of size and time: what breaks off is continued."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import requests
import urllib3
from tqdm import tqdm  # type: ignore[import-untyped]

PAUSES = (1.0, 3.0)  # seconds before the second try, and before the third
MOST_BYTES = 200_000_000  # of data that Keras offers the largest has 17 million
MOST_SECONDS = 1800.0
SECONDS_OF_SILENCE = 30.0
AT_ONCE = 65_536  # bytes

FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError)


class TooMuch(requests.RequestException):
    """The file is larger, or takes longer, than any file of data does."""


def fetch(address: str, file: Path) -> None:
    """Write what stands at an address into a file.

    An answer that breaks off is continued where the server can, else begun anew; an error of the server is tried again.
    Raises one of FAILURES, or OSError where the file cannot be written.
    """
    end = time.monotonic() + MOST_SECONDS
    with file.open("wb") as stream:
        for pause in (*PAUSES, None):
            try:
                return _continue(address, stream, end)
            except FAILURES as error:
                if pause is None or isinstance(error, TooMuch) or is_refusal(error):
                    raise
                time.sleep(pause)


def is_refusal(error: Exception) -> bool:
    """Whether the server has answered that it does not give the file, as it would again; not for its own errors."""
    status = _status(error)
    return status is not None and 400 <= status < 500 and status not in (408, 416, 429)


def described(error: Exception) -> str:
    """The error in two words or three."""
    if status := _status(error):
        return f"HTTP {status}"
    return str(error) if isinstance(error, TooMuch) else type(error).__name__


def _status(error: Exception) -> int | None:
    """What the server has answered, if it has."""
    answer = error.response if isinstance(error, requests.RequestException) else None
    return None if answer is None else answer.status_code


def _continue(address: str, stream: BinaryIO, end: float) -> None:
    """Append what a file lacks."""
    here = stream.tell()
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    with requests.get(address, stream=True, timeout=SECONDS_OF_SILENCE, headers=headers) as answer:
        if answer.status_code != 206:
            stream.seek(0)
            stream.truncate()
        answer.raise_for_status()
        length = int(answer.headers.get("Content-Length") or 0) or None
        with tqdm(total=length, unit="B", unit_scale=True, leave=False, disable=not sys.stderr.isatty()) as bar:
            for part in _parts(answer.raw, end):
                if stream.tell() + len(part) > MOST_BYTES:
                    raise TooMuch(f"more than {MOST_BYTES // 1_000_000} MB")
                stream.write(part)
                bar.update(len(part))
    stream.flush()


def _parts(body: urllib3.BaseHTTPResponse, end: float) -> Iterator[bytes]:
    """The bytes as they arrive: who waits for a whole block waits hours for one that trickles."""
    while part := body.read1(AT_ONCE):
        if time.monotonic() > end:
            raise TooMuch(f"more than {MOST_SECONDS / 60:.0f} minutes")
        yield part
