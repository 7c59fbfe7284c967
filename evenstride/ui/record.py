"""A recorder for any page: films in the browser and puts the film into the page's own upload field."""

from __future__ import annotations

import streamlit as st

from analysis.config import Config
from evenstride.ui import settings
from evenstride.ui.components import markup, script, style

_recorder = st.components.v2.component(
    "evenstride_recorder", html=markup("record"), css=style("studio"), js=script("record")
)


def recorder(uploader_key: str) -> None:
    """Show the recorder.

    Parameters
    ----------
    uploader_key : key of the `st.file_uploader` on the same page that receives the film; the field may be hidden
    """
    data = {
        "uploader": uploader_key,
        "min_fps": Config().quality.min_fps,
        "most_bytes": settings.upload_limit_mb() * 2**20,
    }
    _recorder(key=f"recorder_{uploader_key}", data=data)
