"""The trainer's pages: the list of clients, and from there one client, one recording, two compared, the settings."""

from __future__ import annotations

import hashlib
import html
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from uuid import uuid4

import streamlit as st

from evenstride.exchange import import_client
from evenstride.results import RESULT_NAME, cannot_write
from evenstride.store import (
    CONSENT_WORDING,
    Client,
    Conditions,
    Erasure,
    ListedClient,
    NotFound,
    PosturePicture,
    Recording,
    Store,
)
from evenstride.ui import frame, pages, session, trainer
from vision.errors import EvenstrideError

PER_PAGE = 50
LONGEST_NAME = 300
#: A longer name is written smaller at the top of its page.
LONG_NAME = 60
SURFACES = {"": "not noted", "overground": "on the ground", "treadmill": "on a treadmill"}
PACES = {"": "not noted", "slow": "slower than usual", "usual": "usual", "fast": "faster than usual"}
#: Stored recordings that this visitor looks at lie here as folders, inside the visitor's own workspace.
STORED = "stored"

_STYLE = """<style>
.ev-name { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
h1.ev-name { font-size: 2.2rem; letter-spacing: -.02em; margin: 0; }
h1.ev-name.long { font-size: 1.3rem; }
.st-key-clients-list [data-testid="stPageLink-NavLink"] p { overflow-wrap: anywhere; unicode-bidi: isolate; }
</style>"""


def page() -> None:
    """Show what the address asks for: ``?client=ID``, ``?recording=ID``, ``?settings=1``, or the list."""
    st.html(_STYLE)
    asked = {name: st.query_params.get(name) for name in ("client", "recording", "settings")}
    store = trainer.open_mine()
    if store is None:
        return
    # A link within the page leaves the address as it was or bare: it has to say what is shown, to be loaded again.
    st.query_params.from_dict({name: value for name, value in asked.items() if value})
    if asked["settings"]:
        pages.link("clients", "All clients")
        trainer.settings(store)
    elif asked["recording"]:
        from evenstride.ui import client_page

        client_page.show_recording(store, asked["recording"])
    elif asked["client"]:
        from evenstride.ui import client_page

        client_page.show(store, asked["client"])
    else:
        _list(store)


def _list(store: Store) -> None:
    st.title("Clients", anchor=False)
    if message := st.session_state.pop("clients-message", None):
        st.success(message)
    search = st.text_input("Search by name", key="clients-search")
    count = store.count(search)
    number = 1
    if count > PER_PAGE:
        last = -(-count // PER_PAGE)
        number = st.number_input(f"Page, of {last}", 1, last, key=f"clients-page-{search}", width=160)
    with st.container(key="clients-list", gap=None):
        for one in store.clients(search, limit=PER_PAGE, offset=(number - 1) * PER_PAGE):
            _line(one)
    if not count:
        st.write("Nobody by that name." if search else "There are no clients yet. Add the first one:")
    else:
        st.caption(f"{count} client" + ("" if count == 1 else "s") + (" found" if search else ""))
    with st.expander("Add a client", expanded=not count and not search):
        _add(store)
    with st.expander("Import a client"):
        _import(store)
    pages.link("clients", "Settings: your name, logo and passcode", settings="1")


def _line(one: ListedClient) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        pages.link("clients", link_text(one.name), client=one.id)
        films = f"{one.recordings} recording" + ("" if one.recordings == 1 else "s")
        last = "" if one.last_recorded_at is None else f", last {day(one.last_recorded_at)}"
        st.caption(films + last)


def _add(store: Store) -> None:
    with st.form("clients-add", border=False):
        fields = card_fields(None, "add")
        if st.form_submit_button("Add", type="primary"):
            try:
                client = store.add_client(**fields)
            except EvenstrideError as error:
                frame.say(error)
            else:
                pages.go("clients", client=client.id)


def card_fields(client: Client | None, key: str) -> dict[str, object]:
    """Show the fields of a client's card inside a form, and return what is in them."""
    name = st.text_input(
        "Name", client.name if client else "", max_chars=LONGEST_NAME, key=f"{key}-name", help="Or a nickname or number"
    )
    left, right = st.columns(2)
    year = left.number_input(
        "Year of birth (if you like)", 1900, 2100, client.birth_year if client else None, key=f"{key}-born"
    )
    height = right.number_input(
        "Height in cm (for lengths and speed)",
        100.0,
        250.0,
        client.height_cm if client else None,
        format="%.1f",
        key=f"{key}-height",
    )
    st.markdown("**Consent**")
    wording = st.text_area(
        "What the client agrees to", client.consent_wording if client else CONSENT_WORDING, key=f"{key}-wording"
    )
    agreed = st.date_input(
        "Agreed on (empty: not yet)",
        client.consent_on if client else None,
        max_value=date.today(),
        key=f"{key}-consent",
    )
    videos = st.checkbox(
        "Keep the films too, not only what was measured",
        client.keeps_videos if client else False,
        key=f"{key}-videos",
        help="Without this, the numbers, the places of the joints and the report's pictures are kept, and no film.",
    )
    return {
        "name": name,
        "birth_year": year,
        "height_cm": height,
        "consent_wording": wording,
        "consent_on": agreed,
        "keeps_videos": videos,
    }


def _import(store: Store) -> None:
    st.write("Take in a ZIP file that was exported here or on another computer.")
    upload = st.file_uploader("Exported client (ZIP)", ["zip"], key="clients-import")
    if upload is not None and st.button("Import", key="clients-import-go"):
        try:
            done = import_client(store, upload)
            st.success(f"{frame.plain(done.client.name)}: {done.sentence()}")
            pages.link("clients", "Open", client=done.client.id)
        except EvenstrideError as error:
            frame.say(error)


def save_to_client_panel(folder: Path, key: str = "save") -> None:
    """Offer to add a result folder to a client: one choice and one click. For the page that shows a result.

    Nothing is shown to people who have no clients, nor for a recording that is in the store anyway.
    """
    if STORED in folder.parts or not trainer.has_store():
        return
    with st.container(key=f"{key}-to-client", horizontal=True, horizontal_alignment="right"):
        try:
            _save_panel(folder, key)
        except EvenstrideError as error:
            frame.say(error)


def _save_panel(folder: Path, key: str) -> None:
    store = trainer.open_mine() if trainer.is_open() else None
    mine = session.workspace()
    if store is None:
        is_saved = str(folder) in mine.saved
        pages.link("clients", "Saved. Unlock your clients to see it" if is_saved else "Unlock your clients to add this")
        return
    if str(folder) in mine.saved:
        say_saved(store, mine.saved[str(folder)])
        return
    if error := mine.unsaved.get(str(folder)):
        frame.say(error)
    choices = names(store)
    if choices:
        with st.popover("Add to a client", width="content"):
            _save_form(store, folder, choices, key)


def say_saved(store: Store, client_id: str) -> None:
    """Say to whom something was saved, with the way there."""
    try:
        name = store.client(client_id).name
    except NotFound:
        st.write("It was saved to a client who was deleted since.")
        return
    st.html(f'{_STYLE}<p class="ev-name">Saved to <bdi>{html.escape(name)}</bdi>.</p>')
    pages.link("clients", "Open the client's page", client=client_id)


def names(store: Store) -> dict[str, str]:
    """Return what to choose a client by: the name and, where it is known, the year of birth."""
    return {one.id: one.name + (f" ({one.birth_year})" if one.birth_year else "") for one in store.clients()}


def _save_form(store: Store, folder: Path, choices: dict[str, str], key: str) -> None:
    chosen = st.selectbox(
        "Client", list(choices), None, choices.__getitem__, key=f"{key}-client", placeholder="Whose walk?"
    )
    with st.expander("Shoes, ground, day, notes"):
        filmed, conditions, notes = recording_fields(None, key)
    if st.button("Save to this client", key=f"{key}-go", disabled=chosen is None):
        try:
            store.add_recording(chosen, folder, recorded_at=filmed, conditions=conditions, notes=notes)
        except EvenstrideError as error:
            frame.say(error)
            return
        session.workspace().saved[str(folder)] = chosen
        st.rerun()


def recording_fields(recording: Recording | None, key: str) -> tuple[datetime, Conditions, str]:
    """Show the fields of a recording's card, and return what is in them."""
    before = recording.conditions if recording else Conditions()
    on = recording.recorded_at.astimezone() if recording else datetime.now().astimezone()
    filmed = st.date_input("Filmed on", on.date(), max_value=date.today(), key=f"{key}-day")
    left, right = st.columns(2)
    surface = left.selectbox(
        "Ground", list(SURFACES), list(SURFACES).index(before.surface), SURFACES.__getitem__, key=f"{key}-surface"
    )
    pace = right.selectbox("Pace", list(PACES), list(PACES).index(before.pace), PACES.__getitem__, key=f"{key}-pace")
    shoes = left.text_input("Shoes", before.shoes, max_chars=200, key=f"{key}-shoes")
    other = right.text_input("Anything else", before.other, max_chars=200, key=f"{key}-other")
    notes = st.text_area("Notes", recording.notes if recording else "", key=f"{key}-notes")
    moment = on if filmed == on.date() else datetime.combine(filmed, time(12)).astimezone()
    return moment.astimezone(UTC), Conditions(surface, shoes, pace, other), notes


def unpacked(store: Store, recording: Recording) -> Path:
    """Return a recording as a folder in this visitor's workspace, which goes when the visitor does."""
    return whole(session.workspace().folder / STORED / recording.id, partial(store.unpack, recording.id))


def whole(folder: Path, write: Callable[[Path], object]) -> Path:
    """Return a folder, written by `write` if it is not there; what fails half way leaves nothing in its place."""
    if not folder.is_dir():
        unfinished = folder.with_name(f"{folder.name}-{uuid4().hex}")
        try:
            unfinished.mkdir(parents=True)
            write(unfinished)
            unfinished.rename(folder)
        except OSError as error:
            if not folder.is_dir():  # another tab may have written it meanwhile
                raise cannot_write(folder, error) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def offer_deleting(what: str, one: Recording | PosturePicture, delete: Callable[[str], Erasure]) -> None:
    """Offer to delete a recording or a picture for good, and go back to its client."""
    with st.expander(f"Delete this {what}"):
        sure = st.checkbox(f"Yes, delete this {what} for good", key=f"sure-{one.id}")
        if st.button("Delete", key=f"delete-{one.id}", disabled=not sure):
            with st.spinner("Deleting and overwriting"):
                done = delete(one.id)
            forget_unpacked()
            forget_saved(one.client_id, one.result_json)
            st.session_state["clients-message"] = done.sentence()
            pages.go("clients", client=one.client_id)


def forget_unpacked() -> None:
    """Remove what was unpacked to look at it: deleted is deleted."""
    shutil.rmtree(session.workspace().folder / STORED, ignore_errors=True)


def forget_saved(client_id: str, result_json: str | None = None) -> None:
    """Say no more that something was saved to a client: all of it, or only what has this result, was deleted."""
    saved = session.workspace().saved
    for place in [place for place, to in saved.items() if to == client_id]:
        if result_json is None or place == digest(result_json.encode()) or not _differs(Path(place), result_json):
            del saved[place]


def digest(result: bytes) -> str:
    """Return what a posture picture is known by: the same one may be looked at again with something else said."""
    return hashlib.sha256(result).hexdigest()


def _differs(folder: Path, result_json: str) -> bool:
    result = folder / RESULT_NAME
    return not result.exists() or result.read_text(encoding="utf-8") != result_json


def heading(name: str) -> None:
    """Show a name as the page's title, exactly as typed and never as markup."""
    size = " long" if len(name) > LONG_NAME else ""
    st.html(f'<h1 class="ev-name{size}" dir="auto">{html.escape(name)}</h1>')


def exactly(text: str) -> None:
    """Show a text as typed, line by line, never as markup."""
    st.html(f'<div class="ev-name" dir="auto">{html.escape(text)}</div>')


def link_text(name: str) -> str:
    """Return a name as the text of a link: spaces at its ends would make it code to Markdown."""
    return frame.plain(" ".join(name.split()))


def moments(times: Sequence[datetime]) -> list[str]:
    """Write days; with the time where several are of one day, and numbered where that does not tell them apart either.

    >>> moments([datetime(2026, 5, 3, 9), datetime(2026, 5, 4, 9), datetime(2026, 5, 4, 10, 5)])
    ['3 May 2026', '4 May 2026, 09:00', '4 May 2026, 10:05']
    >>> moments([datetime(2026, 5, 4, 12), datetime(2026, 5, 4, 12)])
    ['4 May 2026, 12:00 (1)', '4 May 2026, 12:00 (2)']
    """
    local = [moment.astimezone() for moment in times]
    films = Counter(moment.date() for moment in local)
    texts = [day(moment) + (f", {moment:%H:%M}" if films[moment.date()] > 1 else "") for moment in local]
    return [
        f"{text} ({texts[: at + 1].count(text)})" if texts.count(text) > 1 else text for at, text in enumerate(texts)
    ]


def filmed(recordings: Sequence[Recording]) -> dict[str, str]:
    """Return when each recording of a client was made, told apart, by its id."""
    return dict(zip((one.id for one in recordings), moments([one.recorded_at for one in recordings]), strict=True))


def day(moment: datetime) -> str:
    """Write a day, e.g. ``3 May 2026``."""
    local = moment.astimezone()
    return f"{local.day} {local:%B %Y}"
