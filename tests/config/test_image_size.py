"""What blocks of convolution and pooling take: Keras' own shapes are the oracle."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.config import image_size
from runner.config.schema import CNN, Config
from tests.conftest import Command

ConfigOf = Callable[..., Config]


@pytest.mark.parametrize("shape", [(28, 28, 1), (5, 9, 3), (2, 2, 1)])
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
def test_as_many_blocks_are_taken_as_leave_a_pixel(
    config_of: ConfigOf, shape: tuple[int, int, int], depth: int
) -> None:
    model = config_of("model=cnn", f"model.depth={depth}", "model.kernel=2").model
    height, width, _ = shape
    for _ in range(depth):
        height, width = height // 2, width // 2
    assert bool([*image_size.problems(model, "mine", shape)]) is not bool(height and width)


def test_rows_that_are_no_images_or_too_small_and_large_kernels_are_refused(config_of: ConfigOf) -> None:
    model = config_of("model=cnn", "model.kernel=6", "model.depth=1").model
    assert isinstance(model, CNN)
    assert [*image_size.problems(model, "mine", (6, 9, 1))] == []
    assert [*image_size.problems(model, "mine", (9, 5, 1))] == [
        "model.kernel must be at most 5, a side of the images of mine; got 6"
    ]
    assert [*image_size.problems(model, "mine", (1, 9, 1))] == [
        "model=cnn needs images of at least 2 × 2 pixels; those of mine are 1 × 9: use model=mlp"
    ]
    assert [*image_size.problems(config_of().model, "mine", None)] == []
    listed = config_of("model=cnn", "model.width=[8,8,8]").model
    assert [*image_size.problems(listed, "mine", (6, 9, 1))] == [
        "model.width must have at most 2 numbers with the 6 × 9 pixels of mine, which each block halves; got [8,8,8]"
    ]


PLUGIN = """
import numpy as np, runner

@runner.register.dataset("flat")
def flat(shape=(8,)):
    y = np.arange(40) % 2
    return (np.ones((40, *shape)), y), (np.ones((40, *shape)), y)
"""


def test_a_plugins_flat_rows_are_refused_and_its_images_are_not(runner: Command, tmp_path: Path) -> None:
    (tmp_path / "flat_rows.py").write_text(PLUGIN)
    words = ("plugins=[flat_rows]", "dataset.name=flat", "model=cnn")
    refused = runner(*words)
    assert (refused.returncode, refused.stderr) == (
        2,
        "model=cnn needs images; the rows of flat are none: use model=mlp\n",
    )
    assert not (tmp_path / "outputs").exists()
    assert runner(*words, "dataset.options.shape=[8,8]", "-m", "plan=true").returncode == 0
