"""The browser side of the live view and the recorder: small JavaScript modules and their styles."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r"^import .* from \"\./.*\";\n", re.MULTILINE)


@cache
def script(*names: str) -> str:
    """Return modules as the one module that a component takes; those that others import come first."""
    return "\n".join(_IMPORT.sub("", _text(f"{name}.mjs")) for name in names)


@cache
def style(*names: str) -> str:
    """Return style sheets as one."""
    return "\n".join(_text(f"{name}.css") for name in names)


def _text(name: str) -> str:
    return files("evenstride.ui.components").joinpath(name).read_text(encoding="utf-8")
