"""The live page: the browser's camera with a skeleton and advice over it, and the full result when the walk is done."""

from __future__ import annotations

import shutil
from typing import Any
from uuid import uuid4

import streamlit as st

from analysis.config import Config
from evenstride.live_pipeline import analyze_track
from evenstride.pipeline import AnalyzeOptions
from evenstride.ui import frame, live_setup, pages, session
from evenstride.ui.components import markup, script, style
from evenstride.ui.live_message import LONGEST_S, read_walk
from evenstride.ui.result import show_live_walk
from vision.errors import EvenstrideError

#: After this many walks across the picture both knees have been near the camera often enough for a sure answer.
CROSSINGS = 10
_HEIGHT = "live_height_cm"

_view = st.components.v2.component(
    "evenstride_live",
    html=markup("live"),
    css=style("studio"),
    js=script("live"),
)


def page() -> None:
    """Show the camera, or the result of the walk before it."""
    if folder := session.workspace().live_walk:
        st.button("Walk again", on_click=_forget)
        show_live_walk(folder)
        return
    st.title("Live")
    if lacking := live_setup.missing():
        not_here(lacking)
    else:
        walk()


def _forget() -> None:
    """Make room for the next walk; what was saved elsewhere stays there."""
    mine = session.workspace()
    if mine.live_walk is not None:
        shutil.rmtree(mine.live_walk, ignore_errors=True)
        mine.live_walk = None


def not_here(lacking: str) -> None:
    """Say what the live view lacks, and which ways are open."""
    st.warning(f"{frame.plain(lacking)}  \n{live_setup.HOW}")
    st.write("The other ways work without it, and give the more exact answer:")
    other_ways()


def other_ways() -> None:
    """Link to the pages that need no live view."""
    pages.link("film", "Record or upload a film, or try a sample")


def walk() -> None:
    """Show the camera; when the walk is done, measure it."""
    st.write(
        "Put the device on something solid at hip height, 3 to 5 meters from where you will walk. "
        f"Then walk across the picture, turn, and come back, {CROSSINGS} times in all. "
        "It counts along, beeps at every turn, and stops by itself."
    )
    done = _view(key="live", data=settings(), on_walk_change=lambda: None)
    with st.expander("Tell us more (you don't have to)"):
        st.number_input("Body height in cm", 100, 250, value=None, step=1, key=_HEIGHT, help="Step length needs it.")
    st.caption(
        "The picture never leaves this browser. What the program on this computer gets is where your joints were. "
        "No film is kept, so the result shows curves and numbers but no pictures. On a slow device the walk is filmed, "
        "followed once more in this browser, and the film thrown away."
    )
    other_ways()
    if done.walk:
        measure(done.walk)


def settings() -> dict[str, Any]:
    """Return what the browser's part has to know."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return {
        "assets": f"{'/' + base if base else ''}/{live_setup.ADDRESS}",
        "crossings": CROSSINGS,
        "max_s": LONGEST_S,
        "min_fps": Config().quality.min_fps,
    }


def measure(message: Any) -> None:
    """Analyze a walk and open its result."""
    folder = session.workspace().folder / f"live-{uuid4().hex}"
    try:
        with st.spinner("Measuring your walk"):
            analyze_track(read_walk(message), AnalyzeOptions(out=folder, height_cm=st.session_state.get(_HEIGHT)))
    except EvenstrideError as error:
        frame.say(error)
        return
    session.workspace().live_walk = folder
    st.rerun()
