"""Made-up assessments of every kind, for tests and for looking at the report without a video.

Nothing here was measured; `tests/` is the only place where such numbers live.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from analysis.assess import Assessment
from analysis.events import Event
from analysis.favoring import Component, Favoring
from analysis.measure import Measure, Reference, not_measurable
from analysis.pose import N_LANDMARKS, PoseTrack
from analysis.quality import Issue, Quality
from analysis.trunk import TrunkLean
from analysis.view import Pass

NORMS = Path(__file__).parents[2] / "analysis/norms/normative_curves.csv"
FPS = 30.0
STRIDE_S = 1.1

ONE_DIRECTION = "You walked past in one direction only, so the far leg was hidden; film yourself walking both ways."
NO_HEIGHT = "A length needs a ruler; give your height with --height-cm."
NOT_FRONTAL = "This can only be seen from the front; film a second clip walking toward the camera."
NOT_SIDE = "This can only be seen from the side; film a second clip walking past the camera."
NO_WALK = "No steady walking was found in this video; film several steps at your normal pace."


@dataclass(frozen=True)
class Info:
    """Stands in for vision.video.VideoInfo."""

    path: Path = Path("walk.mp4")
    name: str = "walk.mp4"
    sha256: str = "ab" * 32
    duration_s: float = 12.0
    fps: float = FPS
    width: int = 1280
    height: int = 720
    frames: int = 360
    rotation_deg: int = 0
    codec: str = "h264"
    slow_motion: float = 1.0
    frame_times_s: np.ndarray = field(default_factory=lambda: np.arange(360) / FPS)
    notes: tuple[str, ...] = ()


def model(note: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(name="heavy", path=Path("heavy.task"), sha256="cd" * 32, note=note)


def people() -> SimpleNamespace:
    candidates = (
        SimpleNamespace(id=1, frames=350, why="Moves across the picture.", path=_path(400)),
        SimpleNamespace(id=2, frames=120, why="Stands still.", path=_path(900)),
    )
    return SimpleNamespace(chosen=1, candidates=candidates)


def _path(x: float) -> SimpleNamespace:
    return SimpleNamespace(
        time_s=np.array([0.0, 6.0]), center_px=np.array([[x, 350.0], [x, 350.0]]), size_px=np.array([400.0, 400.0])
    )


def track(frames: int = 360) -> PoseTrack:
    rng = np.random.default_rng(1)
    return PoseTrack(
        time_s=np.arange(frames) / FPS,
        xy_px=rng.uniform(100, 600, (frames, N_LANDMARKS, 2)).astype(np.float32),
        visibility=np.ones((frames, N_LANDMARKS), np.float32),
        size_px=(1280, 720),
    )


def clear_right() -> Assessment:
    """Both domains say that the right knee is spared; side view, both directions."""
    return _side(
        Favoring(
            verdict="clear",
            side="right",
            index=84.0,
            z=3.37,
            ci95=(2.5, 4.3),
            components=_components((11.2, 9.1, 5.9, 8.4)),
            reason="Step timing and knee movement both point to the right knee being spared.",
        ),
        right=0.83,
        asymmetries=(11.2, 9.1, 8.4),
    )


def clear_left_slow() -> Assessment:
    """The mirror case, with a strong forward lean."""
    from dataclasses import replace

    base = _side(
        Favoring(
            verdict="clear",
            side="left",
            index=100.0,
            z=-4.9,
            ci95=(-6.1, -3.6),
            components=_components((-15.2, -18.1, -9.9, -10.4)),
            reason="Step timing and knee movement both point to the left knee being spared.",
        ),
        left=0.75,
        asymmetries=(-15.2, -18.1, -10.4),
    )
    return replace(
        base,
        trunk=TrunkLean("leans_forward", "The upper body leaned 14 degrees forward on average.", 14.2),
        measures={
            **base.measures,
            "trunk_forward": Measure(
                "trunk_forward", "deg", 14.2, (13.4, 15.0), n=20, reference=Reference(-10, 12, "Baker group, n unknown")
            ),
        },
    )


def none() -> Assessment:
    """No difference."""
    return _side(
        Favoring(
            verdict="none",
            index=12.0,
            z=0.48,
            ci95=(-0.4, 1.3),
            components=_components((1.2, 0.9, -0.6, 1.4)),
            reason="All differences lie within what people who favor neither knee also show.",
        ),
        asymmetries=(1.2, 0.9, 1.4),
    )


def possible_timing_only() -> Assessment:
    """One direction only: timing is compared, knees are not."""
    return _side(
        Favoring(
            verdict="possible",
            side="left",
            index=68.0,
            z=-2.72,
            ci95=(-4.0, -1.4),
            components=_components((-8.6, -10.9)),
            reason="Only one walking direction was filmed, so only timing was compared; it points to the left knee.",
            timing_only=True,
        ),
        directions=("left",),
        asymmetries=(-8.6, -10.9, None),
        issues=(
            Issue("one_direction", "warning", "You were filmed in one direction only.", "Walk past both ways."),
            Issue("camera_yaw", "info", "The camera looked at your path at about 9 degrees.", "Stand it square to it."),
        ),
    )


def mixed() -> Assessment:
    """Timing differs, knee movement does not."""
    return _side(
        Favoring(
            verdict="mixed",
            index=55.0,
            z=2.2,
            ci95=(1.2, 3.1),
            components=_components((10.2, 8.0, -1.5, 0.4)),
            reason="The timing of your steps differs between the sides, the movement of your knees does not.",
        ),
        asymmetries=(10.2, 8.0, 0.4),
    )


def inconclusive_few_strides() -> Assessment:
    """Too few strides for a verdict; the measures are there."""
    return _side(
        Favoring(
            verdict="inconclusive",
            reason="Only 2 steps of the left and 3 of the right leg could be used; at least 6 of each are needed.",
        ),
        directions=("left",),
        n=2,
        asymmetries=(None, None, None),
        issues=(
            Issue(
                "few_strides",
                "warning",
                "Only 5 steps could be used.",
                "Walk past the camera at least five times in each direction.",
            ),
        ),
    )


def not_walking() -> Assessment:
    """A seated man."""
    return _nothing(
        "The person in the picture sits or stands; no walking was found.",
        Issue("not_walking", "error", "No walking was found in this video.", "Film several steps from the side."),
    )


def running() -> Assessment:
    """A runner."""
    return _nothing(
        "This is running: for a moment both feet are in the air. Evenstride measures walking only.",
        Issue("running", "error", "The person in the picture is running.", "Film a walk at your normal pace."),
    )


def frontal() -> Assessment:
    """Walking toward the camera: step timing and lateral lean."""
    measures = [
        Measure("cadence", "steps_per_min", 108.0, (106.1, 110.0), n=14, reference=_ref(98, 129)),
        Measure("step_time", "s", 0.556, (0.54, 0.57), 0.553, 0.559, 14),
        Measure("trunk_lateral", "deg", 3.9, (3.1, 4.7), 2.1, 5.7, 12, reference=_ref(-2, 5.2)),
        Measure(
            "pelvic_drop",
            "deg",
            5.0,
            (3.0, 7.0),
            4.6,
            5.4,
            12,
            reason="Hip points are a rough guide to the hip line.",
        ),
        *(not_measurable(i, "deg", NOT_SIDE) for i in ("knee_rom", "knee_swing_peak", "knee_loading", "hip_rom")),
        *(not_measurable(i, "pct", NOT_SIDE) for i in ("stance", "swing", "double_support")),
        not_measurable("trunk_forward", "deg", NOT_SIDE),
        not_measurable("speed", "m_per_s", NOT_SIDE),
    ]
    return Assessment(
        view="front",
        passes=(Pass(0, 0.5, 8.0, "toward", "front", 0, None),),
        quality=Quality(True, (Issue("frontal_view", "info", "You were filmed from the front.", "Add a side view."),)),
        events=tuple(Event("heel_strike", "left" if i % 2 else "right", 1.0 + 0.55 * i, 0) for i in range(13)),
        measures={m.id: m for m in measures},
        favoring=Favoring(
            verdict="inconclusive", reason="Knees can only be compared from the side; this film is from the front."
        ),
        trunk=TrunkLean("leans_right", "You lean toward the right leg.", None, 2.1, 5.7),
        frames=_frames(360),
        strides=_strides(0),
        cycles=_no_cycles(),
        config={"repair": {"max_gap_s": 0.12}},
    )


ALL = {
    f.__name__: f
    for f in (
        clear_right,
        clear_left_slow,
        none,
        possible_timing_only,
        mixed,
        inconclusive_few_strides,
        not_walking,
        running,
        frontal,
    )
}


def _ref(low: float, high: float) -> Reference:
    return Reference(low, high, "Senden et al., 246 adults, comfortable speed (CC BY 4.0)")


def _components(values: tuple[float, ...]) -> tuple[Component, ...]:
    kinds = (
        ("step_time", "timing", "pct", 5.6),
        ("single_support", "timing", "pct", 7.1),
        ("knee_loading", "knee", "deg", 7.0),
        ("knee_rom", "knee", "deg", 8.0),
    )
    return tuple(
        Component(
            id=name,
            domain=domain,
            value=value,
            unit=unit,
            z=2 * value / limit,
            ci95=(value - 0.45 * limit, value + 0.45 * limit),
            typical_limit=limit,
            side="right" if value > 0 else "left",
            n_left=11,
            n_right=12,
        )
        for value, (name, domain, unit, limit) in zip(values, kinds, strict=False)
    )


def _side(
    favoring: Favoring,
    *,
    directions: tuple[str, ...] = ("left", "right"),
    left: float = 1.0,
    right: float = 1.0,
    n: int = 11,
    asymmetries: tuple[float | None, ...] = (None, None, None),
    issues: tuple[Issue, ...] = (),
) -> Assessment:
    near = {"left": "left", "right": "right"}
    passes = tuple(
        Pass(i, 0.4 + 6 * i, 5.6 + 6 * i, d, "side", 1 if d == "right" else -1, near[d], 4.0 + i)
        for i, d in enumerate(directions)
    )
    events = []
    for p in passes:
        for k in range(8):
            side = "left" if k % 2 else "right"
            time = p.start_s + 0.3 + k * STRIDE_S / 2
            events.append(Event("heel_strike", side, time, p.index))
            events.append(Event("toe_off", side, time + 0.62 * STRIDE_S, p.index))
    events = tuple(sorted((e for e in events if e.time_s < 12), key=lambda e: e.time_s))
    sides = {d: near[d] for d in directions}
    knees = {"left": 58.0 * left, "right": 58.0 * right}
    mean = float(np.mean(list(knees.values())))
    titles = ("step_time_asymmetry", "single_support_asymmetry", "knee_rom_asymmetry")
    units = ("pct", "pct", "deg")
    limits = (5.0, 6.0, 7.0)
    measures = [
        Measure("cadence", "steps_per_min", 109.1, (107.2, 111.3), n=4 * n, reference=_ref(98, 129)),
        Measure("step_time", "s", 0.55, (0.541, 0.559), 0.532, 0.568, 4 * n, reference=_ref(0.46, 0.61)),
        Measure(
            "stance",
            "pct",
            66.4,
            (65.1, 67.8),
            66.9,
            65.9,
            2 * n,
            reason="Film reads this up to 5 points too long.",
            reference=_ref(57, 68),
        ),
        Measure("swing", "pct", 33.6, (32.2, 34.9), 33.1, 34.1, 2 * n),
        Measure("double_support", "pct", 30.1, (27.0, 33.0), n=2 * n),
        Measure("knee_swing_peak", "deg", mean, (mean - 2.2, mean + 2.1), knees["left"], knees["right"], n),
        Measure("knee_loading", "deg", 13.1, (11.0, 15.2), 14.9 * left, 14.9 * right, n, reference=_ref(4, 24)),
        Measure("knee_rom", "deg", mean, (mean - 2, mean + 2.4), knees["left"] - 1, knees["right"] - 1, n),
        Measure("hip_rom", "deg", 39.4, (38.0, 41.0), 39.9, 38.8, n, reference=_ref(30, 52)),
        Measure("ankle_rom", "deg", 24.0, (20.1, 27.5), 23.1, 25.2, n),
        Measure("trunk_forward", "deg", 3.4, (2.9, 4.1), n=150, reference=Reference(-10.3, 12.1, "Published, adults")),
        not_measurable("step_length", "m", NO_HEIGHT),
        not_measurable("speed", "m_per_s", NO_HEIGHT),
        not_measurable("trunk_lateral", "deg", NOT_FRONTAL),
        not_measurable("pelvic_drop", "deg", NOT_FRONTAL),
    ]
    for name, unit, limit, value in zip(titles, units, limits, asymmetries, strict=True):
        if value is None:
            measures.append(not_measurable(name, unit, ONE_DIRECTION))
        else:
            band = Reference(-limit, limit, "Healthy spread (assumed) and this film's noise")
            measures.append(Measure(name, unit, value, (value - 2.1, value + 2.2), n=n, reference=band))
    return Assessment(
        view="side",
        passes=passes,
        quality=Quality(True, issues),
        events=events,
        measures={m.id: m for m in measures},
        favoring=favoring,
        trunk=TrunkLean("typical", "The upper body is held about upright.", 3.4),
        frames=_frames(360),
        strides=_strides(n),
        cycles=_cycles(sides, left, right, n),
        config={"repair": {"max_gap_s": 0.12}},
    )


def _nothing(reason: str, issue: Issue) -> Assessment:
    ids = {"cadence": "steps_per_min", "knee_rom": "deg", "stance": "pct", "trunk_forward": "deg"}
    return Assessment(
        view="unknown",
        passes=(),
        quality=Quality(False, (issue,)),
        events=(),
        measures={name: not_measurable(name, unit, NO_WALK) for name, unit in ids.items()},
        favoring=Favoring(verdict="inconclusive", reason=reason),
        trunk=TrunkLean("not_measurable", "No walking was found."),
        frames=_frames(360),
        strides=_strides(0),
        cycles=_no_cycles(),
    )


def _frames(n: int) -> pd.DataFrame:
    time = np.arange(n) / FPS
    phase = 2 * np.pi * time / STRIDE_S
    frames = pd.DataFrame(
        {
            "time_s": time,
            "knee_left_deg": 30 + 30 * np.sin(phase),
            "knee_right_deg": 30 - 28 * np.sin(phase),
            "thigh_left_deg": 12 + 20 * np.cos(phase),
            "thigh_right_deg": 12 - 20 * np.cos(phase),
            "ankle_left_deg": 4 * np.sin(2 * phase),
            "ankle_right_deg": np.full(n, np.nan),
            "trunk_forward_deg": 3.4 + np.sin(2 * phase),
            "trunk_lateral_deg": np.full(n, np.nan),
            "pelvis_deg": np.full(n, np.nan),
            "shoulder_deg": np.full(n, np.nan),
            "ear_shoulder_deg": 15.0,
            "valid_left_leg": np.arange(n) % 7 != 0,
            "valid_right_leg": True,
        }
    )
    frames.loc[3, "knee_left_deg"] = np.nan
    frames.loc[4, "knee_left_deg"] = np.inf
    return frames


def _strides(n: int) -> pd.DataFrame:
    side = ["left" if i % 2 else "right" for i in range(2 * n)]
    start = 0.5 + np.arange(2 * n) * STRIDE_S / 2
    return pd.DataFrame({"side": side, "pass": 0, "start_s": start, "end_s": start + STRIDE_S, "stance_pct": 62.0})


def _no_cycles() -> pd.DataFrame:
    return pd.DataFrame(columns=["joint", "side", "near", "cycle_pct", "mean_deg", "sd_deg", "n"])


def _cycles(near: dict[str, str], left: float, right: float, n: int) -> pd.DataFrame:
    norms = pd.read_csv(NORMS)
    tables = []
    for joint in ("knee", "hip", "ankle"):
        norm = norms[norms.joint == joint].sort_values("cycle_pct")
        for side, scale in (("left", left), ("right", right)):
            for is_near in (True, False):
                if is_near and side not in near.values():
                    continue
                if not is_near and len(near) == 1 and side in near.values():
                    continue
                bias = 4.0 + (0 if is_near else 5 * np.sin(norm.cycle_pct / 9))
                tables.append(
                    pd.DataFrame(
                        {
                            "joint": joint,
                            "side": side,
                            "near": is_near,
                            "cycle_pct": norm.cycle_pct.to_numpy(),
                            "mean_deg": norm.mean_deg.to_numpy() * scale + np.asarray(bias),
                            "sd_deg": 3.0 + 1.5 * np.sin(norm.cycle_pct.to_numpy() / 16) ** 2,
                            "n": n,
                        }
                    )
                )
    return pd.concat(tables, ignore_index=True)
