"""What the report of a stored recording says besides its result: one source for the app and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from evenstride.change import compare, film_before, report_lines
from evenstride.report.content import About
from evenstride.results import ResultError
from evenstride.store import Recording, Store
from evenstride.store.letterhead import letterhead


def about_recording(store: Store, recording: Recording) -> About:
    """Return whose walk it is, the trainer's name and logo, the day, and the change since last time."""
    return names(store, recording) | since_last_time(store, recording)


def names(store: Store, recording: Recording) -> About:
    """Return whose walk it is, the trainer's name and logo, and the day."""
    top = letterhead(store)
    return {
        "client": store.client(recording.client_id).name,
        "trainer": top.name,
        "logo": top.logo,
        "filmed_on": _moment(recording).date(),
    }


def since_last_time(store: Store, recording: Recording) -> About:
    """Return the change since the film before: the latest earlier one that it can be compared with."""
    films = store.recordings(recording.client_id)
    at = [film.id for film in films].index(recording.id)
    earlier = [film for film in films[:at] if _is_readable(film)]
    previous = film_before(recording, earlier) if _is_readable(recording) else None
    return {} if previous is None else since(previous, recording, earlier)


def since(previous: Recording, recording: Recording, others: Sequence[Recording] = ()) -> About:
    """Return the change between two recordings; `others` tell how much films of one day differ."""
    before, now = _moment(previous), _moment(recording)
    of_one_day = before.date() == now.date()  # then only their times tell them apart
    return {
        "filmed_on": now if of_one_day else now.date(),
        "previous_filmed_on": before if of_one_day else before.date(),
        "changes": report_lines(compare(previous, recording, others)),
    }


def _moment(recording: Recording) -> datetime:
    return recording.recorded_at.astimezone()


def _is_readable(recording: Recording) -> bool:
    """Say whether this release can read a result: a newer one may have written it."""
    try:
        return recording.result is not None
    except ResultError:
        return False
