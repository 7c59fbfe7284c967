"""The result page: the answer first, then the film with its curves, then everything behind it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import streamlit as st

from evenstride import education, results, words
from evenstride.report.content import About, ReportContent, read_content
from evenstride.ui import clients, film_files, frame, options, pages, parts, player, report_files, session
from evenstride.ui.jobs import Job

#: Cards a row at full width; below, they wrap.
CARD_WIDTH = 284


def page() -> None:
    """Show this visitor's latest result, of a film or of a live walk."""
    mine = session.workspace()
    if not mine.results:
        st.title("No result yet")
        st.write("Film somebody walking, or try a sample; what comes out is shown here.")
        pages.link("film", "Record or upload a film")
        return
    folder = _chosen(mine.results)
    job = mine.job_of(folder)
    if job is None:
        show_live_walk(folder)
        return
    if job is mine.job:
        mine.unseen = False
    clients.save_to_client_panel(folder)
    show_result(folder)
    _again(job)


def _chosen(folders: list[Path]) -> Path:
    """Return the newest result, or the one before it where somebody wants to see that.

    A film that is done and was not seen yet comes first: somebody was just told of it.
    """
    if len(folders) == 1:
        return folders[0]
    mine, key = session.workspace(), f"which-{folders[0]}"
    if mine.unseen and mine.job is not None and mine.job.folder in folders:
        st.session_state[key] = folders.index(mine.job.folder)
    st.session_state.setdefault(key, 0)
    place = st.segmented_control(
        "Which result?",
        range(len(folders)),
        format_func=lambda k: "Live walk" if folders[k] == mine.live_walk else "Film",
        required=True,
        key=key,
    )
    return folders[place or 0]


def show_live_walk(folder: Path) -> None:
    """Show the result of a live walk, with what can be done with it."""
    clients.save_to_client_panel(folder)
    show_result(folder, key="live")
    _offer_to_keep(folder, "Live walk")


def show_result(
    folder: Path,
    key: str = "result",
    filmed_on: date | None = None,
    about: Callable[[], About] = report_files.nobody,
) -> None:
    """Show what is in a result folder.

    Parameters
    ----------
    folder : a folder that `evenstride analyze` or the app wrote; films and pictures may be missing
    key : unique on the page
    filmed_on : the day of the film, where somebody noted it
    about : returns what the report to take along says besides the result, where that is known

    Raises
    ------
    ResultError, EvenstrideError
        If there is no result in it, or one that can't be read.
    """
    report = read_content(folder, filmed_on=filmed_on)
    _answer(report, key)
    _film(folder, report, key)
    _sides(report, key)
    _trunk(report, key)
    _measures(report, key)
    _missing(report, key)
    _downloads(folder, key, about)
    _numbers(folder, report)


def _answer(report: ReportContent, key: str) -> None:
    """Say what was found, how sure that is, and what it does not mean."""
    text, figure = st.columns([3, 1], vertical_alignment="center")
    with text:
        st.title(report.verdict.headline, anchor=False)
        parts.show("verdict", report)
        with st.container(horizontal=True, key=f"{key}-answer-links"):
            pages.link("learn", "What favoring a knee means", topic="favoring")
            pages.link("learn", "How sure can this be?", topic="how_sure")
            if report.verdict.tone == "inconclusive":
                pages.link("learn", "How to film it well", topic="film_well")
    if report.verdict.tone != "inconclusive":
        with figure:
            parts.show("hero", report, key=f"{key}-hero")
    parts.show("say", words.ALWAYS_SAY)
    for note in words.notes(report.result):
        st.caption(frame.plain(note))


def _film(folder: Path, report: ReportContent, key: str) -> None:
    """Show the film and the curves of both knees, moving together."""
    st.header("Your walk", anchor=False)
    tracks = player.read_tracks(folder)
    video = folder / results.VIDEO_NAME
    player.synced_player(video if video.exists() else None, tracks, f"{key}-player", alt=player.FILM_ALT)
    if report.plots["knee"]:
        with st.expander("The average step of each knee"):
            st.write(
                "From one landing of a foot to its next. 0° is a straight knee. The small hill is the knee giving "
                "under your weight, the big one the swing through the air."
            )
            parts.show("curves", report.plots["knee"], key=f"{key}-curves")
            pages.link("learn", "More about knee bend", topic="knee_bend")


def _sides(report: ReportContent, key: str) -> None:
    """Show the knee-favoring picture with its parts."""
    if not report.index and not report.components:
        return
    st.header("Left against right", anchor=False)
    st.write(
        "The dot shows where this walk lies, the line how far that might shift with other steps (95 % range). Inside "
        "the shaded range, people who favor neither knee are found too."
    )
    if report.index:
        if report.index_phrase:
            st.markdown(f"**Side-difference index: {report.index_phrase}.** 50 is the edge of the usual range.")
        parts.show("index", report, key=f"{key}-index")
    st.subheader("What it is made of" if report.index else "What could be compared", anchor=False)
    for component, row in zip(report.result.favoring.components, report.components, strict=True):
        picture, why = st.columns([5, 1], vertical_alignment="center")
        with picture:
            parts.show("component", row, key=f"{key}-component-{component.id}")
        with why, st.container(key=f"{key}-why-{component.id}"):
            pages.link("learn", f"About {row.title.lower()}", topic=education.topic_for(component.id))
    if report.result.favoring.timing_only:
        st.caption(words.TIMING_ONLY)
    pages.link("learn", "Knees and back: what is known", topic="knee_and_back")


def _trunk(report: ReportContent, key: str) -> None:
    trunk = report.result.trunk
    if trunk.verdict == "not_measurable":
        return
    st.header("Your upper body", anchor=False)
    st.write(frame.plain(trunk.reason))
    parts.show("trunk", report, key=f"{key}-trunk")
    with st.container(horizontal=True, key=f"{key}-trunk-links"):
        if trunk.forward_deg is not None:
            pages.link("learn", "About leaning forward", topic="trunk_forward")
        if trunk.lateral_left_deg is not None or trunk.lateral_right_deg is not None:
            pages.link("learn", "About leaning to the side", topic="trunk_lateral")


def _measures(report: ReportContent, key: str) -> None:
    """Show every measure with its reference band and what it means."""
    if not report.groups:
        return
    st.header("The numbers", anchor=False)
    st.write(f"{words.ABOUT_RANGES} The shaded bar shows where most adults are, L and R your left and right leg.")
    for group in report.groups:
        st.subheader(group.heading, anchor=False)
        with st.container(horizontal=True, key=f"{key}-cards-{group.heading}"):
            for name, measure, text, bar in group.rows:
                with st.container(border=True, width=CARD_WIDTH, key=f"{key}-card-{name}"):
                    parts.show("card", name, measure, text, bar, key=f"{key}-value-{name}")
                    with st.expander("What does this mean?"):
                        parts.show("meaning", measure, text, bar)
                        pages.link("learn", "Read more", topic=education.topic_for(name))


def _missing(report: ReportContent, key: str) -> None:
    """Say what could not be measured, and how to film it."""
    if not report.missing and not report.result.quality.issues:
        return
    st.header("What could not be measured", anchor=False)
    st.write("Nothing here is guessed. What the film does not show well enough is left open.")
    parts.show("missing", report)
    with st.expander("How to film it well"):
        parts.show("steps", words.HOW_TO_FILM)


def _downloads(folder: Path, key: str, about: Callable[[], About]) -> None:
    """Offer the report and every file of the result."""
    st.header("Take it with you", anchor=False)
    files = (
        ("Numbers (JSON)", results.RESULT_NAME, "application/json"),
        ("Every step (CSV)", results.STRIDES_NAME, "text/csv"),
        ("Every picture (CSV)", results.FRAMES_NAME, "text/csv"),
    )
    report_files.offer(folder, key, about)
    film_files.offer(folder, key)
    with st.container(horizontal=True, key=f"{key}-downloads"):
        for label, name, kind in files:
            if (folder / name).exists():
                _download(f"{key}-{name}", label, name, kind, (folder / name).read_bytes)


def _download(key: str, label: str, name: str, kind: str, content: Callable[[], bytes]) -> None:
    """Offer a file that is read, or made, only when somebody asks for it."""
    st.download_button(label, content, file_name=f"evenstride-{name}", mime=kind, key=f"get-{key}", on_click="ignore")


def _numbers(folder: Path, report: ReportContent) -> None:
    """Show what trainers look for, as tables."""
    with st.expander("All numbers, for trainers"):
        import pandas as pd

        st.dataframe(pd.DataFrame(_rows(report)), hide_index=True, width="stretch")
        st.markdown("**Every stride**")
        try:
            st.dataframe(pd.read_csv(folder / results.STRIDES_NAME), hide_index=True, width="stretch")
        except (OSError, ValueError):
            st.caption("The table of strides is missing from this result.")
        made, model = report.result.provenance, frame.plain(report.result.model.name)
        st.caption(
            f"{len(report.result.passes)} stretches of steady walking, pose model {model}, "
            f"Evenstride {made.evenstride}, MediaPipe {made.mediapipe}, settings {made.settings_sha256[:12]}. "
            "What every column means: docs/results.md."
        )


def _rows(report: ReportContent) -> list[dict[str, object]]:
    rows = []
    for name, measure in words.measured(report.result):
        low, high = measure.ci95 or (None, None)
        band = measure.reference
        rows.append(
            {
                "measure": name,
                "value": measure.value,
                "unit": measure.unit,
                "95 % from": low,
                "to": high,
                "left": measure.left,
                "right": measure.right,
                "n": measure.n,
                "usual from": band.low if band else None,
                "usual to": band.high if band else None,
            }
        )
    return rows


def _again(job: Job) -> None:
    """Offer the same film with other settings, and to keep what would be deleted."""
    people = results.read_result(job.folder).person
    with st.expander("Something not right? Analyze this film again"):
        options.form("again", job.options)
        who = {one.id: f"Person {one.id}: {', '.join(one.why.split(', ')[:2])}" for one in people.candidates}
        if len(who) > 1:
            st.radio(
                "Who is it about?",
                list(who),
                format_func=who.__getitem__,
                index=list(who).index(people.chosen or 1),
                key="again-person",
            )
        if st.button("Analyze again", key="again"):
            person = st.session_state.get("again-person", job.options.person)
            wanted = options.asked("again", job.options).model_copy(update={"person": person})
            if session.again(job, wanted) is not None:
                session.workspace().unseen = True
                pages.go("film")
    if session.is_kept(job):
        st.caption(f"The film and its result are kept in {frame.plain(str(job.film.parent))}")
    else:
        _offer_to_keep(job.folder, job.film.name)


def _offer_to_keep(folder: Path, name: str) -> None:
    """Offer to keep what would be deleted, and say where it is then."""
    kept = session.workspace().copies.get(folder)
    if kept is None and st.button("Keep this result on this computer", key="keep-result"):
        try:
            kept = session.keep(folder, name)
        except (OSError, shutil.Error) as error:
            st.error(f"The result could not be kept: {getattr(error, 'strerror', None) or 'unknown reason'}.")
            return
    if kept is not None:
        st.success(f"Kept, without the film, in {frame.plain(str(kept))}")
