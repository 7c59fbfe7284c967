"""The sample clips that come with the repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "sample_videos"


@dataclass(frozen=True)
class Sample:
    """One clip, and what it shows."""

    path: Path
    title: str
    about: str


_ALL = (
    Sample(
        FOLDER / "favoring_right_knee_across_and_back.mp4",
        "Favors the right knee",
        "Walks past the camera and back, sparing one knee.",
    ),
    Sample(FOLDER / "normal_across_and_back.mp4", "Walks evenly", "Walks past the camera and back, left like right."),
    Sample(FOLDER / "forward_lean.mp4", "Leans forward", "Walks past with the upper body tipped forward."),
    Sample(FOLDER / "frontal.mp4", "Seen from the front", "Walks toward the camera: shows leaning to the side."),
    Sample(FOLDER / "treadmill.mp4", "On a treadmill", "Walks on the spot, seen from one side only."),
)


def available() -> list[Sample]:
    """Return the samples whose clips are there; an installed package has none."""
    return [sample for sample in _ALL if sample.path.exists()]
