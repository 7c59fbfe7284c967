"""What the tests of vision/ share: the real pose model and the real clips, or the reason for going without."""

from pathlib import Path

import pytest

from vision.errors import ModelUnavailable
from vision.model import get_model

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def real_model():
    try:
        return get_model("heavy", progress=lambda what, done, total: None)
    except ModelUnavailable as error:
        pytest.skip(f"no pose model: {error}")


@pytest.fixture(scope="session")
def clip():
    """Return a function from a name below shared/data to a path."""

    def path_of(name):
        path = DATA / name
        if not path.exists():
            pytest.skip(f"test data {name} is not on this machine")
        return path

    return path_of
