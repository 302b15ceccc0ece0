"""What is more than text, in every text of a record and of a command: looked at wherever the runner shows it."""

import contextlib
import csv
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from runner.__main__ import main
from runner.formatting import FORMULA
from tests.mutations import said_by
from tests.records import write_run

TEXTS = {
    "colours": "a\x1b[31mb\x1b[0m",
    "cleared screen": "a\x1b[2J\x9b2J\x1bc",
    "title": "a\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;b3duZWQ=\x07",
    "bidi": "a\u202egpj.exe\u2066\u200f",
    "lines": "a\nbest run: b\r\nc\u2028d\x85e",
    "tabs": "\ta\x0b\x0c\x01b",
    "script": "<script>window.pwned=1</script>",
    "end of script": "</script><script>window.pwned=1</script><!--<script>",
    "attribute": "\"'><img src=x onerror=window.pwned=1>",
    "TeX": r"$\frac{$ $$\frac{1}{2}$$ \(x^2\)",
    "command of TeX": r"\input{/etc/passwd} 100% a_b^c~#&{}",
    "formula": "=1+1",
    "formula of a command": '@SUM(1);=cmd|"/C calc"!A0',
    "markup": "[bold]a[/bold][link=http://x]b[/link] [/]",
    "format": "%s %d %(a)s {x} {0.__class__} ${oc.env:HOME} %",
    "Markdown": "a|b`c`*d*_e_[f](javascript:window.pwned=1)",
    "long": "w" * 20_000,
    "wide": "\U0001f9d1\u200d\U0001f680\u0301漢字" * 20,
    "empty": "",
    "null": "null",
    "half a sign": "a\ud800b",
}
THREADS = {"intra_op": 1, "inter_op": 1}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
CHROMIUM = "/usr/bin/chromium"


def campaign(folder: Path) -> str:
    """What was looked at. Raises AssertionError where a text is more than text somewhere."""
    for number, (name, text) in enumerate(TEXTS.items()):
        place = folder / str(number)
        place.mkdir(parents=True)
        with contextlib.chdir(place):
            records(Path("runs"), text)
            compared(name)
            asked(name, text)
    terminal(folder)
    browser = in_browser(folder)
    mlflow = in_mlflow(folder)
    shown = "terminal (pipe and pty), CSV, Markdown, LaTeX, JSON, HTML, PNG"
    return f"{len(TEXTS)} texts in every field: nothing but text in {shown}; {browser}; {mlflow}"


def records(root: Path, text: str) -> None:
    """Four runs of two settings and one that failed, with the text in every field that holds one."""
    entries: dict[str, Any] = {
        "identity": text,
        "versions": {"keras": text, text or "x": text},
        "threads": THREADS,
        "device": text,
        "plugin_sources": {text: text},
        "environment": {text: text},
        "overrides": [f"model.activation={text}", text],
        "commonest_class": 0.5,
        "commonest_class_name": text,
        "training_at_best": {"loss": 0.1, text: 0.5},
    }
    data = {"name": text, "source": "own", "fingerprint": text, "class_names": [text, f"{text}2"]}
    fields = {"model.name": text, "optimizer.name": text, "training.loss": text, "training.metrics": [text]}
    fields |= {"dataset.name": text, "plugins": [text], "dataset.path": text}
    for number in range(4):
        settings = {**fields, "model.activation": f"{text}{number % 2 or ''}", "seed": number // 2}
        curve = (0.6, 0.8 + number / 50, 0.7)
        run = write_run(root / f"{folder_name(text)}{number}", curve, settings, data=data, **entries)
        _rename_metric(run, text)
    write_run(root / f"failed{folder_name(text)}", settings=fields, status="failed", error=text, data=data, **entries)


def folder_name(text: str) -> str:
    """As much of a text as the name of a folder can have."""
    return (
        text.replace("/", ":")
        .replace("\ud800", "\udcff")
        .encode("utf-8", "surrogateescape")[:100]
        .decode("utf-8", "surrogateescape" if "\ud800" in text else "ignore")
    )


def _rename_metric(run: Path, text: str) -> None:
    """Let the metric that is monitored have the text for a name."""
    if "\ud800" in text:
        return
    with (run / "metrics.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    names = {"accuracy": text or "x", "val_accuracy": f"val_{text or 'x'}"}
    rows[0] = [names.get(each, each) for each in rows[0]]
    with (run / "metrics.csv").open("w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    record = json.loads((run / "run.json").read_text())
    record["monitor"] = names["val_accuracy"]
    (run / "run.json").write_text(json.dumps(record))


def command(words: list[str]) -> int:
    """The command line, in this process: its exit code."""
    before = sys.argv
    sys.argv = ["runner", *words]
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    finally:
        sys.argv = before
    raise AssertionError("it has not ended")


def plain(said: str, about: str) -> None:
    """Raises AssertionError for signs that control a terminal."""
    controls = {each for each in said if not each.isprintable() and each != "\n"}
    assert not controls, f"{about}: {controls} in {said[:2000]!r}"


def compared(name: str) -> None:
    """All that compare writes of the records in the current folder."""
    files = ["--csv", "t.csv", "--md", "t.md", "--latex", "t.tex", "--png", "t.png", "--html", "t.html"]
    for words in ([*files, "--pairs"], ["--json"], ["--at", "last", "--png", "t.svg"], ["--sort=seconds"]):
        about = f"{name}: compare {' '.join(words)}"
        code, said = said_by(command, ["compare", "runs", *words], about)
        plain(said, about)
        if name == "half a sign":  # no JSON of ours has it, nor does a file take it
            assert code == 2, f"{about}\n{said}"
            return
        assert code == 0, f"{about}\n{said}"
        assert said.count("\n") < 200 or words == ["--json"], about
    _tables(name)
    with Image.open("t.png") as picture:
        picture.load()
        assert max(picture.size) < 10_000, f"{name}: a picture of {picture.size}"


def _tables(name: str) -> None:
    """The files of a comparison: no formula, no row in two, no command of TeX, no markup."""
    with Path("t.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert len({len(row) for row in rows}) == 1, f"{name}: rows of unequal length"
    for cell in (cell for row in rows for cell in row if cell.startswith(FORMULA)):
        float(cell)  # else a spreadsheet would calculate
    paper, latex = Path("t.md").read_text(), Path("t.tex").read_text()
    table = paper.splitlines()
    bars = {len(re.findall(r"(?<!\\)\|", line)) for line in table[:4]}
    assert len(bars) == 1, f"{name}: {table[:4]}"
    assert "<script" not in re.sub(r"\\<", "", paper), name
    unescaped = re.sub(r"\\[&%$#_{}]|\\textbackslash\{\}", "", latex)
    assert "%" not in unescaped, name
    assert "\\input" not in latex, name
    assert "\\frac" not in latex, name
    plain(paper, f"{name}: Markdown")
    plain(latex, f"{name}: LaTeX")


def asked(name: str, text: str) -> None:
    """Words of the command that hold the text: refused in a few lines."""
    named = f"folder{folder_name(text)}"
    text = text.replace("\ud800", "\udcff")  # so a byte that is no UTF-8 comes with a command
    quoted = json.dumps(text, ensure_ascii=False)
    for words in (
        [f"model.activation={quoted}", "plan=true"],
        [f"plugins=[{quoted}]", "plan=true"],
        [f"dataset={text}", "plan=true"],
        [f"{text}=1", "plan=true"],
        [f"training.metrics=[{quoted}]", "plan=true"],
        ["dataset=npz", f"dataset.path={quoted}", "plan=true"],
        ["-m", f"model.activation={quoted},relu", "plan=true"],
        ["-m", f"exclude={quoted}", "seed=1,2", "plan=true"],
        [text],
        ["compare", named],
        ["compare", "runs", "--filter", f"{text}=1"],
        ["compare", "runs", f"--sort={text}"],
        ["compare", "runs", "--columns", text],
        ["compare", "runs", "--reference", named],
        *([verb, named] for verb in ("resume", "final", "test")),
        ["final", "runs", "--select", f"{text}=1"],
        ["predict", named, text],
        ["export", named, "--to", named],
        ["data", f"dataset={text}"],
    ):
        if words == [""]:
            continue  # a training
        about = f"{name}: {words!r}"[:500]
        code, said = said_by(command, words, about)
        plain(said, about)
        assert code in (0, 1, 2), about
        assert len(said.splitlines()) < 40, f"{about}\n{said[:2000]}"


def terminal(folder: Path) -> None:
    """The table of all runs on a terminal: colours, and no other control sequence."""
    runs = [str(each) for each in sorted(folder.glob("*/runs"))]
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "runner", "compare", *runs], stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        said = b"".join(_read(ours)).decode()
    os.close(ours)
    assert process.returncode == 0, said[-2000:]
    plain(COLOURS.sub("", said).replace("\r\n", "\n"), "on a terminal")


def _read(handle: int) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # the other end has closed it
        while part := os.read(handle, 1 << 16):
            yield part


def in_browser(folder: Path) -> str:
    """Open the report of each text, and let it draw: none of them may run."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "HTML not opened in a browser: playwright is not installed"
    if not Path(CHROMIUM).exists():
        return f"HTML not opened in a browser: there is no {CHROMIUM}"
    reports = sorted(folder.glob("*/t.html"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        asked_for: list[str] = []
        page.on("request", lambda request: asked_for.append(request.url))
        for report in reports:
            page.goto(report.as_uri())
            page.wait_for_selector("html[data-ready]", timeout=60_000)
            assert not page.evaluate("window.pwned"), f"{report}: a script has run"
            assert not page.evaluate("document.querySelectorAll('img[src=x], [onerror], a[href^=javascript]').length")
        browser.close()
    outside = [url for url in asked_for if not url.startswith(("file:", "data:", "blob:"))]
    assert not outside, outside
    return f"{len(reports)} reports opened in chromium, no script ran"


def in_mlflow(folder: Path) -> str:
    """Send the records to a store of MLflow, where it is installed."""
    try:
        import mlflow  # noqa: F401
    except ImportError:
        return "MLflow not run: it is not installed"
    for runs in sorted(folder.glob("*/runs")):
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder / 'mlflow.db'}"
        code, said = said_by(command, ["compare", str(runs), "--tracker", "mlflow"], str(runs))
        assert code in (0, 2), said
        plain(said, str(runs))
    return "MLflow took them"
