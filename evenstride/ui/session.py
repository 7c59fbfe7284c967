"""The visitor's workspace and job, and how a film gets into it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO

import streamlit as st
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from evenstride.pipeline import AnalyzeOptions
from evenstride.ui import settings
from evenstride.ui.components import script
from evenstride.ui.jobs import RESULT_FOLDER, Job, Runner
from evenstride.ui.workspace import Workspace, Workspaces, kept_folder

_KEY = "workspace"
_TAB, _ASKED = "tab", "tab_was_asked"


@st.cache_resource(show_spinner=False)
def _workspaces() -> Workspaces:
    return Workspaces(Runner(settings.JOBS_AT_ONCE), settings.left_after_s())


@st.cache_resource(show_spinner=False, scope="session", on_release=lambda key: _workspaces().leave(key))
def _connection(key: str) -> str:
    """Live as long as the connection of this visitor's page."""
    return key


def workspace() -> Workspace:
    """Return this visitor's workspace; it is deleted some time after the page was closed."""
    mine = _workspaces().enter(st.session_state.get(_KEY), logged_in_as())
    st.session_state[_KEY] = mine.key
    context = get_script_run_ctx()
    if context is not None and runtime.exists():
        mine.present[context.session_id] = partial(runtime.get_instance().is_active_session, context.session_id)
    _connection(mine.key)
    return mine


def logged_in_as() -> str | None:
    """Return who is logged in; None without a login, or where none is set up."""
    if not st.user.get("is_logged_in") or not st.user.get("sub"):
        return None
    # `sub` alone is unique only within the service that did the login.
    return f"{st.user.get('iss', '')}|{st.user['sub']}"


def come_back() -> None:
    """Give a page that was loaded again the workspace that it had, unless it is of somebody who logged out since.

    The key is kept by the browser tab (its sessionStorage): of other tabs only a duplicate of this one has it, which
    then shows the same workspace. Other people and the browser's history never see it, and it is gone when the tab is
    closed.
    """
    data = {"key": workspace().key, "fresh": _ASKED not in st.session_state}
    _tab()(key=_TAB, data=data, on_key_change=_came_back)


def _came_back() -> None:
    st.session_state[_ASKED] = True
    key = str(st.session_state[_TAB].key)
    if _workspaces().knows(key, logged_in_as()):
        st.session_state[_KEY] = key


@cache
def _tab() -> Any:
    return st.components.v2.component("evenstride_tab", js=script("tab"))


def start(
    film: Path, options: AnalyzeOptions, *, ask_who: bool = True, when_done: Callable[[Job], None] | None = None
) -> Job:
    """Analyze a film that lies in this visitor's workspace, in place of the job before; see `Runner.start`."""
    mine = workspace()
    elsewhere = mine.is_elsewhere(film)
    mine.jobs.append(mine.runner.start(film, options, ask_who=ask_who, keep_film=elsewhere, when_done=when_done))
    mine.drop_old()
    return mine.jobs[-1]


def again(job: Job, options: AnalyzeOptions) -> Job | None:
    """Analyze a job's film once more with other options; says why, and returns None, if that fails."""
    with job.film.open("rb") as content:
        film = store(job.film.name, content)
    return None if film is None else start(film, options, ask_who=False)


def is_kept(job: Job) -> bool:
    """Say whether a job's film and result stay on this computer."""
    return workspace().is_kept(job)


def keep(result: Path, name: str) -> Path:
    """Copy a result folder to the kept recordings, once, under the name of its film; return where it is.

    Raises
    ------
    OSError, shutil.Error
    """
    copies = workspace().copies
    if result not in copies:
        folder = kept_folder(settings.data_folder(), name)
        shutil.copytree(result, folder / RESULT_FOLDER)
        copies[result] = folder
    return copies[result]


def receive(upload: UploadedFile, *, keep: bool = False) -> Path | None:
    """Write an upload to disk and let go of it in memory; says why, and returns None, if that fails."""
    film = store(upload.name, upload, keep=keep)
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, upload.file_id)
    return film


def store(name: str, content: BinaryIO, *, keep: bool = False) -> Path | None:
    """Write a film into the workspace, or among the kept recordings; says why, and returns None, if that fails."""
    try:
        return workspace().save(name, content, keep_in=settings.data_folder() if keep else None)
    except OSError as error:
        free = shutil.disk_usage(workspace().folder).free // 2**20
        why = error.strerror or "unknown reason"
        st.error(f"The film could not be stored: {why}. There are {free} MB free on this computer; make some room.")
        return None
