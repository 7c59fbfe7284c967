"""What the direction it is seen from adds to a knee's bend is learned from the walk, and undone."""

import numpy as np
import pytest
from gait_tracks import ACROSS, TREADMILL, walk, with_gait

from analysis.angles import angle_table
from analysis.camera import camera_yaw, focal_px, square
from analysis.config import CameraConfig
from analysis.events import find_events
from analysis.pose import SIDES, other
from analysis.repair import repair, smooth
from analysis.slant import level_knees
from analysis.view import find_passes

CAMERA = CameraConfig()
#: Degrees that the far knee is made to gain at a tangent of 1, as the pose model's far hip makes it.
ADDED = -6.0


@pytest.fixture(scope="module")
def there_and_back():
    return recipe(with_gait(ACROSS, passes=4, half_path_m=2.7))


def recipe(params):
    """Return what the knees are levelled from."""
    body = smooth(repair(walk(params)).track, 6.0)
    passes = find_passes(body)[0]
    yaw = camera_yaw(body, passes)
    body = square(body, passes, yaw, CAMERA)
    return angle_table(body, passes), body, passes, yaw, find_events(body, passes)


def tilted(angles, body, passes):
    """Return the angles with `ADDED` in the far knees."""
    tangent = (body.middle("hip")[:, 0] - body.size_px[0] / 2) / focal_px(body, CAMERA)
    changed = angles.copy()
    for one in passes:
        far = f"knee_{other(one.near_side)}_deg"
        rows = (body.time_s >= one.start_s) & (body.time_s <= one.end_s)
        changed.loc[rows, far] -= ADDED * one.facing * tangent[rows]
    return changed


def spread(one, two):
    """Return the RMS difference of the knees of two tables, degrees."""
    columns = [f"knee_{side}_deg" for side in SIDES]
    return float(np.sqrt(np.nanmean((one[columns] - two[columns]) ** 2)))


def test_what_depends_on_the_direction_is_undone(there_and_back):
    angles, *rest = there_and_back
    bent = tilted(angles, *rest[:2])
    assert spread(bent, angles) > 1.0
    level = level_knees(angles, *rest, CAMERA)
    assert spread(level_knees(bent, *rest, CAMERA), level) < 0.3 * spread(bent, angles)  # the prior keeps some


def test_a_difference_between_the_sides_stays(there_and_back):
    """A knee that bends less is a knee that bends less, from wherever it is seen."""
    angles, *rest = there_and_back
    stiff = angles.assign(knee_right_deg=0.8 * angles["knee_right_deg"])
    before = np.nanpercentile(stiff["knee_right_deg"], 95) - np.nanpercentile(stiff["knee_left_deg"], 95)
    level = level_knees(stiff, *rest, CAMERA)
    after = np.nanpercentile(level["knee_right_deg"], 95) - np.nanpercentile(level["knee_left_deg"], 95)
    assert abs(after - before) < 0.5


def test_without_whole_strides_nothing_is_undone(there_and_back):
    angles, body, passes, yaw, _ = there_and_back
    assert level_knees(angles, body, passes, yaw, (), CAMERA).equals(angles)


def test_a_treadmill_is_left_alone():
    angles, *rest = recipe(TREADMILL)
    assert np.isfinite(angles["knee_left_deg"]).any()
    assert level_knees(angles, *rest, CAMERA).equals(angles)


def test_nothing_but_the_knees_is_touched(there_and_back):
    angles, *rest = there_and_back
    level = level_knees(tilted(angles, *rest[:2]), *rest, CAMERA)
    others = [column for column in angles if not column.startswith("knee")]
    assert level[others].equals(angles[others])
