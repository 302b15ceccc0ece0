"""The optimizer that a config describes, and a faster one for training alone."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from runner import register
from runner.config.schema import GROUPS, Config, Optimizer, RMSprop

COMMON = {"name", "learning_rate", "schedule", "alpha", "decay_rate", "options"}


def optimizer(config: Config, updates: int) -> keras.optimizers.Optimizer:
    """The optimizer with its learning rate or schedule; an epoch has `updates` updates, which schedules count."""
    settings, rate = config.optimizer, _learning_rate(config, updates)
    if settings.name in register.optimizers:
        return register.optimizers[settings.name](rate, **settings.options)
    made = getattr(keras.optimizers, GROUPS["optimizer"][settings.name].__name__)  # the schema has the names of Keras
    return made(learning_rate=rate, **_own_fields(settings))


def faster_optimizer(config: Config, updates: int) -> keras.optimizers.Optimizer | None:
    """An optimizer for training alone that computes the same in less time; None where there is no such one."""
    settings = config.optimizer
    if not isinstance(settings, RMSprop) or settings.name in register.optimizers:
        return None
    if settings.momentum or settings.centered:
        return None
    return RMSpropInOnePass(learning_rate=_learning_rate(config, updates), **_own_fields(settings))


def _own_fields(settings: Optimizer) -> dict[str, Any]:
    return {name: value for name, value in vars(settings).items() if name not in COMMON}


class RMSpropInOnePass(keras.optimizers.RMSprop):
    """The update of RMSprop without momentum by the kernel of TensorFlow, which goes over the weights once.

    Keras composes it of nine operations, a sixth of the time of an epoch.
    """

    def build(self, variables: Sequence[keras.Variable]) -> None:
        super().build(variables)
        self._steps = [tf.Variable(tf.zeros(each.shape), trainable=False) for each in variables]

    def update_step(self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor) -> None:
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyRMSProp(
            var=variable.handle,
            ms=self._velocities[index].value.handle,
            mom=self._steps[index].handle,  # the step just made: without momentum nothing of it is kept
            lr=tf.cast(learning_rate, gradient.dtype),
            rho=self.rho,
            momentum=0.0,
            epsilon=self.epsilon,
            grad=gradient,
        )


def _learning_rate(config: Config, updates: int) -> Any:
    settings = config.optimizer
    if settings.schedule == "cosine":
        total = updates * config.training.epochs
        return keras.optimizers.schedules.CosineDecay(settings.learning_rate, total, alpha=settings.alpha)
    if settings.schedule == "exponential":
        return keras.optimizers.schedules.ExponentialDecay(settings.learning_rate, updates, settings.decay_rate)
    return settings.learning_rate
