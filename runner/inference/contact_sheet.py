"""A picture of images, in rows, with a caption below each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner.runs.plot_style import SIZE, SMALL, WIDTH, in_style, rendered
from runner.runs.sheet import EDGE, Block, place, sheet, text

COLUMNS, GAP, CAPTION = 8, 0.08, 0.3  # inches


@dataclass(frozen=True)
class Picture:
    """An image, [height, width, channels] of values from 0 to 1, one channel or three, and its caption."""

    pixels: NDArray[Any]
    caption: str


@in_style
def contact_sheet(pictures: Sequence[Picture], title: str) -> bytes:
    """A PNG of the images below a title."""
    side = (WIDTH - 2 * EDGE - GAP * (COLUMNS - 1)) / COLUMNS
    lines = [pictures[first : first + COLUMNS] for first in range(0, len(pictures), COLUMNS)]
    rows = [_row(line, side) for line in lines]
    return rendered(sheet([text(title, SIZE + 0.5, weight="bold"), *rows]))


def _row(pictures: Sequence[Picture], side: float) -> Block:
    def draw(figure: Figure, top: float) -> None:
        for number, each in enumerate(pictures):
            axes = place(figure, EDGE + number * (side + GAP), top - GAP, side, side)
            axes.set_axis_off()
            axes.imshow(np.clip(each.pixels, 0, 1), cmap="gray", vmin=0, vmax=1)
            axes.text(0, -0.06, each.caption, transform=axes.transAxes, va="top", size=SMALL, parse_math=False)

    return Block(side + GAP + CAPTION, draw)
