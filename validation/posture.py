"""How exact standing posture is: rendered people whose posture is known, filmed standing; ``python -m validation.posture``.

The noise limits of analysis/posture.py were set on `TUNED`; docs/posture.md reports `REPORTED` and the two standing
samples. The sets share no build with the same view, no clothes and no seed.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from validation.walker.params import Body, Camera, Gait, Look, Scene, WalkerParams

SECONDS = 2.0
FRONT, BACK, RIGHT, LEFT = 90.0, 270.0, 0.0, 180.0
PLAIN = Look(shirt=(150, 80, 120), legs=(90, 96, 110))
DARK = Look(shirt=(58, 60, 66), sleeves="long", legs=(58, 60, 70), hair=(176, 174, 172))
SHORTS = Look(shirt=(190, 150, 60), legwear="shorts", legs=(80, 104, 140), hair_cut="long", skin=(224, 184, 160))
BROWN = Look(shirt=(166, 60, 58), legs=(62, 70, 92), hair=(40, 34, 30), skin=(122, 84, 64))
ROOM = Scene(wall=(150, 140, 128), floor=(96, 98, 104))


@dataclass(frozen=True)
class Case:
    """One clip: its name, the view asked for, and its parameters."""

    name: str
    view: str
    params: WalkerParams


def _case(
    name: str, view: str, seed: int, build: str, toward: float, look: Look, scene: Scene | None = None, **more: float
) -> Case:
    camera = {"yaw_deg": toward + more.pop("off_deg", 0.0), "distance_m": 3.4, "roll_deg": more.pop("roll_deg", 0.0)}
    gait = Gait(activity="stand", **more)
    params = WalkerParams(
        seed, SECONDS, body=Body(build), look=look, gait=gait, camera=Camera(**camera), scene=scene or Scene()
    )
    return Case(name, view, params)


TUNED = (
    _case("tuned_front_woman", "front", 401, "woman", FRONT, BROWN),
    _case("tuned_front_man_leans", "front", 402, "man", FRONT, DARK, trunk_lateral_deg=5.0),
    _case("tuned_back_heavy_man", "back", 403, "heavy_man", BACK, PLAIN, trunk_lateral_deg=-3.0),
    _case("tuned_side_slim_man", "side", 404, "slim_man", RIGHT, SHORTS),
    _case("tuned_side_old_man_slouches", "side", 405, "old_man", LEFT, PLAIN, slouch=0.8, trunk_forward_deg=6.0),
)
REPORTED = (
    _case("front_slim_woman_leans", "front", 501, "slim_woman", FRONT, SHORTS, ROOM, trunk_lateral_deg=-5.0),
    _case("front_old_man", "front", 502, "old_man", FRONT, DARK, ROOM),
    _case("front_heavy_man_turned_10", "front", 503, "heavy_man", FRONT, BROWN, ROOM, off_deg=10.0),
    _case("front_slim_man_camera_tilted_3", "front", 504, "slim_man", FRONT, PLAIN, ROOM, roll_deg=3.0),
    _case("back_woman_leans", "back", 505, "woman", BACK, PLAIN, ROOM, trunk_lateral_deg=4.0),
    _case("side_woman", "side", 506, "woman", RIGHT, DARK, ROOM, slouch=0.3),
    _case("side_heavy_man_slouches", "side", 507, "heavy_man", LEFT, SHORTS, ROOM, slouch=0.9),
    _case("side_slim_woman_leans", "side", 508, "slim_woman", RIGHT, BROWN, ROOM, trunk_forward_deg=9.0),
    _case("side_man_turned_15", "side", 509, "man", LEFT, PLAIN, ROOM, off_deg=15.0, slouch=0.2),
)


def render(folder: Path) -> None:
    """Render every clip that is not there yet, with its truth."""
    from validation.walker.render import write_clip
    from validation.walker.truth import make_truth, solve_clip, write_truth

    folder.mkdir(parents=True, exist_ok=True)
    for case in (*TUNED, *REPORTED):
        film = folder / f"{case.name}.mp4"
        if not film.exists():
            clip = solve_clip(case.params)
            film.with_suffix(".truth.json").write_text(write_truth(make_truth(clip)), encoding="utf-8")
            write_clip(clip, film)
            print(film, flush=True)


def main() -> None:
    """Render the clips."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the clips are, or go")
    render(parser.parse_args().folder)


if __name__ == "__main__":
    main()
