"""Reference bands that ship with the package, each row with its source and licence."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import StringIO

import numpy as np
import pandas as pd

from analysis.measure import Reference

#: What one camera adds to the spread of a joint angle between people, degrees: SD_video = sqrt(SD^2 + 5^2) [3.2].
VIDEO_SD_DEG = 5.0


@cache
def table(name: str) -> pd.DataFrame:
    """Return a shipped table: "normative_curves", "spatiotemporal" or "keypoints"."""
    return pd.read_csv(StringIO(files("analysis.norms").joinpath(f"{name}.csv").read_text(encoding="utf-8")))


@cache
def reference(measure: str, unit: str) -> Reference | None:
    """Return the band of a measure, mean -+ 2 SD over adults of both sexes and all ages; None where there is none."""
    people = table("spatiotemporal")
    rows = people[(people["measure"] == measure) & (people["unit"] == unit)]
    if len(rows):
        # Groups are pooled with equal weight: variance within plus variance between.
        mean = float(rows["mean"].mean())
        spread = float(np.sqrt((rows["sd"] ** 2).mean() + rows["mean"].var(ddof=0)))
        return Reference(mean - 2 * spread, mean + 2 * spread, str(rows["source"].iloc[0]))
    points = table("keypoints")
    rows = points[(points["measure"] == measure) & (points["unit"] == unit)]
    if not len(rows):
        return None
    row = rows.iloc[0]
    return Reference(float(row["low"]), float(row["high"]), str(row["source"]))
