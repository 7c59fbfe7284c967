"""Who is using the pages for trainers: the login, the passcode, and what stands on the reports."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from evenstride.report.content import MOST_LOGO_BYTES, prepare_logo
from evenstride.store import LOCAL, Store, StoreError, open_store, passcode
from evenstride.store.database import default_url, parse_url
from evenstride.store.letterhead import letterhead, set_letterhead
from evenstride.store.records import REBUILD_LATER
from evenstride.ui import frame, session
from vision.errors import EvenstrideError

#: An unlocked page locks itself when nobody has used it for this long.
LOCK_AFTER_S = 30 * 60
LOGO_MB = MOST_LOGO_BYTES // 1_000_000
_UNLOCKED = "clients-unlocked-at"


def open_mine() -> Store | None:
    """Return the store of whoever is using this page; None, with a way in on the page, before that is known.

    Raises
    ------
    StoreError
    """
    owner = _owner()
    if owner is None:
        st.info("Log in to see your clients.")
        st.button("Log in", key="clients-login", type="primary", on_click=st.login)
        return None
    store = open_store(owner)
    return store if _unlocked(store) else None


def has_store() -> bool:
    """Say whether there is a store at all; looking does not make one."""
    url = parse_url(default_url())
    return url.get_backend_name() != "sqlite" or bool(url.database and Path(url.database).exists())


def is_open() -> bool:
    """Say whether `open_mine` would return a store without asking for anything."""
    owner = _owner()
    return owner is not None and not _is_locked(open_store(owner))


def _owner() -> str | None:
    """Return who is asking: by the login where one is set up, else the one trainer of this computer."""
    return LOCAL if st.user.get("is_logged_in") is None else session.logged_in_as()


def _is_locked(store: Store) -> bool:
    if store.owner != LOCAL or not passcode.is_set(store):
        return False
    used = st.session_state.get(_UNLOCKED)
    if used is None or time.monotonic() - used > LOCK_AFTER_S:
        return True
    st.session_state[_UNLOCKED] = time.monotonic()
    return False


def _unlocked(store: Store) -> bool:
    if not _is_locked(store):
        return True
    with st.form("clients-unlock", width=420):
        typed = st.text_input("Passcode", type="password", key="clients-passcode")
        if st.form_submit_button("Unlock"):
            try:
                if passcode.check(store, typed):
                    st.session_state[_UNLOCKED] = time.monotonic()
                    st.rerun()
                st.error("That is not the passcode.")
            except StoreError as error:
                frame.say(error)
    return False


def lock() -> None:
    """Ask for the passcode again."""
    st.session_state.pop(_UNLOCKED, None)


def settings(store: Store) -> None:
    """Show what a trainer may set."""
    st.title("Settings", anchor=False)
    _letterhead_form(store)
    if store.owner == LOCAL:
        _passcode_form(store)
    else:
        st.header("Account", anchor=False)
        st.write(f"Logged in as {frame.plain(str(st.user.get('email') or st.user.get('name') or 'you'))}.")
        st.button("Log out", key="clients-logout", on_click=st.logout)
    st.header("Where clients are kept", anchor=False)
    where = frame.plain(store.database.name.removeprefix("The client store "))
    st.write(f"On this computer, in {where}." if store.database.is_sqlite else f"On a server: {where}.")
    if store.needs_rebuild:
        st.write(f"Something was deleted. {REBUILD_LATER}")
        if st.button("Rebuild it now (can take minutes)", key="store-rebuild"):
            store.rebuild()
            st.rerun()


def _letterhead_form(store: Store) -> None:
    st.header("On your reports", anchor=False)
    now = letterhead(store)
    with st.form("trainer-letterhead", width=520):
        name = st.text_input("Your name or that of your practice", now.name or "", max_chars=300, key="trainer-name")
        upload = st.file_uploader(
            f"Your logo (PNG, JPEG or WebP, up to {LOGO_MB} MB)",
            ["png", "jpg", "jpeg", "webp"],
            max_upload_size=LOGO_MB,
            key="trainer-logo",
        )
        remove = now.logo is not None and st.checkbox("Take the logo away", key="trainer-logo-remove")
        if st.form_submit_button("Save"):
            try:
                logo = None if remove else prepare_logo(upload.getvalue()) if upload else now.logo
                set_letterhead(store, name, logo)
                st.success("Saved.")
            except EvenstrideError as error:
                frame.say(error)
    if now.logo is not None:
        st.image(now.logo, caption="Your logo", width=200)


def _passcode_form(store: Store) -> None:
    st.header("Passcode", anchor=False)
    has_one = passcode.is_set(store)
    st.write(
        "For a computer that others use too: these pages then ask for it, and again after half an hour without use. It "
        "keeps curious people out. The files on the disk stay readable for whoever can log in to this computer."
    )
    with st.form("trainer-passcode", clear_on_submit=True, width=520):
        old = st.text_input("The passcode until now", type="password", key="passcode-old") if has_one else ""
        new = st.text_input(
            "New passcode" + (" (leave empty to do without)" if has_one else ""), type="password", key="passcode-new"
        )
        if st.form_submit_button("Change the passcode" if has_one else "Set a passcode"):
            try:
                if has_one and not passcode.check(store, old):
                    st.error("That is not the passcode until now.")
                else:
                    passcode.set_passcode(store, new)
                    st.session_state[_UNLOCKED] = time.monotonic()
                    st.success("The passcode is set." if new else "There is no passcode now.")
            except StoreError as error:
                frame.say(error)
    if has_one:
        st.button("Lock now", key="clients-lock", on_click=lock)
