"""Image files as rows of the data set: its size, its polarity, its range of values."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner.datasets import pictures
from runner.datasets.base import ImageForm
from runner.datasets.pictures import Unusable
from runner.formatting import one_line

MOST_VALUES = 200_000_000  # of an array
INK = 32  # of 255: what is brighter belongs to the figure


def read(path: Path, form: ImageForm) -> tuple[NDArray[np.uint8], str]:
    """The images of a PNG, JPEG, WebP or .npy file as rows of bytes, and how they were changed.

    Of data that shows one figure in each image, uint8 [images, pixels]: a picture of another size has the figure cut
    out and placed, as those of the data are. Of data that is pictures, uint8 [images, height, width, channels]: they
    are scaled as those of the data. Raises Unusable.
    """
    _refuse_irregular(path)
    if path.suffix.lower() == ".npy":
        return _from_array(_array(path), form) if form.figure else _whole(_array(path), form)
    if not path.exists():
        raise Unusable("does not exist: this run takes the path of a PNG, JPEG, WebP or .npy file")
    if form.figure:
        row, changes = _fitted(pictures.grey(path), form)
        return row[None], _changed(changes)
    scaled, size = pictures.whole(path, form)
    same = size == (form.width, form.height)
    return scaled[None], "" if same else f"scaled from {size[0]:,} × {size[1]:,} to {form.width} × {form.height}"


def numbers(path: Path, shape: tuple[int, ...], *, are_bytes: bool) -> tuple[NDArray[Any], str]:
    """The rows of a .npy file, [rows, *shape], for data that is neither texts nor images, and how they were changed.

    Where those of the data are bytes, so are these. Raises Unusable.
    """
    wanted = f"[{', '.join(map(str, shape))}], or several of them"
    _refuse_irregular(path)
    if path.suffix.lower() != ".npy":
        raise Unusable(f"is no .npy file: this run takes an array {wanted}")
    array = _array(path)
    rows = array[None] if array.shape == shape else array
    if rows.shape[1:] != shape or not len(rows):
        raise Unusable(f"must hold an array {wanted}; got {list(array.shape)}")
    if not are_bytes:
        return np.asarray(rows), ""
    found, changes = _bytes(np.asarray(rows))
    return found, _changed(changes)


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


def _whole(array: NDArray[Any], form: ImageForm) -> tuple[NDArray[np.uint8], str]:
    """Rows that have the size of the data already."""
    shapes = [form.shape] + ([form.shape[:2]] if form.channels == 1 else [])
    if array.shape not in shapes and array.shape[1:] not in shapes:
        raise Unusable(f"must hold {list(form.shape)}, or several of them; got {list(array.shape)}")
    pixels, changes = _bytes(np.asarray(array))
    return pixels.reshape(-1, *form.shape), _changed(changes)


def _bytes(array: NDArray[Any]) -> tuple[NDArray[np.uint8], list[str]]:
    """Values as bytes; those from 0 to 1 are taken as shares of white."""
    if array.dtype.kind in "bf" and array.min() >= 0 and array.max() <= 1:
        return np.round(array.astype(np.float64) * 255).astype(np.uint8), ["multiplied by 255"]
    if array.min() < 0 or array.max() > 255:
        raise Unusable(f"must hold values from 0 to 255; got {array.min()} to {array.max()}")
    return np.round(array).astype(np.uint8), []


def _fitted(pixels: NDArray[np.uint8], form: ImageForm) -> tuple[NDArray[np.uint8], list[str]]:
    """An image as a row, uint8 [pixels], and what was done to it."""
    changes = []
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if np.median(edge) > 127:
        pixels = 255 - pixels
        article = "an" if form.what[0] in "aeiou" else "a"
        changes.append(f"inverted, as {article} {form.what} of the data is bright on black")
    if pixels.shape != (form.height, form.width):
        before = f"{pixels.shape[1]:,} × {pixels.shape[0]:,}"
        pixels = _centred(pixels, form)
        changes.append(f"the {form.what} cut out of {before} and centred in {form.width} × {form.height}")
    if not (pixels > INK).any():
        changes.append("nothing is on it: the answer is the one that the network gives to an empty image")
    return pixels.ravel(), changes


def _centred(pixels: NDArray[np.uint8], form: ImageForm) -> NDArray[np.uint8]:
    """The figure of an image, scaled to the side that it has in the data, it or the centre of mass in the middle."""
    assert form.figure
    rows, columns = (np.flatnonzero((pixels > INK).any(axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((form.height, form.width), np.uint8)
    figure = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = form.figure / max(figure.shape)
    height, width = (max(1, round(side * scale)) for side in figure.shape)
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    small = np.asarray(Image.fromarray(figure).resize((width, height), method))
    top, left = (form.height - height) // 2, (form.width - width) // 2
    if form.by_mass:
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
