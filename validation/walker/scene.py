"""The room: floor, a wall with some things on it, a treadmill where one is asked for. Coloured boxes, no files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from validation.walker.camera import View
from validation.walker.params import WalkerParams

Array = NDArray[np.float64]

#: Materials that the shader tells apart.
PLAIN, FLOOR, BELT = 0.0, 1.0, 2.0
#: How far the wall is behind the farthest point of the walk, its height, and half the room's width, m.
WALL_BEHIND_M, WALL_HEIGHT_M, ROOM_HALF_WIDTH_M = 1.6, 7.0, 18.0
#: Top of the belt is the walker's floor; the room's floor lies this much lower.
DECK_HEIGHT_M = 0.16
BELT_CORNERS = ((-0.95, -0.31, 0.0), (-0.95, 0.31, 0.0), (0.95, -0.31, 0.0), (0.95, 0.31, 0.0))
UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Mesh:
    """Triangles without an index: vertices, normals, colours [N, 3] (sRGB 0..1) and material [N]."""

    vertices: Array
    normals: Array
    colors: Array
    material: Array


@dataclass(frozen=True)
class Wall:
    """The wall behind the walker: a point at its foot, and the directions away from the camera and to the right."""

    foot: Array
    away: Array
    right: Array

    def at(self, x: float, z: float, off: float) -> Array:
        """Return the point [3] x to the right of the middle, z up, and `off` in front of the wall, m."""
        return np.asarray(self.foot + self.right * x + UP * z - self.away * off)


class _Builder:
    """Collects coloured rectangles and boxes."""

    def __init__(self) -> None:
        self._parts: list[tuple[Array, Array, Array, float]] = []

    def quad(
        self, corner: Array, a: Array, b: Array, color: Array | tuple[float, ...], material: float = PLAIN
    ) -> None:
        """Add the rectangle with sides a and b [3]; it faces along a x b."""
        n = np.cross(a, b)
        square = np.array([corner, corner + a, corner + a + b, corner, corner + a + b, corner + b])
        self._parts.append((square, n / np.linalg.norm(n), np.asarray(color), material))

    def box(self, middle: Array, a: Array, b: Array, c: Array, color: Array | tuple[float, ...]) -> None:
        """Add a box by its middle and its three edges [3]."""
        for i, j, k in ((a, b, c), (b, c, a), (c, a, b)):
            self.quad(middle + 0.5 * (k - i - j), i, j, color)
            self.quad(middle - 0.5 * (k + i + j), j, i, color)

    def mesh(self) -> Mesh:
        """Return all parts as one mesh."""
        return Mesh(
            np.concatenate([p for p, _, _, _ in self._parts]),
            np.concatenate([np.tile(n, (len(p), 1)) for p, n, _, _ in self._parts]),
            np.concatenate([np.tile(c, (len(p), 1)) for p, _, c, _ in self._parts]),
            np.concatenate([np.full(len(p), m) for p, _, _, m in self._parts]),
        )


def make_scene(params: WalkerParams, view: View) -> Mesh:
    """Return everything that does not move."""
    treadmill = params.gait.activity == "treadmill"
    ground = -DECK_HEIGHT_M if treadmill else 0.0
    away = np.append(view.forward[:2] / np.linalg.norm(view.forward[:2]), 0.0)
    right = np.array([away[1], -away[0], 0.0])
    reach = params.gait.half_path_m if params.gait.activity == "walk" else 0.4
    depth = reach * abs(float(away[0])) + 0.6 * abs(float(away[1])) + WALL_BEHIND_M
    wall = Wall(away * depth + UP * ground, away, right)
    floor_color, wall_color = (np.array(c) / 255.0 for c in (params.scene.floor, params.scene.wall))

    half, room = ROOM_HALF_WIDTH_M, _Builder()
    corner = np.array([-half, -half, ground])
    room.quad(corner, np.array([2 * half, 0.0, 0.0]), np.array([0.0, 2 * half, 0.0]), floor_color, FLOOR)
    room.quad(wall.foot - half * right, 2 * half * right, WALL_HEIGHT_M * UP, wall_color)
    # A skirting board, so that floor and wall meet as they do in a room.
    room.box(wall.at(0.0, 0.05, 0.01), 2 * half * right, away * 0.02, UP * 0.10, (0.86, 0.85, 0.82))
    if params.scene.things:
        _furnish(room, wall, np.random.default_rng([params.seed, 17]))
    if treadmill:
        _add_treadmill(room, ground)
    return room.mesh()


def _furnish(room: _Builder, wall: Wall, rng: np.random.Generator) -> None:
    """Put a door and a plant, hang two pictures and a shelf with books."""
    right, away = wall.right, wall.away
    side = 1.0 if rng.random() < 0.5 else -1.0
    door = side * rng.uniform(2.6, 3.1)
    room.box(wall.at(door, 1.02, 0.015), right * 0.98, away * 0.03, UP * 2.08, (0.80, 0.78, 0.73))
    room.box(wall.at(door, 1.00, 0.03), right * 0.86, away * 0.03, UP * 2.00, (0.62, 0.52, 0.42))
    room.box(wall.at(door - side * 0.34, 1.02, 0.06), right * 0.11, away * 0.04, UP * 0.03, (0.75, 0.75, 0.75))
    for middle, width, height in ((-side * 0.9, 0.62, 0.44), (-side * 2.0, 0.40, 0.52)):
        x = middle + rng.uniform(-0.15, 0.15)
        z = 1.75 + rng.uniform(-0.05, 0.05)
        room.box(wall.at(x, z, 0.015), right * width, away * 0.03, UP * height, (0.20, 0.18, 0.17))
        color, inner = rng.uniform(0.35, 0.8, 3), right * (width - 0.06)
        room.box(wall.at(x, z, 0.025), inner, away * 0.03, UP * (height - 0.06), color)
        room.box(wall.at(x, z - 0.08, 0.03), inner, away * 0.03, UP * (height - 0.22), 0.6 * color)
    shelf = side * rng.uniform(0.9, 1.3)
    room.box(wall.at(shelf, 1.55, 0.12), right * 0.9, away * 0.22, UP * 0.03, (0.45, 0.33, 0.24))
    for i in range(7):
        color, height = rng.uniform(0.25, 0.7, 3), rng.uniform(0.17, 0.26)
        book = wall.at(shelf - 0.32 + 0.055 * i, 1.565 + height / 2, 0.12)
        room.box(book, right * 0.045, away * 0.15, UP * height, color)
    plant = -side * rng.uniform(2.9, 3.3)
    room.box(wall.at(plant, 0.17, 0.30), right * 0.30, away * 0.30, UP * 0.34, (0.66, 0.40, 0.28))
    for _ in range(9):
        lean = rng.uniform(-0.35, 0.35, 2)
        leaf = 0.55 * (UP + lean[0] * right + lean[1] * away)
        green = (0.18, 0.38 + 0.12 * rng.random(), 0.18)
        room.box(wall.at(plant, 0.34, 0.30) + leaf / 2, right * 0.05, away * 0.05, leaf, green)


def _add_treadmill(room: _Builder, ground: float) -> None:
    """Put a deck under the walker along x, with a belt and a console in front."""
    ex, ey, ez = np.eye(3)
    deck = np.array([0.0, 0.0, ground / 2 - 0.01])
    room.box(deck, ex * 1.9, ey * 0.86, ez * (-ground - 0.03), (0.30, 0.31, 0.33))
    for sign in (1.0, -1.0):
        room.box(np.array([0.0, sign * 0.37, -0.01]), ex * 1.9, ey * 0.12, ez * 0.05, (0.55, 0.56, 0.58))
        post = np.array([1.02, sign * 0.37, 0.5 * (1.15 + ground)])
        room.box(post, ex * 0.05, ey * 0.05, ez * (1.15 - ground), (0.42, 0.43, 0.45))
    room.box(np.array([1.02, 0.0, 1.18]), ex * 0.10, ey * 0.80, ez * 0.16, (0.22, 0.22, 0.24))
    room.quad(np.array(BELT_CORNERS[0]), ex * 1.9, ey * 0.62, (0.13, 0.13, 0.14), BELT)
