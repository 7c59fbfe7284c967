"""Evenstride: does this walk favor a knee, how does the trunk lean, and how sure is that."""

__version__ = "0.1.0"
