"""README.md of an exported network: what signature.json says, for people, with code that runs as it stands."""

import json
import re
from collections.abc import Mapping
from string import Template
from typing import Any

from runner.formatting import number, one_line
from runner.inference import export_words
from runner.inference.export_words import filled
from runner.training.formats import FEATURES, FORMATS, LITERT, ONNX, PROBABILITIES, SAVED_MODEL, TEXTS

Signature = Mapping[str, Any]
PLAIN = re.compile(r"[\w .,/+-]*")  # what Markdown shows as it is

PAGE = Template("""\
# A network that tells $apart

$origin

$results

| file | contents | to read it |
| --- | --- | --- |
$files

The code below is Python; run it from the top, in this folder. `n` is any number of examples.

## Input

$input

## Output

$output

## Use

$use
""")

IMAGE = Template("""\
$contents

```python
import numpy as np


def features(images):
    return np.asarray(images, np.float32).reshape(len(images), $lengths) / np.float32($divisor)


examples = np.zeros((1, $shape), np.uint8)
```""")

CELLS = Template("""\
$contents

```python
import json

import numpy as np

with open("$file", encoding="utf-8") as file:
    columns = json.load(file)["columns"]


def features(rows):
    made = []
    for row in rows:
        values = []
        for column in columns:
            cell = row[column["name"]]
            if column["kind"] == "number":
                values.append((float(cell) - column["mean"]) / column["scale"])
            else:
                values += [cell == each for each in column["categories"]]
        made.append(values)
    return np.array(made, np.float32)


examples = $example
```""")

NUMBERS = Template("""\
`features`, float32 $shape: the features of each example, as the data set has them$divided.

```python
import numpy as np


def features(rows):
    return np.asarray(rows, np.float32) / np.float32($divisor)


examples = np.zeros((1, *$lengths))
```""")

USE = {
    SAVED_MODEL: Template("""\
```python
import tensorflow as tf

network = tf.saved_model.load("$file")
probabilities = network.serve($given)["$output"].numpy()
```"""),
    ONNX: Template("""\
```python
import onnxruntime

network = onnxruntime.InferenceSession("$file")
(probabilities,) = network.run(["$output"], {"features": $given})
```"""),
    LITERT: Template("""\
```python
from ai_edge_litert.interpreter import Interpreter

network = Interpreter("$file").get_signature_runner()
probabilities = network(features=$given)["$output"]
```"""),
}


def text(signature: Signature) -> str:
    """The contents of README.md; each piece of code under "Use" sets `probabilities`."""
    return PAGE.substitute(
        apart=_apart(signature["classes"]),
        origin=filled(_origin(signature["run"])),
        results=filled(_results(signature["run"])),
        files="\n".join(_files(signature)),
        input=_input(signature),
        output=filled(_output(signature)),
        use=_use(signature),
    )


def _apart(classes: list[str], most: int = 10) -> str:
    if len(classes) > most:
        return f"{len(classes):,} classes apart"
    named = [each if PLAIN.fullmatch(each) else f"`{each.replace('`', ' ')}`" for each in classes]
    return f"{', '.join(named[:-1])} and {named[-1]} apart"


def _origin(run: Mapping[str, Any]) -> str:
    epoch = f", after epoch {run['epoch']}" if run["epoch"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return (
        f"Trained on {run['dataset']}: `{run['network']}` of the run `{run['identity'][:12]}`{epoch}, with {versions}. "
        "`signature.json` says for programs what this page says."
    )


def _results(run: Mapping[str, Any]) -> str:
    """How good the network is, as far as it is recorded."""
    values = ", ".join(f"{name} {number(value)}" for name, value in run["values"].items())
    sentences = [f"Recorded for that epoch: {values}."] if values else []
    if test := run["test"]:
        error = f" ± {test['accuracy_standard_error']:.4f} (one standard error)"
        sentences.append(f"On {test['examples']:,} test examples: accuracy {test['accuracy']:.4f}{error}.")
    else:
        sentences.append("No test is recorded.")
    return " ".join(sentences)


def _files(signature: Signature) -> list[str]:
    words, cells = signature["text"], signature["columns"]
    listed = [f"| `{words['vocabulary']}` | the words, in the order of their columns | |"] if words else []
    listed += [f"| `{cells['file']}` | the columns, in order | |"] if cells else []
    return [
        f"| `{file}` | {FORMATS[name].title} | `python -m pip install {FORMATS[name].reader}` |"
        for name, file in signature["files"].items()
    ] + listed


def _input(signature: Signature) -> str:
    given, words, image = signature["input"], signature["text"], signature["image"]
    shape, example = _shape(given["shape"]), json.dumps(signature["example"]["input"])
    if given["name"] == TEXTS:
        return export_words.of_texts(words, example)
    if words:
        return export_words.of_rows(words, shape, given["shape"][1], example)
    if image:
        lengths = given["shape"][1:]
        colours = [] if image["channels"] == 1 else [image["channels"]]
        return IMAGE.substitute(
            contents=filled(_pixels(image, shape)),
            lengths="-1" if len(lengths) == 1 else ", ".join(map(str, lengths)),
            shape=", ".join(map(str, [image["height"], image["width"], *colours])),
            divisor=f"{image['divisor']:g}",
        )
    if cells := signature["columns"]:
        return CELLS.substitute(contents=filled(_cells(cells, shape)), file=cells["file"], example=example)
    divisor = f"{given['divisor']:g}"
    divided = "" if given["divisor"] == 1 else f", divided by {divisor}"
    return NUMBERS.substitute(shape=shape, lengths=given["shape"][1:], divisor=divisor, divided=divided)


def _cells(cells: Mapping[str, Any], shape: str) -> str:
    features = ", ".join(f"`{one_line(each)}`" for each in cells["features"])
    return (
        f"`features`, float32 {shape}: a number less the mean of its column, divided by the scale; of a category a 1 "
        f"in the place of its value, and 0 in those of the others. `{cells['file']}` has them. In order: {features}."
    )


def _shape(lengths: list[int | None]) -> str:
    return f"[{', '.join('n' if each is None else str(each) for each in lengths)}]"


def _pixels(image: Mapping[str, Any], shape: str) -> str:
    colours = "grey pixels" if image["channels"] == 1 else "pixels of red, green and blue"
    pixels = (
        f"`features`, float32 {shape}: a row for each image of {image['height']} × {image['width']} {colours}, line by "
        f"line from the top, from 0 (black) to 1 (white): bytes divided by {image['divisor']:g}."
    )
    if not image["figure"]:
        mode, size = "L" if image["channels"] == 1 else "RGB", (image["width"], image["height"])
        return (
            f"{pixels} A picture becomes one with Pillow: `ImageOps.exif_transpose`, what is transparent on white, "
            f'`convert("{mode}")`, `resize({size}, Image.Resampling.BILINEAR)`.'
        )
    centre = (
        "its centre of mass is that of the image" if image["centred"] == "mass" else "is in the middle of the image"
    )
    article = "An" if image["shows"][0] in "aeiou" else "A"
    figure = f"fits a square of {image['figure']} pixels"
    return f"{pixels} {article} {image['shows']} is bright on black, {figure}, and {centre}."


def _output(signature: Signature) -> str:
    output, classes = signature["output"], signature["classes"]
    shape = f"`{output['name']}`, float32 {_shape(output['shape'])}"
    if output["activation"] == "sigmoid":
        return (
            f"{shape}: the probability of class 1, `{classes[1]}` (a sigmoid); that of class 0, `{classes[0]}`, is 1 "
            f"less it. The network says `{classes[1]}` where it is above 0.5."
        )
    return (
        f"{shape}: the probability of each class, of which the network says the likeliest (a softmax). The columns "
        f"are, in order: {', '.join(f'`{each}`' for each in output['columns'])}."
    )


def _use(signature: Signature) -> str:
    from_rows = f"{FEATURES}(examples)"
    given = "tf.constant(examples)" if signature["input"]["name"] == TEXTS else from_rows
    parts = []
    for name, file in signature["files"].items():
        code = USE[FORMATS[name]].substitute(file=file, given=given, output=PROBABILITIES)
        parts.append(f"{FORMATS[name].title}:\n\n{code}")
    values = ", ".join(f"{value:.4f}" for value in signature["example"]["output"][0])
    check = f"For the example above, `{PROBABILITIES}` is [[{values}]], rounded to four decimals."
    return "\n\n".join([*parts, filled(check)])
