"""Pictures to choose a person by: numbered, inside the picture, of one size."""

from __future__ import annotations

import numpy as np

from vision.people import BoxPath, Candidate, People
from vision.people_pictures import ASPECT, YELLOW, _clearest, people_pictures
from vision.video import probe


def candidate(number: int, times: list[float], centers: list[tuple[float, float]], sizes: list[float]) -> Candidate:
    at = np.array(centers, float)
    return Candidate(
        number, len(times), "walks", BoxPath(np.array(times), at, at, np.array(sizes), np.array(sizes) / 4)
    )


def test_each_person_gets_a_picture_with_a_box(make_clip):
    info = probe(make_clip("people.mp4", frames=30, size=(320, 192)))
    people = People(
        1,
        (
            candidate(1, [0.0, 0.5], [(100, 96), (110, 96)], [80, 90]),
            candidate(2, [0.2], [(2, 96)], [60]),
            candidate(3, [0.3], [(160, 96)], [400]),
        ),
    )
    pictures = people_pictures(info, people, height_px=240)
    assert [picture.shape for picture in pictures] == [(240, round(ASPECT * 240), 3)] * 3
    for picture in pictures:
        assert (np.abs(picture.astype(int) - YELLOW).sum(axis=2) < 20).sum() > 500, "the box and its number are seen"
    near_edge = pictures[1]
    assert (near_edge.max(axis=2) > 0).mean() > 0.9, "a person at the edge does not leave the picture black"


def test_the_moment_shown_is_the_largest_that_lies_whole_inside(make_clip):
    info = probe(make_clip("moments.mp4", frames=60, size=(320, 192)))
    walker = candidate(1, [0.0, 1.0, 1.5], [(160, 96), (160, 96), (318, 96)], [60, 110, 115])
    frame, center, size = _clearest(walker, info)
    assert (frame, tuple(center), size) == (30, (160, 96), 110)
