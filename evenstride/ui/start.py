"""The first page: what this does, what it can't, and the ways in."""

from __future__ import annotations

import streamlit as st


def page() -> None:
    """Show the start page."""
    st.title("How do you walk?")
