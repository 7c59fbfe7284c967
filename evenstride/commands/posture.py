"""``evenstride posture IMAGE_OR_VIDEO --out DIR``: how somebody stands, from a photo or a short film."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from evenstride.pipeline import ProgressCallback


class View(StrEnum):
    """Where the camera stood."""

    FRONT = "front"
    BACK = "back"
    SIDE = "side"


def posture(
    picture: Annotated[
        Path,
        typer.Argument(
            metavar="IMAGE_OR_VIDEO", help="Somebody standing: a photo or a short film.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the results. [dim]Default: the file's name + -posture[/dim]"),
    ] = None,
    view: Annotated[View | None, typer.Option(help="[dim]Default: told from the body[/dim]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print posture.json on stdout, all else on stderr.")] = False,
    blur_faces: Annotated[bool, typer.Option("--blur-faces", help="Blur the face in the picture.")] = False,
    model: Annotated[str, typer.Option(metavar="heavy|full|lite|PATH", help="The pose model.")] = "heavy",
    mirrored: Annotated[bool, typer.Option("--mirrored", help="A selfie that shows left as right.")] = False,
) -> None:
    """Measure how somebody stands, and write posture.json and posture.png."""
    from evenstride.cli import _errors, _progress_bar, _write_json

    with _errors(as_json):
        from evenstride import posture_words
        from evenstride.posture_pipeline import PostureOptions, analyze_posture

        folder = out or Path(f"{picture.stem}-posture")
        asked = None if view is None else view.value
        options = PostureOptions(out=folder, view=asked, model=model, mirrored=mirrored, blur_faces=blur_faces)
        with _progress_bar(quiet=as_json) as show:
            analysis = analyze_posture(picture, options, progress=_shown(show))
        if as_json:
            _write_json(analysis.result.to_json())
        stream = sys.stderr if as_json else sys.stdout
        print("\n".join(posture_words.report(analysis.result)), file=stream)
        for path in analysis.paths or ():
            print(path, file=stream)


def _shown(show: ProgressCallback | None) -> Callable[[float], None] | None:
    """Return what shows a share on the bar of `show`."""
    from evenstride.pipeline import Progress

    return None if show is None else lambda done: show(Progress("follow", done, 1.0, done, None))
