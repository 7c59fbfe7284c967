"""``evenstride report FOLDER --out report.pdf``: make the report again, on paper or as a page, with names on it."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evenstride.report.content import About
    from evenstride.store import Recording, Store

PAGE_SUFFIXES = (".html", ".htm")
#: Anything else is meant to be a folder, and asking for it must not make an empty store.
RECORDING_ID = re.compile("[0-9a-f]{32}")


def report(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER|RECORDING",
            help="A folder that analyze wrote, or the id of a stored recording.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A .pdf file, or .html for a page.")] = Path("report.pdf"),
    client: Annotated[str | None, typer.Option(metavar="NAME", help="Whose walk it is.")] = None,
    trainer: Annotated[str | None, typer.Option(metavar="NAME", help="Your name, on top instead of ours.")] = None,
    logo: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your logo: PNG, JPEG or WebP, 5 MB at most.")
    ] = None,
    previous: Annotated[
        str | None, typer.Option(metavar="FOLDER|RECORDING", help="An earlier film of the same person to compare with.")
    ] = None,
    appendix: Annotated[bool, typer.Option("--appendix", help="Add all numbers after the two pages.")] = False,
    paper: Annotated[str, typer.Option(metavar="a4|letter", help="The size of the paper.")] = "a4",
) -> None:
    """Write the report about a result: two pages for the client as a PDF, or a page for the browser.

    For a stored RECORDING, the client's name, the trainer's name and logo (the app's Settings) and the change since the
    client's last film that can be compared are on it by themselves; the options take their place.
    """
    from evenstride.cli import _errors

    with _errors(as_json=False), ExitStack() as stack:
        found = _find(source, stack)
        about = _known(found, None if previous is None else _find(previous, stack))
        options: About = {"client": client, "trainer": trainer, "logo": logo}
        about |= {name: value for name, value in options.items() if value is not None}  # type: ignore[typeddict-item]
        _write(out, found.folder, appendix, paper, about)
        print(out)


@dataclass(frozen=True)
class _Found:
    """A result on disk, with what the store knows about it when it comes from there."""

    folder: Path
    store: Store | None = None
    recording: Recording | None = None


def _find(source: str, stack: ExitStack) -> _Found:
    """Return the folder of a result; a stored recording is unpacked into one that goes away with `stack`."""
    folder = Path(source)
    if folder.name == "result.json":
        folder = folder.parent
    if folder.exists() or not RECORDING_ID.fullmatch(source):
        return _Found(folder)
    from evenstride.results import ResultError
    from evenstride.store import NotFound, open_store

    store = open_store()
    try:
        recording = store.recording(source)
    except NotFound as error:
        raise ResultError(
            f"{source} is neither a folder nor a stored recording.", "Name a folder that evenstride analyze wrote."
        ) from error
    unpacked = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evenstride-report-")))
    store.unpack(recording.id, unpacked)
    return _Found(unpacked, store, recording)


def _known(found: _Found, earlier: _Found | None) -> About:
    """Return what the store knows for the report, and the earlier film to compare with, if one was named."""
    from evenstride.report.stored import names, since, since_last_time

    about: About = {}
    if found.store is not None and found.recording is not None:
        about = names(found.store, found.recording)
        if earlier is None:
            return about | since_last_time(found.store, found.recording)
        if earlier.recording is not None:
            return about | since(earlier.recording, found.recording)
    if earlier is not None:
        about["previous"] = earlier.folder
    return about


def _write(out: Path, folder: Path, appendix: bool, paper: str, about: About) -> None:
    """Write a PDF, or a page where the name of the file asks for one."""
    from evenstride.results import replace_atomic

    if out.suffix.lower() in PAGE_SUFFIXES:
        from evenstride.report import make_html

        content = make_html(folder, **about).encode()
    else:
        from evenstride.report.pdf import make_pdf

        content = make_pdf(folder, appendix=appendix, paper=paper, **about)
    replace_atomic(out, lambda temporary: temporary.write_bytes(content))
