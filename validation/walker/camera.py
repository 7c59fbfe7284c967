"""The camera: where it stands and how it projects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from validation.walker.params import Camera

Array = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """A pinhole camera in room coordinates (metres, z up).

    Attributes
    ----------
    position, right, up, forward : [3]
        The lens, and the unit vectors of the picture.
    focal_px : float
        Focal length in pixels; the principal point is the middle of the picture.
    size_px : (int, int)
        Width and height.
    """

    position: Array
    right: Array
    up: Array
    forward: Array
    focal_px: float
    size_px: tuple[int, int]

    @classmethod
    def of(cls, camera: Camera) -> View:
        """Build from parameters."""
        yaw, pitch, roll = np.radians([camera.yaw_deg, camera.pitch_deg, camera.roll_deg])
        vertical = np.array([0.0, 0.0, 1.0])
        level = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
        right = np.array([np.cos(yaw), np.sin(yaw), 0.0])
        forward = np.cos(pitch) * level - np.sin(pitch) * vertical
        up = np.cos(pitch) * vertical + np.sin(pitch) * level
        right, up = np.cos(roll) * right - np.sin(roll) * up, np.cos(roll) * up + np.sin(roll) * right
        position = -camera.distance_m * level + camera.height_m * vertical
        focal = 0.5 * camera.width / np.tan(0.5 * np.radians(camera.hfov_deg))
        return cls(position, right, up, forward, float(focal), (camera.width, camera.height))

    def project(self, points: Array) -> Array:
        """Return image positions [..., 2] in pixels, x right, y down, of room points [..., 3]; NaN behind the lens."""
        d = points - self.position
        depth = d @ self.forward
        depth = np.where(depth > 0.05, depth, np.nan)
        x = 0.5 * self.size_px[0] + self.focal_px * (d @ self.right) / depth
        y = 0.5 * self.size_px[1] - self.focal_px * (d @ self.up) / depth
        return np.stack([x, y], axis=-1)

    def matrix(self, near: float = 0.1, far: float = 40.0) -> Array:
        """Return the OpenGL clip matrix [4, 4] (room to clip space, column vectors)."""
        width, height = self.size_px
        turn = np.eye(4)
        turn[:3, :3] = np.stack([self.right, self.up, -self.forward])
        turn[:3, 3] = -turn[:3, :3] @ self.position
        lens = np.zeros((4, 4))
        lens[0, 0] = 2.0 * self.focal_px / width
        lens[1, 1] = 2.0 * self.focal_px / height
        lens[2, 2] = -(far + near) / (far - near)
        lens[2, 3] = -2.0 * far * near / (far - near)
        lens[3, 2] = -1.0
        return np.asarray(lens @ turn)
