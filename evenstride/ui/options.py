"""What the film itself does not tell, asked in plain words."""

from __future__ import annotations

import streamlit as st

from evenstride.pipeline import AnalyzeOptions
from evenstride.ui import settings

MODELS = {"heavy": "Best", "full": "Quick: about half the time, less exact"}
#: Belts say their speed in km/h.
KM_H = 3.6
_NAMES = ("height_cm", "slow_motion", "mirrored", "blur_faces", "both_ways", "model")


def form(key: str, start: AnalyzeOptions | None = None) -> None:
    """Ask; `key` is a prefix for the fields, `start` what is filled in at first."""
    start = start or AnalyzeOptions(model=settings.default_model())
    left, right = st.columns(2, gap="large")
    left.number_input(
        "Body height in cm",
        100.0,
        250.0,
        value=start.height_cm,
        step=1.0,
        format="%.0f",
        key=f"{key}-height_cm",
        help="Lengths of steps in meters, and speed, need it.",
    )
    left.number_input(
        "On a treadmill: speed of the belt in km/h",
        0.5,
        20.0,
        value=None if start.treadmill_speed_m_s is None else round(KM_H * start.treadmill_speed_m_s, 1),
        step=0.1,
        format="%.1f",
        key=f"{key}-belt_km_h",
    )
    left.number_input(
        "Slow motion: how many times slower than life?",
        1.0,
        64.0,
        value=start.slow_motion,
        step=1.0,
        format="%.0f",
        key=f"{key}-slow_motion",
        help="Most phones write this into the film by themselves. Say it only if the result got it wrong.",
    )
    right.checkbox("It is a selfie that shows left as right", value=start.mirrored, key=f"{key}-mirrored")
    right.checkbox(
        "Blur faces in all pictures",
        value=start.blur_faces,
        key=f"{key}-blur_faces",
        help="It can miss a face: look at the film before you share it.",
    )
    right.checkbox(
        "Look twice",
        value=start.both_ways,
        key=f"{key}-both_ways",
        help="Looks at the film's mirror image too and takes the middle. Steadier, but takes twice as long.",
    )
    models = MODELS if start.model in MODELS else {start.model: start.model, **MODELS}
    right.radio(
        "How exactly should it look?",
        list(models),
        format_func=models.__getitem__,
        index=list(models).index(start.model),
        key=f"{key}-model",
    )


def asked(key: str, start: AnalyzeOptions | None = None) -> AnalyzeOptions:
    """Return what was said in the form; what was left empty keeps its default."""
    start = start or AnalyzeOptions(model=settings.default_model())
    said = {name: st.session_state[f"{key}-{name}"] for name in _NAMES if f"{key}-{name}" in st.session_state}
    if f"{key}-belt_km_h" in st.session_state:
        belt = st.session_state[f"{key}-belt_km_h"]
        said["treadmill_speed_m_s"] = None if belt is None else belt / KM_H
    return AnalyzeOptions.model_validate(start.model_dump() | said)
