"""The colours of all pictures and of the report, as hexadecimal text. They need no matplotlib.

Names have the colours of Okabe and Ito, which the colour-blind tell apart; markers tell them apart in grey. Numbers
have a scale from dark to light, in the order of their size, which grey keeps.
"""

from collections.abc import Sequence

CATEGORIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#222222")
MARKERS = ("o", "s", "^", "D", "v", "P")  # of matplotlib, one for each of CATEGORIES
# Viridis without its yellow, which white swallows: equal steps look equally far apart.
SCALE = ("#440154", "#472D7B", "#3B528B", "#2C728E", "#21918C", "#28AE80", "#5EC962", "#90C43A")

BEST = "#0072B2"  # the best setting and those that cannot be told from it
TOLD = "#7A7A7A"  # settings that are told from it
TEXT, QUIET, RULE = "#1C1E21", "#5A6068", "#D5D9DE"  # text, lesser text, lines that guide the eye


def scale(count: int) -> list[str]:
    """Colours for that many numbers, the smallest first."""
    if count == 1:
        return [SCALE[2]]
    last = len(SCALE) - 1
    return [_between(place * last / (count - 1)) for place in range(count)]


def categories(count: int) -> list[str]:
    """Colours for that many names; beyond the sixth they repeat."""
    return [CATEGORIES[place % len(CATEGORIES)] for place in range(count)]


def _between(place: float) -> str:
    """The colour at a place of the scale, from 0, mixed of the two beside it."""
    first = min(int(place), len(SCALE) - 2)
    part = place - first
    parts = zip(_parts(SCALE[first]), _parts(SCALE[first + 1]), strict=True)
    return "#" + "".join(f"{round(one + part * (other - one)):02X}" for one, other in parts)


def _parts(colour: str) -> Sequence[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
