"""Posture pictures that are kept with a client: saving one, listing them, two of them compared, one as "before"."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from evenstride import posture_words
from evenstride.posture_pipeline import PICTURE_NAME, RESULT_NAME
from evenstride.results import ResultError
from evenstride.store import PosturePicture, Store
from evenstride.ui import clients, frame, pages, session, trainer
from vision.errors import EvenstrideError


def asked_for() -> tuple[Path | None, str | None]:
    """Return the picture that the address names (``?before=ID``) as a folder, and the client whom it names.

    What is locked, deleted or somebody else's is not there.
    """
    before, client_id = st.query_params.get("before"), st.query_params.get("client")
    try:
        store = trainer.open_mine() if before and trainer.has_store() and trainer.is_open() else None
        if store is None or before is None:
            return None, client_id
        picture = store.posture(before)
        return unpacked(store, picture), picture.client_id
    except EvenstrideError as error:
        frame.say(error)
        return None, None


def unpacked(store: Store, picture: PosturePicture) -> Path:
    """Return a picture as a folder in this visitor's workspace, which goes when the visitor does."""

    def write(folder: Path) -> None:
        (folder / PICTURE_NAME).write_bytes(store.posture_picture(picture.id))
        (folder / RESULT_NAME).write_text(picture.result_json, encoding="utf-8")

    return clients.whole(session.workspace().folder / clients.STORED / picture.id, write)


def offer_to_save(folder: Path, key: str, client_id: str | None) -> None:
    """Offer to keep a picture with a client; nothing is offered to people who have none."""
    if clients.STORED in folder.parts or not trainer.has_store():
        return
    with st.container(key=f"{key}-to-client"):
        try:
            _offer(folder, key, client_id)
        except EvenstrideError as error:
            frame.say(error)


def _offer(folder: Path, key: str, client_id: str | None) -> None:
    saved = session.workspace().saved
    result = clients.digest((folder / RESULT_NAME).read_bytes())
    store = trainer.open_mine() if trainer.is_open() else None
    if store is None:
        pages.link("clients", "Unlock your clients to keep this with one")
    elif result in saved:
        clients.say_saved(store, saved[result])
    elif names := clients.names(store):
        listed = list(names)
        with st.popover("Keep this with a client", width="content"):
            at = listed.index(client_id) if client_id in names else None
            chosen = st.selectbox(
                "Client", listed, at, names.__getitem__, key=f"{key}-client", placeholder="Who is it?"
            )
            if st.button("Keep it", key=f"{key}-keep", disabled=chosen is None):
                store.add_posture(chosen, folder)
                saved[result] = chosen
                st.rerun()


def part(store: Store, client_id: str) -> None:
    """Show a client's pictures: two of them compared, then all of them."""
    from evenstride.ui import posture

    pages.link("posture", "Take or upload a picture", client=client_id)
    pictures = store.postures(client_id)
    if not pictures:
        st.write("There are no pictures yet. The posture page offers to keep one here.")
        return
    taken = dict(zip((one.id for one in pictures), clients.moments([one.taken_at for one in pictures]), strict=True))
    by_id = {one.id: one for one in pictures}
    shown = ("Earlier", "Later") if len(pictures) > 1 else ("Picture",)
    chosen = []
    for column, label, at in zip(st.columns(2), shown, range(-len(shown), 0), strict=False):
        with column:
            listed = list(taken)
            id = st.selectbox(label, listed, len(listed) + at, taken.__getitem__, key=f"posture-{label}")
            try:
                folder = unpacked(store, by_id[id])
                posture.show_result(folder, f"posture-{label}")
                chosen.append(folder)
            except EvenstrideError as error:
                frame.say(error)
    if len(chosen) > 1:
        posture.show_changes(*chosen)
    st.subheader("All pictures", anchor=False)
    for picture in reversed(pictures):
        with st.container(border=True, key=f"posture-{picture.id}"):
            _line(store, picture, taken[picture.id])


def _line(store: Store, picture: PosturePicture, taken: str) -> None:
    st.markdown(f"**{taken}**")
    try:
        result = picture.result
    except ResultError as error:
        frame.say(error)
    else:
        st.write(f"{posture_words.VIEWS[result.view]} {posture_words.headline(result)}")
        pages.link("posture", "Compare a new picture with it", before=picture.id)
    clients.offer_deleting("picture", picture, store.delete_posture)
