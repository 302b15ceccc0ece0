"""Image files as rows: size, polarity and range are those of the data, and what was changed is said."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from runner.datasets import catalog
from runner.datasets.base import ImageForm
from runner.datasets.built_in.fashion_mnist import IMAGE as FASHION
from runner.datasets.built_in.mnist import IMAGE
from runner.datasets.pictures import Unusable
from runner.inference import images
from tests.datasets.files import mnist_config
from tests.pictures import png

INVERTED = "inverted, as a digit of the data is bright on black"
SHARES = "multiplied by 255"


@pytest.fixture(scope="module")
def drawn() -> NDArray[np.uint8]:
    """Digits of the sample, uint8 [20, 28, 28]."""
    return np.asarray(catalog.load(mnist_config("sample")).test.features[:20]).reshape(-1, 28, 28)


def read(path: Path) -> tuple[NDArray[np.uint8], str]:
    return images.read(path, IMAGE)


def saved(path: Path, pixels: NDArray[Any], **options: Any) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def test_an_image_as_the_data_has_them_is_left_alone(drawn: NDArray[np.uint8], tmp_path: Path) -> None:
    row, changed = read(saved(tmp_path / "a.png", drawn[0]))
    np.testing.assert_array_equal(row, drawn[0].reshape(1, 784))
    assert changed == ""


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1", "LA", "RGBA", "CMYK", "I;16"])
def test_black_on_white_is_inverted_whatever_the_mode(mode: str, tmp_path: Path) -> None:
    bar = np.full((28, 28), 255, np.uint8)
    bar[4:24, 12:16] = 0
    picture = Image.fromarray(bar.astype(np.uint16) * 257 if mode == "I;16" else bar)
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    (picture if mode == "I;16" else picture.convert(mode)).save(path)
    row, changed = read(path)
    np.testing.assert_allclose(row.reshape(28, 28), 255 - bar.astype(int), atol=40 if mode == "CMYK" else 0)
    assert changed == INVERTED


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    pixels = np.zeros((28, 28, 4), np.uint8)
    pixels[4:24, 12:16] = (0, 0, 0, 255)
    row, changed = read(saved(tmp_path / "a.png", pixels))
    assert changed == INVERTED
    np.testing.assert_array_equal(row.reshape(28, 28), pixels[..., 3])


@pytest.mark.parametrize("dark", [False, True])
def test_a_digit_somewhere_on_a_large_sheet_is_brought_to_its_place(
    drawn: NDArray[np.uint8], tmp_path: Path, dark: bool
) -> None:
    """Enlarged nine times and put into a corner it comes back, but for a fraction of a pixel."""
    for number, digit in enumerate(drawn):
        sheet = np.zeros((500, 700), np.uint8)
        sheet[20:272, 400:652] = np.kron(digit, np.ones((9, 9), np.uint8))
        row, changed = read(saved(tmp_path / f"{number}.png", sheet if dark else 255 - sheet))
        overlap = np.corrcoef(row[0], digit.ravel())[0, 1]
        assert overlap > 0.95, number
        assert changed == "; ".join(
            [*([] if dark else [INVERTED]), "the digit cut out of 700 × 500 and centred in 28 × 28"]
        )


def test_an_article_of_clothing_is_trimmed_and_set_in_the_middle_not_by_its_mass(tmp_path: Path) -> None:
    """Fashion-MNIST was made so: the longest side is 28 pixels, the shorter one is extended on both sides alike."""
    article = np.tile(np.linspace(250, 60, 20).astype(np.uint8), (28, 1))  # its mass is on the left
    sheet = np.zeros((500, 700), np.uint8)
    sheet[20:272, 400:580] = np.kron(article, np.ones((9, 9), np.uint8))
    row, changed = images.read(saved(tmp_path / "a.png", 255 - sheet), FASHION)
    expected = np.zeros((28, 28), np.uint8)
    expected[:, 4:24] = article
    np.testing.assert_array_equal(row.reshape(28, 28), expected)
    assert changed == (
        "inverted, as an article of the data is bright on black; "
        "the article cut out of 700 × 500 and centred in 28 × 28"
    )


def test_a_picture_of_the_size_of_the_data_is_taken_as_it_is(drawn: NDArray[np.uint8], tmp_path: Path) -> None:
    """Black on white too: only data of one figure each has a polarity. WebP is read as the others are."""
    form = ImageForm(28, 28, what="picture")
    for suffix in ("png", "webp"):
        options = {"lossless": True} if suffix == "webp" else {}
        rows, changed = images.read(saved(tmp_path / f"a.{suffix}", 255 - drawn[0], **options), form)
        np.testing.assert_array_equal(rows, (255 - drawn[0]).reshape(1, 28, 28, 1))
        assert changed == ""
    np.save(tmp_path / "a.npy", drawn / 255)
    rows, changed = images.read(tmp_path / "a.npy", form)
    np.testing.assert_array_equal(rows[..., 0], drawn)
    assert changed == SHARES
    np.save(tmp_path / "a.npy", drawn[:, :27])
    with pytest.raises(Unusable, match=r"must hold .28, 28, 1., or several of them; got .20, 27, 28."):
        images.read(tmp_path / "a.npy", form)


def test_an_array_may_hold_one_image_or_several_flat_or_not_as_bytes_or_shares(
    drawn: NDArray[np.uint8], tmp_path: Path
) -> None:
    for array, said in [
        (drawn[0], ""),
        (drawn[0].ravel(), ""),
        (drawn, ""),
        (drawn.reshape(20, 784), ""),
        (drawn.astype(float), ""),
        (drawn / 255, SHARES),
        (255 - drawn, INVERTED),
    ]:
        np.save(tmp_path / "a.npy", array)
        rows, changed = read(tmp_path / "a.npy")
        np.testing.assert_array_equal(rows, drawn.reshape(20, 784)[: len(rows)])
        assert (len(rows), changed) == (1 if array.size == 784 else 20, said)


def test_rows_of_data_of_bytes_are_bytes_whoever_has_divided_them(tmp_path: Path) -> None:
    stored = np.array([[0, 51, 255], [102, 204, 3]], np.uint8)
    for array, said in [(stored, ""), (stored.astype(float), ""), ((stored / 255).astype(np.float32), SHARES)]:
        np.save(tmp_path / "a.npy", array)
        rows, changed = images.numbers(tmp_path / "a.npy", (3,), are_bytes=True)
        np.testing.assert_array_equal(rows, stored)
        assert changed == said
    np.save(tmp_path / "a.npy", stored / 255)
    np.testing.assert_array_equal(images.numbers(tmp_path / "a.npy", (3,), are_bytes=False)[0], stored / 255)
    np.save(tmp_path / "a.npy", stored - 1.0)
    with pytest.raises(Unusable, match=r"must hold values from 0 to 255; got -1.0 to 254.0"):
        images.numbers(tmp_path / "a.npy", (3,), are_bytes=True)


def test_an_image_with_nothing_on_it_is_said(tmp_path: Path) -> None:
    row, changed = read(saved(tmp_path / "a.png", np.full((50, 60), 255, np.uint8)))
    assert not row.any()
    assert "nothing is on it" in changed


def test_an_image_lies_as_its_camera_says(tmp_path: Path) -> None:
    bar = np.zeros((28, 28), np.uint8)
    bar[2:6, 4:24] = 255
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by 90 degrees, clockwise
    row, _ = read(saved(tmp_path / "a.png", bar, exif=turned))
    np.testing.assert_array_equal(row.reshape(28, 28), np.rot90(bar, -1))


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


HUGE = npy(np.zeros(1)).replace(b"(1,), }      ", b"(99999999,), }")
BAD = {
    "missing.png": (None, "does not exist: this run takes the path of a PNG, JPEG, WebP or .npy file"),
    "text.png": (b"hello", "is no picture in PNG, JPEG or WebP"),
    "empty.png": (b"", "is no picture in PNG, JPEG or WebP"),
    "gif.png": (b"GIF89a" + b"\0" * 50, "is no picture in PNG, JPEG or WebP"),
    "bomb.png": (png(100_000, 100_000), "is too large: at most 50,000,000 pixels"),
    "warned.png": (png(12_000, 12_000), "is too large: at most 50,000,000 pixels"),
    "large.png": (png(8_000, 8_000), "is too large: 8,000 × 8,000 pixels; at most 50,000,000"),
    "torn.png": (png(100, 100), "cannot be read as a picture, save it anew: image file is truncated"),
    "zeros.png": (png(0, 0), "is no picture in PNG, JPEG or WebP"),
    "nul\0.png": (None, "does not exist: this run takes the path of a PNG, JPEG, WebP or .npy file"),
    "missing.npy": (None, "cannot be read: No such file or directory"),
    "text.npy": (b"hello", "is not a .npy file of numbers"),
    "objects.npy": (npy(np.array([{}, 1], object)), "is not a .npy file of numbers"),
    "words.npy": (npy(np.array(["a", "b"])), "must hold numbers"),
    "none.npy": (npy(np.zeros((0, 784))), "must hold numbers"),
    "nan.npy": (npy(np.full((28, 28), np.nan)), "has values that are NaN or infinite"),
    "below.npy": (npy(np.full((28, 28), -1)), "must hold values from 0 to 255; got -1 to -1"),
    "above.npy": (npy(np.full((28, 28), 256)), "must hold values from 0 to 255; got 256 to 256"),
    "colours.npy": (npy(np.zeros((2, 32, 32, 3))), "must hold grey images [28, 28]; got [2, 32, 32, 3]"),
    "huge.npy": (HUGE, "is not a .npy file of numbers"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_a_file_that_is_no_image_is_one_line(tmp_path: Path, name: str) -> None:
    contents, why = BAD[name]
    if contents is not None:
        (tmp_path / name).write_bytes(contents)
    with pytest.raises(Unusable) as caught:
        read(tmp_path / name)
    assert str(caught.value).startswith(why)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_picture_that_is_cut_off_anywhere_is_one_line(drawn: NDArray[np.uint8], tmp_path: Path, suffix: str) -> None:
    whole = saved(tmp_path / f"whole.{suffix}", drawn[0]).read_bytes()
    for length in range(0, len(whole) - 20, 13):
        (tmp_path / f"cut.{suffix}").write_bytes(whole[:length])
        with pytest.raises(Unusable) as caught:
            read(tmp_path / f"cut.{suffix}")
        assert str(caught.value).isprintable()
