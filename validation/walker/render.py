"""Rendering: OpenGL without a display (EGL; Mesa's llvmpipe will do), and the clip's file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import moderngl
import numpy as np
from numpy.typing import NDArray

from validation.walker.body import load_body
from validation.walker.camera import View
from validation.walker.clothes import dress
from validation.walker.kinematics import pose_at
from validation.walker.params import WalkerParams
from validation.walker.scene import BELT_CORNERS, DECK_HEIGHT_M, make_scene
from validation.walker.skeleton import skeleton
from validation.walker.skinning import Skinner, bone_transforms
from validation.walker.truth import Clip
from vision.errors import EvenstrideError

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

SHADOW_PX, SHADOW_HALF_M = 512, 1.5
SAMPLES = 4
#: Only the part of a picture that differs from the empty room is drawn: margin around it, and steps of its size.
TOUCH_MARGIN_PX, PART_STEP_PX = 8, 32
#: Pictures averaged for one blurred frame.
BLUR_STEPS = 4
#: Direction to the lamp in the camera's frame: right, up, toward the camera.
LAMP = (-0.45, 1.0, 0.62)
TIME_BASE = Fraction(1, 90000)

_VERTEX = """
#version 330
uniform mat4 clip;
uniform mat4 shadow_clip;
in vec3 at; in vec3 normal; in vec3 color; in float material;
out vec3 v_at; out vec3 v_normal; out vec3 v_color; out vec3 v_shadow; flat out float v_material;
void main() {
    gl_Position = clip * vec4(at, 1.0);
    vec4 s = shadow_clip * vec4(at + 0.012 * normal, 1.0);
    v_shadow = s.xyz * 0.5 + 0.5;
    v_at = at; v_normal = normal; v_color = color; v_material = material;
}
"""
_FRAGMENT = """
#version 330
uniform vec3 lamp; uniform float belt_m; uniform sampler2DShadow shadow_map; uniform bool receives;
in vec3 v_at; in vec3 v_normal; in vec3 v_color; in vec3 v_shadow; flat in float v_material;
out vec4 pixel;
float lit() {
    if (any(lessThan(v_shadow, vec3(0.0))) || any(greaterThan(v_shadow, vec3(1.0)))) return 1.0;
    float sum = 0.0;
    for (int i = -RINGS; i <= RINGS; i++) for (int j = -RINGS; j <= RINGS; j++)
        sum += texture(shadow_map, v_shadow + vec3(vec2(i, j) * SPREAD, -0.0015));
    return sum / float((2 * RINGS + 1) * (2 * RINGS + 1));
}
void main() {
    vec3 base = pow(v_color, vec3(2.2));
    if (v_material == 1.0) {  // boards along x
        float board = floor(v_at.y / 0.19);
        float shade = fract(sin(board * 91.7) * 437.5);
        float seam = smoothstep(0.0, 0.03, min(fract(v_at.y / 0.19), 1.0 - fract(v_at.y / 0.19)));
        base *= (0.86 + 0.22 * shade) * mix(0.72, 1.0, seam);
    } else if (v_material == 2.0) {  // marks that run with the belt
        base += 0.05 * smoothstep(0.46, 0.5, abs(fract((v_at.x + belt_m) / 0.4) - 0.5));
    }
    vec3 n = normalize(gl_FrontFacing ? v_normal : -v_normal);
    float sun = max(dot(n, lamp), 0.0);
    if (sun > 0.0 && receives) sun *= lit();
    vec3 light = mix(vec3(0.34, 0.31, 0.28), vec3(0.52, 0.54, 0.57), 0.5 + 0.5 * n.z) + 0.72 * sun;
    pixel = vec4(pow(min(base * light, 1.0), vec3(1.0 / 2.2)), 1.0);
}
"""
_SHADOW_VERTEX = """
#version 330
uniform mat4 shadow_clip;
in vec3 at;
void main() { gl_Position = shadow_clip * vec4(at, 1.0); }
"""


class NoRenderer(EvenstrideError):
    """OpenGL without a display is not to be had here."""


class Renderer:
    """Draws one clip's frames; use as a context manager."""

    def __init__(self, params: WalkerParams, view: View) -> None:
        self._params, self._view = params, view
        try:
            self._gl = moderngl.create_standalone_context(backend="egl")
        except Exception as error:  # glcontext raises it bare
            raise NoRenderer(
                f"OpenGL could not be opened without a display ({error}).", "Install libegl1 and libgl1-mesa-dri."
            ) from error
        body = skeleton(params.body)
        self.figure = dress(body, load_body(params.body.build, body.stature_m), params.look)
        self._skin = Skinner(self.figure)
        self._body = body
        self._make_buffers()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._gl.release()

    def _make_buffers(self) -> None:
        gl, size = self._gl, self._view.size_px
        fragment = _FRAGMENT.replace("RINGS", "1").replace("SPREAD", f"{3.0 / SHADOW_PX:.6f}")
        self._program = gl.program(vertex_shader=_VERTEX, fragment_shader=fragment)
        self._shadow_program = gl.program(
            vertex_shader=_SHADOW_VERTEX, fragment_shader="#version 330\nvoid main() {}\n"
        )
        depth = gl.depth_texture((SHADOW_PX, SHADOW_PX))
        depth.compare_func = "<="
        depth.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self._shadow_map, self._shadow_target = depth, gl.framebuffer(depth_attachment=depth)

        scene = make_scene(self._params, self._view)
        still = np.column_stack([scene.vertices, scene.normals, scene.colors, scene.material]).astype("f4")
        self._room = gl.vertex_array(
            self._program, [(gl.buffer(still.tobytes()), "3f 3f 3f 1f", "at", "normal", "color", "material")]
        )
        count = len(self.figure.vertices)
        paint = np.column_stack([self.figure.colors, np.zeros(count)]).astype("f4")
        self._moving = gl.buffer(reserve=count * 24, dynamic=True)
        index = gl.buffer(self.figure.triangles.astype("i4").tobytes())
        self._person = gl.vertex_array(
            self._program,
            [(self._moving, "3f 3f", "at", "normal"), (gl.buffer(paint.tobytes()), "3f 1f", "color", "material")],
            index,
        )
        self._caster = gl.vertex_array(self._shadow_program, [(self._moving, "3f 12x", "at")], index)
        gl.enable(moderngl.DEPTH_TEST)
        self._shadow_map.use(0)
        self._program["lamp"].write(self._lamp().astype("f4").tobytes())
        self._targets: dict[tuple[int, int], tuple[moderngl.Framebuffer, moderngl.Framebuffer]] = {}
        width, height = size
        self._empty = self._draw_part((0, 0, width, height), person=False)

    def draw(self, rotations: Array, translations: Array, belt_m: float) -> Image:
        """Return one picture [H, W, 3] of the person with these bone transforms."""
        vertices, normals = self._skin(rotations, translations)
        picture = self._empty.copy()
        box = self._touched_box(vertices)
        if box is None:
            return picture
        self._moving.write(np.hstack([vertices, normals]).astype("f4").tobytes())
        shadow = _column_major(self._shadow_matrix(rotations[0] @ self._body.rest["pelvis"] + translations[0]))
        self._shadow_program["shadow_clip"].write(shadow)
        self._program["shadow_clip"].write(shadow)
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        self._caster.render()
        self._program["belt_m"].value = belt_m
        x, y, width, height = box
        picture[y : y + height, x : x + width] = self._draw_part(box, person=True)
        return picture

    def _draw_part(self, box: tuple[int, int, int, int], person: bool) -> Image:
        """Return the part x, y (from above), width, height of the picture: the room, and the person if asked."""
        x, y, width, height = box
        gl, (full_width, full_height) = self._gl, self._view.size_px
        if (width, height) not in self._targets:
            many = gl.framebuffer(
                [gl.renderbuffer((width, height), 4, samples=SAMPLES)],
                gl.depth_renderbuffer((width, height), samples=SAMPLES),
            )
            self._targets[width, height] = many, gl.framebuffer([gl.renderbuffer((width, height), 4)])
        target, resolved = self._targets[width, height]
        part = np.eye(4)
        part[0, 0], part[0, 3] = full_width / width, (full_width - 2 * x) / width - 1.0
        part[1, 1], part[1, 3] = full_height / height, 1.0 - (full_height - 2 * y) / height
        self._program["clip"].write(_column_major(part @ self._view.matrix()))
        target.use()
        target.clear(0.5, 0.5, 0.5)
        self._program["receives"].value = person
        self._room.render()
        if person:
            self._program["receives"].value = False
            self._person.render()
        gl.copy_framebuffer(resolved, target)
        pixels = np.frombuffer(resolved.read(components=3, alignment=1), dtype=np.uint8)
        return pixels.reshape(height, width, 3)[::-1]

    def _lamp(self) -> Array:
        """Return the direction [3] to the lamp, which stands fixed to the camera."""
        level = np.append(self._view.forward[:2] / np.linalg.norm(self._view.forward[:2]), 0.0)
        right = np.array([level[1], -level[0], 0.0])
        lamp = LAMP[0] * right + LAMP[1] * np.array([0.0, 0.0, 1.0]) - LAMP[2] * level
        return np.asarray(lamp / np.linalg.norm(lamp))

    def _shadow_matrix(self, pelvis: Array) -> Array:
        """Return the lamp's clip matrix [4, 4], centred on the person."""
        lamp = self._lamp()
        x = np.cross([0.0, 0.0, 1.0], lamp)
        x = x / np.linalg.norm(x)
        turn = np.stack([x, np.cross(lamp, x), lamp])
        clip = np.eye(4)
        clip[:3, :3] = turn / SHADOW_HALF_M * np.array([[1.0], [1.0], [-0.5]])
        clip[:3, 3] = -clip[:3, :3] @ np.array([pelvis[0], pelvis[1], 0.75])
        return clip

    def _touched_box(self, vertices: NDArray[np.float32]) -> tuple[int, int, int, int] | None:
        """Return the part of the picture (x, y, width, height) that differs from the empty room; None if none does."""
        size = np.array(self._view.size_px)
        lamp = self._lamp()
        some = vertices[::5]
        points = [some, some - some[:, 2:] * (lamp / lamp[2])]
        if self._params.gait.activity == "treadmill":
            points.append(some - (some[:, 2:] + DECK_HEIGHT_M) * (lamp / lamp[2]))
            points.append(np.array(BELT_CORNERS))
        xy = self._view.project(np.concatenate(points))
        if not np.all(np.isfinite(xy)):
            return 0, 0, int(size[0]), int(size[1])
        low = np.clip(np.floor(xy.min(axis=0)) - TOUCH_MARGIN_PX, 0, size).astype(int)
        high = np.clip(np.ceil(xy.max(axis=0)) + TOUCH_MARGIN_PX, 0, size).astype(int)
        if np.any(high <= low):
            return None
        # Sizes in steps, so that few targets serve all frames.
        extent = np.minimum((high - low + PART_STEP_PX - 1) // PART_STEP_PX * PART_STEP_PX, size)
        low = np.minimum(low, size - extent)
        return int(low[0]), int(low[1]), int(extent[0]), int(extent[1])


def _column_major(matrix: Array) -> bytes:
    return bytes(np.ascontiguousarray(matrix.T).astype("f4").tobytes())


def frames(clip: Clip) -> Iterator[Image]:
    """Yield the clip's pictures [H, W, 3]; the same clip gives the same pixels."""
    params = clip.params
    camera = params.camera
    belt_mps = params.gait.speed_mps if params.gait.activity == "treadmill" else 0.0
    rng = np.random.default_rng([params.seed, 19])
    steps = BLUR_STEPS if camera.motion_blur > 0.0 else 1
    # The shutter is open around each frame's time.
    within = (np.arange(steps) - 0.5 * (steps - 1)) / steps * camera.motion_blur / camera.fps
    times = (clip.time_s[:, None] + within).ravel()
    posed = pose_at(clip.motion, params.gait, times)
    with Renderer(params, clip.view) as renderer:
        rotations, translations = bone_transforms(skeleton(params.body), posed)
        for i in range(len(clip.time_s)):
            shots = [
                renderer.draw(rotations[j], translations[j], belt_mps * times[j])
                for j in range(i * steps, (i + 1) * steps)
            ]
            picture = shots[0] if steps == 1 else np.mean(shots, axis=0)
            if camera.noise > 0.0:
                picture = picture + camera.noise * rng.standard_normal(picture.shape, dtype=np.float32)
            yield np.clip(np.round(picture), 0, 255).astype(np.uint8)


def write_clip(clip: Clip, path: Path) -> None:
    """Render a clip into an H.264 file (yuv420p, faststart)."""
    camera = clip.params.camera
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(camera.fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = camera.width, camera.height, "yuv420p"
        stream.options = {"crf": str(clip.params.crf), "preset": "slow", "g": str(int(10 * camera.fps))}
        stream.codec_context.time_base = TIME_BASE
        for time, picture in zip(clip.time_s, frames(clip), strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = round(time / TIME_BASE), TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
