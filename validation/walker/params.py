"""Everything that decides a clip, as one dataclass that is also the JSON parameter file."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Side = Literal["left", "right"]
Activity = Literal["walk", "treadmill", "stand"]


@dataclass(frozen=True)
class Body:
    """Who walks.

    Attributes
    ----------
    build : str
        A name in builds.json.
    height_m : float or None
        Stature; None takes the build's own.
    """

    build: str = "woman"
    height_m: float | None = None


@dataclass(frozen=True)
class Look:
    """Clothes and colours; colours are sRGB, 0..255."""

    shirt: tuple[int, int, int] = (44, 82, 134)
    sleeves: Literal["short", "long"] = "short"
    legwear: Literal["trousers", "shorts"] = "trousers"
    legs: tuple[int, int, int] = (196, 182, 158)
    shoes: tuple[int, int, int] = (40, 42, 48)
    soles: tuple[int, int, int] = (225, 225, 222)
    skin: tuple[int, int, int] = (205, 160, 132)
    hair: tuple[int, int, int] = (62, 44, 32)
    hair_cut: Literal["short", "long"] = "short"


@dataclass(frozen=True)
class Gait:
    """How the person moves.

    Attributes
    ----------
    activity : "walk" | "treadmill" | "stand"
        "walk" goes along a line and, if `passes` > 1, turns round at its end and comes back.
    speed_mps : float
        Mean speed on the straight.
    cadence_spm : float or None
        Steps a minute; None follows from speed and stature (constant walking ratio).
    favoring : "left" | "right" | None
        The knee that is spared.
    strength : float
        0 (even) to 1 (marked: step time 12 %, single support 15 %, loading bend 8 deg, knee range 10 deg); scales every
        sign of favoring. 0.33 is called mild, 0.6 moderate.
    trunk_forward_deg : float
        Mean lean of the line from mid-hip to mid-shoulder, + forward.
    trunk_lateral_deg : float
        Constant lateral lean of the trunk, + to the person's right.
    sway_lateral_deg : float
        Amplitude of the lean toward each stance leg.
    slouch : float
        0..1: rounds the upper back and pushes the head forward, the trunk line included.
    variability : float
        Coefficient of variation of step times and step lengths from one stride to the next.
    passes : int
        How often the line is walked.
    half_path_m : float
        The line reaches from minus to plus this value.
    step_width_m : float
        Distance of the two lines of footprints.
    """

    activity: Activity = "walk"
    speed_mps: float = 1.2
    cadence_spm: float | None = None
    favoring: Side | None = None
    strength: float = 0.0
    trunk_forward_deg: float = 2.0
    trunk_lateral_deg: float = 0.0
    sway_lateral_deg: float = 1.6
    slouch: float = 0.0
    variability: float = 0.02
    passes: int = 1
    half_path_m: float = 3.2
    step_width_m: float = 0.10


@dataclass(frozen=True)
class Camera:
    """Where the camera stands and what it records.

    Attributes
    ----------
    yaw_deg : float
        Angle between the first walking direction and the picture plane: 0 is a side view in which the walker first
        goes to the right, 90 has the walker come toward the camera first.
    pitch_deg, roll_deg : float
        Pitch + looks down; roll + turns the camera clockwise (the picture turns counter-clockwise).
    distance_m, height_m : float
        Horizontal distance to the middle of the walk, and height of the lens.
    hfov_deg : float
        Horizontal field of view.
    noise : float
        Standard deviation of the sensor noise, in 0..255 counts.
    motion_blur : float
        Shutter time as a fraction of the frame interval (0 = none).
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    distance_m: float = 4.0
    height_m: float = 0.95
    hfov_deg: float = 62.0
    fps: float = 30.0
    width: int = 960
    height: int = 540
    noise: float = 0.0
    motion_blur: float = 0.0


@dataclass(frozen=True)
class Scene:
    """The room; colours are sRGB, 0..255."""

    wall: tuple[int, int, int] = (176, 184, 186)
    floor: tuple[int, int, int] = (122, 104, 88)
    things: bool = True


@dataclass(frozen=True)
class WalkerParams:
    """All parameters of one clip. The same parameters give the same truth and the same pixels."""

    seed: int = 1
    duration_s: float | None = None
    crf: int = 23
    body: Body = field(default_factory=Body)
    look: Look = field(default_factory=Look)
    gait: Gait = field(default_factory=Gait)
    camera: Camera = field(default_factory=Camera)
    scene: Scene = field(default_factory=Scene)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> WalkerParams:
        """Build from nested dictionaries; missing values take their defaults, unknown names raise TypeError."""
        parts = {"body": Body, "look": Look, "gait": Gait, "camera": Camera, "scene": Scene}
        given = {
            name: _part(parts[name], value) if name in parts else value
            for name, value in values.items()
            if not name.startswith("_")
        }
        return cls(**given)

    @classmethod
    def load(cls, path: Path) -> WalkerParams:
        """Read a parameter file."""
        return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))

    def to_dict(self) -> dict[str, Any]:
        """Return nested dictionaries of every value, defaults included."""
        return dataclasses.asdict(self)


def _part(kind: type, values: dict[str, Any]) -> Any:
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})
