"""Whose walk a film shows: asked on the film page, so that the result goes to that client by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import streamlit as st

from evenstride.pipeline import AnalyzeOptions
from evenstride.store import Client, Store, StoreError
from evenstride.ui import clients, frame, session, trainer
from evenstride.ui.jobs import Job
from evenstride.ui.workspace import Workspace
from vision.errors import EvenstrideError

#: The field on the film page.
KEY = "film-client"
_log = logging.getLogger(__name__)


def ask() -> None:
    """Ask whose walk it is; the address may say it (``?client=ID``). Nothing is asked of people without clients."""
    try:
        store = trainer.open_mine() if trainer.has_store() and trainer.is_open() else None
        if store is not None:
            _ask(store)
    except EvenstrideError as error:
        frame.say(error)


def _ask(store: Store) -> None:
    names = clients.names(store)
    if not names:
        return
    listed, asked_for = list(names), st.query_params.get("client")
    st.selectbox(
        "Whose walk is it?",
        listed,
        listed.index(asked_for) if asked_for in names else None,
        names.__getitem__,
        key=KEY,
        placeholder="Nobody in particular",
    )
    client = _chosen(store)
    if client is not None:
        height = f" The height on the card is used: {client.height_cm:g} cm." if client.height_cm else ""
        st.caption(f"The result is saved to this client by itself.{height}")


def applied(wanted: AnalyzeOptions) -> tuple[AnalyzeOptions, Callable[[Job], None] | None]:
    """Return what is asked for with the client's height, unless another was typed, and what saves the result."""
    if st.session_state.get(KEY) is None:
        return wanted, None
    mine = session.workspace()
    try:
        store = trainer.open_mine() if trainer.is_open() else None
        client = None if store is None else _chosen(store)
    except EvenstrideError as error:
        return wanted, partial(_note, mine, error)
    if store is None or client is None:
        return wanted, None
    if wanted.height_cm is None:
        wanted = wanted.model_copy(update={"height_cm": client.height_cm})
    return wanted, partial(_save, mine, store, client.id)


def _chosen(store: Store) -> Client | None:
    chosen = st.session_state.get(KEY)
    return None if chosen is None else store.client(chosen)


def _save(mine: Workspace, store: Store, client_id: str, job: Job) -> None:
    """Save a result; called once, by the job, when there is one: no page needs to be open."""
    try:
        store.add_recording(client_id, job.folder)
    except EvenstrideError as error:
        _note(mine, error, job)
    except Exception:
        # The edge of a job: nobody else would tell that it was not saved.
        _log.exception("A result could not be saved to a client")
        _note(mine, StoreError("The result could not be saved to the client.", "Try to add it by hand."), job)
    else:
        mine.saved[str(job.folder)] = client_id


def _note(mine: Workspace, error: EvenstrideError, job: Job) -> None:
    mine.unsaved[str(job.folder)] = error
