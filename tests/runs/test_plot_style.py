"""The ticks of pictures: no label stands on another."""

import itertools

import matplotlib
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runner.runs.plot_style import STYLE, WIDTH, epoch_ticks, new_figure

LAST = st.one_of(st.integers(1, 60), st.integers(1, 10**6))
WIDTHS = st.sampled_from([0.2, 0.3, 0.4, 0.8])  # of the axes, as a share of the figure's; the first of small multiples


@settings(max_examples=50)
@given(LAST, st.one_of(st.none(), st.floats(0, 1)), WIDTHS)
@example(20, 1 / 19, 0.4)
@example(20_000, 257 / 19_999, 0.4)
@example(20_000, None, 0.4)
def test_labels_of_epochs_leave_gaps_and_the_chosen_one_is_among_them(
    last: int, place: float | None, width: float
) -> None:
    chosen = None if place is None else 1 + round(place * (last - 1))
    with matplotlib.rc_context(STYLE):
        figure = new_figure(WIDTH, 2)
        axes = figure.add_axes((0.1, 0.3, width, 0.6))
        epoch_ticks(axes, last, chosen)
        labels = axes.get_xticklabels()
    extents = [label.get_window_extent() for label in labels]
    for one, other in itertools.pairwise(extents):
        assert other.x0 - one.x1 > 0.02 * figure.dpi  # inches
    texts = [label.get_text() for label in labels]
    assert [label.get_text() for label in labels if label.get_fontweight() == "bold"] == [str(chosen)] * bool(chosen)
    assert len(texts) >= min(2, last)
    assert {int(text) for text in texts} <= {*range(1, last + 1)}
