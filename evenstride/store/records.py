"""What the store hands out: plain, frozen records, and the errors that a caller may want to tell apart."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from evenstride.results import Result, parse_result
from vision.errors import StoreError

if TYPE_CHECKING:
    from evenstride.posture_pipeline import PostureResult

Surface = Literal["", "overground", "treadmill"]
Pace = Literal["", "slow", "usual", "fast"]

#: What a client agrees to, unless the trainer words it otherwise.
CONSENT_WORDING = (
    "I agree that my trainer keeps the measurements of my walk, with pictures from the film, to compare them over "
    "time. I can see everything that is kept, get a copy, and have it deleted at any time."
)


REBUILD_LATER = (
    "It was overwritten. The database's file is large, so it was not rebuilt: old copies of single lines may still be "
    "in it until you do that, in the settings or with evenstride client tidy."
)


class NotFound(StoreError):
    """There is nothing under this id, or it belongs to someone else: the two look the same from outside."""

    code = "not_found"


class ChangedMeanwhile(StoreError):
    """Another window has changed the record since it was read; nothing was overwritten."""

    code = "changed_meanwhile"


@dataclass(frozen=True)
class Conditions:
    """How a recording was made. Empty means: not noted."""

    surface: Surface = ""
    shoes: str = ""
    pace: Pace = ""
    other: str = ""

    def __post_init__(self) -> None:
        for name, choices in (("surface", Surface), ("pace", Pace)):
            if getattr(self, name) not in get_args(choices):
                possible = ", ".join(choice for choice in get_args(choices) if choice)
                raise StoreError(f"{getattr(self, name)} is not a {name}.", f"Use one of: {possible}.")

    def to_dict(self) -> dict[str, str]:
        """Return the fields, as they are stored."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Conditions:
        """Read what `to_dict` wrote; fields of a later release are left out."""
        return cls(**{name: str(data[name]) for name in cls.__dataclass_fields__ if name in data})


@dataclass(frozen=True)
class Client:
    """A person whose walk is filmed. `version` counts the changes; hand it back when you change something."""

    id: str
    name: str
    birth_year: int | None
    height_cm: float | None
    notes: str
    keeps_videos: bool
    consent_on: date | None
    consent_wording: str
    version: int
    created: datetime
    updated: datetime
    origin: str = field(repr=False)


@dataclass(frozen=True)
class ListedClient:
    """A line of the client list."""

    id: str
    name: str
    birth_year: int | None
    recordings: int
    last_recorded_at: datetime | None


@dataclass(frozen=True)
class Recording:
    """One film's measurements. The tables, landmarks, report and pictures are fetched one by one with `Store.file`."""

    id: str
    client_id: str
    recorded_at: datetime
    conditions: Conditions
    notes: str
    has_video: bool
    version: int
    created: datetime
    updated: datetime
    origin: str = field(repr=False)
    result_json: str = field(repr=False)

    @cached_property
    def result(self) -> Result:
        """What was measured.

        Raises
        ------
        ResultError
            If a newer Evenstride wrote it.
        """
        return _parsed(self.result_json)


@dataclass(frozen=True)
class PosturePicture:
    """How a client stood in one picture; the picture itself is fetched with `Store.posture_picture`."""

    id: str
    client_id: str
    taken_at: datetime
    created: datetime
    origin: str = field(repr=False)
    result_json: str = field(repr=False)

    @cached_property
    def result(self) -> PostureResult:
        """What was measured.

        Raises
        ------
        ResultError
            If a newer Evenstride wrote it.
        """
        from evenstride.posture_pipeline import parse_posture

        return parse_posture(self.result_json, "The stored posture picture")


@lru_cache(maxsize=64)
def _parsed(text: str) -> Result:
    """Read a result; a page that is drawn again and again does not read its 20 recordings every time."""
    return parse_result(text, "The stored result")


@dataclass(frozen=True)
class Erasure:
    """What deleting did, counted afterwards.

    Attributes
    ----------
    recordings, files, videos
        How many there were of each.
    rows_left, videos_left
        How many the store still holds: 0.
    traces
        How often the deleted ids still stand in the database's files, counted byte by byte; None where that was not
        looked at: on a server, and in a large file that was not rebuilt.
    complete
        False: another window keeps the log of the database in use, and old bytes stay in it until that one is closed.
    rebuilt
        Whether the database's file was written anew; see `Store.rebuild`.
    postures
        How many posture pictures there were.
    """

    recordings: int
    files: int
    videos: int
    rows_left: int
    videos_left: int
    traces: int | None
    complete: bool
    rebuilt: bool = True
    postures: int = 0

    def sentence(self) -> str:
        """Say it in words."""
        pictures = f", {_count(self.postures, 'posture picture')}" if self.postures else ""
        text = f"Deleted for good: {_count(self.recordings, 'recording')}, {_count(self.videos, 'film')}{pictures}. "
        if self.rows_left or self.videos_left or self.traces:
            return f"{text}Something is left, though: delete again when no other window is open."
        if not self.rebuilt:
            return f"{text}{REBUILD_LATER}"
        if self.traces is None:
            return f"{text}Nothing is left in the database. Its server's own logs and backups are its keeper's matter."
        if not self.complete:
            return f"{text}The last traces go when the other windows are closed."
        return f"{text}We looked: nothing is left in the store's files. Backups that you made are yours to delete."


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
