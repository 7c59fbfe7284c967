"""The report on paper: two pages for the client, and an appendix of numbers when it is wanted.

Typst sets the pages (report.typ). It reads the content as data, so that nothing anybody typed is ever taken for markup;
the charts are those of the page, drawn with the style sheet print.css.
"""

from __future__ import annotations

import html
import io
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Unpack

from evenstride import words
from evenstride.report import charts
from evenstride.report.content import About, Change, Group, ReportContent, read_content
from evenstride.report.page import environment
from evenstride.report.pictures import Picture
from evenstride.results import Result
from vision.errors import EvenstrideError

PAPERS = {"a4": "a4", "letter": "us-letter"}
#: Tagged, with titles, reading order and a description of every picture: for screen readers.
ACCESSIBLE = "ua-1"
#: Room around a chart's drawing area for the labels beside and below it (left, top, right, bottom; pixels).
CURVE_ROOM = (38, 8, 10, 28)
CURVE_SIZE = (560, 230)
#: Half a dot, where it may sit at the very end of an axis.
SCALE_ROOM = (12, 0, 12, 0)
BAR_ROOM = (8, 0, 8, 0)
#: A bar in a table starts at its band, and its letters below are left to the columns beside it.
LOW_BAR_ROOM = (8, -3, 8, 0)
#: The client's two pages show this many rows of change, and more only where more changed; the appendix has all.
MOST_CHANGES = 8


class PaperError(EvenstrideError):
    """The PDF cannot be made."""

    code = "no_pdf"


def make_pdf(folder: Path, *, appendix: bool = False, paper: str = "a4", **about: Unpack[About]) -> bytes:
    """Return the report about the result in `folder` as a PDF. The same input gives the same bytes.

    Parameters
    ----------
    appendix : add every number, the settings and the versions after the client's two pages
    paper : "a4" or "letter"
    about : names, logo, change; see `evenstride.report.content.About`

    Raises
    ------
    ResultError, LogoError, PaperError
    """
    return to_pdf(read_content(folder, **about), appendix=appendix, paper=paper)


def to_pdf(report: ReportContent, *, appendix: bool = False, paper: str = "a4") -> bytes:
    """Set a report's content on paper; see `make_pdf`."""
    if paper not in PAPERS:
        raise PaperError(f"{paper} is no paper size that is known here.", f"Choose one of: {', '.join(PAPERS)}.")
    pictures = [picture for picture in report.pictures if _can_be_drawn(picture)]
    with tempfile.TemporaryDirectory(prefix="evenstride-pdf-") as name:
        folder = Path(name)
        data = _data(report, pictures, appendix, PAPERS[paper])
        (folder / "data.json").write_bytes(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
        (folder / "report.typ").write_bytes(files("evenstride.report").joinpath("report.typ").read_bytes())
        for number, picture in enumerate(pictures, start=1):
            (folder / f"{number}.jpg").write_bytes(picture.jpeg)
        if report.logo_png is not None:
            (folder / "logo.png").write_bytes(report.logo_png)
        return _typeset(folder, report.result.provenance.created)


def _typeset(folder: Path, created: str) -> bytes:
    import typst

    def compiled(standards: Sequence[str]) -> bytes:
        return typst.compile(
            folder / "report.typ",
            root=folder,
            font_paths=[str(path) for path in _fonts()],
            pdf_standards=list(standards),
            timestamp=_seconds(created),
        )

    try:
        return compiled([ACCESSIBLE])
    except typst.TypstError:
        # An odd character that no font has is printed as a box, but such a file may not call itself accessible.
        return compiled([])


@cache
def _fonts() -> tuple[Path, ...]:
    """Return the folders of the fonts that every report uses: Source Sans, and DejaVu for other scripts.

    Fonts of the computer come after them, for what neither of them has.
    """
    return _package("font_source_sans_pro") / "files", _package("matplotlib") / "mpl-data" / "fonts" / "ttf"


def _package(name: str) -> Path:
    """Return the folder of a package without importing it."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise PaperError(f"The package {name} is missing.", "Install what requirements.txt lists.")
    return Path(found.origin).parent


def _seconds(created: str) -> int:
    """Return the time of the analysis, which is also that of the PDF: the same result, the same bytes."""
    try:
        return int(datetime.fromisoformat(created).timestamp())
    except ValueError:
        return 0


def _can_be_drawn(picture: Picture) -> bool:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture.jpeg), formats=["JPEG"]) as image:
            image.load()
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def _data(report: ReportContent, pictures: Sequence[Picture], appendix: bool, paper: str) -> dict[str, Any]:
    """Return all texts and charts in the order of report.typ, as JSON."""
    result = report.result
    groups = [_group(group) for group in report.groups]
    return {
        "paper": paper,
        "title": f"Evenstride: {report.client or result.video.name}",
        "trainer": report.trainer,
        "client": report.client,
        "logo": report.logo_png is not None,
        "film": report.film,
        "date": report.date,
        "help": {"columns": report.help, "note": words.HELP_NOTE},
        "verdict": {
            "headline": report.verdict.headline,
            "texts": [text for text in (report.verdict.how_sure, report.verdict.next_step, report.trunk) if text],
            "figure": _hero(report),
        },
        "must_say": words.NOT_A_DEVICE,
        "made_with": f"Made with Evenstride {result.provenance.evenstride}.",
        "for_whom": words.FOR_WHOM,
        "always_say": words.ALWAYS_SAY,
        "sides": _sides(report),
        "changes": _changes(report, appendix),
        "pictures": [
            {"file": f"{number}.jpg", "caption": p.caption, "time": f"{p.time_s:.1f} s", "alt": p.described}
            for number, p in enumerate(pictures, start=1)
        ],
        "knees": _curves(report, "knee"),
        "trunk": _trunk(result),
        "measures": groups,
        "on_first_page": words.GROUPS["sides"] if report.components else None,
        "about_ranges": words.ABOUT_RANGES,
        "missing": [{"titles": ", ".join(titles), "reason": reason} for reason, titles in report.missing],
        "issues": [{"message": issue.message, "advice": issue.advice} for issue in result.quality.issues],
        "film_well": words.HOW_TO_FILM,
        "knee_and_back": words.KNEE_AND_BACK,
        "sources": "; ".join(words.SOURCES) + ".",
        "appendix": _appendix(report) if appendix else None,
    }


def _hero(report: ReportContent) -> dict[str, Any] | None:
    if report.verdict.tone == "inconclusive":
        return None
    return _drawn(_macros().hero(report.result.favoring.side, report.verdict.tone), 220, 300)


def _sides(report: ReportContent) -> dict[str, Any] | None:
    if report.index is None and not report.components:
        return None
    favoring = report.result.favoring
    return {
        "phrase": report.index_phrase,
        "scale": None
        if report.index is None
        else _drawn(_macros().index_scale(report.index, favoring), 560, 112, room=SCALE_ROOM),
        "components": [
            {
                "title": row.title,
                "question": row.question,
                "value": f"{row.value} {'◀ left' if row.side == 'left' else 'right ▶'}",
                "limit": row.limit,
                "bar": _drawn(_macros().component_row(row), 330, 36, room=BAR_ROOM),
            }
            for row in report.components
        ],
        "timing_only": words.TIMING_ONLY if favoring.timing_only and report.components else None,
    }


def _changes(report: ReportContent, appendix: bool) -> dict[str, Any] | None:
    if not report.changes and not report.remarks:
        return None
    ordered = sorted(report.changes, key=lambda change: not change.beyond_chance)
    shown = max(MOST_CHANGES, sum(change.beyond_chance for change in ordered))
    return {
        "since": report.since,
        "about": "" if report.remarks else words.ABOUT_CHANGES,
        "remarks": report.remarks,
        "rows": [_change(change) for change in ordered[:shown]],
        "more": _more(len(ordered) - shown, appendix),
    }


def _more(number: int, appendix: bool) -> str:
    """Say where the rows are that found no room here, none of which changed."""
    if number <= 0:
        return ""
    where = "in the appendix" if appendix else "in the report as a web page and in its appendix"
    return f"And {number} more, none of them beyond chance: {where}."


def _change(change: Change) -> list[str]:
    return [change.title, change.before, change.now, change.says]


def _curves(report: ReportContent, joint: str) -> dict[str, Any] | None:
    plot = report.plots[joint]
    if plot is None:
        return None
    keys = [
        {
            "sample": _drawn(_macros().sample(line), 46, 16),
            "label": f"{line.label}, {line.n} stride{'s' * (line.n != 1)}",
        }
        for line in plot.lines
    ]
    chart = str(_macros().curves(plot, CURVE_SIZE)).partition('<p class="key"')[0]
    shift = words.number(-plot.offset_deg, "deg", 0, signed=True)
    notes = [
        "A thin dotted curve is the leg farther from the camera: it is shown, but it does not count." * plot.has_far,
        f"Both curves were shifted together by {shift}, because every body and every camera has a different zero."
        * (joint == "knee"),
        words.ABOUT_CURVES,
    ]
    return {
        "chart": _drawn(chart, *CURVE_SIZE, room=CURVE_ROOM),
        "keys": [*keys, {"sample": _drawn(_macros().sample(), 46, 16), "label": "where most adults are"}],
        "note": " ".join(note for note in notes if note),
    }


def _trunk(result: Result) -> dict[str, Any] | None:
    trunk = result.trunk
    if trunk.verdict == "not_measurable":
        return None
    figures = []
    if trunk.forward_deg is not None:
        measure = result.measures.get("trunk_forward")
        band = measure.reference if measure else None
        low, high = (band.low, band.high) if band else (None, None)
        lean = words.number(abs(trunk.forward_deg), "deg", 0)
        usual = f"shaded: {words.interval((band.low, band.high), 0)}°, where most adults are" if band else ""
        way = "forward" if trunk.forward_deg >= 0 else "backward"
        drawing = _drawn(_macros().trunk_profile(trunk.forward_deg, low, high), 200, 240)
        figures.append({"figure": drawing, "value": f"{lean} {way}", "note": usual})
    for side, lean_deg in (("left", trunk.lateral_left_deg), ("right", trunk.lateral_right_deg)):
        if lean_deg is not None:
            value = f"{words.number(lean_deg, 'deg', 0)} toward the {side} leg"
            drawing = _drawn(_macros().trunk_frontal(side, lean_deg), 200, 240)
            figures.append({"figure": drawing, "value": value, "note": "while standing on it; seen from behind"})
    return {"reason": trunk.reason, "figures": figures} if figures else None


def _group(group: Group) -> dict[str, Any]:
    rows, notes = [], dict(group.shared)
    for name, measure, text, bar in group.rows:
        digits = text.decimals
        rows.append(
            {
                "title": text.short_title,
                "value": words.value_text(name, measure),
                "range": words.range_text(name, measure.ci95),
                "left": "" if measure.left is None else words.number(measure.left, "", digits),
                "right": "" if measure.right is None else words.number(measure.right, "", digits),
                "n": measure.n,
                "usual": "" if bar is None else words.interval((measure.reference.low, measure.reference.high), digits),
                "bar": None if bar is None else _drawn(_macros().band_bar(bar), 270, 27, room=LOW_BAR_ROOM),
                "source": "" if measure.reference is None else measure.reference.source,
            }
        )
        if measure.reason and measure.reason not in notes:
            notes[measure.reason] = [text.short_title]
    return {
        "heading": group.heading,
        "rows": rows,
        "notes": [{"titles": ", ".join(titles), "reason": reason} for reason, titles in notes.items()],
    }


def _appendix(report: ReportContent) -> dict[str, Any]:
    result = report.result
    strikes = Counter((event.type, event.side) for event in result.events)
    return {
        "components": [
            [c.id, words.sided_number(c.value, c.unit), words.sided_interval(c.ci95) or "–",
             words.number(c.typical_limit, c.unit), words.number(c.z, "", 2), f"{c.n_left} / {c.n_right}"]
            for c in result.favoring.components
        ],
        "index": None if result.favoring.z is None else f"z = {words.number(result.favoring.z, '', 2)}",
        "passes": [
            [f"{p.start_s:.2f} – {p.end_s:.2f} s", p.direction.replace("_", " "), words.VIEWS[p.view],
             p.near_side or "–", words.number(p.yaw_deg, "deg", 0)]
            for p in result.passes
        ],
        "events": [
            [f"{kind.replace('_', ' ').capitalize()}s", str(strikes[kind, "left"]), str(strikes[kind, "right"])]
            for kind in ("heel_strike", "toe_off")
        ],
        "changes": [_change(change) for change in report.changes],
        "plots": [{"heading": heading, **curves} for joint, heading in (("hip", "Thigh against the vertical"),
                  ("ankle", "Ankle (film shows ankles only roughly)")) if (curves := _curves(report, joint))],
        "facts": list(_facts(result)),
        "settings": list(_flat(result.provenance.config)),
    }  # fmt: skip


def _facts(result: Result) -> Iterator[tuple[str, str]]:
    video = result.video
    slowed = f", slowed down {video.slow_motion:g} times" if video.slow_motion != 1 else ""
    size = f"{video.width} × {video.height}, {video.fps:.1f} pictures a second, {video.frames} in all{slowed}"
    yield "Video", f"{video.name}, {size}"
    yield "Pose model", f"MediaPipe Pose, {result.model.name}. {result.model.note}".strip()
    for one in result.person.candidates:
        yield f"Person {one.id}{' (followed)' if one.id == result.person.chosen else ''}", one.why
    for note in words.notes(result):
        yield "Note", note
    made = result.provenance
    yield "Versions", f"Evenstride {made.evenstride}, MediaPipe {made.mediapipe}, {made.created}"
    yield "Fingerprints", f"video {video.sha256}, model {result.model.sha256}, settings {made.settings_sha256}"


def _flat(config: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", json.dumps(value, ensure_ascii=False)


def _drawn(
    macro_output: object, width: float, height: float, room: tuple[float, float, float, float] = (0, 0, 0, 0)
) -> dict[str, str]:
    """Return the SVG of a macro of charts.html as a picture of its own, with the description that goes with it."""
    text = str(macro_output)
    start, end = text.index("<svg"), text.rindex("</svg>") + len("</svg>")
    label = re.search(r'aria-label="([^"]*)"', text)
    left, top, right, bottom = room
    # The page gives a drawing its size by style sheet; on paper it has to bring its own.
    opening = re.sub(r' (width|height)="[^"]*"', "", text[start : text.index(">", start)])
    opening = f'{opening} x="{left}" y="{top}" width="{width}" height="{height}"'
    box = f"{width + left + right} {height + top + bottom}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {box}"><style>{_print_css()}</style>'
        f"{opening}{text[text.index('>', start) : end]}</svg>"
    )
    return {"svg": svg, "alt": html.unescape(label[1]) if label else ""}


@cache
def _print_css() -> str:
    return files("evenstride.report").joinpath("print.css").read_text(encoding="utf-8")


@cache
def _macros() -> Any:
    return environment().get_template("charts.html").make_module({"charts": charts})
