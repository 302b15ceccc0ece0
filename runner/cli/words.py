"""The words of a text on the terminal."""

import shutil
import textwrap
from collections.abc import Sequence

from runner.formatting import one_line
from runner.system.console import say


def say_words(heading: str, words: Sequence[str], lines: int = 6) -> None:
    """Words after a heading, in at most so many lines, which fit the terminal."""
    text = f"{heading} {' '.join(filter(None, map(one_line, words))) or '-'}"
    width = shutil.get_terminal_size().columns - 1
    for line in textwrap.wrap(
        text, width, initial_indent="  ", subsequent_indent="    ", max_lines=lines, placeholder=" …"
    ):
        say(line)
