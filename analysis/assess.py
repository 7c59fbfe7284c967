"""assess(track) -> Assessment: the recipe from landmarks to verdict, readable top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis.angles import angle_table
from analysis.camera import camera_yaw, square, with_yaw
from analysis.config import Config
from analysis.events import Event, find_events
from analysis.favoring import Favoring, judge
from analysis.measure import Measure
from analysis.measures import measure_all
from analysis.pose import SIDES, BoolArray, PoseTrack, Side
from analysis.quality import Quality, favoring_block, inspect
from analysis.repair import Repaired, repair, smooth
from analysis.slant import level_knees
from analysis.strides import cycle_table, stride_table
from analysis.swaps import LEG
from analysis.trunk import TrunkLean, measure_trunk
from analysis.view import Pass, View, find_passes, overall_view


@dataclass(frozen=True)
class Subject:
    """What the person may tell about themselves; nothing is required.

    Attributes
    ----------
    height_cm : float or None
        Body height; turns lengths into metres.
    treadmill_speed_m_s : float or None
        Belt speed, where the walk is on a treadmill.
    """

    height_cm: float | None = None
    treadmill_speed_m_s: float | None = None


@dataclass(frozen=True)
class Assessment:
    """Everything that was measured on one track.

    Attributes
    ----------
    view : "side" | "front" | "back" | "oblique" | "unknown"
    passes, events : tuples, in time order
    quality, favoring, trunk : see their classes
    measures : dict of Measure by id
    frames : DataFrame, one row a frame of the track
        ``time_s``, angle columns such as ``knee_left_deg`` (NaN where not valid), ``valid_left_leg``, ... (bool).
    strides : DataFrame, one row a stride (see analysis/strides.py)
    cycles : DataFrame, cycle-normalised mean curves
        ``joint`` ("knee", "hip", "ankle"), ``side``, ``near`` (bool: filmed
        as the near leg), ``cycle_pct`` (0..100), ``mean_deg``, ``sd_deg``, ``n``
    """

    view: View
    passes: tuple[Pass, ...]
    quality: Quality
    events: tuple[Event, ...]
    measures: dict[str, Measure]
    favoring: Favoring
    trunk: TrunkLean
    frames: pd.DataFrame
    strides: pd.DataFrame
    cycles: pd.DataFrame
    config: dict[str, object] = field(default_factory=dict)


def assess(track: PoseTrack, subject: Subject | None = None, config: Config | None = None) -> Assessment:
    """Measure one person's walk.

    Parameters
    ----------
    track : PoseTrack
        As it comes from the pose model.
    subject : Subject, optional
    config : Config, optional

    Returns
    -------
    Assessment
        Always: a recording that allows nothing gives an assessment that says so.
    """
    subject, config = subject or Subject(), config or Config()

    repaired = repair(track, config.repair, config.swaps)
    body = smooth(replace(repaired.track, world_m=None), config.repair.angle_cutoff_hz, config.repair)
    feet = smooth(repaired.track, config.repair.event_cutoff_hz, config.repair)

    passes, excluded = find_passes(body, config.view)
    yaw = camera_yaw(body, passes, config.camera)
    passes = with_yaw(passes, yaw, config.view.side_max_yaw_deg)
    view = overall_view(body, passes, config.view)
    body, feet = (square(one, passes, yaw, config.camera) for one in (body, feet))

    angles = angle_table(body, passes)
    events = find_events(feet, passes, config.events)
    angles = level_knees(angles, body, passes, yaw, events, config.camera, config.slant)

    uncertain = uncertain_legs(repaired)
    strides = stride_table(body, passes, events, angles, uncertain, config.strides)
    quality = inspect(
        track, body, repaired.swapped, passes, excluded, strides, angles, config.quality, config.favoring.min_strides
    )
    if not quality.usable:
        strides = strides.assign(valid=False, valid_knee=False)

    favoring = judge(strides, passes, favoring_block(quality), config.favoring)
    trunk = measure_trunk(angles, passes if quality.usable else (), events, config.trunk)
    measures = measure_all(
        strides,
        passes if quality.usable else (),
        events,
        angles,
        favoring,
        trunk,
        track.fps,
        subject.height_cm,
        subject.treadmill_speed_m_s,
        config,
    )
    return Assessment(
        view=view,
        passes=passes,
        quality=quality,
        events=events,
        measures=measures,
        favoring=favoring,
        trunk=trunk,
        frames=frame_table(angles, repaired, uncertain),
        strides=strides,
        cycles=cycle_table(strides, angles),
        config=config.as_dict(),
    )


def uncertain_legs(repaired: Repaired) -> dict[Side, BoolArray]:
    """Return the frames [T] in which a leg is unknown or interpolated, by side."""
    known = np.asarray(np.all(np.isfinite(repaired.track.xy_px), axis=2))
    uncertain: dict[Side, BoolArray] = {}
    for side in SIDES:
        marks = [mark for mark in LEG[side] if known[:, mark].any()]  # sets without feet have legs all the same
        uncertain[side] = np.asarray(~known[:, marks].all(axis=1) | repaired.filled[:, marks].any(axis=1))
    return uncertain


def frame_table(angles: pd.DataFrame, repaired: Repaired, uncertain: dict[Side, BoolArray]) -> pd.DataFrame:
    """Return the angles and, for each frame, whether each leg was seen and whether the legs were swapped back."""
    return angles.assign(
        valid_left_leg=~uncertain["left"], valid_right_leg=~uncertain["right"], legs_swapped=repaired.swapped
    )
