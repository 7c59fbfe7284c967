"""Every threshold of the analysis, named, in one place, with its source.

Sources in brackets: [1.2] is a section of the project's science notes; "design" is a choice without a paper behind
it; "tuned" was set on tuning data (validation/), never on the clips that results are reported on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class RepairConfig:
    """Thresholds of the track repair. Lengths are in torso lengths (mid-hip to mid-shoulder), times in seconds."""

    min_visibility: float = (
        0.1  # below, a landmark is dropped; 0.5 [1.2] throws away half of all far knees that are right
    )
    max_outside: int = 3  # with this many landmarks beyond the left or right edge, the legs are guesswork (design)
    max_gap_s: float = 0.12  # longest gap that is filled [1.2]
    knee_overlap: float = 0.25  # knees nearer than this hide each other: about a knee's width (design)
    max_overlap_s: float = 0.35  # a longer overlap is not one knee passing the other (design)
    hampel_window_s: float = 0.24  # 7 frames at 30 frames a second [1.2]
    hampel_sigmas: float = 3.0  # the usual choice for a Hampel filter
    hampel_floor: float = (
        0.12  # a foot in swing leaves its own median by this much in 0.1 s; less is no outlier (design)
    )
    angle_cutoff_hz: float = 6.0  # zero-lag 4th-order Butterworth for angles [1.2; Sports2D ships 6]
    event_cutoff_hz: float = 8.0  # the same for foot paths used in events [1.2]
    low_fps: float = 25.0  # under this rate ...
    low_fps_cutoff_hz: float = 5.0  # ... this cut-off for both [1.2]
    min_run_s: float = 0.25  # shorter islands of landmarks are dropped rather than filtered (design)


@dataclass(frozen=True)
class SwapConfig:
    """Thresholds for finding left/right swaps (all design). Lengths in torso lengths, times in seconds."""

    max_yaw_deg: float = 45.0  # only where the feet pass each other in the picture
    min_run_s: float = 0.5
    passing_gap: float = 0.15  # feet nearer than this are passing each other
    gap_cap: float = 1.2  # a wild frame counts no more than a long step
    switch_s: float = 0.20  # a change of lead at a distance costs as much as labels being wrong there for this long
    length_weight: float = 0.15  # cost of a half-cycle twice (or zero times) as long as usual
    length_cap: float = 4.0  # standing costs no more than this many of those
    shortest_step: float = 0.4  # of the usual step time
    longest_step: float = 6.0
    step_s: tuple[float, float] = (0.30, 1.00)  # limits of the usual step time [1.3]
    usual_step_s: float = 0.55  # where the clip is too short to tell: 109 steps a minute
    lag_step_s: float = 0.02
    noise: float = 0.04  # landmark jitter, for the frames in which the feet pass
    cap: float = 6.0  # one landmark counts at most this many squared sigmas
    swap_prior: float = 0.35  # cost a frame of calling it swapped
    sure_cost: float = 200.0  # more than any frame's smoothness: the lead decides where it is sure
    max_gap_s: float = 0.12  # velocity means nothing across a longer gap [1.2]


@dataclass(frozen=True)
class ViewConfig:
    """Thresholds for view, walking direction and passes. Lengths in torso lengths."""

    shoulder_width: float = 0.65  # shoulder distance over torso length, seen from the front (0.59-0.79 seen; design)
    hip_width: float = 0.37  # the same for the hips; used where there are no shoulders (design)
    foot_length: float = 0.38  # heel to toe over torso length, seen from the side (design)
    orientation_window_s: float = 1.0  # about a stride: trunk rotation and the far foot average out (design)
    side_max_yaw_deg: float = 30.0  # above, side-view angles are refused [0.7]
    front_min_yaw_deg: float = 60.0  # above, the picture counts as frontal (design; the mirror image of the side rule)
    turning_min_rate: float = (
        45.0  # degrees a second: a turn takes 1 to 2 s for 180 degrees, a trunk sways less (design)
    )
    turning_window_s: float = 0.5
    moving_min_speed: float = 0.35  # torso lengths a second, about 0.18 m/s: slower is standing or a treadmill (design)
    speed_window_s: float = 1.0  # about a stride, so that the surge of the pelvis averages out (design)
    stepping_window_s: float = 2.0  # holds a whole stride at 60 steps a minute (design)
    stepping_min_swing: float = 0.35  # side view: range of heel-to-heel distance that counts as stepping (design)
    stepping_min_lift: float = 0.06  # frontal view: range of ankle height difference that counts as stepping (design)
    approach_min_rate: float = 0.02  # change of size a second that counts as coming or going (design)
    backward_min_travel: float = 1.0  # moving against the facing for less than this is drift on a treadmill (design)
    min_pass_s: float = 1.0  # a shorter stretch holds no stride (design)
    max_hole_s: float = 0.3  # interruptions up to this do not end a pass (design)


@dataclass(frozen=True)
class CameraConfig:
    """Camera yaw from the walker's size. Lengths in torso lengths."""

    field_of_view_deg: float = 64.0  # along the longer side: phones 60-69 when filming, webcams 60-78 (design)
    min_travel: float = 2.0  # about a metre: less shows no line (design)
    min_frames: int = 10
    edge_s: float = 0.25  # left out at both ends of a pass, where the running size is one-sided (design)
    independent_s: float = 0.5  # readings of the size this far apart are independent: about a step (design)
    same_line_deg: float = 8.0  # passes whose yaw differs by less follow the same line (design)
    min_sd_deg: float = 0.5
    margin_s: float = 0.25  # as the event search [EventConfig.margin_s]
    min_ahead: float = 0.2  # of the focal length (design)


@dataclass(frozen=True)
class SlantConfig:
    """How the knee's bend depends on the direction it is seen from (analysis/slant.py)."""

    shift_sd_deg: float = 4.0  # prior: degrees at a tangent of 1; 1.2 by geometry, the rest the pose model's (design)
    noise_deg: float = 3.0  # of the bend, from stride to stride and by the pose model (design)
    readings_hz: float = 8.0  # independent readings of it a second (design)
    harmonics: int = 4  # of the stride in a knee's mean curve; 3 to 6 give the same (tuned: rendered tuning films)
    stride_s: tuple[float, float] = (0.70, 2.00)  # as StrideConfig.stride_s


@dataclass(frozen=True)
class EventConfig:
    """Thresholds for heel strikes and toe-offs. Lengths in torso lengths."""

    margin_s: float = 0.25  # a pass is searched this much beyond its ends, which come from wide windows (design)
    rate_hz: float = 200.0  # event times are read off splines at this rate: 5 ms steps, far below pose noise (design)
    min_gap_fraction: float = 0.25  # a step needs the heels this fraction of their usual distance apart (design)
    min_prominence: float = 0.30  # of the P5-P95 range of heel minus hip [1.2]
    min_half_cycle_s: float = 0.18  # shorter than half the fastest step [1.3: step time >= 0.30 s]
    strike_speed: float = 0.5  # a foot with less than this share of walking speed left over the ground has landed
    strike_offset_s: float = 0.020  # added to every heel strike: what the rule is early by (tuned: c3d walks, -26 ms)
    leave_speed: float = 1.0  # and with more than this share it has left; 1.0 is Zeni's rule
    min_passed_over: float = 0.15  # how far behind the hip an ankle falls in walking, at least; standing keeps it above
    passed_over_s: float = 0.9  # by this time after a heel strike it has, even in very slow walking (design)
    min_seen: float = 0.8  # share of that time in which the foot has to be seen (design)
    frontal_cutoff_hz: float = 3.5  # steps seen from the front: rhythm only (tuned: the clinic's first group of walks)
    max_shift_s: float = 0.15  # the speed rule may move a position extremum by no more than this (design)


@dataclass(frozen=True)
class StrideConfig:
    """Limits of what counts as a stride of steady walking [1.3]."""

    step_s: tuple[float, float] = (0.30, 1.00)
    stride_s: tuple[float, float] = (0.70, 2.00)
    stance_pct: tuple[float, float] = (50.0, 75.0)
    double_support_pct: tuple[float, float] = (3.0, 22.0)  # each of the two
    median_fraction: float = 0.25  # strides farther than this from the median of all passes are dropped [1.3 rule 3]
    min_speed_fraction: float = 0.60  # of the pass median: slower is starting, stopping or turning
    max_missing: float = 0.20  # share of a stride in which the leg may be unknown or interpolated (design)
    loading_pct: tuple[float, float] = (5.0, 25.0)  # loading response: where its knee peak is looked for [4.4]
    stance_min_pct: tuple[float, float] = (25.0, 55.0)  # mid-stance extension (tables of section 3.3)
    swing_pct: tuple[float, float] = (55.0, 95.0)  # swing flexion peak (tables of section 3.3)


@dataclass(frozen=True)
class FavoringConfig:
    """The knee-favoring index [4.4, 4.5]. Spreads are assumptions to be refitted on 20+ pain-free adults [9.1]."""

    #: Spread among healthy walkers: step time and single support in %, knee loading and range of motion in degrees.
    healthy_sd: dict[str, float] = field(
        default_factory=lambda: {"step_time": 2.5, "single_support": 3.0, "knee_loading": 3.0, "knee_rom": 3.5}
    )
    #: Systematic error of one recording, in the same units. The knee's are larger than assumed in [4.5]: real clips and
    #: their mirror images, where only the walking direction differs, disagreed by that much (docs/accuracy.md).
    system_sd: dict[str, float] = field(
        default_factory=lambda: {"step_time": 0.7, "single_support": 1.5, "knee_loading": 3.0, "knee_rom": 2.0}
    )
    #: What yaw adds to that, times sin(yaw): sideways motion of knee and foot leaks into the picture, with opposite
    #: sign on the two sides. Measured on the walker's true coordinates: knee range 3.6, step time 2.7 at 20 degrees.
    yaw_sd: dict[str, float] = field(
        default_factory=lambda: {"step_time": 8.0, "single_support": 3.0, "knee_loading": 2.0, "knee_rom": 10.5}
    )
    timing_correlation: float = 0.5  # between the two timing parts in healthy walkers
    knee_correlation: float = 0.3  # between the two knee parts
    domain_correlation: float = 0.14  # between timing and knee
    timing_weight: float = 0.55
    knee_weight: float = 0.45
    points_per_sd: float = 25.0  # index points for one SD
    bootstraps: int = 2000
    seed: int = 20260101  # of the bootstrap; any number, fixed so that a result can be made again
    min_strides: int = 6  # a side; fewer gives no verdict
    min_strides_shown: int = 3  # a side; fewer do not even show a difference
    max_ci_width: float = 3.0  # of z
    clear_z: float = 2.5
    clear_ci: float = 1.5
    clear_domain: float = 1.0
    possible_z: float = 2.0
    possible_domain: float = 0.5
    timing_only_z: float = 2.5


@dataclass(frozen=True)
class TrunkConfig:
    """Trunk lean [5 and thresholds.csv], degrees."""

    forward_notable: float = 10.0  # shoulder-hip line; healthy thorax 0.9 -+ 5.6
    lateral_notable: float = 5.0  # peak toward the stance side; healthy 1.6, SD 1.8
    lateral_difference: float = 3.5  # left against right, 2 x SD
    min_seconds: float = 1.0  # of walking seen in that plane (design)
    min_stances: int = 3  # a side, for the lateral lean (design)


@dataclass(frozen=True)
class QualityConfig:
    """What a recording must offer [0.6, 0.7, 4.5, 8]."""

    warn_yaw_deg: float = 15.0
    min_fps: float = 23.9  # cinema's 23.976 counts as 24
    min_near_visibility: float = 0.5  # a near-leg landmark counts as seen above this ...
    min_near_seen: float = 0.8  # ... and has to be seen in this share of the frames
    max_speed_spread: float = 0.20  # between passes
    good_strides: int = 10  # a side
    min_body_px: float = 150.0  # head to heel; the pose model looks at 256 px (design)
    max_cut_off: float = 0.10  # share of walking frames with a foot outside the picture (design)
    max_swapped: float = 0.15  # share of frames in which the legs were confused (design)
    max_roll_deg: float = 3.0  # camera tilt seen as lean that flips with the walking direction (design)
    max_trunk_from_vertical_deg: float = 50.0  # more: the picture lies on its side (design)
    running_likeness: float = 0.4  # correlation of pelvis height with foot distance: walking < 0, running > 0 (design)
    running_bounce: float = 0.05  # SD of the pelvis height in torso lengths: a run bounces, a shuffle does not (design)


@dataclass(frozen=True)
class Config:
    """All settings of `assess`; written into every result."""

    repair: RepairConfig = field(default_factory=RepairConfig)
    swaps: SwapConfig = field(default_factory=SwapConfig)
    view: ViewConfig = field(default_factory=ViewConfig)
    camera: CameraConfig = field(default_factory=CameraConfig)
    slant: SlantConfig = field(default_factory=SlantConfig)
    events: EventConfig = field(default_factory=EventConfig)
    strides: StrideConfig = field(default_factory=StrideConfig)
    favoring: FavoringConfig = field(default_factory=FavoringConfig)
    trunk: TrunkConfig = field(default_factory=TrunkConfig)
    quality: QualityConfig = field(default_factory=QualityConfig)

    def as_dict(self) -> dict[str, object]:
        """Return the settings as plain nested dictionaries."""
        return asdict(self)
