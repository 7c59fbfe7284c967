"""One report, shown as a self-contained page (`make_html`) or on paper (`evenstride.report.pdf.make_pdf`)."""

from evenstride.report.content import Change, LogoError, ReportContent
from evenstride.report.page import make_html, render

__all__ = ["Change", "LogoError", "ReportContent", "make_html", "render"]
