"""A picture as a sheet of blocks below one another: text, legends, rows of axes. Sizes are in inches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runner.runs.palette import TEXT
from runner.runs.plot_style import SIZE, WIDTH, breadth, new_figure, plain, wrapped

EDGE = 0.12  # blank, left and right of a sheet
LINE = 1.45 / 72  # height of a line of text, for each point of its size
HANDLE = 0.34  # the sign of a legend's entry, with the blank around it


@dataclass(frozen=True)
class Block:
    """A part of a sheet: how high it is, and what draws it on a figure, given where its upper edge is."""

    height: float
    draw: Callable[[Figure, float], None]


def sheet(blocks: Sequence[Block]) -> Figure:
    """The blocks below one another."""
    figure = new_figure(WIDTH, sum(block.height for block in blocks) + 2 * EDGE)
    top = figure.get_figheight() - EDGE
    for block in blocks:
        block.draw(figure, top)
        top -= block.height
    return figure


def blank(height: float) -> Block:
    return Block(height, lambda figure, top: None)


def text(words: str, size: float = SIZE, *, weight: str = "normal", colour: str = TEXT) -> Block:
    """A paragraph over the whole width; none where there are no words."""
    lines = wrapped(words, size, WIDTH - 2 * EDGE, weight) if words else []

    def draw(figure: Figure, top: float) -> None:
        for place, line in enumerate(lines):
            _write(figure, EDGE, top - place * size * LINE, plain(line), size, weight, colour)

    return Block(len(lines) * size * LINE, draw)


def legend(names: Sequence[str], handles: Sequence[Artist], title: str = "") -> Block:
    """Entries side by side in as many rows as they need, `title` to their left."""
    left = EDGE + (breadth(title) + HANDLE / 2 if title else 0.0)
    places, x, line = [], left, 0
    for name in names:
        taken = HANDLE + breadth(name)
        if x > left and x + taken > WIDTH - EDGE:
            x, line = left, line + 1
        places.append((x, line * SIZE * LINE))
        x += taken + HANDLE / 2

    def draw(figure: Figure, top: float) -> None:
        _write(figure, EDGE, top, plain(title), SIZE, "normal", TEXT)
        high = figure.get_figheight()
        for name, handle, (across, down) in zip(names, handles, places, strict=True):
            figure.legend(
                [handle], [plain(name)], loc="upper left", bbox_to_anchor=(across / WIDTH, (top - down) / high),
                borderpad=0, borderaxespad=0, handletextpad=0.4, handlelength=1.8,
            )  # fmt: skip

    return Block((line + 1) * SIZE * LINE, draw)


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes whose frame has its upper left corner there."""
    high = figure.get_figheight()
    return figure.add_axes((left / WIDTH, (top - height) / high, width / WIDTH, height / high))


def _write(figure: Figure, left: float, top: float, words: str, size: float, weight: str, colour: str) -> None:
    where = (left / WIDTH, top / figure.get_figheight())
    figure.text(*where, words, size=size, weight=weight, color=colour, ha="left", va="top")
