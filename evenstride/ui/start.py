"""The first page: what this does, what it can't, the ways in, how to film, and what happens to the film."""

from __future__ import annotations

import streamlit as st

from evenstride import words
from evenstride.ui import pages, parts

HOW = (
    ("side", "From the side", "Camera still, square to your path, 3 to 5 m away."),
    ("both", "Both ways", "Five or six times each way: only the nearer leg can be measured well."),
    ("hip", "At hip height", "Phone sideways on something solid."),
    ("whole", "The whole body", "Head to feet, all the way; one person; good light."),
)
CAN = (
    "Whether one knee seems to be spared, by the timing of your steps and the bend of your knees",
    "How your upper body leans while you walk",
    "Some twenty measures of your walk, each with how sure it is",
    "What could not be seen, and how to film it better. “We can't tell” is a normal answer",
)
CANNOT = (
    "See pain, muscles or joints, or say what causes what",
    "Name an illness, or rule one out",
    "Replace someone who looks at you in person",
)


def page() -> None:
    """Show the start page."""
    st.title("How do you walk?", anchor=False)
    st.html(
        '<p class="ev lead">Evenstride watches a film of you walking. It says in plain words whether one knee seems '
        "to be spared and how your upper body leans, how sure that is, and when it can't tell.</p>"
    )
    _ways()
    st.header("How to film it well", anchor=False)
    for column, (name, title, text) in zip(st.columns(len(HOW)), HOW, strict=True):
        with column:
            parts.show("pictogram", name, key=f"how-{name}")
            st.markdown(f"**{title}**  \n{text}")
    pages.link("learn", "More about filming", topic="film_well")
    can, cannot = st.columns(2, gap="large")
    with can:
        st.header("What it can tell you", anchor=False)
        st.markdown("\n".join(f"- {one}" for one in CAN))
    with cannot:
        st.header("What it can't", anchor=False)
        st.markdown("\n".join(f"- {one}" for one in CANNOT))
        st.markdown(words.FOR_WHOM)
    st.header("What happens to your film", anchor=False)
    st.write(
        "It stays on the computer that runs this program; nothing goes out to the internet, nobody has to sign up, "
        "nothing is counted. The film and its result are deleted when you close this page, unless you choose to keep "
        "them. In the live view not even the program gets the picture: it only gets where your joints are."
    )


def _ways() -> None:
    """Show the three ways in."""
    ways = [
        ("film", "Record or upload", "Film yourself now, or take a film from your phone.", {}),
        ("film", "Try a sample", "See a result first, with a walker drawn by a computer.", {"way": "sample"}),
    ]
    if pages.exists("live"):
        ways.insert(0, ("live", "Walk live", "See your skeleton and knee angles while you walk.", {}))
    with st.container(key="ways"):
        for number, (column, (name, title, text, query)) in enumerate(zip(st.columns(len(ways)), ways, strict=True)):
            with column, st.container(border=True, key=f"way-{number}", height="stretch"):
                st.write(text)
                if st.button(title, key=f"go-{number}", type="primary"):
                    pages.go(name, **query)
