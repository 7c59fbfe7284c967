"""docs/accuracy.md is written by scripts, a section each, so that no figure on it is typed by hand."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"


def write_section(name: str, markdown: str, page: Path = PAGE) -> None:
    """Replace the section between ``<!-- begin: name -->`` and ``<!-- end: name -->``; append it if it is new."""
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    section = f"{begin}\n{markdown.strip()}\n{end}"
    text = page.read_text(encoding="utf-8") if page.exists() else "# How accurate is Evenstride?\n"
    if begin in text:
        head, rest = text.split(begin, 1)
        text = head + section + rest.split(end, 1)[1]
    else:
        text = f"{text.rstrip()}\n\n{section}\n"
    page.parent.mkdir(exist_ok=True)
    page.write_text(text, encoding="utf-8")
