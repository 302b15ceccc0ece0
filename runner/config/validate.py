"""What is wrong with a config: values that break their rule, unknown names, and keys that do not fit one another."""

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from runner import register
from runner.config import keras_names
from runner.config.options import Rule
from runner.config.schema import CLASSES, CNN, DRAWN, GROUPS, Config, Training
from runner.errors import did_you_mean
from runner.formatting import shown


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
    losses = {"auto", *keras_names.LOSSES, *register.losses}
    metrics = {*keras_names.METRICS, *keras_names.OWN_METRICS, *register.metrics, "top_2_accuracy", "top_3_accuracy"}
    checks: list[tuple[str, str, set[str]]] = [
        ("dataset.name", config.dataset.name, {*CLASSES, *register.datasets}),
        ("model.name", model.name, {*GROUPS["model"], *register.models}),
        ("model.activation", model.activation, set(keras_names.ACTIVATIONS)),
        ("optimizer.name", config.optimizer.name, {*GROUPS["optimizer"], *register.optimizers}),
        ("training.loss", training.loss, losses),
        *(("training.metrics", metric, metrics) for metric in training.metrics if isinstance(metric, str)),
    ]
    for key, name, known in checks:
        canonical = keras_names.canonical(name)
        is_alias = key in ("training.loss", "training.metrics") and canonical in known
        is_top_k = key == "training.metrics" and keras_names.top_k(canonical)
        if name not in known and not is_alias and not is_top_k:
            hint = did_you_mean(canonical, sorted(known))
            yield f"{key} must be one of {', '.join(sorted(known))}, or registered by a plugin; got {name}{hint}"


def _misfits(config: Config) -> list[str]:
    """What each value alone does not show: keys that must fit one another."""
    found = []
    model, dataset, optimizer = config.model, config.dataset, config.optimizer
    if isinstance(model.width, list) and len(model.width) != model.depth:
        part = "block" if isinstance(model, CNN) else "hidden layer"
        found.append(
            f"model.width must have a number for each {part}, model.depth={model.depth}; "
            f"got {shown(model.width)}: with model.depth=null the list decides"
        )
    if model.activation == "glu" and isinstance(model, CNN):  # Keras' Conv2D does not know that it halves the filters
        found.append("model.activation=glu does not fit model=cnn: use relu or another")
    elif model.activation == "glu" and any(width % 2 for width in model.widths()):
        found.append(f"model.width must be even with model.activation=glu; got {shown(model.width)}")
    built_in = {"dataset": dataset.name in CLASSES, "model": model.name in GROUPS["model"]}
    built_in["optimizer"] = optimizer.name in GROUPS["optimizer"]
    for key, is_built_in in built_in.items():
        if is_built_in and getattr(config, key).options:
            found.append(f"{key}.options are for a plugin's {key}; {getattr(config, key).name} has none")
    found += _split_misfits(config.training)
    for key, node in (("dataset", dataset), ("model", model), ("optimizer", optimizer)):
        wanted = GROUPS[key].get(node.name)
        if wanted and type(node) is not wanted:
            found.append(f"{key}.name={node.name} needs the fields of that option: use {key}={node.name}")
    return found


def _split_misfits(training: Training) -> Iterator[str]:
    """Keys of the validation split that do not fit one another."""
    if training.split_seed is not None and training.validation_from not in DRAWN:
        yield (
            f"training.split_seed must be null with training.validation_from={training.validation_from}, which draws "
            f"nothing; got {training.split_seed}: use training.validation_from=random or stratified"
        )
    if training.folds is None and training.fold is not None:
        yield f"training.folds must be the number of folds with training.fold={training.fold}; got null"
    if training.folds is not None and not 1 <= (training.fold or 0) <= training.folds:
        yield (
            f"training.fold must be from 1 to training.folds={training.folds}; got {shown(training.fold)}: "
            f"give one of them, or all as -m 'training.fold=range(1,{training.folds + 1})'"
        )
