"""Plain words for what was measured: association, never cause; "seems spared", never a diagnosis.

Everything a person reads about a result comes from here, so that the terminal, the report and the pages say the same.
The texts rest on the sources named in docs/results.md; a 14-year-old should follow them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evenstride.results import Component, Favoring, Measure, Result

#: Said on every result.
NOT_A_DEVICE = (
    "Educational self-observation tool. Not a medical device. It does not diagnose, predict, monitor or treat any "
    "condition and cannot see pain, muscles or joints. A symmetrical result does not rule out a problem."
)

#: What the intervals say, and what they do not.
ABOUT_RANGES = (
    "The 95 % range says how far a value might shift with other steps of the same walk. "
    "The film itself can be off by more: knee angles by about 5°."
)

#: Why knee movement may be missing from the verdict.
TIMING_ONLY = (
    "Only the timing of your steps could be compared; comparing the knees takes several steps filmed from each side, "
    "walking both ways."
)

#: Outside these people nothing here was tested.
FOR_WHOM = (
    "Made for adults who walk on their own: for children, with a walking aid or a prosthesis, in pregnancy, after "
    "recent surgery or with a load in your hands, the comparison of the sides does not hold."
)

#: Said beside every verdict: what a side difference does and does not mean, each with what it rests on.
ALWAYS_SAY = (
    (
        "Even does not mean pain-free, and uneven does not mean painful.",
        "People whose knees hurt on both sides often walk evenly (Creaby 2012), and how strong a knee pain was did not "
        "go along with how uneven the steps were (Corrigan 2023).",
    ),
    (
        "Small differences get missed.",
        "In computer simulations, only about 3 in 10 mild side differences were noticed.",
    ),
    (
        "A difference has no name tag.",
        "Habit, an old injury, the shoes, the floor or the camera can all make a walk look uneven. "
        "This tool cannot tell which, and it cannot tell what causes what.",
    ),
)

#: The link between knee and back, as far as it is known.
KNEE_AND_BACK = (
    "Many people with painful knees also have back pain, and sore knees can change how a person walks. "
    "Whether favoring a leg causes back pain is not settled."
)


@dataclass(frozen=True)
class HelpSign:
    """A reason to get help, whatever a film shows."""

    when: Literal["now", "today", "soon"]
    text: str


#: When to get help first. Own wording of common guidance for the public; not a complete list.
HELP_SIGNS = (
    HelpSign("now", "New numbness between the legs, or new trouble peeing, pooing or holding it in."),
    HelpSign("now", "Both legs getting weak or numb."),
    HelpSign("now", "A swollen, painful calf, above all with shortness of breath or chest pain."),
    HelpSign("now", "A hot, red, swollen knee together with fever, shivering or feeling ill."),
    HelpSign("today", "You can't put weight on the leg or can't move the knee, or it has changed shape."),
    HelpSign("today", "The knee swelled up a lot after an injury, for example after a twist with a pop."),
    HelpSign("today", "The knee is stuck and won't straighten, or it keeps giving way."),
    HelpSign("today", "New weakness in a leg, a foot that drops, or pain down both legs."),
    HelpSign("today", "Back pain with fever, or after a hard fall, or after a small one if your bones are thin."),
    HelpSign("today", "A child who limps, above all with fever. This tool is not for children."),
    HelpSign("soon", "Pain that stays all night or at rest, weight loss without a reason, or a hard lump."),
    HelpSign("soon", "Back pain and a history of cancer, or back pain that is new to you after the age of 50."),
    HelpSign("soon", "Pain that is no better after a few weeks, or that stops you from doing what you usually do."),
)
HELP_WHEN = {"now": "Call emergency services now", "today": "See someone today", "soon": "Make an appointment"}
HELP_NOTE = "Not a complete list. If you are worried, ask a doctor, a physiotherapist or your health line."

#: What the texts and pictures of a report rest on.
SOURCES = (
    "side differences and pain: Creaby 2012, Arch Phys Med Rehabil 93:822; Corrigan 2023, Arthritis Care Res 75:1735",
    "knees and backs: Suri 2010, Arthritis Care Res 62:1715; a systematic review, Syst Rev 2023 12:28",
    "signs for getting help: public guidance of the NHS and NICE (NG59), in our own words",
    "curves: Fukuchi 2018, PeerJ 6:e4640, CC BY 4.0",
    "usual ranges of rhythm, length and speed: Maastricht normative set, OSF 10.17605/OSF.IO/T72CW, CC BY 4.0",
)
ABOUT_CURVES = (
    "The shaded range is the average of 42 adults ± 2 standard deviations (of 9 adults, widened by 5° for the error of "
    "video). Fukuchi and others 2018, PeerJ 6:e4640, CC BY 4.0."
)
ABOUT_CHANGES = (
    "Two films of the same walk never give the same numbers. A change that stays within the ranges is no change we can "
    "see."
)

HOW_TO_FILM = (
    ("From the side, both ways", "Walk past the camera at least five times in each direction. "
     "Only the leg nearer to the camera can be measured well, so both directions are needed to compare your knees."),
    ("Camera still and level", "Phone sideways on something solid, at hip height, 3 to 5 meters away, "
     "pointing straight across your path."),
    ("Whole body in the picture", "Head to feet, all the way through. Start and stop outside the picture."),
    ("Your normal pace", "Walk as you usually do, after two rounds of practice. Hands free, nothing carried."),
    ("Good light, fitted clothes", "Bright and even light, plain background, nobody else in the picture; "
     "knees and shoes that stand out from the floor."),
    ("30 pictures a second or more", "Ordinary video is fine, 60 is better. No digital zoom, no slow motion."),
    ("Lean to the side?", "Film a second clip from the front: walk toward the camera and away from it."),
    ("Stop if it hurts.", "And have someone beside you if you are unsteady."),
)  # fmt: skip


@dataclass(frozen=True)
class MeasureWords:
    """How one measure is called, grouped, rounded and explained."""

    title: str
    group: str
    meaning: str
    decimals: int = 1

    @property
    def short_title(self) -> str:
        """The title below its group's heading."""
        return self.title.removesuffix(", left against right")


GROUPS = {
    "rhythm": "Rhythm",
    "knees": "Knees",
    "joints": "Hips and ankles",
    "trunk": "Upper body",
    "distance": "Distance and speed",
    "sides": "Left against right",
}

_SIDES = " The side named is the one that seems spared; near zero means even."

MEASURES: dict[str, MeasureWords] = {
    "cadence": MeasureWords(
        "Steps a minute", "rhythm", "How many steps you take in one minute, left and right together.", 0
    ),
    "step_time": MeasureWords(
        "Time of one step",
        "rhythm",
        "From one foot touching the ground to the other one touching it. The left step ends with the left foot.",
        2,
    ),
    "stance": MeasureWords(
        "Foot on the ground",
        "rhythm",
        "How much of each double step a foot spends on the ground. Film reads this too long, by up to 10 percentage "
        "points, on both sides.",
    ),
    "swing": MeasureWords(
        "Foot in the air", "rhythm", "How much of each double step a foot spends in the air, swinging forward."
    ),
    "double_support": MeasureWords(
        "Both feet on the ground",
        "rhythm",
        "How much of each double step both feet share the ground. People who walk with care share it longer. "
        "Film measures this only roughly.",
    ),
    "single_support": MeasureWords(
        "One leg carries you", "rhythm", "How much of each double step one leg carries you alone."
    ),
    "knee_swing_peak": MeasureWords(
        "Most bend in the air",
        "knees",
        "The most a knee bends while its foot swings forward. 0° is a straight leg; enough bend lets the toes clear "
        "the ground.",
        0,
    ),
    "knee_loading": MeasureWords(
        "Give under weight",
        "knees",
        "How much the knee gives, like a spring, just after the foot lands. A sore or stiff knee often gives less, and "
        "so does a slow walk.",
        1,
    ),
    "knee_rom": MeasureWords(
        "Total knee movement",
        "knees",
        "From the straightest to the most bent moment of the knee in one double step.",
        0,
    ),
    "hip_rom": MeasureWords(
        "Total thigh movement", "joints", "How far the thigh swings from behind you to in front of you.", 0
    ),
    "ankle_rom": MeasureWords(
        "Total ankle movement",
        "joints",
        "How far the foot tips up and down. Film shows ankles only roughly, so the sides are not compared.",
        0,
    ),
    "trunk_forward": MeasureWords(
        "Forward lean", "trunk", "How far the line from hips to shoulders tips forward while you walk. 0° is upright."
    ),
    "ear_shoulder": MeasureWords(
        "Head forward",
        "trunk",
        "How far the ear is in front of the shoulder, as an angle; 0° is straight above it. There is no agreed usual "
        "value for films, so compare it with your own other films only.",
        0,
    ),
    "trunk_lateral": MeasureWords(
        "Sideways lean", "trunk", "How far the upper body tips toward the leg you stand on. Seen from the front only."
    ),
    "pelvic_drop": MeasureWords(
        "Hip line drop",
        "trunk",
        "How far the line between your hips tips down on the side of the leg that is in the air.",
    ),
    "step_length": MeasureWords(
        "Length of one step",
        "distance",
        "From one heel to the other at the moment of landing. Without your height it is given in body heights or leg "
        "lengths.",
        2,
    ),
    "speed": MeasureWords(
        "Walking speed", "distance", "How fast you moved forward. It needs your height as a ruler.", 2
    ),
    "step_time_asymmetry": MeasureWords(
        "Step time, left against right",
        "sides",
        "A leg that is spared is left sooner, so the other foot lands early." + _SIDES,
    ),
    "single_support_asymmetry": MeasureWords(
        "Standing on one leg, left against right",
        "sides",
        "Compares how long each leg carries you alone." + _SIDES,
    ),
    "knee_loading_asymmetry": MeasureWords(
        "Give under weight, left against right", "sides", "Compares how much each knee gives after landing." + _SIDES
    ),
    "knee_rom_asymmetry": MeasureWords(
        "Knee movement, left against right", "sides", "Compares the total movement of the two knees." + _SIDES
    ),
}

COMPONENTS = {
    "step_time": ("Step timing", "which foot is left sooner"),
    "single_support": ("Time on one leg", "which leg carries you for a shorter time"),
    "knee_loading": ("Give under weight", "which knee gives less when it takes your weight"),
    "knee_rom": ("Total knee movement", "which knee moves less"),
}

UNITS = {
    "": "",
    "deg": "°",
    "s": " s",
    "pct": " %",
    "steps_per_min": " /min",
    "m": " m",
    "m_per_s": " m/s",
    "body_heights": " × height",
}

VIEWS = {
    "side": "from the side",
    "front": "from the front",
    "back": "from behind",
    "oblique": "at an angle",
    "unknown": "from an unclear direction",
}

TRUNK_VERDICTS = {
    "typical": "Your upper body is held about as upright as most people's.",
    "leans_forward": "You lean forward more than most people do while walking.",
    "leans_backward": "You lean backward more than most people do while walking.",
    "leans_left": "You lean to the left more than most people do when you stand on your left leg.",
    "leans_right": "You lean to the right more than most people do when you stand on your right leg.",
    "not_measurable": "Your lean could not be measured in this film.",
}


def measure_words(measure_id: str) -> MeasureWords:
    """Return the words for a measure; an id without words of its own is spelled out."""
    plain = MeasureWords(
        measure_id.replace("_", " ").capitalize(), "sides" if "asymmetry" in measure_id else "rhythm", ""
    )
    return MEASURES.get(measure_id, plain)


@dataclass(frozen=True)
class Verdict:
    """The answer in plain words."""

    tone: Literal["clear", "possible", "mixed", "none", "inconclusive"]
    headline: str
    how_sure: str
    next_step: str = ""


def favoring_verdict(result: Result) -> Verdict:
    """Say which knee, if any, seems spared, and how sure that is."""
    favoring = result.favoring
    if not result.quality.usable or favoring.verdict == "inconclusive":
        what = "compare your knees" if result.quality.usable else "tell"
        return Verdict(
            "inconclusive",
            f"We can't {what} from this video.",
            favoring.reason,
            "That is a normal answer, and it says nothing about your knees. A new film often settles it.",
        )
    side = favoring.side
    if favoring.verdict == "clear":
        return Verdict(
            "clear",
            f"You seem to spare your {side} knee.",
            "That is a clear difference: the timing of your steps and the movement of your knees both point to the "
            "same side. In computer simulations of people who favor neither knee, this answer came up in at most 1 of "
            "100 films.",
        )
    again = "Film yourself again on another day: what comes back is more likely to be real."
    if favoring.verdict == "possible" and favoring.timing_only:
        return Verdict(
            "possible",
            f"You may be sparing your {side} leg a little.",
            f"{TIMING_ONLY} How often this answer comes up by chance has not been tested.",
            again,
        )
    if favoring.verdict == "possible":
        return Verdict(
            "possible",
            f"You may be sparing your {side} knee a little.",
            "The difference is larger than usual, but not by much. In computer simulations of people who favor neither "
            "knee, this answer still came up in 1 to 4 of 100 films.",
            again,
        )
    if favoring.verdict == "mixed":
        return Verdict(
            "mixed",
            "Something differs between your sides, but the signs do not agree.",
            f"{favoring.reason} That is not enough to name a knee.",
            again,
        )
    within = "Whatever difference there is lies within what people who favor neither knee also show."
    missed = "Mild differences are easily missed."
    if favoring.timing_only:
        return Verdict(
            "none",
            "No clear difference in the timing of your steps.",
            f"{within} {missed} {TIMING_ONLY}",
        )
    return Verdict("none", "No clear difference between your knees.", f"{within} {missed}")


def index_phrase(favoring: Favoring) -> str:
    """Say the index with its interval, e.g. ``"71 of 100 (95 % range 58 to 84)"``; empty when there is none."""
    if favoring.index is None:
        return ""
    text = f"{favoring.index:.0f} of 100"
    if favoring.ci95 is None:
        return text
    low, high = (index_of(z) for z in favoring.ci95)
    if low < 0 < high:
        return f"{text} (95 % range {-low:.0f} toward the left knee to {high:.0f} toward the right knee)"
    near, far = sorted((abs(low), abs(high)))
    if near >= 100:
        return f"{text}, the end of the scale"
    return f"{text} (95 % range {near:.0f} to {far:.0f})"


def index_of(z: float) -> float:
    """Return the signed index of a score: 25 a standard deviation, cut at 100 either way (see docs/results.md)."""
    return max(-100.0, min(100.0, 25.0 * z))


def trunk_verdict(result: Result) -> str:
    """Say how the trunk leans, or why that is not known."""
    said = TRUNK_VERDICTS[result.trunk.verdict]
    return f"{said} {result.trunk.reason}" if result.trunk.verdict == "not_measurable" else said


def number(value: float | None, unit: str, decimals: int = 1, *, signed: bool = False) -> str:
    """Write a value with its unit, with a true minus sign; a dash when there is none."""
    if value is None:
        return "–"
    text = f"{value:+.{decimals}f}" if signed else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−") + unit_text(unit)


def unit_text(unit: str) -> str:
    """Return how a unit is written after its number."""
    return UNITS.get(unit, f" {unit}")


def interval(ci95: tuple[float, float] | None, decimals: int = 1) -> str:
    """Write an interval, e.g. ``"54 to 61"``, with a decimal more where it is narrow; empty when there is none."""
    if ci95 is None:
        return ""
    low, high = (number(edge, "", decimals) for edge in ci95)
    if low == high and ci95[0] != ci95[1]:
        low, high = (number(edge, "", decimals + 1) for edge in ci95)
    return f"{low} to {high}"


def sided_interval(ci95: tuple[float, float] | None, decimals: int = 1) -> str:
    """Write an interval of a side difference, e.g. ``"3.3 left to 0.6 right"`` or ``"0.6 to 3.3 left"``."""
    if ci95 is None:
        return ""
    low, high = ci95
    if low < 0 < high:
        return f"{number(-low, '', decimals)} left to {number(high, '', decimals)} right"
    near, far = sorted((abs(low), abs(high)))
    return f"{interval((near, far), decimals)} {'right' if high > 0 else 'left'}"


def range_text(measure_id: str, ci95: tuple[float, float] | None) -> str:
    """Write the interval of a measure; that of a side difference says its sides in words, as its value does."""
    write = sided_interval if "asymmetry" in measure_id else interval
    return write(ci95, measure_words(measure_id).decimals)


#: What the codes in `video.notes` mean for those who read a result; a code that is not here changes nothing for them.
FILM_NOTES = {
    "slow_motion": "The film plays slower than life; all times here are real ones.",
    "time_lapse": "The film is sped up, so its times and speeds are not those of the walk. Film at normal speed.",
    "mirrored": "The file says that its picture is stored mirrored; it was turned back first.",
    "non_square_pixels": "The file says that its picture is stored squeezed; it was stretched to its true shape first.",
}
BREAKS_OFF = "The end of the film is missing. What is there was measured; to have the rest, copy the film again."


def notes(result: Result) -> list[str]:
    """Return what else there is to know about the film and about who was followed, in sentences."""
    codes = result.video.notes
    # Results of former versions know this of the film alone; now it is an issue, which is told as such.
    breaks_off = "truncated" in codes and all(issue.code != "truncated" for issue in result.quality.issues)
    told = [FILM_NOTES[code] for code in codes if code in FILM_NOTES]
    return [*([BREAKS_OFF] if breaks_off else []), *told, *result.person.notes]


def measured(result: Result) -> list[tuple[str, Measure]]:
    """Return the measures that have a value, in reading order."""
    return [(name, m) for name, m in _ordered(result) if m.status == "ok"]


def not_measured(result: Result) -> list[tuple[str, list[str]]]:
    """Return why something has no value, and the titles of the measures that this holds for."""
    by_reason: dict[str, list[str]] = {}
    for name, measure in _ordered(result):
        if measure.status == "not_measurable":
            by_reason.setdefault(measure.reason or "", []).append(measure_words(name).title)
    return list(by_reason.items())


def _ordered(result: Result) -> list[tuple[str, Measure]]:
    groups, known = list(GROUPS), list(MEASURES)

    def place(item: tuple[str, Measure]) -> tuple[int, int]:
        name = item[0]
        return groups.index(measure_words(name).group), known.index(name) if name in known else len(known)

    return sorted(result.measures.items(), key=place)


def value_text(measure_id: str, measure: Measure) -> str:
    """Write a measure's value; a side difference says its side in words instead of by its sign."""
    return amount_text(measure_id, measure.value, measure.unit)


def amount_text(measure_id: str, value: float | None, unit: str) -> str:
    """Write a value as that of a measure is written."""
    write = sided_number if "asymmetry" in measure_id else number
    return write(value, unit, measure_words(measure_id).decimals)


def sided_number(value: float | None, unit: str, decimals: int = 1) -> str:
    """Write a side difference, e.g. ``"1.3° left"``; the side is left out where it rounds to zero."""
    if value is None:
        return number(None, unit)
    size = number(abs(value), unit, decimals)
    return size if float(f"{value:.{decimals}f}") == 0 else f"{size} {'right' if value > 0 else 'left'}"


def component_sentence(component: Component) -> str:
    """Describe one part of the index for those who cannot see its picture."""
    title, _ = COMPONENTS.get(component.id, (component.id, ""))
    inside = abs(component.value) <= component.typical_limit
    where = "within" if inside else "outside"
    return (
        f"{title}: {number(abs(component.value), component.unit)} toward sparing the {component.side} knee, {where} "
        f"the usual range of {number(component.typical_limit, component.unit)} either way."
    )
