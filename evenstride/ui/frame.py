"""What stands around every page: the style, the signs that need a doctor, and the sentence about what this is not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner_utils.exceptions import RerunException, StopException

from evenstride import words
from evenstride.ui import parts, progress, session
from vision.errors import EvenstrideError

_log = logging.getLogger(__name__)


@contextmanager
def around(name: str) -> Iterator[None]:
    """Draw what every page has around the page `name`, and turn an error of it into a sentence."""
    st.html(parts.style())
    session.come_back()
    help_signs()
    progress.notice(name)
    try:
        yield
    except (RerunException, StopException):
        raise
    except EvenstrideError as error:
        say(error)
    except Exception:
        # The edge of a page: whoever runs the app finds the cause in its terminal, whoever looks at it a way on.
        _log.exception("A page failed")
        st.error("Something went wrong on this page. Open another page, or try again; your films are untouched.")
    st.divider()
    st.caption(words.NOT_A_DEVICE)


def say(error: EvenstrideError) -> None:
    """Show an error as one sentence and one of advice."""
    st.error(f"{plain(error.message)}  \n{plain(error.advice)}")


def plain(text: str) -> str:
    r"""Return a text so that Markdown shows it as it is: file names may hold anything.

    >>> plain("my_walk*[1].mp4")
    'my\\_walk\\*\\[1\\].mp4'
    """
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()<>#+-!|$~:^" else letter for letter in text)


def help_signs() -> None:
    """Put the signs that need a doctor one click away."""
    with (
        st.container(key="help-signs", horizontal=True, horizontal_alignment="right"),
        st.popover("When to get help first"),
    ):
        st.markdown("**Some signs need a doctor, whatever a film shows.**")
        for when, heading in words.HELP_WHEN.items():
            signs = "\n".join(f"- {sign.text}" for sign in words.HELP_SIGNS if sign.when == when)
            st.markdown(f"**{heading}**\n\n{signs}")
        st.caption("Not a complete list. If you are worried, ask a doctor, a physiotherapist or your health line.")
