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
#: How far the wall is behind the farthest point of the walk, m, and its height.
WALL_BEHIND_M, WALL_HEIGHT_M, ROOM_HALF_WIDTH_M = 1.6, 7.0, 9.0
#: Top of the belt is the walker's floor; the room's floor lies this much lower.
DECK_HEIGHT_M = 0.16
BELT_CORNERS = ((-0.95, -0.31, 0.0), (-0.95, 0.31, 0.0), (0.95, -0.31, 0.0), (0.95, 0.31, 0.0))


@dataclass(frozen=True)
class Mesh:
    """Triangles without an index: vertices, normals, colours [N, 3] (sRGB 0..1) and material [N]."""

    vertices: Array
    normals: Array
    colors: Array
    material: Array


def make_scene(params: WalkerParams, view: View) -> Mesh:
    """Return everything that does not move."""
    rng = np.random.default_rng([params.seed, 17])
    parts: list[tuple[Array, Array, Array, float]] = []
    treadmill = params.gait.activity == "treadmill"
    ground = -DECK_HEIGHT_M if treadmill else 0.0
    level = np.append(view.forward[:2] / np.linalg.norm(view.forward[:2]), 0.0)
    right = np.array([level[1], -level[0], 0.0])
    up = np.array([0.0, 0.0, 1.0])
    reach = params.gait.half_path_m if params.gait.activity == "walk" else 0.4
    depth = reach * abs(float(level[0])) + 0.6 * abs(float(level[1])) + WALL_BEHIND_M
    wall = level * depth + up * ground
    floor_color, wall_color = (np.array(c) / 255.0 for c in (params.scene.floor, params.scene.wall))

    def quad(corner: Array, a: Array, b: Array, color: Array, material: float = PLAIN) -> None:
        n = np.cross(a, b)
        square = np.array([corner, corner + a, corner + a + b, corner, corner + a + b, corner + b])
        parts.append((square, n / np.linalg.norm(n), color, material))

    def box(middle: Array, axes: tuple[Array, Array, Array], color: Array) -> None:
        for i in range(3):
            a, b, c = axes[i], axes[(i + 1) % 3], axes[(i + 2) % 3]
            for sign in (1.0, -1.0):
                first, second = (a, b) if sign > 0 else (b, a)
                quad(middle + sign * c / 2 - a / 2 - b / 2, first, second, color)

    far = 2.0 * ROOM_HALF_WIDTH_M
    quad(np.array([-far, -far, ground]), np.array([2 * far, 0, 0]), np.array([0, 2 * far, 0]), floor_color, FLOOR)
    quad(wall - far * right, 2 * far * right, WALL_HEIGHT_M * up, wall_color)
    # A skirting board, so that floor and wall meet as they do in a room.
    box(wall + up * 0.05 - level * 0.01, (2 * far * right, level * 0.02, up * 0.10), np.array([0.86, 0.85, 0.82]))
    if params.scene.things:
        _furnish(box, rng, wall, level, right, up)
    if treadmill:
        _treadmill(box, quad, ground)
    return Mesh(
        np.concatenate([p for p, _, _, _ in parts]),
        np.concatenate([np.tile(n, (len(p), 1)) for p, n, _, _ in parts]),
        np.concatenate([np.tile(c, (len(p), 1)) for p, _, c, _ in parts]),
        np.concatenate([np.full(len(p), m) for p, _, _, m in parts]),
    )


def _furnish(box, rng: np.random.Generator, wall: Array, level: Array, right: Array, up: Array) -> None:  # type: ignore[no-untyped-def]
    """Hang two pictures, put a door, a shelf with books and a plant."""

    def at(x: float, z: float, off: float) -> Array:
        return np.asarray(wall + right * x + up * z - level * off)

    side = 1.0 if rng.random() < 0.5 else -1.0
    door = side * rng.uniform(2.6, 3.1)
    box(at(door, 1.02, 0.015), (right * 0.98, level * 0.03, up * 2.08), np.array([0.80, 0.78, 0.73]))
    box(at(door, 1.00, 0.03), (right * 0.86, level * 0.03, up * 2.00), np.array([0.62, 0.52, 0.42]))
    box(at(door - side * 0.34, 1.02, 0.06), (right * 0.11, level * 0.04, up * 0.03), np.array([0.75, 0.75, 0.75]))
    for x, w, h in ((-side * 0.9, 0.62, 0.44), (-side * 2.0, 0.40, 0.52)):
        x += rng.uniform(-0.15, 0.15)
        z = 1.75 + rng.uniform(-0.05, 0.05)
        box(at(x, z, 0.015), (right * w, level * 0.03, up * h), np.array([0.20, 0.18, 0.17]))
        inner = rng.uniform(0.35, 0.8, 3)
        box(at(x, z, 0.025), (right * (w - 0.06), level * 0.03, up * (h - 0.06)), inner)
        box(at(x, z - 0.08, 0.03), (right * (w - 0.06), level * 0.03, up * (h - 0.22)), 0.6 * inner)
    shelf = side * rng.uniform(0.9, 1.3)
    box(at(shelf, 1.55, 0.12), (right * 0.9, level * 0.22, up * 0.03), np.array([0.45, 0.33, 0.24]))
    for i in range(7):
        color = rng.uniform(0.25, 0.7, 3)
        height = rng.uniform(0.17, 0.26)
        place = at(shelf - 0.32 + 0.055 * i, 1.565 + height / 2, 0.12)
        box(place, (right * 0.045, level * 0.15, up * height), color)
    pot = -side * rng.uniform(2.9, 3.3)
    box(at(pot, 0.17, 0.30), (right * 0.30, level * 0.30, up * 0.34), np.array([0.66, 0.40, 0.28]))
    for _ in range(9):
        lean = rng.uniform(-0.35, 0.35, 2)
        stem = 0.55 * (up + lean[0] * right + lean[1] * level)
        middle = at(pot, 0.34, 0.30) + stem / 2
        green = np.array([0.18, 0.38 + 0.12 * rng.random(), 0.18])
        box(middle, (right * 0.05, level * 0.05, stem), green)


def _treadmill(box, quad, ground: float) -> None:  # type: ignore[no-untyped-def]
    """Put a deck under the walker along x, with a belt and a console in front."""
    ex, ey, ez = np.eye(3)
    box(
        np.array([0.0, 0.0, ground / 2 - 0.01]),
        (ex * 1.9, ey * 0.86, ez * (-ground - 0.03)),
        np.array([0.30, 0.31, 0.33]),
    )
    for sign in (1.0, -1.0):
        box(np.array([0.0, sign * 0.37, -0.01]), (ex * 1.9, ey * 0.12, ez * 0.05), np.array([0.55, 0.56, 0.58]))
        post = np.array([1.02, sign * 0.37, 0.5 * (1.15 + ground)])
        box(post, (ex * 0.05, ey * 0.05, ez * (1.15 - ground)), np.array([0.42, 0.43, 0.45]))
    box(np.array([1.02, 0.0, 1.18]), (ex * 0.10, ey * 0.80, ez * 0.16), np.array([0.22, 0.22, 0.24]))
    quad(np.array(BELT_CORNERS[0]), ex * 1.9, ey * 0.62, np.array([0.13, 0.13, 0.14]), BELT)
