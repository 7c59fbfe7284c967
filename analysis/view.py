"""How the camera sees the walk: view, passes, facing, near side, camera yaw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.pose import Side

View = Literal["side", "front", "back", "oblique", "unknown"]
Direction = Literal["left", "right", "toward", "away", "in_place"]


@dataclass(frozen=True)
class Pass:
    """One stretch of steady walking in one direction, turns and run-in cut off.

    Attributes
    ----------
    index : int
        0, 1, ... in time order.
    start_s, end_s : float
        Seconds from the first frame.
    direction : "left" | "right" | "toward" | "away" | "in_place"
        Where the walker goes in the picture; "in_place" on a treadmill or with a camera that pans along.
    view : "side" | "front" | "back" | "oblique"
    facing : int
        Side views: +1 facing right in the picture, -1 facing left; 0 otherwise.
    near_side : "left" | "right" | None
        The leg nearer to the camera; None in frontal views.
    yaw_deg : float or None
        Estimated angle between the walking line and the picture plane; side views only.
    """

    index: int
    start_s: float
    end_s: float
    direction: Direction
    view: View
    facing: int
    near_side: Side | None
    yaw_deg: float | None = None
