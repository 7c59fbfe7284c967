"""Record or upload a film, say a few things about it, and see it being analyzed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from evenstride.pipeline import AnalyzeOptions
from evenstride.ui import frame, options, pages, progress, samples, session, settings, whose
from evenstride.ui.jobs import Job

#: The uploader's key: recordings are put into it too, so both go the same way.
UPLOAD_KEY = "film_upload"
ENDINGS = ("mp4", "mov", "m4v", "webm", "mkv", "avi", "3gp", "mts", "mpg", "mpeg")
#: Prefix of the fields in the form.
FORM = "film"


def page() -> None:
    """Show the film page: a form, a running job, or the question who is meant."""
    job = session.workspace().job
    if job is not None and job.state in ("waiting", "running"):
        st.title("Your film is being looked at")
        st.write("You may open other pages from the menu: it goes on. The result opens by itself if you stay here.")
        st.caption("Closing this window ends it.")
        progress.watch(job.id)
    elif job is not None and job.state == "asking":
        ask_who(job)
    elif job is not None and job.state == "done" and session.workspace().unseen:
        progress.finished()
    else:
        form(job)


def form(job: Job | None) -> None:
    """Ask for a film."""
    session.workspace().unseen = False
    st.title("Record or upload")
    if job is not None:
        _what_became_of(job)
    # Short enough for one row on a phone.
    ways = {"record": "Record", "upload": "Upload", "sample": "Sample"}
    if not pages.exists("record"):
        del ways["record"]
    wanted = st.query_params.get("way", "upload")
    way = st.segmented_control(
        "Where does the film come from?",
        list(ways),
        format_func=ways.__getitem__,
        default=wanted if wanted in ways else "upload",
        key="way",
        required=True,
    )
    if way == "sample":
        choose_sample()
        return
    st.write(
        "Best from the side, head to feet in the picture, at least five times past the camera each way. One person, "
        "good light, camera still."
    )
    pages.link("learn", "How to film it well", topic="film_well")
    whose.ask()
    with st.expander("Say more about it first (you don't have to)"):
        options.form(FORM)
        st.checkbox(
            "Keep the film and the result on this computer",
            key="keep",
            help="Otherwise both are deleted when you leave.",
        )
    if way == "record":
        import_module("evenstride.ui.record").recorder(UPLOAD_KEY)
    limit = settings.upload_limit_mb()
    with st.container(key="upload-hidden" if way == "record" else "upload-shown"):
        st.file_uploader(
            f"A film of the walk, up to {limit} MB",
            type=ENDINGS,
            key=UPLOAD_KEY,
            on_change=_received,
            help="Half a minute of phone film has about 60 MB. It stays on the computer that runs this program.",
        )
        st.caption(
            f"A larger film? Choose 1080p instead of 4K, or film for less long: the limit is {limit} MB. "
            "The analysis starts as soon as the film is here."
        )


def _what_became_of(job: Job) -> None:
    """Say why the job before this form has no result, and where its film is."""
    kept = f"The film is kept in {frame.plain(str(job.film.parent))}" if session.is_kept(job) else ""
    if job.state == "cancelled":
        st.info(f"Cancelled. {kept or 'The film was deleted.'}")
    if job.failure is not None:
        st.error(f"{frame.plain(job.failure.message)}  \n{frame.plain(job.failure.advice)}  \n{kept}")


def _received() -> None:
    upload = st.session_state.get(UPLOAD_KEY)
    # Once it is on disk an upload is let go of, and its field holds a `DeletedFile`.
    if not isinstance(upload, UploadedFile):
        return
    film = session.receive(upload, keep=bool(st.session_state.get("keep")))
    if film is not None:
        begin(film, *whose.applied(options.asked(FORM)))


def begin(film: Path, wanted: AnalyzeOptions, when_done: Callable[[Job], None] | None = None) -> None:
    """Start the analysis; its result opens once it is there."""
    session.start(film, wanted, when_done=when_done)
    session.workspace().unseen = True


def choose_sample() -> None:
    """Offer the clips that come with the app."""
    st.write("The person in these clips is drawn by a computer: how they walk is known exactly.")
    with st.container(horizontal=True):
        for sample in samples.available():
            with st.container(border=True, width=320, key=f"sample-{sample.path.stem}"):
                st.write(sample.about)
                if st.button(sample.title, key=f"take-{sample.path.stem}"):
                    with sample.path.open("rb") as content:
                        film = session.store(sample.path.name, content)
                    if film is not None:
                        begin(film, AnalyzeOptions(model=settings.default_model()))
                        st.rerun()


def ask_who(job: Job) -> None:
    """Show everybody in the film and let the visitor pick."""
    st.title("Who is it about?")
    st.write("Several people are in the film. Choose the one whose walk you want to see.")
    for row in _rows(list(job.people), 3):
        for column, somebody in zip(st.columns(3), row, strict=False):
            with column:
                about = f"Person {somebody.id}: {', '.join(somebody.why.split(', ')[:2])}"
                st.image(str(somebody.picture), alt=f"A moment of the film with a frame round one person. {about}")
                st.caption(about)
                if st.button(f"Person {somebody.id}", key=f"person-{somebody.id}", type="primary"):
                    job.choose(somebody.id)
                    st.rerun()
    if st.button("Nobody: cancel", key="cancel"):
        job.cancel()
        st.rerun()


def _rows(things: list, width: int) -> Iterator[list]:
    for start in range(0, len(things), width):
        yield things[start : start + width]
