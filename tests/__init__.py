"""Tests and campaigns: all of them compose configs, which name the built-in data sets."""

from runner.datasets.catalog import register_built_in

register_built_in()
