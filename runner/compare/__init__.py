"""Recorded runs, compared: which choice is better, and whether the difference is real. Reads records only."""

from runner.compare.dataframe import load, table, verdicts

__all__ = ["load", "table", "verdicts"]
