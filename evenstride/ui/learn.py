"""What people can read: the contents with two films that show what favoring looks like, and one topic at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import streamlit as st

from evenstride import education
from evenstride.education import Topic
from evenstride.ui import pages
from evenstride.ui.player import Curve, Tracks, same_range, synced_player

#: Both films stand still here at first: in mid-stride, with the spared knee near the camera.
SHOWN_S = 1.6
_CLIP_WORDS = {
    "even": ("An even walk", "Both knees bend about as far as each other while the foot swings forward."),
    "favoring": (
        "The right knee is spared",
        "Watch the right leg, the one nearer to you: it stays straighter, and it carries the body for a shorter time.",
    ),
}


#: Headings inside a topic stay below its title; links to topics look like links, though they lead to this same page.
_STYLE = """<style>
.st-key-learn-text h2 { font-size: 1.5rem; } .st-key-learn-text h3 { font-size: 1.2rem; }
.st-key-learn-contents a, .st-key-learn-list a { background: none !important; padding-left: 0; }
.st-key-learn-contents a p, .st-key-learn-list a p { font-weight: 500 !important; text-decoration: underline;
  text-underline-offset: 0.2em; white-space: normal; }
</style>"""


def page() -> None:
    """Show the topic that the address names (``?topic=knee_bend``), or the contents."""
    st.html(_STYLE)
    wanted = st.query_params.get("topic")
    topic = education.find(wanted)
    if topic:
        st.query_params["topic"] = topic.key  # a link within the page leaves the address bare otherwise
        _topic(topic)
        return
    st.title("Learn", anchor="learn")
    if wanted:
        st.info("That page does not exist any more. Here is everything there is to read.")
    st.markdown(
        "What a film of a walk can show, how sore knees and backs go together, what helps, and what does not. "
        "Every paragraph names its source."
    )
    _to_red_flags()
    _clips()
    _contents()


def _topic(topic: Topic) -> None:
    with st.container(key="learn-back", horizontal=True):
        pages.link("learn", "All topics")
        if topic.key != education.RED_FLAGS:
            _to_red_flags()
    text, beside = st.columns([7, 3], gap="large")
    with text, st.container(key="learn-text"):
        st.title(topic.title, anchor=topic.key)
        st.markdown(f"*{topic.summary}*")
        st.markdown(topic.numbered())
        if topic.see:
            st.subheader("Read next", anchor="next")
            with st.container(key="learn-list"):
                _links(education.topics()[key] for key in topic.see)
        st.subheader("Sources", anchor="sources")
        st.markdown(topic.source_list())
    with beside, st.container(key="learn-contents"):
        for part, group in groupby(education.topics().values(), key=lambda t: t.part):
            st.markdown(f"**{part}**")
            for one in group:
                if one.key == topic.key:
                    st.markdown(f"▸ {one.title}")
                else:
                    pages.link("learn", one.title, topic=one.key)


def _contents() -> None:
    st.header("What there is to read", anchor="contents")
    with st.container(key="learn-list"):
        columns = st.columns(2, gap="large")
        for number, (part, group) in enumerate(groupby(education.topics().values(), key=lambda t: t.part)):
            with columns[int(number == 1)]:  # the long part has a column of its own
                st.subheader(part, anchor=False)
                _links(group)


def _links(topics: Iterable[Topic]) -> None:
    for topic in topics:
        pages.link("learn", topic.title, topic=topic.key)
        st.caption(topic.summary)


def _to_red_flags() -> None:
    topic = education.topics()[education.RED_FLAGS]
    pages.link("learn", topic.title, topic=topic.key)


def _clips() -> None:
    st.header("What favoring looks like", anchor="what-favoring-looks-like")
    st.caption("The people in these films are drawn by a computer, so that what they do is known exactly.")
    with st.container(key="learn-clips"):
        clips = [education.clip(name) for name in education.CLIPS]
        tracks = same_range(*(_tracks(shown) for _, shown in clips))
        columns = st.columns(2, gap="medium")
        for column, name, (film, shown), curves in zip(columns, education.CLIPS, clips, tracks, strict=True):
            title, sentence = _CLIP_WORDS[name]
            with column, st.container(key=f"clip-{name}"):
                st.subheader(title, anchor=False)
                synced_player(film, curves, f"learn-{name}", alt=sentence, beside=False, start_s=SHOWN_S)
                peak = shown["swing_peak_deg"]
                st.markdown(
                    f"{sentence} Most bend in the air, as measured over the whole film: left {peak['left']:.0f}°, "
                    f"right {peak['right']:.0f}°."
                )


def _tracks(shown: dict[str, Any]) -> Tracks:
    """Return a clip's curves for the player."""
    curves = []
    for side in ("left", "right"):
        values = shown[f"knee_{side}_deg"]
        curves.append(Curve(side, values, [int(side == shown["near_side"])] * len(values)))
    ranges = (f"{c.side} knee up to {max(v for v in c.values if v is not None):.0f} degrees" for c in curves)
    alt = f"Knee bend over the film: {', '.join(ranges)}. Arrow keys step picture by picture; space plays."
    return Tracks(time_s=shown["time_s"], curves=curves, events=shown["events"], alt=alt)
