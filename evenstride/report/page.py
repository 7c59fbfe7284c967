"""The report as one self-contained page: nothing in it comes from outside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Unpack

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evenstride import words
from evenstride.report import charts
from evenstride.report.content import About, ReportContent, make_content, read_content
from evenstride.report.pictures import Picture
from evenstride.results import Result


def make_html(folder: Path, **about: Unpack[About]) -> str:
    """Return the page about the result in `folder`; see `evenstride.report.content.About`."""
    return show(read_content(folder, **about))


def render(result: Result, pictures: Sequence[Picture] = ()) -> str:
    """Return report.html for a result; without pictures when there was no film."""
    return show(make_content(result, pictures))


def show(report: ReportContent) -> str:
    """Fill the page's template."""
    css = _css()
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            result=report.result,
            words=words,
            charts=charts,
            logo=None if report.logo_png is None else base64.b64encode(report.logo_png).decode("ascii"),
            css=Markup(css),
            css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii"),
        )
    )


@cache
def _css() -> str:
    return files("evenstride.report").joinpath("report.css").read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """Return the templates' environment. File names, names and messages are other people's text: escape everything."""
    environment = Environment(
        loader=PackageLoader("evenstride", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = words.number
    environment.filters["interval"] = words.interval
    return environment
