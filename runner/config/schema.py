"""The schema of a config: its keys, their types, the range of each value, and what must fit together.

The values stand in conf/, the meaning of each key beside it there. A `Config` is what all of the runner works on.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, NamedTuple, Optional, Union

from omegaconf import MISSING

from runner import register
from runner.config import keras_names as names
from runner.errors import did_you_mean
from runner.formatting import shown


class Rule(NamedTuple):
    """What a value must be, in words, and the test for it."""

    words: str
    holds: Callable[[Any], bool]


def ruled(words: str, holds: Callable[[Any], bool]) -> Any:
    """A field whose value stands in conf/ and must keep a rule."""
    return field(default=MISSING, metadata={"rule": Rule(words, holds)})


def one_of(*choices: str) -> Any:
    return ruled(f"one of {', '.join(choices)}", lambda value: value in choices)


def at_least(least: int) -> Any:
    return ruled(f"at least {least}", lambda value: value >= least)


def null_or_at_least(least: int) -> Any:
    return ruled(f"null or at least {least}", lambda value: value is None or value >= least)


def above_zero() -> Any:
    return ruled("above 0", lambda value: value > 0)


def share(*, with_one: bool = False) -> Any:
    """A number from 0 up to 1; whether 1 itself is allowed depends on the key."""
    if with_one:
        return ruled("from 0 to 1", lambda value: 0 <= value <= 1)
    return ruled("at least 0 and below 1", lambda value: 0 <= value < 1)


def options() -> Any:
    return field(default_factory=dict)


@dataclass
class Dataset:
    name: str = MISSING
    source: str = one_of("auto", "full", "sample")
    path: Optional[str] = MISSING
    labels: str = one_of("integer", "one_hot")
    options: dict[str, Any] = options()


@dataclass
class Imdb(Dataset):
    # 4: the ids 0, 1 and 2 are padding, start and "unknown", the commonest word is 4.
    num_words: Optional[int] = null_or_at_least(4)


@dataclass
class Mnist(Dataset):
    pass


def _is_width(value: Any) -> bool:
    widths = value if isinstance(value, list) else [value]
    return all(isinstance(width, int) and not isinstance(width, bool) and width >= 1 for width in widths)


@dataclass
class Model:
    name: str = MISSING
    depth: int = at_least(0)
    width: Any = ruled("a whole number of at least 1, or a list of them", _is_width)
    activation: str = MISSING
    dropout: float = share()
    l2: float = at_least(0)
    head: str = one_of("auto", "sigmoid", "softmax")
    output_units: Optional[int] = null_or_at_least(1)
    options: dict[str, Any] = options()

    def widths(self) -> list[int]:
        """Units of each hidden layer, first to last."""
        return list(self.width) if isinstance(self.width, list) else [self.width] * self.depth


@dataclass
class Optimizer:
    name: str = MISSING
    learning_rate: float = above_zero()
    schedule: str = one_of("constant", "cosine", "exponential")
    alpha: float = share(with_one=True)
    decay_rate: float = ruled("above 0 and at most 1", lambda value: 0 < value <= 1)
    options: dict[str, Any] = options()


@dataclass
class RMSprop(Optimizer):
    rho: float = share()
    momentum: float = share()
    epsilon: float = above_zero()
    centered: bool = MISSING


@dataclass
class Adam(Optimizer):
    beta_1: float = share()
    beta_2: float = share()
    epsilon: float = above_zero()
    amsgrad: bool = MISSING


@dataclass
class AdamW(Adam):
    weight_decay: float = at_least(0)


@dataclass
class SGD(Optimizer):
    momentum: float = share()
    nesterov: bool = MISSING


@dataclass
class Nadam(Optimizer):
    beta_1: float = share()
    beta_2: float = share()
    epsilon: float = above_zero()


@dataclass
class Adagrad(Optimizer):
    initial_accumulator_value: float = at_least(0)
    epsilon: float = above_zero()


@dataclass
class EarlyStopping:
    patience: Optional[int] = null_or_at_least(0)
    min_delta: float = at_least(0)


def _are_names(value: Any) -> bool:
    return all(isinstance(each, str) for each in value)


def _is_split(value: Any) -> bool:
    return value >= 0 if isinstance(value, int) else 0 <= value < 1


@dataclass
class Training:
    epochs: int = at_least(1)
    batch_size: int = at_least(1)
    validation_split: Union[int, float] = ruled("a whole number of examples (0 is none) or a share below 1", _is_split)
    validation_from: str = one_of("first", "last", "random", "stratified")
    loss: str = MISSING
    metrics: list[str] = ruled("a list of names, as [a,b]", _are_names)
    monitor: str = MISSING
    early_stopping: EarlyStopping = field(default_factory=EarlyStopping)
    shuffle: bool = MISSING
    keep_state: str = one_of("all", "last", "none")
    save_seconds: float = at_least(0)
    tensorboard: bool = MISSING


@dataclass
class Config:
    dataset: Dataset = field(default_factory=Dataset)
    model: Model = field(default_factory=Model)
    optimizer: Optimizer = field(default_factory=Optimizer)
    training: Training = field(default_factory=Training)
    seed: int = ruled("a whole number from 0 to 4294967295", lambda value: 0 <= value < 2**32)
    plugins: list[str] = ruled("a list of modules, as [a,b]", _are_names)
    reuse: bool = MISSING
    plan: bool = MISSING
    fail_fast: bool = MISSING


# The types of each option of a group; options that are not here have those of the group itself.
GROUPS: dict[str, dict[str, type]] = {
    "dataset": {"imdb": Imdb, "mnist": Mnist},
    "optimizer": {
        "rmsprop": RMSprop,
        "adam": Adam,
        "adamw": AdamW,
        "sgd": SGD,
        "nadam": Nadam,
        "adagrad": Adagrad,
    },
}
MODELS = ("mlp",)
CLASSES = {"imdb": 2, "mnist": 10}


def problems(config: Config) -> list[str]:
    """Every unknown name, and keys that do not fit one another; empty where all is well.

    Names are those of Keras and of the runner, and what the modules in `plugins` have registered.
    """
    return [*unknown_names(config), *_misfits(config)]


def out_of_range(node: Any, prefix: str = "") -> Iterator[str]:
    """Every value of a config that breaks its rule."""
    for each in fields(node):
        key, value = prefix + each.name, getattr(node, each.name)
        rule: Rule | None = each.metadata.get("rule")
        if is_dataclass(value):
            yield from out_of_range(value, key + ".")
        elif isinstance(value, float) and not math.isfinite(value):
            yield f"{key} must be a finite number; got {value}"
        elif rule and not rule.holds(value):
            yield f"{key} must be {rule.words}; got {shown(value)}"


def unknown_names(config: Config) -> Iterator[str]:
    """Every name that neither Keras, the runner nor a plugin knows."""
    training, model = config.training, config.model
    losses, metrics = {"auto", *names.LOSSES, *register.losses}, {*names.METRICS, *register.metrics}
    checks: list[tuple[str, str, set[str]]] = [
        ("dataset.name", config.dataset.name, {*CLASSES, *register.datasets}),
        ("model.name", model.name, {*MODELS, *register.models}),
        ("model.activation", model.activation, set(names.ACTIVATIONS)),
        ("optimizer.name", config.optimizer.name, {*GROUPS["optimizer"], *register.optimizers}),
        ("training.loss", training.loss, losses),
        *(("training.metrics", metric, metrics) for metric in training.metrics if isinstance(metric, str)),
    ]
    for key, name, known in checks:
        is_alias = key in ("training.loss", "training.metrics") and names.canonical(name) in known
        if name not in known and not is_alias:
            hint = did_you_mean(names.canonical(name), sorted(known))
            yield f"{key} must be one of {', '.join(sorted(known))}, or registered by a plugin; got {name}{hint}"


def _misfits(config: Config) -> list[str]:
    """What each value alone does not show: keys that must fit one another."""
    found = []
    model, dataset, optimizer = config.model, config.dataset, config.optimizer
    if isinstance(model.width, list) and len(model.width) != model.depth:
        found.append(
            f"model.width must have one number a hidden layer, model.depth={model.depth}; got {shown(model.width)}"
        )
    if model.activation == "glu" and any(width % 2 for width in model.widths()):
        found.append(f"model.width must be even with model.activation=glu; got {shown(model.width)}")
    built_in = {"dataset": dataset.name in CLASSES, "model": model.name in MODELS}
    built_in["optimizer"] = optimizer.name in GROUPS["optimizer"]
    for key, is_built_in in built_in.items():
        if is_built_in and getattr(config, key).options:
            found.append(f"{key}.options are for a plugin's {key}; {getattr(config, key).name} has none")
    for key, node in (("dataset", dataset), ("optimizer", optimizer)):
        wanted = GROUPS[key].get(node.name)
        if wanted and not isinstance(node, wanted):
            found.append(f"{key}.name={node.name} needs the fields of that option: use {key}={node.name}")
    return found
