"""A folder of small pictures of known difficulty: `python -m tests.own_pictures FOLDER [PICTURES]`.

The pictures of class k show a bright bar, one of CLASSES places from left to right, in noise. The same call makes the
same bytes. Who looks for the brightest column is right about all but a few: `by_column` is an oracle for a network.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CLASSES = ("left", "middle", "right")
SIDE = 28
BAR, NOISE = 45.0, 60.0  # brightness of the bar above the ground, standard deviation of the noise
SUFFIXES = ("png", "jpg", "webp")


def pixels(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pictures, uint8 [count, SIDE, SIDE], and their classes in turn, int64 [count]."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    values = random.normal(60.0, NOISE, (count, SIDE, SIDE))
    for place, label in enumerate(labels):
        column = 5 + 8 * label + random.integers(-2, 3)
        values[place, 4:24, column : column + 2] += BAR
    return values.clip(0, 255).astype(np.uint8), labels


def make(folder: Path, count: int = 2000, seed: int = 0) -> Path:
    """A sub-folder for each class, with files in all formats that the runner reads."""
    for name in CLASSES:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, (picture, label) in enumerate(zip(*pixels(count, seed), strict=True)):
        suffix = SUFFIXES[number % 5 if number % 5 < 3 else 0]
        path = folder / CLASSES[label] / f"{number:05}.{suffix}"
        Image.fromarray(picture).save(path, **({"lossless": True} if suffix == "webp" else {}))
    return folder


def by_column(pictures: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The class that the brightest third of the columns tells, int64 [pictures]."""
    columns = pictures.astype(float).mean(axis=1)
    pairs = columns[:, :-1] + columns[:, 1:]
    return np.clip((pairs.argmax(axis=1) - 1) // 8, 0, len(CLASSES) - 1)


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2000)
