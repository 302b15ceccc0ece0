"""The report of a comparison, in a real browser: what it shows, what it lets one do, and that it is inert."""

import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.compare.comparison import Comparison, compare
from runner.compare.report import page as report
from runner.config.dotted import flat
from runner.config.plan import plan_of
from runner.experiment import run as experiment
from runner.runs import reader as recorded

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

CHROMIUM = "/usr/bin/chromium"
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
QUIET += " --disable-component-update --disable-sync"
WIDTHS, SEEDS, EPOCHS = (4, 16), (0, 1), 3

# What a browser or Bokeh might take for more than text.
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
    common = ["dataset.source=sample", f"training.epochs={EPOCHS}"]
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
        tab.locator(".slick-row").first.wait_for()
        return tab

    yield page_of
    for context in contexts:
        context.close()
    assert troubles == []


def page(folder: Path, command: str = "python -m runner compare", sentences: tuple[str, ...] = ("No matter.",)) -> str:
    runs = [recorded.load(found.parent) for found in sorted(folder.rglob("run.json"))]
    return report.page(compare(runs), command=command, sentences=list(sentences))


def edit(folder: Path, **entries: Any) -> None:
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, **entries}))


def rows(folder: Path, name: str = "metrics.csv") -> list[dict[str, str]]:
    with (folder / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def first_cells(tab: "Page") -> list[str]:
    """The names of the runs in the table, as sorted and filtered, top to bottom."""
    tab.wait_for_timeout(100)
    cells = tab.locator(".slick-row").all()
    placed = sorted((cell.bounding_box()["y"], cell.locator(".slick-cell").nth(1).inner_text()) for cell in cells)  # type: ignore[index]
    return [name for _, name in placed]


def drawn(tab: "Page", name: str) -> Any:
    """What a plot of the page holds, by the name of Bokeh's model."""
    return tab.evaluate(
        "name => { const {data} = Bokeh.documents[0].get_model_by_name(name);"
        " return Object.fromEntries(Object.entries(data).map(([key, column]) =>"
        " [key, Array.from(column, each => each.length === undefined || typeof each === 'string' ? each"
        " : Array.from(each))])); }",
        name,
    )


def visible_text(tab: "Page") -> str:
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    return tab.locator("body").inner_text()


# In the browser ----------------------------------------------------------------------------------------------------


def test_the_table_is_sorted_by_a_click_on_a_column(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    values = {run.folder.name: run.monitored for run in map(recorded.load, sweep.glob("width-*"))}
    best_first = sorted(values.values(), reverse=True)  # type: ignore[type-var]
    assert [values[name] for name in first_cells(tab)] == best_first
    tab.locator(".slick-header-column", has_text="val_accuracy").click()
    assert [values[name] for name in first_cells(tab)] == best_first[::-1]
    tab.locator(".slick-header-column", has_text="model.width").click()
    assert [name.split("_")[0] for name in first_cells(tab)] == ["width-4"] * 2 + ["width-16"] * 2


def test_the_filter_leaves_the_rows_with_its_words_and_their_curves(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    tab.get_by_label("Only runs with these words").fill("SEED-1")
    assert sorted(first_cells(tab)) == ["width-16_seed-1", "width-4_seed-1"]
    assert len(drawn(tab, "t0-validation")["ys"]) == 2
    assert tab.get_by_role("status").inner_text() == "Shown: the 2 runs found."
    tab.get_by_label("Only runs with these words").fill("")
    assert len(first_cells(tab)) == 4


def test_the_curves_of_picked_rows_alone_are_drawn(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    assert len(drawn(tab, "t0-validation")["ys"]) == 4
    for name in ("width-16_seed-1", "width-4_seed-0"):
        tab.locator(".slick-row", has_text=name).locator("input").click()
    names = sorted(["width-16_seed-1", "width-4_seed-0"])
    expected = [[float(row["val_accuracy"]) for row in rows(sweep / name)] for name in names]
    curves = drawn(tab, "t0-validation")["ys"]
    assert sorted(curves) == [pytest.approx(values, rel=1e-5) for values in sorted(expected)]
    assert set(tab.locator("#t0-legend li").all_inner_texts()[:2]) == {"width-16_seed-1", "width-4_seed-0"}
    tab.get_by_role("button", name="Pick none").click()
    assert len(drawn(tab, "t0-validation")["ys"]) == 4


def test_the_axis_is_epochs_updates_or_seconds(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    tab.locator(".slick-row", has_text="width-4_seed-1").locator("input").click()
    timings = rows(sweep / "width-4_seed-1", "timings.csv")
    for label, column in {"updates": "updates", "seconds": "seconds", "epochs": "epoch"}.items():
        tab.get_by_label(label, exact=True).check()
        values = [float(row[column]) for row in timings]
        cumulative = values if column == "epoch" else [sum(values[: place + 1]) for place in range(EPOCHS)]
        assert drawn(tab, "t0-training")["xs"][0] == pytest.approx(cumulative, rel=1e-4)


def test_the_scale_is_linear_or_log(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    plot = tab.locator(".plot").nth(1)
    linear = plot.screenshot()
    tab.get_by_label("log", exact=True).check()
    tab.wait_for_timeout(300)
    assert plot.screenshot() != linear
    assert tab.evaluate("Bokeh.documents[0].get_model_by_name('t0-log').visible")
    assert not tab.evaluate("Bokeh.documents[0].get_model_by_name('t0-linear').visible")


def test_the_metric_is_any_that_was_recorded(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    choice = tab.get_by_label("Metric")
    assert choice.locator("option").all_inner_texts() == ["accuracy", "loss", "learning_rate"]
    tab.locator(".slick-row", has_text="width-4_seed-1").locator("input").click()
    choice.select_option("loss")
    for part, column in {"training": "loss", "validation": "val_loss"}.items():
        values = [float(row[column]) for row in rows(sweep / "width-4_seed-1")]
        assert drawn(tab, f"t0-{part}")["ys"][0] == pytest.approx(values, rel=1e-5)
    choice.select_option("learning_rate")
    assert drawn(tab, "t0-validation")["ys"] == []


def test_pointing_at_a_curve_tells_of_its_epoch(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    tab.locator(".slick-row", has_text="width-4_seed-1").locator("input").click()
    tab.get_by_label("updates", exact=True).check()
    tab.locator("#t0-legend").scroll_into_view_if_needed()
    tab.wait_for_timeout(300)
    x, y = tab.evaluate(AT_LAST_POINT)
    tab.mouse.move(x - 3, y)
    tab.mouse.move(x, y)
    tab.locator(".bk-tooltip-row-value").first.wait_for()
    told = tab.locator(".bk-tooltip-row-value").all_inner_texts()
    last, timings = rows(sweep / "width-4_seed-1")[-1], rows(sweep / "width-4_seed-1", "timings.csv")
    accuracy, updates = f"{float(last['val_accuracy']):.4f}", sum(int(row["updates"]) for row in timings)
    assert told[:5] == ["width-4_seed-1", "val_accuracy", accuracy, str(EPOCHS), str(updates)]


# Where on the screen the last point of the curves is.
AT_LAST_POINT = """() => {
  const find = (view) => view.model.name === "t0-linear" ? view
    : (view.child_views ?? []).map(find).find((each) => each);
  const view = [...Bokeh.index].map(find).find((each) => each);
  const {x, y} = Bokeh.documents[0].get_model_by_name("t0-points").data;
  const box = view.canvas_view.el.getBoundingClientRect();
  return [box.x + view.frame.x_scale.compute(x[x.length - 1]), box.y + view.frame.y_scale.compute(y[y.length - 1])];
}"""


def test_whiskers_are_the_spread_over_seeds(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    whiskers = drawn(tab, "t0-effect0-whiskers")
    for place, width in enumerate(WIDTHS):
        curves = [[float(row["val_accuracy"]) for row in rows(sweep / f"width-{width}_seed-{seed}")] for seed in SEEDS]
        results = max(zip(*curves, strict=True), key=sum)  # at the best epoch of the mean over the seeds
        half = (whiskers["high"][place] - whiskers["low"][place]) / 2
        assert half == pytest.approx(statistics.stdev(results))
    assert "Whiskers: one standard deviation over the seeds." in tab.locator("figcaption").nth(1).inner_text()


def test_the_keyboard_alone_picks_a_run(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    reached: list[str] = []
    while "Each run’s full config" not in reached and len(reached) < 60:
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate(FOCUSED))
        if reached[-1] == "The same table as plain text":
            tab.keyboard.press("Enter")
            tab.locator("#t0-plain table").wait_for()
        if reached[-1] == "Show the curves of width-4_seed-1":
            tab.keyboard.press("Space")
    assert set(reached) >= {"t0-filter", "t0-metric", "t0-axis", "t0-scale", "Each run’s full config"}
    assert tab.get_by_role("status").inner_text() == "Shown: the 1 run picked."


# What has the focus, in words.
FOCUSED = """() => {
  const at = document.activeElement;
  return at.id || at.name || at.ariaLabel || at.textContent;
}"""


def test_the_table_stands_as_plain_html_too(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    tab.get_by_text("The same table as plain text").click()
    table = tab.get_by_role("table", name="imdb (sample)")
    heads = [head.inner_text() for head in table.get_by_role("columnheader").all()]
    results = ["epoch", "val_accuracy", "gap", "updates", "seconds", "status"]
    assert heads == ["curves", "run", "model.width", "seed", *results]
    run = recorded.load(sweep / "width-4_seed-1")
    cells = table.get_by_role("row", name="width-4_seed-1").locator("td").all_inner_texts()[1:]
    gap = run.record["training_at_best"]["accuracy"] - run.best["val_accuracy"]
    curves = [[float(row["val_accuracy"]) for row in rows(sweep / f"width-4_seed-{seed}")] for seed in SEEDS]
    means = [sum(values) for values in zip(*curves, strict=True)]
    judged = means.index(max(means))  # one epoch for all seeds
    numbers = [f"{value:.4f}" for value in (curves[1][judged], gap)]
    assert cells == [
        "4",
        "1",
        str(judged + 1),
        *numbers,
        str(run.updates),
        f"{run.seconds:.1f}",
        "completed",
    ]
    table.get_by_role("checkbox", name="width-4_seed-1").check()
    assert tab.locator(".slick-row", has_text="width-4_seed-1").locator("input").is_checked()


def test_the_dark_scheme_is_followed_at_once(opened: Open, sweep: Path) -> None:
    tab = opened(sweep, color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    figure = "Bokeh.documents[0].get_model_by_name('t0-linear').background_fill_color"
    dark = tab.evaluate(background), tab.evaluate(figure), drawn(tab, "t0-validation")["color"][0]
    tab.emulate_media(color_scheme="light")
    for _ in range(50):  # the page's policy leaves no room for wait_for_function, which evaluates text
        if tab.evaluate(figure) == "#ffffff":
            break
        tab.wait_for_timeout(100)
    light = tab.evaluate(background), tab.evaluate(figure), drawn(tab, "t0-validation")["color"][0]
    assert light[0] == "rgb(255, 255, 255)"
    assert all(one != other for one, other in zip(dark, light, strict=True))


def test_a_narrow_screen_never_scrolls_sideways(opened: Open, sweep: Path) -> None:
    tab = opened(sweep, width=400)
    visible_text(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400
    for plot in tab.locator(".bk-Figure").all():
        assert not plot.is_visible() or plot.bounding_box()["width"] > 300  # type: ignore[index]


def test_what_a_record_says_is_text_wherever_it_stands(opened: Open, sweep: Path, tmp_path: Path) -> None:
    poisoned(sweep, tmp_path / "poisoned")
    tab = opened(tmp_path / "poisoned")
    for place in range(len(HOSTILE[:4])):
        tab.locator(".slick-row").nth(place).locator("input").click()
    shown = visible_text(tab)
    for text in HOSTILE:
        assert shown.count(text) >= 4
    cells = tab.locator(".slick-viewport-left .slick-cell").all_inner_texts()
    heads = tab.locator(".slick-header-column").all_inner_texts()
    assert HOSTILE[0] in cells
    assert f"val_{HOSTILE[1]}" in heads
    assert f"model.options.{HOSTILE[0]}" in heads
    assert tab.evaluate("typeof window.pwned") == "undefined"
    assert tab.locator("main img, main script, main svg[onload], a[href]").count() == 0


def poisoned(sweep: Path, out: Path) -> None:
    """The runs with hostile text as folder names, values and keys of the config, error, data and metric."""
    metric = "<img src=x onerror=window.pwned=1>"
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
            monitor=f"val_{metric}",
            dataset={**record["dataset"], "name": HOSTILE[0], "source": HOSTILE[2]},
        )
        text = (into / "metrics.csv").read_text()
        (into / "metrics.csv").write_text(text.replace("accuracy", metric))


def twisted(node: Any, number: int) -> Any:
    if isinstance(node, dict):
        return {key: twisted(value, number + place) for place, (key, value) in enumerate(node.items())}
    return HOSTILE[number % len(HOSTILE)] if isinstance(node, str) else node


def test_each_runs_config_and_command_stand_in_full(opened: Open, sweep: Path) -> None:
    tab = opened(sweep)
    tab.get_by_text("Each run’s full config").first.click()
    tab.locator("details details", has_text="width-16_seed-1").first.locator("summary").click()
    shown = tab.locator("pre:visible").first.inner_text().splitlines()
    config = recorded.load(sweep / "width-16_seed-1").record["config"]
    assert "model.width=16" in shown
    assert shown[1].startswith("python -m runner dataset.source=sample ")
    assert {"model.width=16", "seed=1", f"training.epochs={config['training']['epochs']}"} <= set(shown[1].split())
    assert [line.split("=")[0] for line in shown[3:]] == [key for key, _ in flat(config)]


def test_of_many_runs_the_best_fifty_are_drawn(opened: Open, sweep: Path, tmp_path: Path) -> None:
    for seed in range(80):
        edit(shutil.copytree(sweep / "width-4_seed-0", tmp_path / "many" / f"{seed}"), seed=seed)
    tab = opened(tmp_path / "many")
    assert tab.get_by_role("status").inner_text() == "Shown: the best 50 of all 80 runs."
    assert len(drawn(tab, "t0-validation")["ys"]) == 50
    tab.get_by_label("Only runs with these words").fill("79")
    assert len(drawn(tab, "t0-validation")["ys"]) == 1


def test_each_data_set_has_a_table_and_curves_of_its_own(opened: Open, sweep: Path, tmp_path: Path) -> None:
    shutil.copytree(sweep, tmp_path / "both")
    for folder in (tmp_path / "both").glob("width-16*"):
        data = recorded.load(folder).record["dataset"]
        edit(folder, dataset={**data, "fingerprint": "another"})
    tab = opened(tmp_path / "both")
    assert tab.get_by_role("heading", level=2).filter(has_text="imdb (sample").count() == 2
    tab.locator("#t1-filter").fill("seed-0")
    assert len(drawn(tab, "t0-validation")["ys"]) == 2
    assert len(drawn(tab, "t1-validation")["ys"]) == 1


# Without a browser -------------------------------------------------------------------------------------------------


class Text(HTMLParser):
    """What of a page is text, and its tags."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text, self.tags = "", set[str]()
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_left_out_runs_are_named_with_their_reason(sweep: Path) -> None:
    told = Text(page(sweep)).text
    assert "Comparison of 4 runs" in told
    for words in ("1 left out", "broken", "failed", "the loss is not a number from epoch 2 on"):
        assert words in told.split("Left out")[1]


def test_verdict_and_command_stand_in_words(sweep: Path) -> None:
    told = Text(page(sweep, "python -m runner compare 'a <b>'", ("16 < 32 & more",))).text
    assert "16 < 32 & more" in told.split("Verdict")[1].split("Runs")[0]
    assert "python -m runner compare 'a <b>'" in told.split("Make this page again")[1]


WORDS = st.text(
    st.characters(exclude_categories=(), exclude_characters="\r")
)  # HTML reads a carriage return as a new line


@settings(deadline=None)
@given(WORDS, WORDS)
def test_any_words_stand_in_the_page_as_text(sentence: str, command: str) -> None:
    told = Text(report.page(Comparison([], []), command=command, sentences=[sentence]))
    plain = Text(report.page(Comparison([], []), command="", sentences=[""]))
    assert told.tags == plain.tags
    for words in (sentence, command):
        assert words.encode("utf-8", "replace").decode() in told.text


def test_a_name_that_no_encoding_knows_does_not_stop_the_page(sweep: Path, tmp_path: Path) -> None:
    shutil.copytree(sweep / "width-4_seed-0", os.fsdecode(os.fsencode(tmp_path) + b"/odd-\xff"))
    shutil.copytree(sweep / "width-4_seed-1", tmp_path / "even")
    assert "odd-?" in page(tmp_path).encode("utf-8").decode()


def test_without_validation_there_is_no_gap(sweep: Path, tmp_path: Path) -> None:
    words = ["dataset.source=sample", "training.epochs=1", "training.validation_split=0", "training.monitor=loss"]
    experiment.run(plan_of(words).jobs[0].config, tmp_path / "run", words)
    told = Text(page(tmp_path)).text
    assert "Best: run with loss 0." in told
    assert "gap" not in told.split("The same table as plain text")[1].split("Curves")[0]


def test_a_run_without_a_number_is_left_out_with_that_reason(sweep: Path, tmp_path: Path) -> None:
    edit(shutil.copytree(sweep / "width-4_seed-0", tmp_path / "nan"), best_epoch=None)
    told = Text(page(tmp_path))
    assert "val_accuracy had no finite value" in told.text


def test_making_it_needs_no_tensorflow_and_importing_it_no_bokeh(sweep: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from runner.compare import comparison\n"
        "from runner.compare.report import page as report; from runner.runs import reader as recorded\n"
        "assert not {'tensorflow', 'bokeh'} & set(sys.modules)\n"
        "runs = [recorded.load(path.parent) for path in Path(sys.argv[1]).rglob('run.json')]\n"
        "report.page(comparison.compare(runs), command='', sentences=[])\n"
        "print(sorted({'tensorflow', 'bokeh'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code, str(sweep)], capture_output=True, text=True, check=True)
    assert result.stdout == "['bokeh']\n"
