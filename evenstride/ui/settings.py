"""What the app may be told from outside, and its limits."""

from __future__ import annotations

import os
from pathlib import Path

#: The pose model that is used unless somebody chooses another; tests set it to a quicker one.
MODEL_VARIABLE = "EVENSTRIDE_MODEL"
#: Where recordings go that somebody keeps.
DATA_VARIABLE = "EVENSTRIDE_DATA"
#: Analyses that run at the same time; more wait. Each uses every core already.
JOBS_AT_ONCE = 2
#: Somebody whose connection broke may come back this long; then the analysis stops and the films are deleted.
#: Streamlit itself forgets a visitor after 120 s.
LEFT_AFTER_S = 90.0
LEFT_VARIABLE = "EVENSTRIDE_LEFT_AFTER_S"


def default_model() -> str:
    """Return the name of the pose model to use."""
    return os.environ.get(MODEL_VARIABLE, "heavy")


def left_after_s() -> float:
    """Return how long somebody may be gone before their films are deleted."""
    return float(os.environ.get(LEFT_VARIABLE, LEFT_AFTER_S))


def data_folder() -> Path:
    """Return the folder for what people keep; it need not exist."""
    if given := os.environ.get(DATA_VARIABLE):
        return Path(given)
    import platformdirs

    return platformdirs.user_data_path("evenstride", appauthor=False)


def upload_limit_mb() -> int:
    """Return the size limit of an upload, as the server has it (.streamlit/config.toml)."""
    from streamlit import config

    return int(config.get_option("server.maxUploadSize"))
