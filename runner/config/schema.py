"""The schema of a config: the keys, their types, the range of each value, and whether it decides a run's numbers.

The values stand in conf/, each with a comment on what it means. All of the runner works on a `Config`.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, ClassVar, Optional, Union

from omegaconf import MISSING

from runner.config.class_weight import CLASS_WEIGHT, by_name
from runner.config.options import (
    Decides,
    Rule,
    above_zero,
    at_least,
    fraction,
    null_or_at_least,
    one_of,
    option,
    options,
)


@dataclass
class Dataset:
    name: str = MISSING
    source: str = one_of("auto", "full", "sample", decides=False)  # the fingerprint of the data decides
    path: Optional[str] = option(decides=False)
    labels: str = one_of("integer", "one_hot")
    options: dict[str, Any] = options()


def _is_width(value: Any) -> bool:
    widths = value if isinstance(value, list) else [value]
    return all(isinstance(width, int) and not isinstance(width, bool) and width >= 1 for width in widths)


@dataclass
class Model:
    """A stack of Dense layers, and what every network has."""

    DEPTH: ClassVar[int] = 3  # hidden layers where neither `depth` nor a list of widths gives their number

    name: str = MISSING
    depth: Optional[int] = null_or_at_least(0)
    width: Any = option(Rule("a whole number of at least 1, or a list of them", _is_width))
    activation: str = MISSING
    dropout: float = fraction()
    l2: float = at_least(0)
    head: str = one_of("auto", "sigmoid", "softmax")
    output_units: Optional[int] = null_or_at_least(1)
    options: dict[str, Any] = options()

    def __post_init__(self) -> None:
        """A depth of null becomes its number: run.json tells it, and null and the number are the same run."""
        if self.depth is None:
            self.depth = len(self.width) if isinstance(self.width, list) else self.DEPTH

    def widths(self) -> list[int]:
        """Units of each hidden layer, first to last."""
        return list(self.width) if isinstance(self.width, list) else [self.width] * (self.depth or 0)


@dataclass
class CNN(Model):
    """Blocks of convolution and pooling."""

    DEPTH: ClassVar[int] = 2

    depth: Optional[int] = null_or_at_least(1)
    kernel: int = at_least(1)

    def widths(self) -> list[int]:
        """Filters of each block, first to last: a single number is doubled from block to block."""
        return list(self.width) if isinstance(self.width, list) else [self.width << n for n in range(self.depth or 0)]


@dataclass
class Optimizer:
    name: str = MISSING
    learning_rate: float = above_zero()
    schedule: str = one_of("constant", "cosine", "exponential")
    alpha: float = fraction(with_one=True)
    decay_rate: float = option(Rule("above 0 and at most 1", lambda value: 0 < value <= 1))
    options: dict[str, Any] = options()


@dataclass
class RMSprop(Optimizer):
    rho: float = fraction()
    momentum: float = fraction()
    epsilon: float = above_zero()
    centered: bool = MISSING


@dataclass
class Adam(Optimizer):
    beta_1: float = fraction()
    beta_2: float = fraction()
    epsilon: float = above_zero()
    amsgrad: bool = MISSING


@dataclass
class AdamW(Adam):
    weight_decay: float = at_least(0)


@dataclass
class SGD(Optimizer):
    momentum: float = fraction()
    nesterov: bool = MISSING


@dataclass
class Nadam(Optimizer):
    beta_1: float = fraction()
    beta_2: float = fraction()
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


def _is_seed(value: Any) -> bool:
    return 0 <= value < 2**32


def _is_split(value: Any) -> bool:
    return value >= 0 if isinstance(value, int) else 0 <= value < 1


SPLIT = Rule("a whole number of examples (0 is none) or a fraction below 1", _is_split)


DRAWN = ("random", "stratified")  # the values of `validation_from` that draw the validation examples


@dataclass
class Training:
    # A run goes on to more epochs as the same run, unless the learning rate depends on their number.
    epochs: int = at_least(1, decides=lambda config: config.optimizer.schedule == "cosine")
    batch_size: int = at_least(1)
    validation_split: Union[int, float] = option(
        SPLIT,
        decides=lambda config: config.training.folds is None,
    )
    validation_from: str = one_of("auto", "first", "last", *DRAWN)
    split_seed: Optional[int] = option(
        Rule("null or a whole number from 0 to 4294967295", lambda value: value is None or _is_seed(value)),
        decides=lambda config: config.training.split_seed is not None,
        before=None,
    )
    folds: Optional[int] = null_or_at_least(2, decides=lambda config: config.training.folds is not None, before=None)
    fold: Optional[int] = null_or_at_least(1, decides=lambda config: config.training.fold is not None, before=None)
    loss: str = MISSING
    class_weight: Any = option(
        CLASS_WEIGHT,
        decides=lambda config: config.training.class_weight is not None,
        before=None,
    )
    metrics: list[str] = option(Rule("a list of names, as [a,b]", _are_names))
    monitor: str = MISSING
    early_stopping: EarlyStopping = field(default_factory=EarlyStopping)
    shuffle: bool = MISSING
    keep_state: str = one_of("all", "last", "none", decides=False)
    save_seconds: float = at_least(0, decides=False)
    keep_predictions: bool = option(decides=False, before=True)
    evaluate_test: bool = option(decides=False, before=False)
    tensorboard: bool = option(decides=False)

    def __post_init__(self) -> None:
        """Names of classes that Hydra reads as numbers, as {3: 2}, become names; 2 and 2.0 are the same weight."""
        self.class_weight = by_name(self.class_weight)

    @property
    def validates(self) -> bool:
        """Whether examples are held out."""
        return self.folds is not None or self.validation_split != 0


def _is_exclusion(value: Any) -> bool:
    texts = value if isinstance(value, list) else [value]
    return value is None or all(isinstance(text, str) and text for text in texts)


@dataclass
class Config:
    dataset: Dataset = field(default_factory=Dataset)
    model: Model = field(default_factory=Model)
    optimizer: Optimizer = field(default_factory=Optimizer)
    training: Training = field(default_factory=Training)
    seed: int = option(Rule("a whole number from 0 to 4294967295", _is_seed))
    plugins: list[str] = option(Rule("a list of modules, as [a,b]", _are_names))
    reuse: bool = option(decides=False)
    plan: bool = option(decides=False)
    fail_fast: bool = option(decides=False)
    exclude: Any = option(Rule("null, a condition or a list of them", _is_exclusion), decides=False, before=None)

    def __post_init__(self) -> None:
        """`validation_from=auto` becomes what it stands for: files of a user are often sorted by class."""
        if self.training.validation_from == "auto":
            from_files = self.dataset.name in CLASSES and CLASSES[self.dataset.name] is None
            self.training.validation_from = "stratified" if from_files else "first"

    def exclusions(self) -> list[str]:
        """The conditions of the jobs that a sweep leaves out."""
        return self.exclude if isinstance(self.exclude, list) else [self.exclude] if self.exclude else []


# The type of each choice of a group; those of dataset are registered, choices that are not here have the group's own.
GROUPS: dict[str, dict[str, type]] = {
    "dataset": {},
    "model": {"mlp": Model, "cnn": CNN},
    "optimizer": {  # each class is named as that of Keras
        "rmsprop": RMSprop,
        "adam": Adam,
        "adamw": AdamW,
        "sgd": SGD,
        "nadam": Nadam,
        "adagrad": Adagrad,
    },
}
# Number of classes of each data set that is a choice of `dataset`; None where a user's files tell it.
CLASSES: dict[str, int | None] = {}


def add_dataset(name: str, schema: type[Dataset], classes: int | None) -> None:
    """Make a data set a choice of `dataset`."""
    GROUPS["dataset"][name] = schema
    CLASSES[name] = classes


def deciding(config: Config) -> dict[str, Any]:
    """The keys and values of a config that decide the numbers of a run."""
    return _deciding(asdict(config), config, config)


def _deciding(values: dict[str, Any], node: Any, config: Config) -> dict[str, Any]:
    found = {}
    for each in fields(node):
        decides: Decides = each.metadata.get("decides", True)
        part = getattr(node, each.name)
        if is_dataclass(part):
            found[each.name] = _deciding(values[each.name], part, config)
        elif decides(config) if callable(decides) else decides:
            found[each.name] = values[each.name]
    return found


def _never_deciding(node: Any, prefix: str = "") -> Iterator[str]:
    for each in fields(node):
        part = getattr(node, each.name)
        if is_dataclass(part):
            yield from _never_deciding(part, f"{prefix}{each.name}.")
        elif each.metadata.get("decides", True) is False:
            yield prefix + each.name


NEVER_DECIDING = frozenset(_never_deciding(Config()))  # dotted keys, whatever the rest of the config
