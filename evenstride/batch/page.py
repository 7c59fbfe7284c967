"""index.html: the whole batch on one page that needs nothing from outside and works from a folder."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evenstride import __version__, results, words
from evenstride.batch.plan import Remark

if TYPE_CHECKING:
    import pandas as pd

    from evenstride.batch.tables import Read

#: Pictures go into the page until they take this much; the other rows have none, and the page says so.
PICTURE_BYTES = 8 << 20
#: Measures with a column of their own, and those whose distribution is drawn: name in the summary, heading, decimals.
COLUMNS = (
    ("cadence_steps_per_min", "Steps a minute", 0),
    ("knee_rom_left_deg", "Left knee range,\u00a0°", 0),
    ("knee_rom_right_deg", "Right knee range,\u00a0°", 0),
    ("trunk_forward_deg", "Forward lean,\u00a0°", 1),
)
#: Columns that are shown when a row has something in them, and their headings.
OPTIONAL = {
    "subject": "Person",
    "verdict": "Verdict",
    "side": "Side",
    "index": "Index",
    "interval": "Range",
    "quality": "Limits of the film",
}
SPREADS = (
    ("index", "Side-difference index", 0),
    ("cadence_steps_per_min", "Steps a minute", 0),
    ("step_time_asymmetry_pct", "Step time, left against right, %", 1),
    ("knee_rom_deg", "Knee movement, degrees", 0),
    ("knee_rom_asymmetry_deg", "Knee movement, left against right, degrees", 1),
    ("trunk_forward_deg", "Forward lean, degrees", 1),
)
#: Longer names than this are broken anywhere, so that the table stays narrow.
LONG_NAME = 32
#: A distribution is drawn from this many values on; fewer are better read in the table.
MIN_VALUES = 5
MAX_BINS = 20
BAR_AREA = (280.0, 90.0)
VERDICTS = {
    "clear": "clear",
    "possible": "possible",
    "mixed": "mixed",
    "none": "no clear difference",
    "inconclusive": "can't tell",
}


@dataclass(frozen=True)
class Row:
    """What the page shows of one video."""

    file: str
    subject: str
    status: str
    error: str
    verdict: str
    side: str
    index: float | None
    interval: str
    values: tuple[float | None, ...]
    quality: str
    report: str
    picture: str
    numbers: Mapping[str, float | None]

    @classmethod
    def of(cls, one: Read, row: Mapping[str, Any]) -> Row:
        """Return the row of a video from its row of the summary."""
        low, high = row.get("index_ci_low"), row.get("index_ci_high")
        measured = row["status"] == "measured"
        return cls(
            file=row["file"],
            subject=one.item.given.get("subject", ""),
            status=row["status"],
            error=one.mark.error["message"] if one.mark and one.mark.error else "",
            verdict=VERDICTS.get(row.get("verdict") or "", row.get("verdict") or ""),
            side=row.get("side") or "",
            index=row.get("index"),
            interval="" if low is None or high is None else words.sided_interval((low, high), 0),
            values=tuple(row.get(name) for name, _, _ in COLUMNS),
            quality=row.get("quality") or "",
            report=f"{row['folder']}/{results.REPORT_NAME}" if measured else "",
            picture=base64.b64encode(one.thumbnail).decode("ascii") if one.thumbnail else "",
            numbers={name: row.get(name) for name, _, _ in SPREADS},
        )


@dataclass(frozen=True)
class Bar:
    """One bar of a distribution: its place in the drawing, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    low: str
    high: str
    count: int


@dataclass(frozen=True)
class Spread:
    """The distribution of one measure over all videos."""

    title: str
    bars: tuple[Bar, ...]
    n: int
    median: str
    low: str
    high: str
    median_x: float


def make_page(rows: Sequence[Row], subjects: pd.DataFrame, remarks: Sequence[Remark]) -> str:
    """Return index.html."""
    css, script = _text("index.css"), _text("index.js")
    pictures, without = _pictures(rows)
    # A column that is empty throughout takes room and says nothing.
    filled = {name for name in OPTIONAL if any(getattr(row, name) not in ("", None) for row in rows)}
    columns = [k for k in range(len(COLUMNS)) if any(row.values[k] is not None for row in rows)]
    return (
        _environment()
        .get_template("index.html")
        .render(
            rows=rows,
            pictures=pictures,
            has_pictures=any(pictures),
            without=without,
            filled=filled,
            long_name=LONG_NAME,
            heads=[head for name, head in OPTIONAL.items() if name in filled and name != "quality"],
            columns=[(k, *COLUMNS[k][1:]) for k in columns],
            subjects=[{name: _plain(value) for name, value in row.items()} for row in subjects.to_dict("records")],
            remarks=sorted(remarks, key=lambda one: (one.measured, one.file, one.code)),
            counts=Counter(row.status for row in rows),
            verdicts=Counter(row.verdict for row in rows if row.verdict),
            named=tuple(VERDICTS.values()),
            verdict_words=VERDICTS,
            spreads=[spread for name, title, digits in SPREADS if (spread := _spread(rows, name, title, digits))],
            area=BAR_AREA,
            number=words.number,
            not_a_device=words.NOT_A_DEVICE,
            version=__version__,
            css=Markup(css),
            script=Markup(script),
            css_hash=_hash(css),
            script_hash=_hash(script),
        )
    )


def _pictures(rows: Sequence[Row]) -> tuple[list[str], int]:
    """Return the picture of each row as long as there is room, and how many had to be left out."""
    room, kept, without = PICTURE_BYTES, [], 0
    for row in rows:
        fits = len(row.picture) <= room
        room -= len(row.picture) if fits else 0
        without += bool(row.picture) and not fits
        kept.append(row.picture if fits else "")
    return kept, without


def _spread(rows: Sequence[Row], name: str, title: str, digits: int) -> Spread | None:
    values = np.array([value for row in rows if (value := row.numbers[name]) is not None], dtype=float)
    if len(values) < MIN_VALUES:
        return None
    bins = min(MAX_BINS, max(5, int(np.sqrt(len(values)))))
    counts, edges = np.histogram(values, bins=bins)
    width, height = BAR_AREA
    span = edges[-1] - edges[0]

    def text(value: float) -> str:
        return words.number(float(value), "", digits)

    bars = tuple(
        Bar(
            x=float((edges[k] - edges[0]) / span * width),
            y=float(height - height * counts[k] / counts.max()),
            width=float(width / bins - 1),
            height=float(height * counts[k] / counts.max()),
            low=text(edges[k]),
            high=text(edges[k + 1]),
            count=int(counts[k]),
        )
        for k in range(bins)
    )
    median = float(np.median(values))
    at = float((median - edges[0]) / span * width)
    return Spread(title, bars, len(values), text(median), text(edges[0]), text(edges[-1]), at)


def _plain(value: Any) -> Any:
    """Return None for what pandas calls missing."""
    return None if value is None or value != value else value


@cache
def _text(name: str) -> str:
    return files("evenstride.batch").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("evenstride", "batch"),
        # File names and manifests are other people's text: escape everything.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
