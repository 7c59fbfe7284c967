"""The browser side of the live view and the recorder: small JavaScript modules, their HTML and styles."""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib.resources import files

_IMPORTED = re.compile(r'(?<=from )"\./(\w+)\.mjs"')


@cache
def script(name: str) -> str:
    """Return a module that a component can take: what it imports is in it, as data addresses."""
    return _IMPORTED.sub(lambda match: f'"{_address(match[1])}"', _text(f"{name}.mjs"))


@cache
def markup(name: str) -> str:
    """Return a component's HTML."""
    return _text(f"{name}.html")


@cache
def style(name: str) -> str:
    """Return a style sheet."""
    return _text(f"{name}.css")


def _address(name: str) -> str:
    return "data:text/javascript;base64," + base64.b64encode(script(name).encode()).decode("ascii")


def _text(name: str) -> str:
    return files("evenstride.ui.components").joinpath(name).read_text(encoding="utf-8")
