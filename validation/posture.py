"""How exact standing posture is, on rendered people whose posture is known; writes the tables of docs/posture.md.

``python -m validation.posture FOLDER`` renders the clips into FOLDER, analyzes them and rewrites the tables. The errors
in analysis/norms/posture.csv were set on `TUNED`, the rules and limits with `SEEN` and the two standing samples in
view; `REPORTED` was rendered after all of them were fixed. The sets share no seed, and no build in the same view.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis import norms
from analysis.pose import N_LANDMARKS, Landmark, PoseTrack
from analysis.posture import NotStanding, Posture, measure_posture
from evenstride.tracks import load_track, save_track
from validation.walker.params import Body, Camera, Gait, Look, Scene, WalkerParams

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "posture.md"
SAMPLES = {"standing_front": "front", "standing_side": "side"}
SECONDS = 2.0
#: Where in a clip the frame lies that stands for a photo.
PHOTO_AT = 0.5
FRONT, BACK, RIGHT, LEFT = 90.0, 270.0, 0.0, 180.0
PLAIN = Look(shirt=(150, 80, 120), legs=(90, 96, 110))
DARK = Look(shirt=(58, 60, 66), sleeves="long", legs=(58, 60, 70), hair=(176, 174, 172))
SHORTS = Look(shirt=(190, 150, 60), legwear="shorts", legs=(80, 104, 140), hair_cut="long", skin=(224, 184, 160))
BROWN = Look(shirt=(166, 60, 58), legs=(62, 70, 92), hair=(40, 34, 30), skin=(122, 84, 64))
BLUE = Look(shirt=(64, 96, 150), legwear="shorts", legs=(60, 62, 66), hair_cut="long", shoes=(220, 218, 214))
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
SEEN = (
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
REPORTED = (
    _case("new_front_old_woman_leans", "front", 601, "old_woman", FRONT, SHORTS, trunk_lateral_deg=6.0),
    _case("new_front_heavy_man", "front", 602, "heavy_man", FRONT, PLAIN, ROOM),
    _case("new_front_man_turned_12", "front", 603, "man", FRONT, SHORTS, off_deg=-12.0, trunk_lateral_deg=-2.0),
    _case("new_front_woman_camera_tilted_4", "front", 604, "woman", FRONT, BLUE, roll_deg=-4.0),
    _case("new_back_slim_man_leans", "back", 605, "slim_man", BACK, BROWN, trunk_lateral_deg=-6.0),
    _case("new_back_heavy_woman", "back", 606, "heavy_woman", BACK, BLUE, ROOM),
    _case("new_side_heavy_woman", "side", 607, "heavy_woman", RIGHT, BLUE, slouch=0.1),
    _case(
        "new_side_old_woman_slouches", "side", 608, "old_woman", LEFT, BROWN, ROOM, slouch=0.9, trunk_forward_deg=5.0
    ),
    _case("new_side_man_leans_back", "side", 609, "man", RIGHT, SHORTS, ROOM, trunk_forward_deg=-7.0),
    _case("new_side_slim_woman_turned_10", "side", 610, "slim_woman", LEFT, DARK, off_deg=-10.0, slouch=0.5),
)


def render(folder: Path) -> None:
    """Render every clip that is not there yet, with its truth."""
    from validation.walker.render import write_clip
    from validation.walker.truth import make_truth, solve_clip, write_truth

    folder.mkdir(parents=True, exist_ok=True)
    for case in (*TUNED, *SEEN, *REPORTED):
        film = folder / f"{case.name}.mp4"
        if not film.exists():
            clip = solve_clip(case.params)
            film.with_suffix(".truth.json").write_text(write_truth(make_truth(clip)), encoding="utf-8")
            write_clip(clip, film)
            print(film, flush=True)


def tracks(film: Path, cache: Path) -> tuple[PoseTrack, PoseTrack]:
    """Return what the pose model sees in a clip, and the truth."""
    found = cache / f"{film.stem}.npz"
    if not found.exists():
        from vision.extract import extract
        from vision.model import get_model
        from vision.video import probe

        save_track(extract(probe(film), get_model("heavy")).track, found)
    return load_track(found), true_track(film.with_suffix(".truth.json"))


def true_track(path: Path) -> PoseTrack:
    """Return the true landmarks of a rendered clip, in its pixels."""
    truth = json.loads(path.read_text(encoding="utf-8"))
    xy = np.full((len(truth["time_s"]), N_LANDMARKS, 2), np.nan, np.float32)
    for name, places in truth["landmarks_px"].items():
        xy[:, Landmark[name]] = [place or (np.nan, np.nan) for place in places]
    known = np.isfinite(xy).all(axis=2).astype(np.float32)
    size = (truth["video"]["width"], truth["video"]["height"])
    return PoseTrack(np.array(truth["time_s"]), xy, known, size)


@dataclass(frozen=True)
class Row:
    """One measure of one clip: as measured, in truth, and whether a remark was made and would have been right."""

    clip: str
    id: str
    measured: float
    true: float
    notable: bool
    truly_notable: bool
    half_range: float
    photo: float | None

    @property
    def error(self) -> float:
        """Measured minus true."""
        return self.measured - self.true


def compare(clip: str, seen: PoseTrack, true: PoseTrack) -> Iterator[Row]:
    """Yield every measure of a clip; legs count one by one."""
    measured = measure_posture(seen)
    truth = measure_posture(true, measured.view)
    photo = _photo(seen)
    for id, measure in measured.measures.items():
        known = truth.measures[id]
        for part in ("left", "right") if measure.left is not None or measure.right is not None else ("value",):
            value, right = getattr(measure, part), getattr(known, part)
            single = None if photo is None else getattr(photo.measures[id], part)
            if value is not None and right is not None:
                half = (measure.ci95[1] - measure.ci95[0]) / 2
                yield Row(clip, id, value, right, measure.notable, known.notable, half, single)


def _photo(seen: PoseTrack) -> Posture | None:
    k = int(PHOTO_AT * len(seen))
    one = PoseTrack(seen.time_s[k : k + 1], seen.xy_px[k : k + 1], seen.visibility[k : k + 1], seen.size_px)
    try:
        return measure_posture(one)
    except NotStanding:
        return None


def table(rows: list[Row]) -> str:
    """Return a Markdown table of errors by measure."""
    lines = [
        "| measure | n | mean error | RMS | largest | a photo against its film, RMS | error used (95 %) |",
        "|---|---|---|---|---|---|---|",
    ]
    used = norms.table("posture").set_index("measure")
    for id in used.index:
        some = [row for row in rows if row.id == id]
        if some:
            errors = np.array([row.error for row in some])
            single = np.array([row.photo - row.measured for row in some if row.photo is not None])
            unit = "%" if used.loc[id, "unit"] == "pct" else "°"
            figures = (errors.mean(), np.sqrt((errors**2).mean()), errors[np.abs(errors).argmax()])
            cells = [f"{figures[0]:+.1f} {unit}", f"{figures[1]:.1f}", f"{figures[2]:+.1f}"]
            cells += [f"{np.sqrt((single**2).mean()):.1f}", f"{used.loc[id, 'error']:g}"]
            lines.append(f"| {id} | {len(some)} | {' | '.join(cells)} |")
    return "\n".join(lines).replace("-0.0 ", "+0.0 ")


def remarks(rows: list[Row]) -> str:
    """Say how many remarks were right."""
    once = {(row.clip, row.id): row for row in rows}.values()
    made, due = [r for r in once if r.notable], [r for r in once if r.truly_notable]
    right = sum(r.truly_notable for r in made)
    missed = ", ".join(f"{r.id} in {r.clip} ({r.true:.1f})" for r in due if not r.notable)
    wrong = ", ".join(f"{r.id} in {r.clip} ({r.measured:.1f}, truly {r.true:.1f})" for r in made if not r.truly_notable)
    inside = sum(abs(row.error) <= row.half_range for row in rows)
    return (
        f"{len(once)} measures; {len(due)} truly lay beyond their limit. Remarks made: {len(made)}, of which {right} "
        f"were right. Wrong: {wrong or 'none'}. Missed: {missed or 'none'}. Of {len(rows)} true values (legs counted "
        f"one by one), {inside} lay within the range given."
    )


def main() -> None:
    """Render, analyze and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the clips are, or go")
    folder = parser.parse_args().folder
    render(folder)
    sets = {
        "tuned": [folder / f"{case.name}.mp4" for case in TUNED],
        "seen": [folder / f"{case.name}.mp4" for case in SEEN],
        "reported": [folder / f"{case.name}.mp4" for case in REPORTED],
        "samples": [ROOT / "sample_videos" / f"{name}.mp4" for name in SAMPLES],
    }
    text = PAGE.read_text(encoding="utf-8")
    for name, films in sets.items():
        rows = [row for film in films for row in compare(film.stem, *tracks(film, folder))]
        block = f"<!-- {name} -->\n{table(rows)}\n\n{remarks(rows)}\n<!-- end -->"
        text, count = re.subn(rf"<!-- {name} -->.*?<!-- end -->", lambda _: block, text, flags=re.S)  # noqa: B023
        if count != 1:
            sys.exit(f"{PAGE} has no place for {name}.")
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
