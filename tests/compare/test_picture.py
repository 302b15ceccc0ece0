"""The picture of a comparison: what its axes hold, against NumPy and the records by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from runner.compare import picture
from runner.compare.comparison import compare
from runner.runs.palette import BEST, TOLD
from runner.runs.reader import Run, load
from tests.records import write_run

Runs = Callable[..., Run]
WIDTHS = {4: (0.60, 0.70, 0.71), 16: (0.78, 0.79, 0.892), 64: (0.80, 0.89, 0.88)}  # accuracy by epoch
NOISE = {4: (-0.003, 0.001, 0.004), 16: (-0.003, 0.001, 0.004), 64: (0.004, -0.003, 0.001)}  # of three seeds


@pytest.fixture
def run(tmp_path: Path) -> Runs:
    """`run("name", curve, {"model.width": 16}, …)`: a recorded run, loaded from its folder."""
    return lambda name, *given, **named: load(write_run(tmp_path / name, *given, **named))


@pytest.fixture
def widths(run: Runs) -> list[Run]:
    """Three widths with three seeds each; 4 is worse, 16 and 64 cannot be told apart."""
    return [
        run(f"{width}-{seed}", [value + noise for value in curve], {"model.width": width, "seed": seed})
        for width, curve in WIDTHS.items()
        for seed, noise in enumerate(NOISE[width])
    ]


def drawn(runs: list[Run]) -> Figure:
    return picture.picture(compare(runs).tables)


def axes_of(figure: Figure, title: str) -> Axes:
    [found] = [axes for axes in figure.axes if title in (axes.get_title(loc="left"), axes.get_label())]
    return found


def words(figure: Figure) -> str:
    """All text of a picture that is not in its axes."""
    return " ".join(text.get_text() for text in figure.texts)


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for entry in figure.legends for text in entry.get_texts()]


def marked(axes: Axes) -> list[Any]:
    """The lines of a single point."""
    return [line for line in axes.get_lines() if len(line.get_xdata()) == 1]


def test_settings_stand_in_the_order_of_their_value_with_one_standard_error(widths: list[Run]) -> None:
    axes = axes_of(drawn(widths), "intervals")
    found = {line.get_ydata()[0]: line for line in marked(axes)}
    chosen = [[WIDTHS[width][epoch] + noise for noise in NOISE[width]] for width, epoch in ((16, 2), (64, 1), (4, 2))]
    assert [found[row].get_xdata()[0] for row in range(3)] == pytest.approx([np.mean(each) for each in chosen])
    spans = {line.get_ydata()[0]: line.get_xdata() for line in axes.get_lines() if line.get_linewidth() == 1.4}
    for row, each in enumerate(chosen):
        error = np.std(each, ddof=1) / np.sqrt(len(each))
        assert spans[row] == pytest.approx([np.mean(each) - error, np.mean(each) + error])


def test_those_not_told_from_the_best_are_filled(widths: list[Run]) -> None:
    """In colour and in grey: the others are hollow."""
    figure = drawn(widths)
    found = {line.get_ydata()[0]: line for line in marked(axes_of(figure, "intervals"))}
    assert [to_hex(found[row].get_markerfacecolor()).upper() for row in range(3)] == [BEST, BEST, "#FFFFFF"]
    assert to_hex(found[2].get_color()).upper() == TOLD
    assert legend(figure)[:3] == ["the best and those not told from it", "worse", "single seeds"]


def test_folds_are_called_folds(run: Runs) -> None:
    of_fold = [
        {"model.width": width, "training.folds": 2, "training.fold": fold} for width in (4, 8) for fold in (1, 2)
    ]
    figure = drawn([run(str(number), [0.8, 0.8 + number / 100], words) for number, words in enumerate(of_fold)])
    said = " ".join(text.get_text() for text in [*figure.texts, *figure.findobj(Text)])
    assert "single folds" in legend(figure)
    assert "Lines are means over the folds" in said.replace("\n", " ")
    assert "seeds" not in said


def test_a_curve_is_the_mean_of_the_seeds_with_a_band_and_its_chosen_epoch(widths: list[Run]) -> None:
    axes = axes_of(drawn(widths), "val_accuracy")
    values = np.add.outer(NOISE[16], WIDTHS[16])
    [mean] = [line for line in axes.get_lines() if line.get_label() == "width 16"]
    assert mean.get_ydata() == pytest.approx(values.mean(axis=0))
    edges = [path.vertices for band in axes.collections for path in band.get_paths()]
    error = values.std(axis=0, ddof=1) / np.sqrt(3)
    wanted = {(epoch, y) for epoch in (1, 2, 3) for y in (values.mean(0) + error)[epoch - 1 : epoch]}
    assert any(all(np.isclose(band, point).all(axis=1).any() for point in wanted) for band in edges)
    points = {line.get_xdata()[0]: line.get_ydata()[0] for line in marked(axes) if line.get_ydata()[0] > 0.8}
    assert points == {3: pytest.approx(0.892 + np.mean(NOISE[16])), 2: pytest.approx(0.89 + np.mean(NOISE[64]))}


def test_legends_have_the_order_of_the_values_and_ticks_show_the_chosen_epoch(run: Runs) -> None:
    curves = {128: (0.7, 0.9), 2: (0.7, 0.8), 16: (0.7, 0.85)}  # the order of the results is another one
    runs = [run(str(width), [*curve, *[0.7] * 38], {"model.width": width}) for width, curve in curves.items()]
    figure = drawn(runs)
    assert legend(figure)[-3:] == ["2", "16", "128"]
    axes = axes_of(figure, "val_accuracy")
    ticks = {label.get_text(): label.get_fontweight() for label in axes.get_xticklabels()}
    assert [text for text, weight in ticks.items() if weight == "bold"] == ["2"]
    assert [*ticks] == ["2", "5", "10", "15", "20", "25", "30", "35", "40"]


def test_many_settings_are_small_multiples_with_one_short_legend(run: Runs) -> None:
    """A name divides, a number has the colours, from dark to light."""
    rates = (0.0003, 0.003, 0.03)
    runs = [
        run(f"{name}-{rate}", (0.6, 0.7 + rate), {"optimizer": {"name": name, "learning_rate": rate}})
        for name in ("sgd", "adam", "rmsprop")
        for rate in rates
    ]
    figure = drawn(runs)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[1:4] == ["optimizer adam", "optimizer rmsprop", "optimizer sgd"]
    assert legend(figure)[-3:] == ["0.0003", "0.003", "0.03"]
    for axes in figure.axes[1:4]:
        means = [line for line in axes.get_lines() if line.get_label().startswith("optimizer")]
        assert len(means) == 3
        light = [sum(int(to_hex(line.get_color())[place : place + 2], 16) for place in (1, 3, 5)) for line in means]
        assert light == sorted(light)


@pytest.mark.parametrize(("commonest", "dead"), [(0.5, [1]), (0.5, [1, 2, 3, 4]), (None, [1])])
def test_dead_networks_do_not_flatten_the_others(run: Runs, commonest: float | None, dead: list[int]) -> None:
    """They are counted where they are left out, also where most have learned nothing."""
    curves = dict.fromkeys(dead, (0.5, 0.5, 0.5)) | {8: (0.86, 0.88, 0.87), 16: (0.86, 0.87, 0.88)}
    runs = [
        run(
            f"{width}-{seed}",
            [value + seed / 500 for value in curve],
            {"model.width": width, "seed": seed},
            commonest_class=commonest,
        )
        for width, curve in curves.items()
        for seed in (0, 1)
    ]
    figure = drawn(runs)
    assert axes_of(figure, "val_accuracy").get_ylim()[0] > 0.8
    left_out = "width 1" if len(dead) == 1 else f"{len(dead)} curves"
    assert f"Outside the axis of val_accuracy: {left_out}" in words(figure)


def test_a_loss_that_diverged_does_not_flatten_the_rest(run: Runs) -> None:
    runs = [run("wild", (0.8, 0.5, 0.5, 0.5), {"model.width": 1}, losses=[0.5, 1e5, 1e9, float("inf")])]
    runs += [run(f"{width}", (0.7, 0.8, 0.9, 0.9), {"model.width": width}) for width in (8, 16)]
    figure = drawn(runs)
    assert axes_of(figure, "val_loss").get_ylim()[1] < 1
    assert "Outside the axis of val_loss: " in words(figure)


def test_time_is_what_the_epochs_took_on_the_mean_over_the_seeds(run: Runs) -> None:
    """Not the clock: a run that was resumed the next day has the same times."""
    runs = [run(str(seed), (0.7, 0.8, 0.9), {"seed": seed}, seconds=[seed + 1, 2, 4]) for seed in (0, 1)]
    axes = axes_of(drawn(runs), "val_accuracy by training time")
    [mean] = [line for line in axes.get_lines() if line.get_label() == "the only setting"]
    assert mean.get_xdata() == pytest.approx([1.5, 3.5, 7.5])


def test_of_very_many_settings_the_best_have_rows_and_all_have_ranks(run: Runs) -> None:
    runs = [run(str(place), (0.6, 0.7 + place / 1000), {"model.width": place + 1}) for place in range(60)]
    figure = drawn(runs)
    assert len(marked(axes_of(figure, "intervals"))) == 40
    assert sum(len(line.get_xdata()) for line in axes_of(figure, "ranks").get_lines()) == 60
    assert len(legend(figure)) < 10


def test_the_commonest_class_is_a_line_where_it_is_in_the_range(run: Runs) -> None:
    for share, entries in ((0.71, 1), (0.1, 0)):
        runs = [
            run(f"{share}-{width}", (0.6, 0.7 + width / 100), {"model.width": width}, commonest_class=share)
            for width in (0, 2)
        ]
        assert legend(drawn(runs)).count("commonest class") == entries


@pytest.mark.parametrize(("form", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_equal_comparisons_are_equal_files(widths: list[Run], form: str, start: bytes) -> None:
    first, second = (picture.comparison(compare(widths).tables, form) for _ in range(2))
    assert first.startswith(start)
    assert first == second
    assert b"CreationDate" not in first
    assert b"dc:date" not in first


def test_no_text_leaves_the_picture(run: Runs) -> None:
    """Long names and many keys, too."""
    runs = [
        run(f"{name}-{rate}", (0.6, 0.7 + rate), {
            "optimizer": {"name": name, "learning_rate": rate},
            "model.activation": f"{name * 6}-{rate}",
        })
        for name in ("adam", "rmsprop")
        for rate in (0.0003, 0.03)
    ]  # fmt: skip
    figure = drawn(runs)
    figure.canvas.draw()
    for text in texts(figure):
        box = text.get_window_extent()
        assert box.x0 >= 0, text.get_text()
        assert box.x1 <= figure.bbox.x1, text.get_text()


def texts(figure: Figure) -> Iterator[Any]:
    yield from figure.texts
    for entry in figure.legends:
        yield from entry.get_texts()
    for axes in figure.axes:
        yield from axes.texts
        yield from (each for each in (axes.title, axes.xaxis.label) if each.get_text())
