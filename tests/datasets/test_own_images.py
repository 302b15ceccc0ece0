"""dataset=images: a folder of pictures as Pillow gives them, prepared once, and what is no such folder."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from runner.datasets import catalog, picture_store
from runner.datasets.base import Data
from runner.datasets.from_files.images import Images
from runner.errors import DataError
from tests.conftest import ConfigOf
from tests.own_pictures import CLASSES, by_column, make, pixels
from tests.pictures import png
from tests.processes import PATIENCE


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNNER_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "mine", 30)


def loaded(config_of: ConfigOf, folder: Path, *words: str) -> Data:
    return catalog.load(config_of("dataset=images", f"dataset.path={folder}", *words).dataset)


def refused(config_of: ConfigOf, folder: Path, *words: str) -> list[str]:
    """The lines in which loading is refused."""
    with pytest.raises(DataError) as caught:
        loaded(config_of, folder, *words)
    lines = str(caught.value).splitlines()
    assert all(map(str.isprintable, lines))
    return lines


def as_pillow(path: Path, mode: str = "L", size: tuple[int, int] = (28, 28)) -> NDArray[np.uint8]:
    """Height, width and, of colours, channels."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert(mode).resize(size, Image.Resampling.BILINEAR))


def test_pictures_are_those_of_pillow_sorted_by_class_and_name(config_of: ConfigOf, folder: Path) -> None:
    data = loaded(config_of, folder)
    files = sorted(folder.glob("*/*"))
    assert {each.suffix for each in files} == {".png", ".jpg", ".webp"}
    np.testing.assert_array_equal(data.train.features[..., 0], [as_pillow(each) for each in files])
    assert [CLASSES[label] for label in data.train.labels] == [each.parent.name for each in files]
    assert (data.class_names, data.source, data.image_shape) == (CLASSES, "own", (28, 28, 1))
    assert (data.train.features.shape, data.train.features.dtype, data.train.divisor) == ((30, 28, 28, 1), "u1", 255.0)
    assert data.test.features.shape == (0, 28, 28, 1)


def test_the_pictures_of_the_script_are_of_the_difficulty_that_it_says() -> None:
    images, labels = pixels(2000)
    assert 0.95 < (by_column(images) == labels).mean() < 1


def test_pictures_may_be_scaled_and_keep_their_colours(config_of: ConfigOf, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number, name in enumerate(["a", "b"]):
        (tmp_path / "mine" / name).mkdir(parents=True)
        image = random.integers(0, 256, (40, 50 + number, 3), np.uint8)
        Image.fromarray(image).save(tmp_path / "mine" / name / "1.png")
    data = loaded(config_of, tmp_path / "mine", "dataset.size=[20,30]", "dataset.color=rgb")
    expected = [as_pillow(tmp_path / "mine" / name / "1.png", "RGB", (30, 20)) for name in ("a", "b")]
    np.testing.assert_array_equal(data.train.features, expected)
    assert data.image_shape == (20, 30, 3)
    assert loaded(config_of, tmp_path / "mine").train.features.shape == (2, 28, 28, 1)


def test_a_picture_lies_as_its_camera_says_and_what_is_transparent_is_white(
    config_of: ConfigOf, tmp_path: Path
) -> None:
    upright = np.zeros((28, 28), np.uint8)
    upright[2:6, 4:24] = 255
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by 90 degrees, clockwise
    for name in ("a", "b"):
        (tmp_path / "mine" / name).mkdir(parents=True)
    Image.fromarray(np.rot90(upright)).save(tmp_path / "mine" / "a" / "1.png", exif=turned)
    alpha = np.dstack([np.zeros((28, 28, 3), np.uint8), 255 - upright])
    Image.fromarray(alpha).save(tmp_path / "mine" / "b" / "1.png")
    Image.fromarray(upright.astype(np.uint16) * 257).save(tmp_path / "mine" / "b" / "2.png")  # 16 bits
    data = loaded(config_of, tmp_path / "mine")
    for row in data.train.features:
        np.testing.assert_array_equal(row[..., 0], upright)


def test_train_and_test_may_stand_above_the_classes(config_of: ConfigOf, tmp_path: Path) -> None:
    make(tmp_path / "mine" / "train", 30)
    make(tmp_path / "mine" / "test", 9, seed=1)
    (tmp_path / "mine" / "README.txt").write_text("of pictures")
    data = loaded(config_of, tmp_path / "mine")
    assert (len(data.train), len(data.test), data.classes) == (30, 9, 3)
    lines = refused(config_of, tmp_path / "mine", "dataset.test_split=0.2")
    assert lines == [
        f"dataset.test_split=0.2 does not fit {tmp_path / 'mine'}, which has a folder test: leave the key out"
    ]
    (tmp_path / "mine" / "test").rename(tmp_path / "other")
    assert len(loaded(config_of, tmp_path / "mine").test) == 0
    beside = loaded(config_of, tmp_path / "mine", f"dataset.test={tmp_path / 'other'}")
    np.testing.assert_array_equal(beside.test.features, data.test.features)
    assert beside.fingerprint == data.fingerprint
    (tmp_path / "mine" / "val" / "left").mkdir(parents=True)
    assert "val is not used: move what is in it to train" in refused(config_of, tmp_path / "mine")[0]


def test_a_test_set_is_divided_off_alike_of_each_class(config_of: ConfigOf, folder: Path) -> None:
    data = loaded(config_of, folder, "dataset.test_split=0.2")
    assert np.bincount(data.test.labels).tolist() == [2, 2, 2]
    assert np.bincount(data.train.labels).tolist() == [8, 8, 8]
    every = loaded(config_of, folder).train.features
    parts = sorted(row.tobytes() for row in (*data.train.features, *data.test.features))
    assert parts == sorted(row.tobytes() for row in every)
    assert loaded(config_of, folder, "dataset.test_split=6").fingerprint == data.fingerprint
    assert refused(config_of, folder, "dataset.test_split=30") == [
        f"dataset.test_split must leave examples to train on: there are 30; got 30, in {folder}"
    ]


def test_all_that_is_no_picture_of_a_class_is_named_at_once(config_of: ConfigOf, folder: Path, tmp_path: Path) -> None:
    left = folder / "left"
    (left / "deeper").mkdir()
    os.mkfifo(left / "pipe.png")
    (folder / "empty").mkdir()
    shutil.copy(next(left.glob("*.png")), folder / "stray.PNG")
    (tmp_path / "secret.png").write_bytes(b"")
    (left / "out.png").symlink_to(tmp_path / "secret.png")
    (folder / "outside").symlink_to(tmp_path)
    (folder / "itself").symlink_to(folder)
    said = {line.removeprefix(f"{folder}/") for line in refused(config_of, folder)}
    link = "is a link that leads out of the folder: put the files themselves there"
    assert said == {
        "left/deeper is a folder in that of a class: move its pictures up",
        "left/pipe.png is no regular file: remove it",
        "empty holds no picture: remove the folder, or put pictures there",
        "stray.PNG is in no folder of a class: move it to one",
        f"left/out.png {link}",
        f"outside {link}",
        f"itself {link}",
    }


def test_what_is_hidden_or_left_by_systems_is_passed_over_and_links_within_are_followed(
    config_of: ConfigOf, folder: Path
) -> None:
    before = loaded(config_of, folder)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (folder / "left" / name).write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / "__MACOSX").mkdir()
    (folder / "labels.csv").write_text("a,b")
    assert loaded(config_of, folder).fingerprint == before.fingerprint
    (folder / "right" / "zz.png").symlink_to(next((folder / "left").glob("*.png")))
    assert len(loaded(config_of, folder).train) == 31


def test_pictures_that_cannot_be_read_are_all_named_and_bombs_take_no_memory(
    config_of: ConfigOf, folder: Path, own_cache: Path
) -> None:
    bad = {
        "0 text.png": (b"hello", "is no picture in PNG, JPEG or WebP"),
        "1 bomb.png": (png(100_000, 100_000), "is too large: at most 50,000,000 pixels"),
        "2 large.png": (png(8_000, 8_000), "is too large: 8,000 × 8,000 pixels; at most 50,000,000"),
        "3 torn.png": (png(100, 100), "cannot be read as a picture, save it anew: image file is truncated"),
        "4 \x1b[31m.png": (b"", "is no picture in PNG, JPEG or WebP"),
    }
    for name, (content, _) in bad.items():
        (folder / "middle" / name).write_bytes(content)
    first, second = (Image.new("L", (28, 28), shade) for shade in (0, 99))
    first.save(folder / "middle" / "5 film.webp", save_all=True, append_images=[second])
    lines = refused(config_of, folder)
    for line, (name, (_, why)) in zip(lines, bad.items(), strict=False):
        assert line.startswith(f"{folder}/middle/{name}".replace("\x1b", "\\x1b") + f" {why}")
        assert line.endswith("; replace it, or remove it")
    film = f"{folder}/middle/5 film.webp is an animation of 2 pictures: save one of them; replace it, or remove it"
    assert lines[5:] == [film]
    assert [*own_cache.rglob("*.npy")] == []
    for each in (folder / "middle").glob("* *"):
        each.unlink()
    assert len(loaded(config_of, folder).train) == 30


def test_many_bad_files_are_counted_where_they_are_not_named(config_of: ConfigOf, folder: Path) -> None:
    for number in range(50):
        (folder / "left" / f"{number}.txt").write_text("x")
    lines = refused(config_of, folder)
    assert (len(lines), lines[-1]) == (21, "… and 30 more")


def test_one_class_or_none_is_one_line(config_of: ConfigOf, folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder / "middle")
    shutil.rmtree(folder / "right")
    must = "must have a folder of pictures for each class, two or more; got"
    assert refused(config_of, folder) == [f"{folder} {must} left alone"]
    shutil.rmtree(folder / "left")
    assert refused(config_of, folder) == [f"{folder} {must} none"]
    assert refused(config_of, tmp_path / "none") == [
        f"{tmp_path / 'none'} cannot be read (No such file or directory): give a folder of pictures"
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("", "dataset.path must name a folder with a sub-folder of pictures for each class; got null"),
        ("dataset.path=a dataset.source=sample", "dataset.source=sample does not fit dataset=images"),
        ("dataset.path=a dataset.test=b dataset.test_split=2", "dataset.test=b and dataset.test_split=2 exclude"),
    ],
)
def test_keys_that_do_not_fit_are_said_before_a_file_is_read(config_of: ConfigOf, words: str, line: str) -> None:
    (said,) = catalog.problems(config_of("dataset=images", *words.split()).dataset)
    assert said.startswith(line)


@pytest.mark.parametrize("size", [[10**9, 10**9], [0, 28], [28], []])
def test_a_recorded_size_that_no_run_can_have_is_refused(size: list[int]) -> None:
    keys = {"source": "auto", "path": None, "test": None, "test_split": 0, "labels": "integer", "options": {}}
    config = Images(name="images", size=size, color="gray", **keys)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"dataset.size must be .height,width. in pixels, from 1 to 1024; got"):
        catalog.FROM_FILES["images"].image(config)


def test_pictures_are_decoded_once_and_again_where_one_has_changed(
    config_of: ConfigOf, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = loaded(config_of, folder)
    with monkeypatch.context() as patch:
        patch.setattr(picture_store, "decode", None)
        assert loaded(config_of, folder).fingerprint == before.fingerprint
    shutil.copytree(folder, folder.with_name("copy"))
    assert loaded(config_of, folder.with_name("copy")).fingerprint == before.fingerprint
    Image.new("L", (28, 28)).save(next((folder / "left").glob("*.png")))
    assert loaded(config_of, folder).fingerprint != before.fingerprint


KILLED = """
import os, sys
from runner.config.plan import plan_of
from runner.datasets import catalog, picture_store, pictures
catalog.register_built_in()
picture_store.SAVE_SECONDS = 0
whole, seen = pictures.whole, []
def counted(*arguments):
    seen.append(1)
    if len(seen) > int(sys.argv[2]):
        os._exit(9)
    return whole(*arguments)
pictures.whole = counted
catalog.load(plan_of(["dataset=images", f"dataset.path={sys.argv[1]}"]).jobs[0].config.dataset)
print(len(seen))
"""


@pytest.mark.slow
def test_a_preparation_that_is_killed_goes_on_where_it_was(config_of: ConfigOf, folder: Path, own_cache: Path) -> None:
    def attempt(most: int) -> tuple[int, str]:
        words = [sys.executable, "-c", KILLED, str(folder), str(most)]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
        assert ended.stderr == ""
        return ended.returncode, ended.stdout

    assert attempt(7) == (9, "")
    assert attempt(9) == (9, "")
    (unfinished,) = own_cache.glob("prepared/.*.unfinished/*.npy")
    with unfinished.open("ab") as stream:
        stream.write(b"a row that was not safe")
    assert attempt(99) == (0, "14\n")  # 30 - 7 - 9
    assert [*own_cache.glob("prepared/.*")] == []
    resumed = loaded(config_of, folder)
    shutil.rmtree(own_cache)
    assert loaded(config_of, folder).fingerprint == resumed.fingerprint


def test_a_class_name_that_controls_a_terminal_is_shown_escaped(config_of: ConfigOf, folder: Path) -> None:
    (folder / "left").rename(folder / "\x1b[31m")
    os.rename(folder / "middle", os.fsencode(folder) + b"/\xff")
    (folder / "right").rename(folder / "Größe, <b>")
    assert loaded(config_of, folder).class_names == ("\\x1b[31m", "Größe, <b>", "\\udcff")


def test_warnings_of_a_damaged_picture_stay_silent(config_of: ConfigOf, folder: Path) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xff\xff\xff\x7f\0\0\0\0"
    Image.new("L", (28, 28)).save(folder / "left" / "a.jpg", exif=exif)
    with warnings.catch_warnings(record=True) as told:
        loaded(config_of, folder)
    assert told == []
