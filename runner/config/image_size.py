"""Whether the images of the data are large enough for blocks of convolution and pooling."""

from collections.abc import Iterator

from runner import register
from runner.config.schema import CNN, Model


def problems(model: Model, data: str, image_shape: tuple[int, int, int] | None) -> Iterator[str]:
    """Reasons why a network does not fit the data of this name, whose image_shape is (height, width, channels)."""
    if not isinstance(model, CNN) or model.name in register.models:
        return
    if image_shape is None:
        yield f"model=cnn needs images; the rows of {data} are none: use model=mlp"
        return
    height, width, _ = image_shape
    side = min(height, width)
    blocks = side.bit_length() - 1  # each halves the image, and rounds down
    if not blocks:
        yield f"model=cnn needs images of at least 2 × 2 pixels; those of {data} are {height} × {width}: use model=mlp"
        return
    if model.depth and model.depth > blocks:
        size = f"{height} × {width} pixels of {data}"
        yield f"model.depth must be at most {blocks} with the {size}, which each block halves; got {model.depth}"
    if model.kernel > side:
        yield f"model.kernel must be at most {side}, a side of the images of {data}; got {model.kernel}"
