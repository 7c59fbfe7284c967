"""A stand-in for vision and assess, so that the product around them is tested in milliseconds."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace

import fabricate
import numpy as np
import pytest

from analysis.assess import Assessment

SHARED_DATA = Path(__file__).parents[3] / "shared/data"

#: The smallest thing that PIL and browsers call a JPEG is not needed: nothing in these tests decodes it.
JPEG = b"\xff\xd8\xff\xe0 made up \xff\xd9"


@dataclass
class Fake:
    """What the stand-in returns, and what it was asked."""

    assessment: Assessment = field(default_factory=fabricate.clear_right)
    info: fabricate.Info = field(default_factory=fabricate.Info)
    model_note: str | None = None
    notes: tuple[str, ...] = ()
    fail: dict[str, BaseException] = field(default_factory=dict)
    calls: dict[str, SimpleNamespace] = field(default_factory=dict)

    def note(self, stage: str, **what: object) -> None:
        self.calls[stage] = SimpleNamespace(**what)
        if stage in self.fail:
            raise self.fail[stage]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Put the stand-in in the place of vision and assess."""
    fake = Fake()

    def probe(path, slow_motion=None):
        fake.note("probe", path=path, slow_motion=slow_motion)
        return fake.info

    def get_model(choice, *, progress=None):
        fake.note("model", choice=choice)
        if progress:
            progress("pose model", 1, 2)
        return fabricate.model(fake.model_note)

    def extract(info, model, *, progress=None, cancel=None, people_found=None, **options):
        fake.note("extract", **options)
        for done in range(5):
            if progress:
                progress(done, 4)
        return SimpleNamespace(track=fabricate.track(), people=fabricate.people(), notes=fake.notes)

    def assess(track, subject=None, config=None):
        fake.note("assess", track=track, subject=subject)
        return fake.assessment

    def find_others(info, model, walker, *, progress=None, cancel=None):
        fake.note("find_others", walker=walker)
        if progress:
            progress(3, 3)
        return [fabricate.track()]

    def annotate_video(info, track, assessment, out_path, *, blur_faces=False, others=(), progress=None, cancel=None):
        fake.note("annotate", track=track, assessment=assessment, blur_faces=blur_faces, others=others)
        Path(out_path).write_bytes(b"made up video")
        if progress:
            progress(4, 4)
        return True

    def key_frames(info, track, assessment, times_s, *, blur_faces=False, others=()):
        fake.note("key_frames", times_s=times_s, blur_faces=blur_faces, others=others)
        return [np.zeros((4, 4, 3), np.uint8) for _ in times_s]

    parts = {
        "vision.video": {"probe": probe},
        "vision.model": {"get_model": get_model},
        "vision.extract": {"extract": extract},
        "vision.bystanders": {"find_others": find_others},
        "vision.overlay": {
            "annotate_video": annotate_video,
            "key_frames": key_frames,
            "encode_jpeg": lambda rgb, quality=80: JPEG,
        },
        "analysis.assess": {"assess": assess, "Subject": SimpleNamespace, "Assessment": Assessment},
    }
    for name, contents in parts.items():
        module = ModuleType(name)
        vars(module).update(contents)
        monkeypatch.setitem(sys.modules, name, module)
    return fake
