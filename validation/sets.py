"""Which clips the accuracy figures rest on: the sets for tuning and for reporting share no seed and no walk.

The thresholds of the analysis were set on `tuning()` and `tuning_films()`. `reported()` holds what nobody looked at
while setting them: other seeds, walks and speeds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from validation.walker.params import Body, Camera, Gait, Look, Scene, WalkerParams

#: Frames are wide enough for two to three near strides a pass, and small enough to render by the dozen.
ACROSS = Camera(distance_m=4.9)
HALF_PATH_M = 2.85
#: Six near strides a side, which a verdict takes, need this many passes; two are enough for angles and events.
VERDICT_PASSES, SHORT_PASSES = 5, 2
MILD, MARKED = 0.4, 1.0

LOOKS = (
    Look(shirt=(166, 60, 58), legs=(62, 70, 92), hair=(40, 34, 30), skin=(188, 140, 112)),
    Look(shirt=(96, 122, 84), sleeves="long", legwear="shorts", legs=(150, 146, 138), skin=(122, 84, 64)),
    Look(shirt=(214, 208, 196), legs=(104, 88, 76), hair=(110, 72, 44), hair_cut="long", shoes=(228, 226, 224)),
    Look(shirt=(58, 60, 66), sleeves="long", legs=(58, 60, 70), hair=(176, 174, 172)),  # dark on dark: the hard one
    Look(shirt=(190, 150, 60), legwear="shorts", legs=(80, 104, 140), hair_cut="long", skin=(224, 184, 160)),
)
TUNING_LOOKS = (
    Look(shirt=(70, 110, 150), legs=(120, 116, 112), hair=(60, 48, 38), skin=(200, 156, 130)),
    Look(shirt=(130, 84, 120), sleeves="long", legs=(84, 92, 78), hair_cut="long", skin=(156, 112, 86)),
    Look(shirt=(200, 120, 70), legwear="shorts", legs=(52, 56, 66), hair=(150, 140, 130), skin=(214, 172, 146)),
    Look(shirt=(38, 96, 92), sleeves="long", legs=(140, 124, 100), shoes=(90, 70, 60)),
)
ROOMS = (Scene(), Scene(wall=(150, 140, 128), floor=(96, 98, 104)), Scene(wall=(204, 206, 198), floor=(140, 112, 84)))


@dataclass(frozen=True)
class Case:
    """One clip of a set, and what it is for.

    Attributes
    ----------
    name : str
    params : WalkerParams
    kind : "side" | "treadmill" | "front"
    group : str
        "normal", "mild" or "marked" where the clip is long enough for a verdict, else "short".
    """

    name: str
    params: WalkerParams
    kind: str
    group: str = "short"


def tuning() -> list[Case]:
    """Return the walks whose true coordinates the thresholds were set on; none was rendered for it."""
    gaits = [Gait(speed_mps=speed, passes=4) for speed in (0.8, 1.2, 1.6)]
    gaits += [Gait(passes=4, favoring=side, strength=s) for side, s in (("right", 1.0), ("right", 0.33), ("left", 0.6))]
    cases = []
    for gait in gaits:
        for yaw in (0.0, 10.0, 20.0):
            params = WalkerParams(seed=1, gait=gait, camera=Camera(yaw_deg=yaw))
            name = f"speed {gait.speed_mps}, {gait.favoring or 'neither'} {gait.strength}, yaw {yaw:.0f}"
            cases.append(Case(name, params, "side", _group(gait.strength)))
    return cases


def tuning_films() -> list[Case]:
    """Return rendered clips on which the landmarks' own errors were studied: no seed and no walk is reported.

    The first four wear clothes of the reported set, the others clothes of their own. There are too few builds to keep
    them apart.
    """
    rows = [
        # build, look, room, speed, favoring, strength, lean, passes, yaw
        ("man", LOOKS[1], 0, 1.05, None, 0.0, 2.0, 4, 0),
        ("slim_woman", LOOKS[0], 1, 1.2, None, 0.0, 2.0, 4, 10),
        ("heavy_man", LOOKS[4], 2, 1.1, None, 0.0, 2.0, 4, 20),
        ("old_woman", LOOKS[2], 0, 0.95, None, 0.0, 2.0, 4, 0),
        ("woman", TUNING_LOOKS[0], 0, 1.15, "left", 0.6, 2.0, 4, 20),
        ("old_man", TUNING_LOOKS[1], 1, 0.9, None, 0.0, 8.0, 2, 10),
        ("slim_man", TUNING_LOOKS[2], 2, 1.3, None, 0.0, 2.0, 2, 20),
        ("heavy_woman", TUNING_LOOKS[3], 0, 1.0, "right", 0.5, 4.0, 2, 0),
    ]
    return [
        Case(
            f"{build} yaw {yaw}",
            WalkerParams(
                seed=101 + i,
                body=Body(build),
                look=look,
                gait=Gait(
                    speed_mps=speed,
                    favoring=side,
                    strength=strength,
                    trunk_forward_deg=lean,
                    passes=passes,
                    half_path_m=HALF_PATH_M,
                ),
                camera=replace(ACROSS, yaw_deg=float(yaw)),
                scene=ROOMS[room],
            ),
            "side",
            _group(strength),
        )
        for i, (build, look, room, speed, side, strength, lean, passes, yaw) in enumerate(rows)
    ]


def reported() -> list[Case]:
    """Return the clips that are rendered for the figures, in the order of what they add.

    Three builds each walk normally, mildly and markedly favoring, as a Latin square over yaw 0, 10 and 20 degrees;
    other builds, leans, 60 frames a second, treadmill and front are filmed briefly.
    """
    square = [
        # build, look, favoring, strength, speed, yaw
        ("man", 0, None, 0.0, 1.1, 0),
        ("slim_woman", 1, "right", MARKED, 1.0, 0),
        ("heavy_man", 2, "left", MILD, 1.1, 0),
        ("slim_woman", 2, None, 0.0, 1.15, 10),
        ("heavy_man", 3, "left", MARKED, 1.0, 10),
        ("man", 4, "right", MILD, 1.25, 10),
        ("heavy_man", 1, None, 0.0, 1.0, 20),
        ("man", 3, "right", MARKED, 1.1, 20),
        ("slim_woman", 4, "left", MILD, 1.1, 20),
    ]
    cases = [
        Case(
            f"{build} {_group(strength)} yaw {yaw}",
            WalkerParams(
                seed=201 + i,
                body=Body(build),
                look=LOOKS[look],
                gait=Gait(
                    speed_mps=speed,
                    favoring=side,
                    strength=strength,
                    passes=VERDICT_PASSES,
                    half_path_m=HALF_PATH_M,
                    trunk_forward_deg=(1.0, 3.0, 5.0)[i % 3],
                ),
                camera=replace(ACROSS, yaw_deg=float(yaw), noise=2.0 if i in (1, 5) else 0.0),
                scene=ROOMS[i % 3],
            ),
            "side",
            _group(strength),
        )
        for i, (build, look, side, strength, speed, yaw) in enumerate(square)
    ]
    others = _others()
    order = [cases[i] for i in (0, 1, 6, 5)], others[:4], [cases[i] for i in (7, 3, 8, 2, 4)], others[4:]
    return [case for part in order for case in part]


def _others() -> list[Case]:
    """Return short clips: other builds and leans from the side, treadmill, and front."""
    across = replace(ACROSS, distance_m=4.4)
    there_and_back = Gait(passes=SHORT_PASSES, half_path_m=HALF_PATH_M)
    front = Camera(yaw_deg=90.0, distance_m=5.0)
    toward = Gait(passes=SHORT_PASSES, half_path_m=1.9)
    across_20 = replace(across, yaw_deg=20.0)
    across_60 = replace(across, yaw_deg=10.0, fps=60.0)
    belt_60 = Camera(distance_m=3.6, fps=60.0)
    rows = [
        ("front", "front", "heavy_woman", 0, replace(toward, speed_mps=1.1, sway_lateral_deg=3.0), front),
        ("treadmill", "treadmill", "slim_man", 4, Gait("treadmill", speed_mps=1.4), Camera(distance_m=3.8)),
        ("slim man fast at 60", "side", "slim_man", 1, replace(there_and_back, speed_mps=1.4), across_60),
        ("old man leaning", "side", "old_man", 0, replace(there_and_back, speed_mps=1.0, trunk_forward_deg=12), across),
        ("heavy woman", "side", "heavy_woman", 2, replace(there_and_back, speed_mps=1.1), across_20),
        ("front leaning", "front", "slim_man", 1, replace(toward, speed_mps=1.0, trunk_lateral_deg=4.0), front),
        ("old woman", "side", "old_woman", 3, replace(there_and_back, speed_mps=1.0, slouch=0.4), across),
        ("treadmill at 60", "treadmill", "old_woman", 2, Gait("treadmill", speed_mps=1.0), belt_60),
    ]  # fmt: skip
    return [
        Case(
            name,
            WalkerParams(
                seed=221 + i,
                duration_s=10.0 if kind == "treadmill" else None,
                body=Body(build),
                look=LOOKS[look],
                gait=gait,
                camera=camera,
                scene=ROOMS[i % 3],
            ),
            kind,
        )
        for i, (name, kind, build, look, gait, camera) in enumerate(rows)
    ]


def reduced() -> list[Case]:
    """Return a short clip across and back, for a quick look."""
    params = WalkerParams(
        seed=231, body=Body("man"), look=LOOKS[0], gait=Gait(speed_mps=1.1, passes=2, half_path_m=2.4), camera=ACROSS
    )
    return [Case("man across and back", params, "side")]


def coordinates(seeds: range = range(301, 304)) -> list[Case]:
    """Return walks for the detectors on true coordinates: never rendered, so there can be many."""
    cases = []
    for seed in seeds:
        build = ("man", "slim_woman", "heavy_man", "old_woman", "slim_man")[seed % 5]
        speed = (1.0, 1.1, 1.3, 1.4)[seed % 4]
        for yaw in (0.0, 10.0, 20.0):
            for side, strength in ((None, 0.0), ("left", MILD), ("right", MARKED)):
                gait = Gait(speed_mps=speed, passes=6, half_path_m=2.7, favoring=side, strength=strength)
                camera = Camera(distance_m=4.7, yaw_deg=yaw)
                params = WalkerParams(seed=seed, body=Body(build), gait=gait, camera=camera)
                name = f"{build} {seed}, speed {speed}, yaw {yaw:.0f}, {_group(strength)}"
                cases.append(Case(name, params, "side", _group(strength)))
    return cases


def _group(strength: float) -> str:
    return "normal" if strength == 0 else "marked" if strength >= MARKED else "mild"


SETS = {"reported": reported, "tuning": tuning, "tuning_films": tuning_films, "reduced": reduced}
