"""The picture of a confusion matrix."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from runner.runs.palette import BEST, TEXT
from runner.runs.plot_style import SIZE, SMALL, breadth, in_style, plain, rendered, shortened
from runner.runs.sheet import EDGE, Block, blank, place, sheet, text

CELL = 0.46  # inches; smaller where there are many classes
WIDEST, NARROWEST = 5.2, 1.6  # inches of the matrix
LONGEST_NAME = 1.2  # inches
SMALLEST = 3.0  # points of the numbers; they are left out where they would be smaller
SHADES = LinearSegmentedColormap.from_list("shades", ["#FFFFFF", BEST])
DARK = 0.6  # of a row: from here on white type stands out better


@in_style
def confusion_picture(counts: Sequence[Sequence[int]], names: Sequence[str], title: str) -> bytes:
    """A PNG of a confusion matrix, [true][said] numbers of examples; the shade is the share of the row."""
    matrix = np.array(counts)
    side = min(WIDEST, max(NARROWEST, CELL * len(names)))
    shown = [shortened(name, LONGEST_NAME, SMALL) for name in names]
    left = EDGE + 0.35 + max(breadth(name, SMALL) for name in shown)

    def draw(figure: Figure, top: float) -> None:
        _matrix(place(figure, left, top - 0.1, side, side), matrix, shown, side / len(names))

    below = max(breadth(name, SMALL) for name in shown) if _are_long(shown, side / len(names)) else SMALL / 72
    blocks = [
        text(title, SIZE + 0.5, weight="bold"),
        blank(0.05),
        Block(side + below + 0.5, draw),
        text("Rows: the true class. Columns: what the network says. Shade: the share of the true class.", SMALL),
    ]
    return rendered(sheet(blocks))


def _matrix(axes: Axes, matrix: np.ndarray, names: Sequence[str], cell: float) -> None:
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap=SHADES, vmin=0, vmax=1, aspect="auto")
    axes.spines[:].set_visible(True)
    axes.set_xticks(range(len(names)), [plain(name) for name in names], rotation=90 if _are_long(names, cell) else 0)
    axes.set_yticks(range(len(names)), [plain(name) for name in names])
    axes.set_xlabel("said", labelpad=3)
    axes.set_ylabel("true", labelpad=3)
    size = min(SMALL, SMALL * 0.9 * cell / breadth(f"{matrix.max():,}", SMALL))
    for (row, column), count in np.ndenumerate(matrix if size >= SMALLEST else matrix[:0]):
        colour = "#FFFFFF" if shares[row, column] > DARK else TEXT
        axes.text(column, row, f"{count:,}", ha="center", va="center", fontsize=size, color=colour)


def _are_long(names: Sequence[str], cell: float) -> bool:
    return any(breadth(name, SMALL) > 0.9 * cell for name in names)
