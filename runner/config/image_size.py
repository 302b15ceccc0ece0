"""Whether the images of the data are large enough for blocks of convolution and pooling."""

from collections.abc import Iterator

from runner import register
from runner.config.schema import CNN, Model
from runner.formatting import counted, shown


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
        limit, got = f"model.depth must be at most {blocks}", shown(model.depth)
        if isinstance(model.width, list):  # then the list gives the number of blocks
            limit, got = f"model.width must have at most {counted(blocks, 'number')}", shown(model.width)
        yield f"{limit} with the {size}, which each block halves; got {got}"
    if model.kernel > side:
        yield f"model.kernel must be at most {side}, a side of the images of {data}; got {model.kernel}"
