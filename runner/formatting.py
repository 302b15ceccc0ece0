"""Values as text, the same wherever they are shown."""

from typing import Any


def shown(value: Any) -> str:
    """A value as it is written on the command line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{','.join(map(shown, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{shown(each)}' for key, each in value.items())}}}"
    if isinstance(value, float) and abs(value) >= 1e7 and float(f"{value:g}") == value:
        return f"{value:g}"
    return repr(value) if value == "" else str(value)


def one_line(text: str, width: int | None = None) -> str:
    """Text from elsewhere on one line, fit for a terminal: signs that control it are blanks, a long end is "…"."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text[: width and 4 * width]).split())
    return line if width is None or len(line) <= width else f"{line[: width - 1]}…"


def printable(text: str) -> str:
    """Text from elsewhere, fit for a terminal: signs that control it are blanks; the ends of its lines stay."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\n" else " " for each in text)


FORMULA = ("=", "+", "-", "@", "\t")  # what a spreadsheet takes for the beginning of a formula


def spreadsheet_text(text: str) -> str:
    """A text as a cell of a CSV file: with an apostrophe first where a spreadsheet would calculate; a number stays.

    A carriage return, which many readers take for the end of a row, is a blank.
    """
    text = text.replace("\r", " ")
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def from_spreadsheet(text: str) -> str:
    """The text of such a cell."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def number(value: float) -> str:
    """Four decimals, or four digits of what is too large for them."""
    return f"{value:.4f}" if abs(value) < 1e4 else f"{value:.3e}"


def data_label(name: str, source: str) -> str:
    """The name of a data set as headers and plots give it: a sample is named as one."""
    return f"{name} (sample)" if source == "sample" else name
