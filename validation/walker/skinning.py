"""Linear blend skinning of the figure, all vertices at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from validation.walker.body import BONES, PIVOT
from validation.walker.clothes import Figure
from validation.walker.kinematics import Posed
from validation.walker.skeleton import Skeleton

Array = NDArray[np.float64]


def bone_transforms(body: Skeleton, posed: Posed) -> tuple[Array, Array]:
    """Return rotations [T, B, 3, 3] and translations [T, B, 3] that take rest to posed positions, in BONES order."""
    rotations = np.stack([posed.rotations[b] for b in BONES], axis=1)
    rest = []
    for bone in BONES:
        joint, _, side = PIVOT[bone].rpartition("_")
        paired = side in ("left", "right")
        rest.append(body.point(joint if paired else PIVOT[bone], side if paired else "left"))
    now = np.stack([posed.joints[PIVOT[b]] for b in BONES], axis=1)
    return rotations, now - np.einsum("tbij,bj->tbi", rotations, np.stack(rest))


class Skinner:
    """Moves the vertices of a figure that was made at the rest pose of a skeleton."""

    def __init__(self, figure: Figure) -> None:
        self._weights = figure.weights.astype(np.float32)
        rest = np.concatenate([figure.vertices, np.ones((len(figure.vertices), 1))], axis=1)
        self._rest = rest.astype(np.float32)
        self._normals = figure.normals.astype(np.float32)

    def __call__(self, rotations: Array, translations: Array) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return vertices and normals [N, 3] for the transforms of one moment, [B, 3, 3] and [B, 3]."""
        bones = np.concatenate([rotations, translations[..., None]], axis=2).astype(np.float32)
        blend = (self._weights @ bones.reshape(len(bones), 12)).reshape(-1, 3, 4)
        vertices = np.einsum("nij,nj->ni", blend, self._rest)
        normals = np.einsum("nij,nj->ni", blend[:, :, :3], self._normals)
        return vertices, normals / np.linalg.norm(normals, axis=1, keepdims=True)
