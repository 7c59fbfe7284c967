"""report.html: one self-contained page about one result."""

from evenstride.report.page import make_report, render

__all__ = ["make_report", "render"]
