"""The annotated film as a file to take along: with faces as they were drawn, and once more the other way."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from evenstride.results import VIDEO_NAME, read_result
from evenstride.ui import frame, progress, redraw_job, session
from evenstride.ui.jobs import Job, Runner

#: What is said of a film, by whether faces are blurred in it.
FACES = {True: "faces blurred", False: "faces shown"}
#: Said wherever faces were blurred.
MAY_MISS = "Blurring can miss a face: look at the film before you share it."
NO_FILM = "No film was kept with this result, so there is no annotated film to take along, with or without faces."
NO_MORE = "To blur faces the film itself would be needed. It was not kept with this result, only what was drawn on it."


def offer(folder: Path, key: str) -> None:
    """Offer the annotated film of a result folder, and to draw it once more with faces blurred (or shown)."""
    video = folder / VIDEO_NAME
    job = session.workspace().job_of(folder)
    if not video.exists():
        st.caption(NO_FILM)
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-films"):
        if job is None:
            blurred = _is_blurred(folder)
            _download(f"Annotated film, {FACES[True]}" if blurred else "Annotated film", video, f"{key}-film")
            st.caption(MAY_MISS if blurred else NO_MORE)
            return
        _download(f"Annotated film, {FACES[job.options.blur_faces]}", video, f"{key}-film")
        _the_other_way(job, key)
        st.caption(MAY_MISS)


def _is_blurred(folder: Path) -> bool:
    """Say whether a result was made with faces blurred."""
    options = read_result(folder).provenance.config.get("options")
    return isinstance(options, dict) and options.get("blur_faces") is True


def _the_other_way(job: Job, key: str) -> None:
    """Show the film with faces the other way: ready, on its way, or a button that starts it."""
    other = FACES[not job.options.blur_faces]
    drawn = session.workspace().redrawn.get(job.folder)
    if drawn is not None and drawn.state == "done":
        _download(f"Annotated film, {other}", drawn.folder / VIDEO_NAME, f"{key}-film-other")
        if not job.options.blur_faces:
            st.caption("The pictures in the report keep their faces. To blur those too, analyze the film again.")
        return
    if drawn is not None and not drawn.over:
        _watch(job.folder, key)
        return
    if st.button(f"Make it with {other}", key=f"{key}-film-make"):
        _draw(job)
        st.rerun()
    if drawn is not None and drawn.failure is not None:
        st.error(f"{frame.plain(drawn.failure.message)}  \n{frame.plain(drawn.failure.advice)}")


@st.fragment(run_every=progress.LOOK_EVERY_S)
def _watch(folder: Path, key: str) -> None:
    """Show how far the drawing is; the page is drawn anew when it is over."""
    drawn = session.workspace().redrawn.get(folder)
    if drawn is None or drawn.over:
        st.rerun()
    now = drawn.progress
    st.progress(0.0 if now is None else min(now.fraction, 1.0), text=progress.said(drawn, now))
    if st.button("Cancel", key=f"{key}-film-cancel", disabled=drawn.stopping):
        drawn.cancel()


@st.cache_resource(show_spinner=False)
def _runner() -> Runner:
    return Runner(1, work=redraw_job.work)


def _draw(job: Job) -> None:
    wanted = job.options.model_copy(update={"blur_faces": not job.options.blur_faces})
    session.workspace().redrawn[job.folder] = _runner().start(
        job.film, wanted, ask_who=False, into=redraw_job.FOLDER, keep_film=True
    )


def _download(label: str, video: Path, key: str) -> None:
    name = f"evenstride-{label.lower().replace(', ', '-').replace(' ', '-')}.mp4"
    st.download_button(label, video.read_bytes, name, "video/mp4", key=f"get-{key}", on_click="ignore")
