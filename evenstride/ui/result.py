"""The result page: the answer first, then the film with its curves, then everything behind it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from evenstride import results, words
from evenstride.ui import pages, session


def page() -> None:
    """Show this visitor's latest result."""
    job = session.workspace().job
    if job is None or job.state != "done":
        st.title("No result yet")
        st.write("Film somebody walking, or try a sample; what comes out is shown here.")
        pages.link("film", "Record or upload a film")
        return
    show_result(job.folder)


def show_result(folder: Path, key: str = "result") -> None:
    """Show what is in a result folder.

    Raises
    ------
    ResultError
        If there is no result in it, or one that can't be read.
    """
    result = results.read_result(folder)
    verdict = words.favoring_verdict(result)
    st.title(verdict.headline)
    st.write(verdict.how_sure)
