"""What a report says, once: the page and the PDF are two ways to show the same ReportContent."""

from __future__ import annotations

import io
import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from evenstride import words
from evenstride.report import charts
from evenstride.report.pictures import Picture, load_pictures
from evenstride.results import Measure, Result, read_result
from vision.errors import EvenstrideError

if TYPE_CHECKING:
    from evenstride.store.records import Conditions

#: A logo file beyond this is a photograph chosen by mistake.
MOST_LOGO_BYTES = 5_000_000
#: A logo is kept at no more than this many pixels either way: 300 dots an inch at the size it is printed.
LOGO_PX = (900, 300)
LOGO_FORMATS = ("PNG", "JPEG", "WEBP")
#: Names beyond this are cut with "...", so that a page stays a page.
LONGEST_NAME = 300


class LogoError(EvenstrideError):
    """The trainer's logo cannot be used."""

    code = "unusable_logo"


@dataclass(frozen=True)
class Change:
    """One line on what changed since an earlier film: a measure then and now, and what can be said about it.

    A line that is `beyond_chance` is never left out where room is short.
    """

    title: str
    before: str
    now: str
    says: str
    beyond_chance: bool = False


@dataclass(frozen=True)
class Group:
    """Measured values that belong together; `shared` holds what has to be said about several of them, and of which."""

    heading: str
    rows: tuple[tuple[str, Measure, words.MeasureWords, charts.BandBar | None], ...]
    shared: dict[str, list[str]]


@dataclass(frozen=True)
class ReportContent:
    """Everything that a report shows, in the order of reading; nothing is computed after this.

    The names of client and trainer are other people's text: whoever shows them escapes them. `logo_png` is an image
    that was decoded and written anew. Without pictures, names or changes those parts are simply not there.
    """

    result: Result
    film: str
    date: str
    verdict: words.Verdict
    trunk: str
    index: charts.Mark | None
    index_phrase: str
    components: tuple[charts.ComponentRow, ...]
    plots: dict[str, charts.CurvePlot | None]
    groups: tuple[Group, ...]
    missing: tuple[tuple[str, list[str]], ...]
    help: tuple[tuple[str, tuple[str, ...]], ...]
    pictures: tuple[Picture, ...] = ()
    changes: tuple[Change, ...] = ()
    remarks: tuple[str, ...] = ()
    since: str | None = None
    client: str | None = None
    trainer: str | None = None
    logo_png: bytes | None = None


class About(TypedDict, total=False):
    """What a report says besides the result; all of it may be left out.

    client, trainer : names to print, any text
    logo : the trainer's logo, a PNG, JPEG or WebP file or its bytes
    previous : the folder of an earlier result of the same person
    changes : what can be said about the change since then, sentences and rows; without them the two results are
        compared by `evenstride.change`
    filmed_on, previous_filmed_on : the days of the films, or times where two are of one day; a film does not reliably
        say it, so without them the report gives the days of the analyses and calls them that
    """

    client: str | None
    trainer: str | None
    logo: Path | bytes | None
    previous: Path | None
    changes: Sequence[str | Change]
    filmed_on: date | None
    previous_filmed_on: date | None


def read_content(folder: Path, **about: Unpack[About]) -> ReportContent:
    """Gather a report from a folder that `evenstride analyze` wrote: result.json, and key frames if there was a film.

    Raises
    ------
    ResultError
        If there is no result, or it is damaged or of another schema version.
    LogoError
    """
    return make_content(read_result(folder), load_pictures(folder), **about)


def make_content(result: Result, pictures: Sequence[Picture] = (), **about: Unpack[About]) -> ReportContent:
    """Put a result into the form of a report; see `read_content`."""
    previous, logo = about.get("previous"), about.get("logo")
    earlier = None if previous is None else read_result(previous)
    changes = about.get("changes", ())
    if earlier is not None and not changes:
        changes = _compared(earlier, result)
    return ReportContent(
        result=result,
        film=f"{result.video.name} · {result.video.duration_s:.0f} seconds, filmed {words.VIEWS[result.view]}",
        date=_start(_when(result, about.get("filmed_on")) or ""),
        verdict=words.favoring_verdict(result),
        trunk=words.trunk_verdict(result),
        index=charts.index_mark(result.favoring),
        index_phrase=words.index_phrase(result.favoring),
        components=tuple(charts.component_rows(result.favoring)),
        plots={joint: charts.curve_plot(result.curves, joint) for joint in ("knee", "hip", "ankle")},
        groups=tuple(_grouped(result)),
        missing=tuple(words.not_measured(result)),
        help=tuple(
            (heading, tuple(sign.text for sign in words.HELP_SIGNS if sign.when == when))
            for when, heading in words.HELP_WHEN.items()
        ),
        pictures=tuple(pictures),
        changes=tuple(change for change in changes if isinstance(change, Change)),
        remarks=tuple(change for change in changes if isinstance(change, str)),
        since=_when(earlier, about.get("previous_filmed_on")),
        client=_name(about.get("client")),
        trainer=_name(about.get("trainer")),
        logo_png=None if logo is None else prepare_logo(logo),
    )


def _when(result: Result | None, filmed_on: date | None) -> str | None:
    """Say when a film was made, or else when it was analyzed, e.g. ``"filmed on 3 May 2026"``; None: not known."""
    if filmed_on is not None:
        at = f" at {filmed_on:%H:%M}" if isinstance(filmed_on, datetime) else ""
        return f"filmed on {filmed_on.day} {filmed_on:%B %Y}{at}"
    if result is None:
        return None
    try:
        moment = datetime.fromisoformat(result.provenance.created)
    except ValueError:
        return f"analyzed {result.provenance.created}"
    return f"analyzed on {moment.day} {moment:%B %Y}"


def _start(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _name(text: str | None) -> str | None:
    """Return a name as typed, without the characters that no paper can show; None when nothing is left."""
    if text is None:
        return None
    shown = "".join(c if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") else " " for c in text).strip()
    if len(shown) > LONGEST_NAME:
        shown = shown[:LONGEST_NAME] + "…"
    return shown or None


def prepare_logo(logo: Path | bytes) -> bytes:
    """Decode a logo and write it anew as a small PNG: no metadata, no surprises."""
    from PIL import Image

    named = "The logo" if isinstance(logo, bytes) else str(logo)
    advice = "Choose a PNG or JPEG picture, or leave the logo out."
    try:
        data = logo if isinstance(logo, bytes) else _limited(logo)
    except OSError as error:
        raise LogoError(f"{named} could not be read: {error.strerror}.", "Check the name of the logo file.") from error
    if len(data) > MOST_LOGO_BYTES:
        raise LogoError(f"{named} is larger than {MOST_LOGO_BYTES // 1_000_000} MB.", "Choose a smaller picture.")
    try:
        with Image.open(io.BytesIO(data), formats=LOGO_FORMATS) as image:
            if image.width * image.height > Image.MAX_IMAGE_PIXELS // 4:
                raise LogoError(f"{named} has too many pixels for a logo.", "Choose a smaller picture.")
            image.thumbnail(LOGO_PX)
            png = io.BytesIO()
            image.convert("RGBA").save(png, "PNG")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise LogoError(f"{named} is not a picture that can be used.", advice) from error
    return png.getvalue()


def _limited(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_LOGO_BYTES + 1)


@dataclass(frozen=True)
class _Film:
    """A result as `evenstride.change` compares it, when nothing else was noted about the film."""

    recorded_at: datetime
    conditions: Conditions
    result: Result


def _compared(earlier: Result, result: Result) -> Sequence[str | Change]:
    from evenstride.change import compare, report_lines
    from evenstride.store.records import Conditions

    before, after = (_Film(_moment(one), Conditions(), one) for one in (earlier, result))
    return report_lines(compare(before, after))


def _moment(result: Result) -> datetime:
    try:
        return datetime.fromisoformat(result.provenance.created)
    except ValueError:
        return datetime.min


def _grouped(result: Result) -> list[Group]:
    groups = []
    rows = [(name, m, words.measure_words(name), charts.band_bar(name, m)) for name, m in words.measured(result)]
    for group, part in itertools.groupby(rows, key=lambda row: row[2].group):
        members = tuple(part)
        said: dict[str, list[str]] = {}
        for _, measure, text, _ in members:
            if measure.reason:
                said.setdefault(measure.reason, []).append(text.short_title)
        shared = {reason: titles for reason, titles in said.items() if len(titles) > 1}
        groups.append(Group(words.GROUPS[group], members, shared))
    return groups
