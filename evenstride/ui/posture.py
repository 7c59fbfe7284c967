"""How somebody stands: a photo or a short film, what it shows drawn on, and two of them side by side."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from evenstride import posture_words
from evenstride.posture_pipeline import PICTURE_NAME, RESULT_NAME, PostureOptions, PostureResult, parse_posture
from evenstride.ui import frame, pages, posture_job, session, settings, stored_posture
from evenstride.ui.jobs import Runner
from evenstride.words import number

ENDINGS = ["jpg", "jpeg", "png", "webp", "heic", "bmp", "tif", "tiff", "mp4", "mov", "m4v", "webm", "mkv", "avi"]
VIEWS = {"Tell it from the picture": None, "From the front": "front", "From behind": "back", "From the side": "side"}
#: The two places for a picture: the key of its uploader, and what it is called.
NOW, BEFORE = "posture_now", "posture_before"
LOOK_EVERY_S = 0.5
HOW = (
    "Stand as you usually do, feet as wide as your hips, arms hanging, looking ahead.",
    "The whole body in the picture, head to feet; fitted clothes; nobody else.",
    "The camera level, at hip height, 3 to 4 meters away, square to you. Let somebody else hold it, or stand it up.",
    "A film of five to ten seconds is more exact than a photo.",
)


def page() -> None:
    """Show the posture page."""
    st.title("How do you stand?", anchor="posture")
    st.write("A photo or a few seconds of film, from the front, from behind or from the side.")
    with st.expander("How to take it"):
        st.markdown("\n".join(f"- {line}" for line in HOW))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("The picture is taken", list(VIEWS), key="posture_view", width=260, on_change=_again)
        st.checkbox("A selfie that shows left as right", key="posture_mirrored", on_change=_again)
        st.checkbox("Blur the face", key="posture_blur", on_change=_again)
    before, client_id = stored_posture.asked_for()
    compare = st.toggle("Compare two pictures", value=before is not None, key="posture_compare")
    if compare:
        for place, column, title in zip((BEFORE, NOW), st.columns(2, gap="large"), ("Before", "Now"), strict=True):
            with column:
                st.header(title, anchor=False)
                if place == BEFORE and before is not None:
                    show_result(before, BEFORE)
                else:
                    _picture(place, client_id)
        folders = before or _folder(BEFORE), _folder(NOW)
        if folders[0] is not None and folders[1] is not None:
            show_changes(folders[0], folders[1])
    else:
        _picture(NOW, client_id)
    st.subheader("What a picture can't say", anchor="cannot")
    st.markdown("\n".join(f"- {line}" for line in posture_words.CANNOT))
    pages.link("learn", "More about posture", topic="posture")


def _picture(place: str, client_id: str | None) -> None:
    """Ask for a picture, show how far it is, or what came of it."""
    st.file_uploader(
        "A photo, or a film of standing still",
        type=ENDINGS,
        key=_uploader(place),
        on_change=partial(_received, place),
        help=f"Up to {settings.upload_limit_mb()} MB. It stays on the computer that runs this program.",
    )
    job = session.workspace().postures.get(place)
    if job is None:
        return
    if job.state in ("waiting", "running"):
        _watch(place)
    elif job.failure is not None:
        st.error(f"{frame.plain(job.failure.message)}  \n{frame.plain(job.failure.advice)}")
    elif job.state == "done":
        show_result(job.folder, place)
        stored_posture.offer_to_save(job.folder, place, client_id)


def _uploader(place: str) -> str:
    return f"{place}_upload_{st.session_state.get(f'{place}_count', 0)}"


@st.cache_resource(show_spinner=False)
def _runner() -> Runner:
    # A Job only hands its options on; those of a posture picture have the same `out`.
    return Runner(1, work=posture_job.work)  # type: ignore[arg-type]


def _received(place: str) -> None:
    upload = st.session_state.get(_uploader(place))
    if upload is None:
        return
    _forget(place)
    picture = session.receive(upload)
    # An uploader whose file was taken out of memory is no use any more: the next one has a new key.
    st.session_state[f"{place}_count"] = st.session_state.get(f"{place}_count", 0) + 1
    if picture is not None:
        session.workspace().postures[place] = _runner().start(picture, _options(), ask_who=False)


def _again() -> None:
    """Look at the pictures once more: something else was said about them."""
    for place in (BEFORE, NOW):
        job = session.workspace().postures.get(place)
        if job is not None and job.state == "done":
            session.workspace().postures[place] = _runner().start(job.film, _options(), ask_who=False)


def _options() -> Any:
    return PostureOptions(
        view=VIEWS[st.session_state.get("posture_view", next(iter(VIEWS)))],
        model=settings.default_model(),
        mirrored=bool(st.session_state.get("posture_mirrored")),
        blur_faces=bool(st.session_state.get("posture_blur")),
    )


def _forget(place: str) -> None:
    """Stop and delete what was in a place: pictures do not pile up."""
    job = session.workspace().postures.pop(place, None)
    if job is not None:
        job.cancel()
        job.join(1)
        shutil.rmtree(job.film.parent, ignore_errors=True)


@st.fragment(run_every=LOOK_EVERY_S)
def _watch(place: str) -> None:
    job = session.workspace().postures.get(place)
    if job is None or job.over:
        st.rerun()
    progress = job.progress
    st.progress(0.0 if progress is None else min(progress.fraction, 1.0), text="Looking at the picture")
    if st.button("Cancel", key=f"{place}_cancel"):
        _forget(place)
        st.rerun()


def _folder(place: str) -> Path | None:
    job = session.workspace().postures.get(place)
    return job.folder if job is not None and job.state == "done" else None


def _read(folder: Path) -> PostureResult:
    return parse_posture((folder / RESULT_NAME).read_text(encoding="utf-8"), "The posture picture")


def show_result(folder: Path, place: str) -> None:
    """Show what is in a folder that `analyze_posture` wrote; `place` is unique on the page."""
    result, picture = _read(folder), folder / PICTURE_NAME
    with st.container(key=f"{place}_result"):
        st.markdown(f"**{posture_words.headline(result)}**")
        caption = f"{posture_words.VIEWS[result.view]} Left and right (L, R) are the person's own."
        st.image(str(picture), caption=caption, alt=_in_words(result))
        for code in result.issues:
            st.info(posture_words.ISSUES[code])
        for id, measure in result.measures.items():
            says = f"**{posture_words.MEASURES[id][0]}.** {frame.plain(posture_words.sentence(id, measure))}"
            st.markdown(says, help=frame.plain(posture_words.meaning(id, measure)))
        with st.expander("Numbers"):
            st.table([_row(id, measure) for id, measure in result.measures.items()])
            st.caption(
                "The range says how far off such a picture can be (docs/posture.md). Plus: left end higher, toward the "
                "person's left, forward, bent, or bowed outward."
            )
        with st.container(horizontal=True):
            st.download_button("Picture", picture.read_bytes(), "posture.png", key=f"{place}_png")
            st.download_button("Numbers (JSON)", result.to_json(), "posture.json", key=f"{place}_json")


def _in_words(result: PostureResult) -> str:
    """Say what is to be seen in the picture with the lines drawn on, for those who can't see it."""
    lines = (
        f"{posture_words.MEASURES[id][0]}: {posture_words.sentence(id, measure)}"
        for id, measure in result.measures.items()
        if measure.status == "ok"
    )
    seen = posture_words.VIEWS[result.view].rstrip(".").lower()
    return " ".join([f"The picture, {seen}, with lines through what was measured.", *lines])


def _row(id: str, measure: Any) -> dict[str, str]:
    edges = "" if measure.ci95 is None else " to ".join(number(edge, "", 0) for edge in measure.ci95)
    limit = "" if measure.reference is None else f"±{measure.reference.high:g}"
    value = number(measure.value, measure.unit, 0)
    return {"": posture_words.MEASURES[id][0], "measured": value, "could be": edges, "worth a remark beyond": limit}


def show_changes(*folders: Path) -> None:
    """Say what differs between two pictures, beyond the error of both."""
    before, now = map(_read, folders)
    st.header("What changed", anchor="changes")
    if not posture_job.comparable(before, now):
        st.info("The two pictures show different sides of the body, so they can't be compared.")
        return
    with st.container(key="posture_changes"):
        for id, measure in now.measures.items():
            if id not in before.measures:
                continue
            words = frame.plain(posture_words.change(id, before.measures[id], measure))
            st.markdown(f"**{posture_words.MEASURES[id][0]}:** {words}")
    st.caption("Clothes, shoes, the camera's place and the moment change a picture too.")
