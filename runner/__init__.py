"""Config-driven experiments with Keras: train, sweep, compare, with an honest record."""

from runner import register

__all__ = ["register"]
