"""A picture of images that a network gets wrong, in rows."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from runner.datasets.base import ImageForm
from runner.inference.predictions import Mistake
from runner.runs.plot_style import SIZE, SMALL, WIDTH, in_style, rendered
from runner.runs.sheet import EDGE, Block, place, sheet, text

COLUMNS, GAP, CAPTION = 8, 0.08, 0.3  # inches


@in_style
def contact_sheet(mistakes: Sequence[Mistake], form: ImageForm, title: str) -> bytes:
    """A PNG of the images, each with its class, what the network says instead, and its number."""
    side = (WIDTH - 2 * EDGE - GAP * (COLUMNS - 1)) / COLUMNS
    lines = [mistakes[first : first + COLUMNS] for first in range(0, len(mistakes), COLUMNS)]
    rows = [_row(line, form, side) for line in lines]
    return rendered(sheet([text(title, SIZE + 0.5, weight="bold"), *rows]))


def _row(mistakes: Sequence[Mistake], form: ImageForm, side: float) -> Block:
    def draw(figure: Figure, top: float) -> None:
        for number, each in enumerate(mistakes):
            axes = place(figure, EDGE + number * (side + GAP), top - GAP, side, side)
            axes.set_axis_off()
            pixels = each.row.reshape(form.shape)
            axes.imshow(pixels[..., 0] if form.channels == 1 else pixels, cmap="gray", vmin=0, vmax=255)
            said = f"{each.label_name}, not {each.prediction.label}\n{each.example}"
            axes.text(0, -0.06, said, transform=axes.transAxes, va="top", size=SMALL, parse_math=False)

    return Block(side + GAP + CAPTION, draw)
