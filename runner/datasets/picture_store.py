"""Pictures decoded into .npy files, a row at a time, so that a preparation that was killed goes on where it was."""

import contextlib
import io
import json
import math
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from tqdm import tqdm  # type: ignore[import-untyped]

from runner.datasets import pictures
from runner.datasets.base import ImageForm
from runner.datasets.picture_folder import shortened, shown
from runner.errors import DataError
from runner.system import files

SAVE_SECONDS = 2.0  # at most so much decoding is lost to a kill
SECONDS_KEPT = 7 * 86_400  # of what a killed preparation has left and nobody goes on with


def decode(splits: Mapping[str, Sequence[str]], form: ImageForm, place: Path) -> dict[str, Path]:
    """The pictures of each split as bytes, [pictures, height, width, channels], in a .npy file each in the folder.

    What an earlier call has left there, of the same pictures, is gone on with. Raises DataError, naming all pictures
    that cannot be used.
    """
    _remove_abandoned(place)
    place.mkdir(exist_ok=True)
    total = sum(map(len, splits.values()))
    written = {split: place / f"{split}_features.npy" for split in splits}
    bad: list[str] = []
    with tqdm(total=total, unit=" pictures", leave=False, disable=not sys.stderr.isatty()) as bar:
        for split, paths in splits.items():
            _Rows(written[split], paths, form, bar).write(bad)
    if bad:
        shutil.rmtree(place, ignore_errors=True)
        raise DataError("\n".join(shortened(bad)))
    return written


class _Rows:
    """The pictures of a split, appended to their file; a file next to it says how many are safe on the disk."""

    def __init__(self, file: Path, paths: Sequence[str], form: ImageForm, bar: tqdm) -> None:
        self.file, self.paths, self.form, self.bar = file, paths, form, bar
        self.progress = file.with_suffix(".json")
        header = io.BytesIO()
        shape = (len(paths), *form.shape)
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
        self.header = header.getvalue()
        self.row = math.prod(form.shape)

    def write(self, bad: list[str]) -> None:
        """Write the rows that are missing; those of pictures that cannot be used are added to `bad`."""
        with self.file.open("ab") as stream:
            done = self._done(stream.tell())
            stream.truncate(len(self.header) + done * self.row if done else 0)
            if not done:
                stream.write(self.header)
            self.bar.update(done)
            saved = time.monotonic()
            for path in self.paths[done:]:
                try:
                    stream.write(pictures.whole(Path(path), self.form)[0].tobytes())
                    done += 1
                except pictures.Unusable as error:
                    bad.append(f"{shown(path)} {error}; replace it, or remove it")
                self.bar.update()
                if not bad and time.monotonic() - saved >= SAVE_SECONDS:
                    self._to_disk(stream)
                    files.write(self.progress, json.dumps(done))
                    saved = time.monotonic()
            self._to_disk(stream)

    def _to_disk(self, stream: BinaryIO) -> None:
        stream.flush()
        files.to_disk(self.file)

    def _done(self, size: int) -> int:
        """Number of rows that an earlier call has written and that are there."""
        with contextlib.suppress(OSError, ValueError):
            done = json.loads(self.progress.read_text())
            if isinstance(done, int) and len(self.header) + done * self.row <= size:
                return done
        return 0


def _remove_abandoned(place: Path) -> None:
    for each in place.parent.glob(f"*{place.suffix}"):
        with contextlib.suppress(OSError):
            if each != place and time.time() - each.stat().st_mtime > SECONDS_KEPT:
                shutil.rmtree(each)
