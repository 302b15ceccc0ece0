"""The report of a comparison, in a real browser: what it shows, what it lets one do, and that it is inert."""

import csv
import itertools
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.compare import comparison, wording
from runner.compare.comparison import Comparison
from runner.compare.epochs import epochs
from runner.compare.report import page as report
from runner.compare.report.scale import Scale, scale_for
from runner.config.dotted import flat
from runner.config.plan import plan_of
from runner.experiment import run as experiment
from runner.runs import reader as recorded
from tests.records import write_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

CHROMIUM = "/usr/bin/chromium"
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
QUIET += " --disable-component-update --disable-sync"
WIDTHS, SEEDS, EPOCHS = (4, 16), (0, 1), 3

# What a browser might take for more than text.
HOSTILE = [
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    r"$$\frac{1}{2}$$",
    "\"'><svg onload=window.pwned=1>",
    "javascript:window.pwned=1",
    "<!--<script>",
    r"\(x^2\) @run{safe} {{1+1}} &lt;b&gt;",
]

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of real runs, widths by seeds, and one that failed."""
    folder = tmp_path_factory.mktemp("sweep")
    common = ["dataset.source=sample", "dataset.num_words=200", "model.depth=1", f"training.epochs={EPOCHS}"]
    for width in WIDTHS:
        for seed in SEEDS:
            words = [*common, f"model.width={width}", f"seed={seed}"]
            experiment.run(plan_of(words).jobs[0].config, folder / f"width-{width}_seed-{seed}", words)
    shutil.copytree(folder / "width-4_seed-0", folder / "broken")
    edit(folder / "broken", status="failed", error="the loss is not a number from epoch 2 on")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Debian's chromium; without it these tests are skipped, or fail where RUNNER_REQUIRE_BROWSER is set."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    if not Path(CHROMIUM).exists():
        missing(f"there is no {CHROMIUM}")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield running
        running.close()


def missing(what: str) -> None:
    reason = f"no browser to look at a report: {what}"
    if os.environ.get("RUNNER_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def opened(browser: "Browser", tmp_path: Path) -> Iterator[Open]:
    """`opened(folder, width=400, color_scheme="dark")`: the report of a folder's runs, open in the browser.

    At the end nothing may have gone to any host, nor may the console hold an error.
    """
    troubles: list[str] = []
    contexts = []

    def page_of(folder: Path, width: int = 1200, **named: Any) -> "Page":
        file = tmp_path / "report.html"
        file.write_text(page(folder), encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, **named))
        tab = contexts[-1].new_page()
        tab.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        local = ("file:", "data:", "blob:")
        tab.on("request", lambda asked: None if asked.url.startswith(local) else troubles.append(asked.url))
        tab.goto(file.as_uri())
        tab.wait_for_selector("html[data-ready]", timeout=300_000)
        return tab

    yield page_of
    for context in contexts:
        context.close()
    assert troubles == []


def page(folder: Path, command: str = "python -m runner compare") -> str:
    runs = [recorded.load(found.parent) for found in sorted(folder.rglob("run.json"))]
    return report.page(comparison.compare(runs), command=command)


def edit(folder: Path, **entries: Any) -> None:
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, **entries}))


def rows(folder: Path, name: str = "metrics.csv") -> list[dict[str, str]]:
    with (folder / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def varied(source: Path, out: Path, *, gain: float = 0.0, **values: Any) -> Path:
    """A copy of a run as one of another config, whose accuracies are higher by `gain`; `model__width=4` sets a key."""
    shutil.copytree(source, out, ignore=shutil.ignore_patterns("checkpoints", "*.keras", "predictions.npz"))
    record = json.loads((out / "run.json").read_text())
    for key, value in values.items():
        *groups, last = key.split("__")
        node = record["config"]
        for group in groups:
            node = node[group]
        node[last] = value
    edit(out, config=record["config"], seed=record["config"]["seed"])
    epochs = rows(out)
    for row in epochs:
        row["val_accuracy"] = repr(float(row["val_accuracy"]) + gain)
    with (out / "metrics.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, epochs[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(epochs)
    return out


# In the browser ----------------------------------------------------------------------------------------------------


def path_of(tab: "Page", metric: str, place: int = -1) -> list[tuple[float, float]]:
    """The pixels of a mean curve; by default of the best setting, which is drawn last."""
    paths = tab.locator(f'figure[data-metric="{metric}"] g > path:not([class])')
    line = paths.nth(place % paths.count()).get_attribute("d") or ""
    return [(float(x), float(y)) for x, y in (point.split(",") for point in line.strip("M").split("L"))]


def is_linear(pixels: list[float], values: list[float]) -> bool:
    """Whether pixels lie as values do, on a linear axis: to a pixel."""
    slope, start = np.polyfit(values, pixels, 1)
    return bool(np.allclose(slope * np.array(values) + start, pixels, atol=1))


def means(sweep: Path, width: int, column: str) -> list[float]:
    seeds = [[float(row[column]) for row in rows(sweep / f"width-{width}_seed-{seed}")] for seed in SEEDS]
    return [statistics.fmean(values) for values in zip(*seeds, strict=True)]


def best_width(sweep: Path) -> int:
    return max(WIDTHS, key=lambda width: max(means(sweep, width, "val_accuracy")))


def test_curves_are_the_means_over_the_seeds(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    assert tab.locator(".curves figcaption").all_inner_texts() == ["val_accuracy", "val_loss"]
    for metric in ("accuracy", "loss"):
        points = path_of(tab, metric)
        assert is_linear([y for _, y in points], means(sweep, best_width(sweep), f"val_{metric}"))
        assert is_linear([x for x, _ in points], [1, 2, 3])


def test_the_axis_is_epochs_updates_or_seconds(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    timings = [rows(sweep / f"width-{best_width(sweep)}_seed-{seed}", "timings.csv") for seed in SEEDS]
    for name in ("updates", "seconds"):
        tab.get_by_label(name, exact=True).check()
        totals = np.mean([np.cumsum([float(row[name]) for row in each]) for each in timings], axis=0)
        assert is_linear([x for x, _ in path_of(tab, "accuracy")], list(totals))
    assert tab.locator(".curves .axis").first.text_content() == "seconds of training"


def test_the_scale_is_linear_or_log(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    tab.get_by_label("log scale").check()
    values = [math.log(value) for value in means(sweep, best_width(sweep), "val_loss")]
    assert is_linear([y for _, y in path_of(tab, "loss")], values)


def test_training_examples_are_drawn_dashed_when_asked_for(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    dashed = tab.locator(".curves .training")
    assert dashed.count() == 0
    tab.get_by_label("training examples, dashed").check()
    assert dashed.count() == 2 * len(WIDTHS)


def test_a_picked_setting_stands_out_in_its_own_colour(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    colours = {width: colour_of(tab, width) for width in ("4", "16")}
    assert len(set(colours.values())) == 2
    tab.get_by_label("Pick model.width=4").check()
    assert tab.get_by_role("status").inner_text() == "1 picked: the other curves step back."
    for width, kind in {"4": "picked", "16": "aside"}.items():
        group = tab.locator(f'.curves figure[data-metric="accuracy"] g.{kind}')
        assert group.evaluate("group => getComputedStyle(group.querySelector('circle')).fill") == colours[width]
        assert colour_of(tab, width) == colours[width]
    tab.get_by_role("button", name="Pick none").click()
    assert tab.locator(".curves .picked, .curves .aside").count() == 0


def colour_of(tab: "Page", width: str) -> str:
    """The colour of a width in the legend; it is the one of its row in the plot of the settings."""
    entry = tab.locator(".legend li", has_text=re.compile(f"^{width}$"))
    colour: str = entry.locator("i").evaluate("each => getComputedStyle(each).backgroundColor")
    row = tab.locator(".intervals tbody tr", has=tab.get_by_role("rowheader", name=width, exact=True))
    assert row.locator("circle.mean").evaluate("each => getComputedStyle(each).stroke") == colour
    return colour


def test_pointing_at_a_curve_tells_of_its_epoch(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    mark = tab.locator('.curves figure[data-metric="accuracy"] circle.mean').last
    mark.scroll_into_view_if_needed()
    mark.hover()
    width = best_width(sweep)
    curve = means(sweep, width, "val_accuracy")
    epoch = curve.index(max(curve)) + 1
    seeds = [rows(sweep / f"width-{width}_seed-{seed}")[epoch - 1]["val_accuracy"] for seed in SEEDS]
    told = tab.locator(".told-of").inner_text()
    assert told.startswith(f"width={width}\nval_accuracy {max(curve):.4f} (seeds ")
    assert ", ".join(f"{float(value):.4f}" for value in seeds) in told
    assert f"epoch {epoch}, " in told
    assert tab.locator(".intervals tr.pointed th").inner_text() == str(width)
    tab.locator(".intervals tbody tr").last.hover()
    assert tab.locator(".curves .pointed").count() == 2
    assert tab.locator(".intervals tr.pointed th").inner_text() != str(width)


def test_the_keyboard_alone_picks_a_setting_and_unfolds_the_details(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    reached: list[str] = []
    while "Configs and commands" not in reached and len(reached) < 60:
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate(FOCUSED))
        if reached[-1] == "Pick model.width=4":
            tab.keyboard.press("Space")
        if reached[-1] in ("Verdicts in full", "val_accuracy"):
            tab.keyboard.press("Enter")
    assert set(reached) >= {"t0-axis", "t0-training", "t0-log", "Each of the 4 runs"}
    assert tab.locator(".curves .picked").count() == 2
    assert tab.locator(".verdicts").is_visible()
    assert (
        tab.locator("#t0-table").get_by_role("columnheader", name="val_accuracy").get_attribute("aria-sort")
        == "ascending"
    )


# What has the focus, in words.
FOCUSED = """() => {
  const at = document.activeElement;
  return at.id || at.name || at.ariaLabel || at.textContent;
}"""


def test_a_click_on_a_heading_sorts_the_table(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    values = tab.locator("#t0-table tbody tr td:nth-child(3)")
    best_first = values.all_inner_texts()
    assert best_first == sorted(best_first, reverse=True)
    tab.locator("#t0-table").get_by_role("button", name="val_accuracy").click()
    assert values.all_inner_texts() == best_first[::-1]
    tab.locator("#t0-table").get_by_role("button", name="width").click()
    assert tab.locator("#t0-table tbody th").all_inner_texts() == ["4", "16"]  # as numbers


def test_of_many_settings_the_best_come_first_and_words_find_the_others(
    opened: Open, sweep: Path, tmp_path: Path
) -> None:
    for width in range(1, 41):
        varied(sweep / "width-4_seed-0", tmp_path / "many" / f"{width}", gain=width / 1000, model__width=width)
    tab = opened(tmp_path / "many")
    shown = tab.locator(".intervals tbody tr:visible")
    assert shown.locator("th").all_inner_texts() == [str(width) for width in range(40, 10, -1)]
    tab.get_by_label("Only settings with these words").fill("width=7")
    assert shown.locator("th").all_inner_texts() == ["7"]
    tab.get_by_label("Only settings with these words").fill("")
    tab.get_by_role("button", name="Show all 40 settings").click()
    assert shown.count() == 40
    assert tab.locator(".legend li").all_inner_texts() == ["1", "9", "17", "24", "32", "40"]
    dots = tab.locator(".curves figure[data-metric=accuracy] circle.mean")
    assert dots.count() == 1
    tab.get_by_label("Pick model.width=7", exact=True).check()
    assert dots.count() == 2


OPTIMIZERS, RATES, BATCHES = ("adam", "rmsprop", "sgd"), (0.001, 0.01, 0.1), (64, 128)


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """18 settings with two seeds each: optimizers by learning rates by batch sizes, of which the larger is better."""
    folder = tmp_path_factory.mktemp("grid")
    for name, rate, batch, seed in itertools.product(OPTIMIZERS, RATES, BATCHES, (0, 1)):
        best = 0.7 + OPTIMIZERS.index(name) / 10 + RATES.index(rate) / 50 + batch / 10_000 + seed / 500
        keys = {"optimizer": {"name": name, "learning_rate": rate}, "training.batch_size": batch, "seed": seed}
        write_run(folder / f"{name}-{rate}-{batch}-{seed}", [best - 0.1, best, best - 0.01], keys)
    return folder


def test_many_settings_are_small_multiples_with_one_short_legend(opened: Open, grid: Path) -> None:
    """Of settings with the same panel and colour the best is drawn, the other when it is picked, in its own colour."""
    tab = opened(grid)
    accuracy = tab.locator('.curves figure[data-metric="accuracy"]')
    assert accuracy.locator(".panel p").all_inner_texts() == [f"optimizer {name}" for name in OPTIMIZERS]
    assert tab.locator(".legend").inner_text().split() == ["learning_rate", *map(str, RATES)]
    for panel in accuracy.locator(".panel").all():
        assert (panel.locator("g[data-curve]").count(), panel.locator(".band").count()) == (3, 3)
    assert "9 more curves are not drawn" in tab.locator("#t0-curves + noscript + .caption").inner_text()
    middle = tab.get_by_label("optimizer.learning_rate=0.01 training.batch_size=64")
    row = tab.locator(".intervals tbody tr", has=middle).nth(0)
    colour = "each => getComputedStyle(each).stroke"
    own = row.locator("circle.mean").evaluate(colour)
    row.get_by_role("checkbox").check()
    assert row.locator("circle.mean").evaluate(colour) == own
    picked = accuracy.locator("g.picked path:not([class])")
    assert picked.evaluate(colour) == own
    assert accuracy.locator(".panel").nth(2).locator("g.picked").count() == 1  # sgd is the best
    assert accuracy.locator("g[data-curve]").count() == 10


# Whether a pixel of a plot is one of the screen.
DRAWN_TO_SIZE = """() => [...document.querySelectorAll(".panel svg")].every(
  (svg) => Math.abs(svg.viewBox.baseVal.width - svg.clientWidth) <= 1
)"""


def test_small_multiples_fit_screen_and_paper(opened: Open, grid: Path) -> None:
    """Two in a row on a narrow screen, all in one on a wide one, and the same axis for all."""
    tab = opened(grid, width=400)
    for width, rows in ((400, 2), (1400, 1)):
        tab.set_viewport_size({"width": width, "height": 800})
        tab.wait_for_function(DRAWN_TO_SIZE)
        boxes = [panel.bounding_box() for panel in tab.locator('figure[data-metric="accuracy"] .panel').all()]
        assert len({round(box["y"]) for box in boxes if box}) == rows
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    axes = [panel.locator("text").all_inner_texts() for panel in tab.locator('figure[data-metric="loss"] .panel').all()]
    assert axes == [axes[0]] * 3
    tab.emulate_media(media="print")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1400


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(opened: Open, sweep: Path, scheme: str) -> None:
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-playwright-python is not installed")
    tab = opened(sweep, color_scheme=scheme)
    tab.get_by_label("Pick model.width=4").check()
    unfold(tab)
    found = Axe().run(tab).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_the_dark_scheme_is_followed_at_once(opened: Open, sweep: Path) -> None:
    tab = opened(sweep, color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = tab.evaluate(background), colour_of(tab, "4")
    tab.emulate_media(color_scheme="light")
    light = tab.evaluate(background), colour_of(tab, "4")
    assert light[0] == "rgb(255, 255, 255)"
    assert all(one != other for one, other in zip(dark, light, strict=True))


def test_a_narrow_screen_never_scrolls_sideways(opened: Open, sweep: Path) -> None:
    tab = opened(sweep, width=400)
    unfold(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400
    for plot in tab.locator(".curves svg, .effects svg").all():
        assert plot.bounding_box()["width"] > 300  # type: ignore[index]
    assert tab.locator(".intervals .outcome").first.bounding_box()["x"] < 400  # type: ignore[index]


def test_many_keys_leave_room_for_the_plot_on_a_narrow_screen(opened: Open, sweep: Path, tmp_path: Path) -> None:
    for width in (4, 8):
        values: dict[str, Any] = {
            "model__width": width,
            "training__batch_size": width,
            "optimizer__learning_rate": width,
        }
        varied(sweep / "width-4_seed-0", tmp_path / "many" / f"{width}", **values)
        varied(sweep / "width-4_seed-0", tmp_path / "many" / f"{width}-2", **{**values, "model__width": 16})
        varied(sweep / "width-4_seed-0", tmp_path / "many" / f"{width}-3", **{**values, "training__batch_size": 16})
    tab = opened(tmp_path / "many", width=400)
    row = tab.locator(".intervals tbody tr").first
    assert row.locator("th, td[data-key]").count() == 3
    for part in ("svg", ".outcome"):
        box = row.locator(part).bounding_box()
        assert box["x"] + box["width"] <= 400  # type: ignore[index]
    assert tab.locator("#t0-settings").evaluate("each => each.parentElement.scrollWidth") <= 400


def test_on_paper_there_is_nothing_to_click_and_nothing_cut_off(opened: Open, sweep: Path) -> None:
    tab = opened(sweep, color_scheme="dark", width=680)
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.locator("input:visible, button:visible:not(.data button)").count() == 0
    for box in tab.locator(".box:visible").all():
        assert box.evaluate("each => each.scrollWidth - each.clientWidth") <= 1


def unfold(tab: "Page") -> str:
    """Unfold what is folded; returns the text of the page."""
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    return tab.locator("body").inner_text()


def test_what_a_record_says_is_text_wherever_it_stands(opened: Open, sweep: Path, tmp_path: Path) -> None:
    poisoned(sweep, tmp_path / "poisoned")
    tab = opened(tmp_path / "poisoned")
    tab.locator(".intervals input").first.check()
    tab.locator(".curves figure").first.locator("circle.mean").last.hover()
    shown = unfold(tab)
    for text in HOSTILE:
        assert shown.count(text) >= 4
    assert f"val_{METRIC}" in tab.locator(".told-of").inner_text()
    assert f"val_{METRIC}" in tab.locator(".curves figcaption").first.inner_text()
    assert tab.evaluate("typeof window.pwned") == "undefined"
    assert tab.locator("main img, main script, main svg[onload], a[href]").count() == 0


METRIC = "<img src=x onerror=window.pwned=1>"


def poisoned(sweep: Path, out: Path) -> None:
    """The runs with hostile text as folder names, values and keys of the config, error, data and metric."""
    for number, folder in enumerate(sorted(sweep.iterdir())):
        into = out / f"{number} {HOSTILE[number].replace('/', '_')}"
        shutil.copytree(folder, into)
        record = json.loads((folder / "run.json").read_text())
        config = twisted(record["config"], number)
        config["training"]["validation_from"] = HOSTILE[0]  # the same for all, or each would be a table of its own
        config["model"]["options"] = {text: HOSTILE[(number + 1) % len(HOSTILE)] for text in HOSTILE}
        edit(
            into,
            config=config,
            overrides=HOSTILE,
            error=record["error"] and HOSTILE[0],
            monitor=f"val_{METRIC}",
            dataset={**record["dataset"], "name": HOSTILE[0], "source": HOSTILE[2]},
        )
        text = (into / "metrics.csv").read_text()
        (into / "metrics.csv").write_text(text.replace("accuracy", METRIC))


def twisted(node: Any, number: int) -> Any:
    if isinstance(node, dict):
        return {key: twisted(value, number + place) for place, (key, value) in enumerate(node.items())}
    return HOSTILE[number % len(HOSTILE)] if isinstance(node, str) else node


def test_each_runs_config_and_command_stand_in_full(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    tab.get_by_text("Configs and commands").click()
    common = tab.locator("pre:visible").first.inner_text().splitlines()
    own = tab.locator("dt", has_text="width-16_seed-1").locator("+ dd").inner_text().splitlines()
    config = recorded.load(sweep / "width-16_seed-1").record["config"]
    assert {"model.width=16", "seed=1"} <= set(own)
    assert own[1].startswith("python -m runner dataset.source=sample ")
    assert {"model.width=16", "seed=1", f"training.epochs={config['training']['epochs']}"} <= set(own[1].split())
    assert {line.split("=")[0] for line in [*common, *own[2:]]} == {key for key, _ in flat(config)}


def test_each_data_set_has_a_question_and_curves_of_its_own(opened: Open, sweep: Path, tmp_path: Path) -> None:
    shutil.copytree(sweep, tmp_path / "both")
    for folder in (tmp_path / "both").glob("*seed-1"):
        data = recorded.load(folder).record["dataset"]
        edit(folder, dataset={**data, "fingerprint": "another"})
    tab = opened(tmp_path / "both")
    questions = ["Which width: 4 or 16?"] * 2
    assert tab.get_by_role("heading", level=2).filter(has_text="width").all_inner_texts() == questions
    tab.get_by_label("Pick model.width=4").last.check()
    assert tab.locator("#t0-curves .picked").count() == 0
    assert tab.locator("#t1-curves .picked").count() == 2


# Without a browser -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """510 widths, of which the larger is better."""
    folder = tmp_path_factory.mktemp("search")
    for width in range(1, 511):
        write_run(folder / f"{width}", [0.6, 0.6 + width / 2000], {"model.width": width})
    return folder


def test_of_more_settings_than_500_the_best_are_shown_and_the_page_says_so(search: Path) -> None:
    markup = page(search)
    told = Text(markup).text
    assert "Which of 510 values of width?" in told
    assert "510 runs, 510 settings" in told
    assert told.count("Shown are the best 500 of 510 settings: compare --csv FILE writes all") == 4
    rows = re.findall(r'data-curve="\d+" aria-label="Pick model.width=(\d+)"', markup)
    assert rows == [str(width) for width in range(510, 10, -1)]
    curves = json.loads(markup.split('id="report-data">')[1].split("</script>")[0])[0]["curves"]
    assert [curve["name"] for curve in curves] == [f"width={width}" for width in range(510, 10, -1)]


def test_the_reference_is_shown_also_where_it_is_not_among_the_best(search: Path) -> None:
    runs = [recorded.load(found) for found in sorted(search.iterdir())]
    markup = report.page(comparison.compare(runs, search / "1"), command="")
    assert "the reference" in row_of(markup, "1")
    assert markup.count("data-curve=") == 500


class Text(HTMLParser):
    """What of a page is text, and its tags."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text, self.tags, self.inside = "", set[str](), ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.inside = tag

    def handle_endtag(self, _: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in ("style", "script"):
            self.text += data


def row_of(markup: str, value: str) -> str:
    """A setting's row in the plot of the settings, by its first value."""
    found = [row for row in markup.split("<tr ") if f'">{value}</th>' in row.split("</td>", 1)[-1][:80]]
    return found[0]


def test_the_first_screen_asks_and_answers(sweep: Path) -> None:
    markup = page(sweep)
    told = Text(markup).text
    judged = comparison.compare([recorded.load(folder) for folder in sweep.glob("width-*")]).tables[0]
    first = told.split("Learning curves")[0]
    assert "<h1" in markup
    assert "Which width: 4 or 16?" in first
    assert wording.answer(judged)[0] in first
    assert wording.epochs_in_words(epochs(judged.best), judged.table) in first
    for fact in ("model.width: 4, 16", "imdb (sample)", "4 runs, 2 settings, seeds 0, 1", judged.table.rule):
        assert fact in first
    assert told.index(wording.answer(judged)[0]) < told.index("Table") < told.index("Verdicts in full")


def test_a_settings_row_has_its_mean_its_error_and_its_verdict(sweep: Path) -> None:
    markup = page(sweep)
    best = best_width(sweep)
    curve = means(sweep, best, "val_accuracy")
    epoch = curve.index(max(curve))
    results = [float(rows(sweep / f"width-{best}_seed-{seed}")[epoch]["val_accuracy"]) for seed in SEEDS]
    told = Text(row_of(markup, str(best))).text
    assert f"{statistics.fmean(results):.4f} ± " in told
    assert told.endswith("best")
    other = Text(row_of(markup, str(next(width for width in WIDTHS if width != best)))).text
    assert "not told from the best, p " in other or "worse by " in other


def test_a_setting_that_is_told_from_the_best_is_marked(sweep: Path, tmp_path: Path) -> None:
    for seed in range(4):
        for width, gain in ((8, 0.001 * seed), (32, -0.2 + 0.001 * seed)):
            into = tmp_path / f"{width}-{seed}"
            varied(sweep / "width-4_seed-0", into, gain=gain, model__width=width, seed=seed)
    markup = page(tmp_path)
    assert 'class="good"' in f"<tr {row_of(markup, '8')}"
    assert 'class="told"' in f"<tr {row_of(markup, '32')}"
    assert "worse by 0.2000, p < 0.001" in Text(row_of(markup, "32")).text


@pytest.mark.parametrize(
    ("runs", "question"),
    [
        ([{}], "How many epochs?"),
        ([{"model__width": 4}, {"model__width": 8}], "Which width: 4 or 8?"),
        ([{"model__width": width} for width in range(1, 9)], "Which of 8 values of width?"),
        ([{"training__epochs": 2}, {"training__epochs": 3}], "How many epochs: 2 or 3?"),
        (
            [
                {"model__width": 4, "training__batch_size": 8},
                {"model__width": 8, "training__batch_size": 8},
                {"model__width": 4, "training__batch_size": 16},
            ],
            "Which width and batch_size?",
        ),
    ],
)
def test_the_question_is_what_was_varied(
    sweep: Path, tmp_path: Path, runs: list[dict[str, Any]], question: str
) -> None:
    for place, values in enumerate(runs):
        varied(sweep / "width-4_seed-0", tmp_path / f"{place}", **values)
    assert f">{question}</h1>" in page(tmp_path)


def test_one_run_needs_no_plot_of_settings(sweep: Path, tmp_path: Path) -> None:
    shutil.copytree(sweep / "width-4_seed-0", tmp_path / "run")
    markup = page(tmp_path)
    assert not {"Table", "What each key does", "Verdicts in full"} & set(re.findall(r">([^<>]+)<", markup))
    assert 'class="intervals' not in markup
    assert "best after " in Text(markup).text


def test_effects_join_settings_that_differ_in_one_key_alone(sweep: Path, tmp_path: Path) -> None:
    settings = [(4, 8), (8, 8), (16, 16)]
    for width, batch in settings:
        into = tmp_path / f"{width}-{batch}"
        varied(sweep / "width-4_seed-0", into, model__width=width, training__batch_size=batch)
    markup = page(tmp_path)
    figures = markup.split('<div class="effects">')[1].split("<p class=")[0].split("<figure>")[1:]
    assert len(figures) == 1  # no two differ in the batch size alone
    assert figures[0].count("<circle") == 2
    assert "training.batch_size=8: best with " in figures[0]
    shutil.rmtree(tmp_path / "8-8")
    assert "What each key does" not in page(tmp_path)


def test_a_number_has_shades_in_the_order_of_its_values(sweep: Path, tmp_path: Path) -> None:
    for width, gain in ((4, 0.2), (64, 0.1), (16, 0.3)):
        varied(sweep / "width-4_seed-0", tmp_path / f"{width}", gain=gain, model__width=width)
    legend = page(tmp_path).split('<div class="legend"><span>width</span>')[1].split("</ul>")[0]
    assert re.findall(r"</i>(\d+)</li>", legend) == ["4", "16", "64"]
    assert re.findall(r"--r(\d).*?(\d+)%", legend) == [("0", "0"), ("1", "0"), ("1", "100")]


def test_a_network_that_has_learned_nothing_does_not_press_the_others_together(sweep: Path, tmp_path: Path) -> None:
    for width, gain in ((4, 0.0), (8, 0.01), (16, -0.3)):
        varied(sweep / "width-4_seed-0", tmp_path / f"{width}", gain=gain, model__width=width)
    markup = page(tmp_path)
    x = {width: re.findall(r'class="mean" cx="([\d.]+)%"', row_of(markup, width)) for width in ("4", "8")}
    assert float(x["8"][0]) - float(x["4"][0]) > 50
    assert "◂" in row_of(markup, "16")


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e3)), min_size=1, max_size=20))
def test_a_scale_holds_the_better_two_thirds_and_has_round_ticks(settings: list[tuple[float, float]]) -> None:
    ends = [(mean - error, mean + error) for mean, error in settings]
    scale = scale_for(ends)
    assert all(scale.holds(value) for each in ends[: max(1, 2 * len(ends) // 3)] for value in each)
    assert len(scale.ticks()) <= 6
    assert all(scale.low - 1e-6 <= tick <= scale.high + 1e-6 for tick in scale.ticks())
    assert 0 <= scale.at(ends[-1][0]) <= 1


@pytest.mark.parametrize(
    ("low", "high", "is_whole", "labels"),
    [
        (0.871, 0.893, False, ["0.875", "0.880", "0.885", "0.890"]),
        (0.8, 2.2, True, ["1", "2"]),
        (0, 20, True, ["0", "5", "10", "15", "20"]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, is_whole: bool, labels: list[str]) -> None:
    scale = Scale(low, high, is_whole)
    assert [scale.label(tick) for tick in scale.ticks()] == labels


def test_left_out_runs_are_named_with_their_reason(sweep: Path) -> None:
    told = Text(page(sweep)).text
    for words in ("1 run", "broken", "failed", "the loss is not a number from epoch 2 on"):
        assert words in told.split("Left out")[1]


def test_the_command_stands_in_words(sweep: Path) -> None:
    told = Text(page(sweep, "python -m runner compare 'a <b>'")).text
    assert "python -m runner compare 'a <b>'" in told.split("Make this page again")[1]


WORDS = st.text(
    st.characters(exclude_categories=(), exclude_characters="\r")
)  # HTML reads a carriage return as a new line


@settings(deadline=None)
@given(WORDS)
def test_any_words_stand_in_the_page_as_text(command: str) -> None:
    told = Text(report.page(Comparison([], []), command=command))
    plain = Text(report.page(Comparison([], []), command=""))
    assert told.tags == plain.tags
    assert command.encode("utf-8", "replace").decode() in told.text


def test_a_name_that_no_encoding_knows_does_not_stop_the_page(sweep: Path, tmp_path: Path) -> None:
    shutil.copytree(sweep / "width-4_seed-0", os.fsdecode(os.fsencode(tmp_path) + b"/odd-\xff"))
    shutil.copytree(sweep / "width-4_seed-1", tmp_path / "even")
    assert "odd-?" in page(tmp_path).encode("utf-8").decode()


def test_without_validation_there_is_no_gap(tmp_path: Path) -> None:
    for seed in (0, 1):
        words = ["dataset.source=sample", "training.epochs=1", "training.validation_split=0", "training.monitor=loss"]
        words.append(f"model.width={4 + seed}")
        experiment.run(plan_of(words).jobs[0].config, tmp_path / f"run{seed}", words)
    told = Text(page(tmp_path)).text
    assert "Lower is better." in told
    assert "gap" not in told.split("Table")[1].split("Details")[0]


def test_a_run_without_a_number_is_left_out_with_that_reason(sweep: Path, tmp_path: Path) -> None:
    edit(shutil.copytree(sweep / "width-4_seed-0", tmp_path / "nan"), best_epoch=None)
    told = Text(page(tmp_path))
    assert "val_accuracy had no finite value" in told.text


def test_making_it_needs_no_tensorflow(sweep: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from runner.compare import comparison\n"
        "from runner.compare.report import page as report; from runner.runs import reader as recorded\n"
        "runs = [recorded.load(path.parent) for path in Path(sys.argv[1]).rglob('run.json')]\n"
        "report.page(comparison.compare(runs), command='')\n"
        "print(sorted({'tensorflow', 'matplotlib', 'runner.compare'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code, str(sweep)], capture_output=True, text=True, check=True)
    assert result.stdout == "['runner.compare']\n"
