"""How a running analysis shows: on the film page in full, on every other page as one line."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

from evenstride.pipeline import STAGES, Progress
from evenstride.ui import pages, session
from evenstride.ui.components import script
from evenstride.ui.jobs import Job

#: How often a page looks at its job.
LOOK_EVERY_S = 0.7


def notice(page: str) -> None:
    """Say on any page but its own how the latest job is doing."""
    job = session.workspace().job
    if job is None or page == "film":
        return
    if job.state in ("waiting", "running"):
        _line(job.id)
    elif job.state == "asking":
        _told("Several people are in your film.", "film", "Choose who is meant")
    elif job.state == "failed":
        if session.workspace().unseen:
            _told("Your film could not be used.", "film", "See why")
    elif job.state == "done" and page != "result" and session.workspace().unseen:
        _told("Your film is done.", "result", "See the result")


def _told(what: str, page: str, label: str) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="notice"):
        st.write(what)
        pages.link(page, label)


@st.fragment(run_every=LOOK_EVERY_S)
def watch(job_id: str) -> None:
    """Show how far the job is, in full; the page is drawn anew as soon as something else is to be shown."""
    job = session.workspace().job
    if job is None or job.id != job_id or job.state not in ("waiting", "running"):
        st.rerun()
    progress = job.progress
    st.progress(0.0 if progress is None else min(progress.fraction, 1.0), text=said(job, progress))
    if st.button("Cancel", key="cancel", disabled=job.stopping):
        job.cancel()
        st.rerun()


def finished() -> None:
    """Open the result, as soon as the browser shows that nothing is watched any more.

    Not at once: the browser may have asked for one more look at the job by then. It would come after the result was
    drawn, belong to the page before, and leave the result empty.
    """
    st.title("Your film is done")
    pages.link("result", "See the result")
    if _onward()(key="onward", on_drawn_change=lambda: None).drawn:
        pages.go("result")


@cache
def _onward() -> Any:
    return st.components.v2.component("evenstride_onward", js=script("onward"))


@st.fragment(run_every=LOOK_EVERY_S)
def _line(job_id: str) -> None:
    job = session.workspace().job
    if job is None or job.id != job_id or job.state not in ("waiting", "running"):
        st.rerun()
    _told(f"Your film: {said(job, job.progress)}", "film", "Look")


def said(job: Job, progress: Progress | None) -> str:
    """Say in words how far a job is."""
    if job.stopping:
        return "Stopping"
    if job.state == "waiting":
        return "Waiting for another film to be finished"
    if progress is None:
        return "Starting"
    return f"{STAGES[progress.stage]} · {progress.fraction:.0%}{time_left(progress.remaining_s)}"


def time_left(seconds: float | None) -> str:
    """Say roughly how long it will take; nothing when that is not known.

    >>> time_left(8), time_left(100), time_left(None)
    (' · about 10 seconds left', ' · about 2 minutes left', '')
    """
    if seconds is None:
        return ""
    if seconds < 50:
        return f" · about {max(5, 5 * round(seconds / 5))} seconds left"
    minutes = max(1, round(seconds / 60))
    return f" · about {minutes} minute{'' if minutes == 1 else 's'} left"
