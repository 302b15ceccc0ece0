"""A picture from a file that cannot be trusted, as an array of bytes."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from runner.datasets.base import ImageForm
from runner.formatting import one_line

MOST_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP")
GREY, COLOURS = "L", "RGB"


class Unusable(Exception):
    """A file that is no image or array of the right kind; the text follows the name of the file."""


def grey(path: Path) -> NDArray[np.uint8]:
    """A picture in grey, uint8 [height, width], turned as its camera says, what is transparent on white.

    Raises Unusable; a picture of too many pixels is refused before they take memory.
    """
    return np.asarray(_read(path, GREY))


def whole(path: Path, form: ImageForm) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """A picture scaled to the size of the form, uint8 [height, width, channels], and the width and height it had.

    Its proportions are not kept. It is turned, made grey and refused as by `grey`.
    """
    picture = _read(path, GREY if form.channels == 1 else COLOURS)
    scaled = picture.resize((form.width, form.height), Image.Resampling.BILINEAR)
    return np.asarray(scaled).reshape(form.shape), picture.size


def _read(path: Path, mode: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as picture:
                _refuse(picture)
                return _in_mode(ImageOps.exif_transpose(picture), mode)
    except Unusable:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unusable(f"is too large: at most {MOST_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise Unusable("is no picture in PNG, JPEG or WebP") from None
    except Exception as error:  # a damaged picture raises many kinds
        reason = getattr(error, "strerror", None) or str(error)
        raise Unusable(f"cannot be read as a picture, save it anew: {one_line(reason, 100)}") from None


def _refuse(picture: Image.Image) -> None:
    if picture.width * picture.height > MOST_PIXELS:
        raise Unusable(f"is too large: {picture.width:,} × {picture.height:,} pixels; at most {MOST_PIXELS:,}")
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format != "MPO":  # the JPEG of a camera, with a preview
        raise Unusable(f"is an animation of {frames:,} pictures: save one of them")


def _in_mode(picture: Image.Image, mode: str) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits, of which convert("L") keeps the lowest
        picture = Image.fromarray((np.asarray(picture, np.int64) >> 8).clip(0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert(mode)
