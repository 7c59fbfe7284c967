"""The pose landmarker's "track" mode: what MediaPipe's smoothing over time does must be gone."""

import numpy as np
import pytest

from vision.landmarker import Landmarker
from vision.model import get_model
from vision.video import probe, read_frames


@pytest.fixture(scope="module")
def pictures(clip):
    return [frame.rgb for frame in read_frames(probe(clip("videos/side_right_slow.mp4")), indices=np.arange(50, 80, 5))]


@pytest.fixture(scope="module")
def bundle(real_model):
    return get_model("full").path


def test_after_forgetting_a_picture_is_seen_as_if_it_were_the_first(pictures, bundle):
    with Landmarker(bundle, "track") as tracking, Landmarker(bundle, "image") as looking:
        for rgb in pictures:
            (tracked,), (alone,) = tracking.find(rgb), looking.find(rgb)
            tracking.forget()
            (again,) = tracking.find(rgb)
            np.testing.assert_allclose(again.xy_px, alone.xy_px, atol=0.01)
            np.testing.assert_allclose(again.visibility, alone.visibility, atol=1e-4)
            # Tracking places its window differently, but must not lag: a smoothed track is off by far more.
            assert np.median(np.abs(tracked.xy_px - alone.xy_px)) < 4


def test_forgetting_nothing_is_free(bundle):
    with Landmarker(bundle, "track") as tracking:
        tracking.forget()
        assert tracking.find(np.zeros((64, 64, 3), np.uint8)) == []
