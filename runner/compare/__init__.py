"""Recorded runs, compared: which choice is better, and whether the difference is real. Reads records only."""

from runner.compare.dataframe import load

__all__ = ["load"]
