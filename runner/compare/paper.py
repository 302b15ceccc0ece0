"""The table of a comparison for a paper, in Markdown or LaTeX: the best bold, those not told from it marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.compare import comparison
from runner.compare.comparison import Comparison, Judged, Sort
from runner.compare.labels import is_number, short_keys
from runner.formatting import counted, number, one_line, shown

MARK = "†"

MARKDOWN = {sign: f"\\{sign}" for sign in "\\`*_[]<>|~$&"}
LATEX = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # after the end of a row it would be a distance
    "*": "{*}",
    "±": r"$\pm$",
    MARK: r"$^\dagger$",
}


@dataclass(frozen=True)
class Row:
    """A setting: the values of its keys, seeds and epoch as text, its value and standard error, and its marks."""

    cells: list[str]
    value: str
    error: str
    is_best: bool
    is_marked: bool


@dataclass(frozen=True)
class Printed:
    """A table: its caption, its headings, whether each of their columns is one of numbers, and its rows."""

    caption: str
    heads: list[str]
    numeric: list[bool]
    value: str
    rows: list[Row]


def markdown(found: Comparison, sort: Sort | None = None, top: int | None = None) -> str:
    """The tables in GitHub's Markdown, each with its caption below it."""
    return "\n".join(_markdown(_printed(judged, sort, top)) for judged in found.tables)


def latex(found: Comparison, sort: Sort | None = None, top: int | None = None) -> str:
    r"""The tables in LaTeX, each in an environment of its own; they need \usepackage{booktabs}."""
    tables = (_printed(judged, sort, top) for judged in found.tables)
    return "\n".join(_latex(table, place) for place, table in enumerate(tables, 1))


def _printed(judged: Judged, sort: Sort | None, top: int | None) -> Printed:
    table, short = judged.table, short_keys(judged.table)
    rows = comparison.rows(judged, sort, top)
    names = [*table.telling_keys, "seeds", *(["chosen_epoch"] if table.at == "chosen" else [])]
    heads = [{"chosen_epoch": "epoch", **short}.get(name, name) for name in names]
    numeric = [all(is_number(row.get(name)) for row in rows if row.get(name) is not None) for name in names]
    best = judged.rows[0]["folder"]
    printed = [
        Row(
            cells=["" if row.get(name) is None else shown(row[name]) for name in names],
            value=number(row[table.monitor.name]),
            error="" if row["standard_error"] is None else number(row["standard_error"]),
            is_best=row["folder"] == best,
            is_marked=row["not_told_from_best"] and row["folder"] != best,
        )
        for row in rows
    ]
    return Printed(_caption(judged), heads, numeric, table.monitor.name, printed)


def _caption(judged: Judged) -> str:
    """What is compared, what the numbers and marks are, by which test, and what it speaks of."""
    said = [f"{judged.table.title}."]
    if any(row["standard_error"] is not None for row in judged.rows):
        said.append(f"Means over the {judged.best.repeated}s ± one standard error.")
    if not judged.verdicts:
        return " ".join(said)
    said.append(f"Bold: the best. {MARK}: cannot be told from it.")
    methods = dict.fromkeys(found.method for _, found in judged.verdicts)
    settings = len(judged.table.settings)
    corrected = f", corrected for all pairs of {counted(settings, 'setting')} (Tukey)" if settings > 2 else ""
    said.append(f"Test: {'; '.join(methods)}{corrected}; p < 0.05.")
    return " ".join([*said, _coverage(judged)])


def _coverage(judged: Judged) -> str:
    """What the test speaks of."""
    covered = {each for _, found in judged.verdicts for each in found.covers}
    return {
        frozenset({"seeds", "examples"}): "It speaks of other seeds and other examples.",
        frozenset({"seeds"}): "It speaks of other seeds on these validation examples, not of other examples.",
        frozenset({"examples"}): "It speaks of these networks on other examples, not of other seeds.",
    }.get(frozenset(covered), "One seed of each setting tells nothing of others.")


def _escaped(text: str, signs: dict[str, str]) -> str:
    return "".join(signs.get(sign, sign) for sign in one_line(text))


def _markdown(table: Printed) -> str:
    """Columns are padded, so that the text itself is a table too."""

    def cell(text: str) -> str:
        return _escaped(text, MARKDOWN)

    def value(row: Row) -> str:
        text = f"{row.value} ± {row.error}" if row.error else row.value
        return f"**{text}**" if row.is_best else f"{text} {MARK}" if row.is_marked else text

    lines = [[*map(cell, row.cells), value(row)] for row in table.rows]
    heads, numeric = [*map(cell, table.heads), cell(table.value)], [*table.numeric, False]
    widths = [max(3, *map(len, column)) for column in zip(heads, *lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        pads: list[Callable[..., str]] = [str.rjust if each else str.ljust for each in numeric]
        padded = (pad(text, width) for pad, text, width in zip(pads, cells, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    rule = ["-" * (width - 1) + (":" if each else "-") for width, each in zip(widths, numeric, strict=True)]
    body = "\n".join(map(line, [heads, rule, *lines]))
    return f"{body}\n\n{cell(table.caption)}\n"


def _latex(table: Printed, place: int) -> str:
    """Mean and error are columns of their own, so that the numbers stand below one another."""

    def cell(text: str) -> str:
        return _escaped(text, LATEX)

    def line(row: Row) -> str:
        value = row.value.replace("-", "$-$")
        value = f"\\textbf{{{value}}}" if row.is_best else value
        error = f" $\\pm$ {row.error}" if row.error else ""
        mark = "\\rlap{$^\\dagger$}" if row.is_marked else ""
        return " & ".join([*map(cell, row.cells), value, f"{error}{mark}".strip()]) + r" \\"

    columns = "".join("r" if each else "l" for each in table.numeric)
    heads = [*map(cell, table.heads), f"\\multicolumn{{2}}{{c}}{{{cell(table.value)}}}"]
    label = "tab:comparison" if place == 1 else f"tab:comparison-{place}"
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{{cell(table.caption)}}}",
            f"  \\label{{{label}}}",
            f"  \\begin{{tabular}}{{{columns}r@{{\\,}}l}}",
            r"    \toprule",
            f"    {' & '.join(heads)} \\\\",
            r"    \midrule",
            *(f"    {line(row)}" for row in table.rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )
