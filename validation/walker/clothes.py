"""Dressing the body: shirt, trousers or shorts, shoes and hair, all made from the body's own shells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from validation.walker.body import BONES, BodyMesh
from validation.walker.params import Look
from validation.walker.skeleton import Skeleton

Array = NDArray[np.float64]
Faces = NDArray[np.int64]

#: How far garments stand off the shell, m.
SHIRT_M, SHIRT_HEM_M, LEG_M, LEG_HEM_M, SHOE_M, HAIR_M = 0.010, 0.018, 0.007, 0.014, 0.006, 0.014
#: The shirt's neckline: height over the joint of the neck, m, and how it falls toward the front.
COLLAR_M, COLLAR_SLOPE = 0.03, 0.75
#: Height of the sole's side and of the flat bottom, as parts of the ankle's height.
SOLE_SIDE, SOLE_FLAT = 0.40, 0.32
#: Hairline against the ear's height, back to front, m.
HAIRLINE = {"short": (-0.055, -0.02, 0.025, 0.056), "long": (-0.175, -0.13, 0.02, 0.056)}
#: Skin this deep under a garment's edge is left out.
UNDER_M = 0.03


@dataclass(frozen=True)
class Figure:
    """A dressed person at rest.

    Attributes
    ----------
    vertices, normals : [N, 3]
    weights : [N, B], for body.BONES
    colors : [N, 3] sRGB 0..1
    triangles : [F, 3]
    """

    vertices: Array
    normals: Array
    weights: Array
    colors: Array
    triangles: Faces


@dataclass
class _Piece:
    vertices: Array
    weights: Array
    triangles: Faces

    def clipped(self, field: Array) -> _Piece:
        """Cut along field = 0 and keep the positive part; new vertices lie on the cut, so edges come out straight."""
        return _clip(self, field)[0]


def dress(body: Skeleton, mesh: BodyMesh, look: Look) -> Figure:
    """Return the figure to be skinned and drawn."""
    parts: list[tuple[_Piece, Array, Array]] = []
    tights = _piece(mesh, ["helper-tights"])
    hip, knee, ankle = (float(body.rest[n][2]) for n in ("hip", "knee", "ankle"))
    waist = hip + 0.45 * (float(body.rest["waist"][2]) - hip)
    sleeve_at = 0.62 if look.sleeves == "short" else 1.85
    leg_end = ankle + 0.015 if look.legwear == "trousers" else knee + 0.05
    parts.append(_shirt(tights, body, waist - 0.055, sleeve_at, look))
    parts.append(_legwear(tights, waist, leg_end, look))
    parts += _shoes(tights, body, ankle + 0.012, look)
    parts.append(_hair(mesh, body, look))
    parts.append(_skin(mesh, body, waist, leg_end, sleeve_at, look))
    parts.append(_eyes(mesh, look))
    return _join(parts)


def _piece(mesh: BodyMesh, groups: list[str]) -> _Piece:
    quads = np.concatenate([mesh.quads[g] for g in groups])
    used, index = np.unique(quads, return_inverse=True)
    quads = index.reshape(quads.shape)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return _Piece(mesh.vertices[used], mesh.weights[used], triangles)


def _normals(vertices: Array, triangles: Faces) -> Array:
    corner = vertices[triangles]
    face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    out = np.zeros_like(vertices)
    for i in range(3):
        np.add.at(out, triangles[:, i], face)
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return np.divide(out, length, out=np.zeros_like(out), where=length > 0)


def _clip(piece: _Piece, field: Array) -> tuple[_Piece, Array]:
    """Return the part with field > 0 and the field on its vertices."""
    inside = field[piece.triangles] > 0.0
    kept = [piece.triangles[inside.all(axis=1)]]
    vertices, weights, values = [piece.vertices], [piece.weights], [field]
    count = len(field)
    for n_inside in (1, 2):
        cut = piece.triangles[inside.sum(axis=1) == n_inside]
        where = inside[inside.sum(axis=1) == n_inside]
        # Turn each triangle so that the odd corner comes first; the order of corners stays.
        odd = np.argmax(where if n_inside == 1 else ~where, axis=1)
        cut = np.stack([cut[np.arange(len(cut)), (odd + i) % 3] for i in range(3)], axis=1)
        new = []
        for i in (1, 2):
            a, b = cut[:, 0], cut[:, i]
            share = (field[a] / (field[a] - field[b]))[:, None]
            vertices.append(piece.vertices[a] * (1 - share) + piece.vertices[b] * share)
            weights.append(piece.weights[a] * (1 - share) + piece.weights[b] * share)
            values.append(np.zeros(len(cut)))
            new.append(count + np.arange(len(cut)))
            count += len(cut)
        if n_inside == 1:
            kept.append(np.stack([cut[:, 0], new[0], new[1]], axis=1))
        else:
            kept.append(np.stack([new[0], cut[:, 1], cut[:, 2]], axis=1))
            kept.append(np.stack([new[0], cut[:, 2], new[1]], axis=1))
    triangles = np.concatenate(kept).astype(np.int64)
    used, index = np.unique(triangles, return_inverse=True)
    out = _Piece(np.concatenate(vertices)[used], np.concatenate(weights)[used], index.reshape(triangles.shape))
    return out, np.concatenate(values)[used]


def _weight(piece: _Piece, *bones: str) -> Array:
    columns = [i for i, b in enumerate(BONES) if b in bones or b.rpartition("_")[0] in bones]
    return np.asarray(piece.weights[:, columns].sum(axis=1))


def _arm_progress(piece: _Piece, body: Skeleton) -> Array:
    """Return how far down the arm [N] a vertex lies: 0 shoulder, 1 elbow, 2 wrist; below 0 off the arms."""
    out = np.full(len(piece.vertices), -1.0)
    for side in ("left", "right"):
        shoulder, elbow, wrist = (body.point(n, side) for n in ("shoulder", "elbow", "wrist"))
        on_arm = _weight(piece, f"upper_arm_{side}", f"forearm_{side}", f"hand_{side}") > 0.3
        upper = (piece.vertices - shoulder) @ (elbow - shoulder) / np.sum((elbow - shoulder) ** 2)
        lower = 1.0 + (piece.vertices - elbow) @ (wrist - elbow) / np.sum((wrist - elbow) ** 2)
        out = np.where(on_arm, np.where((upper < 1.0) & (lower < 1.3), upper, np.maximum(lower, 1.0)), out)
    return out


def _inflated(piece: _Piece, by: Array | float) -> _Piece:
    normals = _normals(piece.vertices, piece.triangles)
    return _Piece(piece.vertices + normals * np.reshape(by, (-1, 1)), piece.weights, piece.triangles)


def _paint(piece: _Piece, color: tuple[int, int, int]) -> Array:
    return np.tile(np.array(color) / 255.0, (len(piece.vertices), 1))


def _shirt(tights: _Piece, body: Skeleton, hem: float, sleeve_at: float, look: Look) -> tuple[_Piece, Array, Array]:
    arm = _arm_progress(tights, body)
    off_arm = arm < 0.0
    height = np.where(off_arm, tights.vertices[:, 2] - hem, 1.0)
    length = np.where(off_arm, 1.0, sleeve_at - arm) * 0.3
    neck = body.rest["neck"]
    collar = neck[2] + COLLAR_M - COLLAR_SLOPE * (tights.vertices[:, 0] - neck[0]) - tights.vertices[:, 2]
    field = np.minimum(np.minimum(height, length), np.where(off_arm, collar, 1.0))
    rise = np.clip((tights.vertices[:, 2] - hem) / 0.15, 0.0, 1.0)
    loose = np.where(off_arm, SHIRT_HEM_M + (SHIRT_M - SHIRT_HEM_M) * rise, SHIRT_M)
    piece = _clip(_inflated(tights, loose), field)[0]
    return piece, _paint(piece, look.shirt), _normals(piece.vertices, piece.triangles)


def _legwear(tights: _Piece, top: float, end: float, look: Look) -> tuple[_Piece, Array, Array]:
    z = tights.vertices[:, 2]
    arms = _weight(tights, "upper_arm", "forearm", "hand") > 0.2
    field = np.where(arms, -1.0, np.minimum(top - z, z - end))
    drop = np.clip((top - z) / max(top - end, 0.1), 0.0, 1.0)
    piece = _clip(_inflated(tights, LEG_M + (LEG_HEM_M - LEG_M) * drop), field)[0]
    return piece, _paint(piece, look.legs), _normals(piece.vertices, piece.triangles)


def _shoes(tights: _Piece, body: Skeleton, top: float, look: Look) -> list[tuple[_Piece, Array, Array]]:
    """Return uppers and soles."""
    z = tights.vertices[:, 2]
    ankle = float(body.rest["ankle"][2])
    shoe = _clip(_inflated(tights, SHOE_M), np.where(z < 0.3, top - z, -1.0))[0]
    parts = []
    for sign, color in ((1.0, look.shoes), (-1.0, look.soles)):
        piece = _clip(shoe, sign * (shoe.vertices[:, 2] - SOLE_SIDE * ankle))[0]
        # What is near the floor is pressed flat onto it.
        low = piece.vertices[:, 2] < SOLE_FLAT * ankle
        piece.vertices[:, 2] = np.where(low, 0.0, piece.vertices[:, 2])
        parts.append((piece, _paint(piece, color), _normals(piece.vertices, piece.triangles)))
    return parts


def _hair(mesh: BodyMesh, body: Skeleton, look: Look) -> tuple[_Piece, Array, Array]:
    skin = _piece(mesh, ["body"])
    ear, eye = body.rest["ear"], body.rest["eye"]
    x, z = skin.vertices[:, 0], skin.vertices[:, 2]
    # The hairline climbs from the nape over the ear to the forehead.
    line = np.interp(x, [ear[0] - 0.10, ear[0] - 0.025, ear[0] + 0.02, eye[0]], HAIRLINE[look.hair_cut]) + ear[2]
    head = _weight(skin, "head", "neck") > 0.5
    near_ear = np.hypot(x - ear[0], z - ear[2]) < 0.045
    off_ears = np.where(near_ear, ear[1] - 0.004 - np.abs(skin.vertices[:, 1]), 1.0)
    piece, field = _clip(skin, np.where(head, np.minimum(z - line, off_ears), -1.0))
    thick = HAIR_M * np.clip(field / 0.02, 0.15, 1.0)
    piece = _inflated(piece, thick)
    return piece, _paint(piece, look.hair), _normals(piece.vertices, piece.triangles)


def _skin(
    mesh: BodyMesh, body: Skeleton, waist: float, leg_end: float, sleeve_at: float, look: Look
) -> tuple[_Piece, Array, Array]:
    """Return what is bare: head, neck, hands, arms below the sleeves, legs below shorts."""
    skin = _piece(mesh, ["body"])
    arm = _arm_progress(skin, body)
    z = skin.vertices[:, 2]
    collar = float(body.rest["neck"][2]) - 0.10
    field = np.where(arm < 0.0, z - collar, (arm - sleeve_at) * 0.3 + UNDER_M)
    if look.legwear == "shorts":
        ankle = float(body.rest["ankle"][2])
        field = np.where((arm < 0.0) & (z < waist), np.minimum(leg_end + UNDER_M - z, z - ankle + 0.03), field)
    piece = _clip(skin, field)[0]
    colors = _paint(piece, look.skin)
    eye, nose = body.rest["eye"], body.rest["nose"]
    p = piece.vertices
    side = np.abs(p[:, 1])
    brow = (np.abs(p[:, 2] - eye[2] - 0.019) < 0.005) & (np.abs(side - eye[1]) < 0.02) & (p[:, 0] > eye[0] - 0.005)
    mouth = 2.0 * mesh.marker("mouth")[2] - eye[2]  # the marker sits midway between eyes and lips
    lips = (np.abs(p[:, 2] - mouth) < 0.008) & (side < 0.022) & (p[:, 0] > nose[0] - 0.035)
    colors[brow] = 0.6 * np.array(look.hair) / 255.0 + 0.4 * colors[brow]
    colors[lips] = colors[lips] * (0.92, 0.72, 0.72)
    return piece, colors, _normals(piece.vertices, piece.triangles)


def _eyes(mesh: BodyMesh, look: Look) -> tuple[_Piece, Array, Array]:
    piece = _piece(mesh, ["helper-l-eye", "helper-r-eye"])
    colors = np.tile([0.92, 0.91, 0.90], (len(piece.vertices), 1))
    for sign in (1.0, -1.0):
        one = np.sign(piece.vertices[:, 1]) == sign
        middle = piece.vertices[one].mean(axis=0)
        away = np.hypot(piece.vertices[:, 1] - middle[1], piece.vertices[:, 2] - middle[2])
        iris = one & (away < 0.0065) & (piece.vertices[:, 0] > middle[0])
        colors[iris] = (0.16, 0.11, 0.08)
    return piece, colors, _normals(piece.vertices, piece.triangles)


def _join(parts: list[tuple[_Piece, Array, Array]]) -> Figure:
    start = np.cumsum([0] + [len(p.vertices) for p, _, _ in parts])
    weights = np.concatenate([p.weights for p, _, _ in parts])
    return Figure(
        vertices=np.concatenate([p.vertices for p, _, _ in parts]),
        normals=np.concatenate([n for _, _, n in parts]),
        weights=weights / weights.sum(axis=1, keepdims=True),
        colors=np.concatenate([c for _, c, _ in parts]),
        triangles=np.concatenate([p.triangles + s for (p, _, _), s in zip(parts, start[:-1], strict=True)]),
    )
