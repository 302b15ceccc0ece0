"""Image files as rows of the data set: its size, its polarity, its range of values."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from runner.datasets.base import ImageForm
from runner.formatting import one_line

MOST_PIXELS = 50_000_000
MOST_VALUES = 200_000_000  # of an array
INK = 32  # of 255: what is brighter belongs to the figure


class Unusable(Exception):
    """A file that is no image or array of the right kind; the text follows the name of the file."""


def read(path: Path, form: ImageForm) -> tuple[NDArray[np.uint8], str]:
    """The images of a PNG, JPEG or .npy file as rows, uint8 [images, pixels], and how they were changed.

    A picture of another size has its figure cut out and centred, as those of the data are. Raises Unusable.
    """
    _refuse_irregular(path)
    if path.suffix.lower() == ".npy":
        return _from_array(_array(path), form)
    pixels = _picture(path)
    row, changes = _fitted(pixels, form)
    return row[None], _changed(changes)


def numbers(path: Path, shape: tuple[int, ...]) -> tuple[NDArray[Any], str]:
    """The rows of a .npy file, [rows, *shape], for data that is neither texts nor images. Raises Unusable."""
    wanted = f"[{', '.join(map(str, shape))}], or several of them"
    _refuse_irregular(path)
    if path.suffix.lower() != ".npy":
        raise Unusable(f"is no .npy file: this run takes an array {wanted}")
    array = _array(path)
    rows = array[None] if array.shape == shape else array
    if rows.shape[1:] != shape or not len(rows):
        raise Unusable(f"must hold an array {wanted}; got {list(array.shape)}")
    return np.asarray(rows), ""


def _refuse_irregular(path: Path) -> None:
    """Raises Unusable for a pipe or a device, which could be read for ever."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise Unusable("is no regular file")


def _array(path: Path) -> NDArray[Any]:
    try:
        # Mapped, so that a header which announces more than there is fails before it takes memory.
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise Unusable(f"cannot be read: {error.strerror or 'it is cut off'}") from None
    except Exception as error:  # a damaged header raises many kinds
        raise Unusable(f"is not a .npy file of numbers: {one_line(str(error), 100)}") from None
    if array.dtype.kind not in "biuf" or not 0 < array.size <= MOST_VALUES:
        raise Unusable(f"must hold numbers, at most {MOST_VALUES:,}; got {array.size:,} of {array.dtype}")
    if not np.isfinite(array).all():
        raise Unusable("has values that are NaN or infinite")
    return array


def _from_array(array: NDArray[Any], form: ImageForm) -> tuple[NDArray[np.uint8], str]:
    size = (form.height, form.width)
    if array.shape == size or array.shape == (form.height * form.width,):
        array = array.reshape(1, *size)
    elif array.shape[1:] in (size, (form.height * form.width,)):
        array = array.reshape(-1, *size)
    elif array.ndim == 2:
        array = array[None]
    else:
        raise Unusable(f"must hold grey images [{form.height}, {form.width}]; got {list(array.shape)}")
    pixels, changes = _bytes(np.asarray(array))
    fitted = [_fitted(each, form) for each in pixels]
    return np.stack([row for row, _ in fitted]), _changed(
        [*changes, *dict.fromkeys(each for _, more in fitted for each in more)]
    )


def _bytes(array: NDArray[Any]) -> tuple[NDArray[np.uint8], list[str]]:
    """Values as bytes; those from 0 to 1 are taken as shares of white."""
    if array.dtype.kind in "bf" and array.min() >= 0 and array.max() <= 1:
        return np.round(array.astype(np.float64) * 255).astype(np.uint8), ["multiplied by 255"]
    if array.min() < 0 or array.max() > 255:
        raise Unusable(f"must hold values from 0 to 255; got {array.min()} to {array.max()}")
    return np.round(array).astype(np.uint8), []


def _picture(path: Path) -> NDArray[np.uint8]:
    """The pixels of a picture in grey, uint8 [height, width], what is transparent on white."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Unusable(
                        f"is too large: {picture.width:,} × {picture.height:,} pixels; at most {MOST_PIXELS:,}"
                    )
                return _grey(ImageOps.exif_transpose(picture))
    except Unusable:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unusable(f"is too large: at most {MOST_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise Unusable("is no PNG, JPEG or .npy file") from None
    except FileNotFoundError:
        raise Unusable("does not exist: this run takes the path of a PNG, JPEG or .npy file") from None
    except Exception as error:  # a damaged picture raises many kinds
        reason = getattr(error, "strerror", None) or str(error)
        raise Unusable(f"cannot be read as a picture, save it anew: {one_line(reason, 100)}") from None


def _grey(picture: Image.Image) -> NDArray[np.uint8]:
    if picture.mode.startswith("I"):  # 16 bits, of which convert("L") keeps the lowest
        return (np.asarray(picture, np.int64) >> 8).clip(0, 255).astype(np.uint8)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(picture.convert("L"))


def _fitted(pixels: NDArray[np.uint8], form: ImageForm) -> tuple[NDArray[np.uint8], list[str]]:
    """An image as a row, uint8 [pixels], and what was done to it."""
    changes = []
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if np.median(edge) > 127:
        pixels = 255 - pixels
        changes.append(f"inverted, as a {form.what} of the data is bright on black")
    if pixels.shape != (form.height, form.width):
        before = f"{pixels.shape[1]:,} × {pixels.shape[0]:,}"
        pixels = _centred(pixels, form)
        changes.append(f"the {form.what} cut out of {before} and centred in {form.width} × {form.height}")
    if not (pixels > INK).any():
        changes.append("nothing is on it: the answer is the one that the network gives to an empty image")
    return pixels.ravel(), changes


def _centred(pixels: NDArray[np.uint8], form: ImageForm) -> NDArray[np.uint8]:
    """The figure of an image, scaled to the side that it has in the data, its centre of mass in the middle."""
    rows, columns = (np.flatnonzero((pixels > INK).any(axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((form.height, form.width), np.uint8)
    figure = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = form.figure / max(figure.shape)
    height, width = (max(1, round(side * scale)) for side in figure.shape)
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    small = np.asarray(Image.fromarray(figure).resize((width, height), method))
    top = _offset(small.sum(1, dtype=float), form.height)
    left = _offset(small.sum(0, dtype=float), form.width)
    placed = np.zeros((form.height, form.width), np.uint8)
    placed[top : top + height, left : left + width] = small
    return placed


def _offset(masses: NDArray[np.float64], side: int) -> int:
    """Where a figure begins along one axis, given its mass in each line: the centre at pixel `side` / 2, as MNIST's."""
    centre = (masses * np.arange(len(masses))).sum() / (masses.sum() or 1.0)
    return int(np.clip(round(side / 2 - centre), 0, side - len(masses)))


def _changed(changes: list[str]) -> str:
    return "; ".join(changes)
