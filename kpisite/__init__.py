"""Turns data into a published, browsable archive of KPI reports."""

__version__ = "0.1.0"
