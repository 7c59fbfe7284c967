"""``evenstride export FOLDER --format nc``: results in the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FORMATS = ("nc", "trc", "mot", "c3d")


def export(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A result folder, or that of a batch.", show_default=False)
    ],
    formats: Annotated[
        list[str],
        typer.Option("--format", metavar="|".join(FORMATS), help="May be repeated.", show_default=False),
    ],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Default: beside each result.")] = None,
) -> None:
    """Write landmarks as netCDF (movement), TRC (OpenSim) or C3D, and angles as MOT (OpenSim)."""
    from evenstride.cli import Exit, _errors, _fail

    with _errors(as_json=False):
        if not set(formats) <= set(FORMATS):
            _fail("usage", f"The formats are {', '.join(FORMATS)}.", "See evenstride export --help.", Exit.USAGE, False)
        from evenstride.export import export as write
        from evenstride.export import result_folders

        found = result_folders(folder)
        if not found:
            message = f"There is no result with landmarks (track.npz) in {folder}."
            _fail("usage", message, "Name a folder that evenstride analyze or batch wrote.", Exit.USAGE, False)
        for one in found:
            for path in write(one, formats, out):
                print(path)
