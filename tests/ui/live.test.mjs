// The live view's rules, run by node's own test runner: `node --test tests/ui/live.test.mjs` (test_live_rules.py does).
import assert from "node:assert/strict";
import { test } from "node:test";

import { advise, ADVICE, crossings, steady } from "../../evenstride/ui/components/advice.mjs";
import { bitsPerSecond, startFilm } from "../../evenstride/ui/components/filming.mjs";
import { pack, rate, row, unsmoother } from "../../evenstride/ui/components/frames.mjs";
import { kneeBend, look, MARK, trunkWords } from "../../evenstride/ui/components/geometry.mjs";
import { labelBoxes } from "../../evenstride/ui/components/skeleton.mjs";

const [WIDTH, HEIGHT] = [960, 540];

/** Landmarks of somebody standing side-on, facing `facing` in the picture; lengths as shares of the picture's height. */
function stand({ facing = 1, top = 0.15, bottom = 0.9, shoulders = 0.02, x = 0.5, visibility = 0.9 } = {}) {
  const size = bottom - top;
  const heights = { nose: 0.08, ear: 0.07, shoulder: 0.19, elbow: 0.35, wrist: 0.48, hip: 0.48, knee: 0.73, ankle: 0.96 };
  const at = (part) => top + size * ({ ...heights, heel: 1, toe: 1 })[part];
  const aspect = HEIGHT / WIDTH;
  const points = Array.from({ length: 33 }, () => ({ x, y: top, visibility }));
  for (const [name, index] of Object.entries(MARK)) {
    const [side, part] = name === "nose" ? ["", "nose"] : name.split("_");
    let across = side === "left" ? shoulders / 2 : side === "right" ? -shoulders / 2 : 0;
    if (part === "toe") across += facing * 0.08 * size;
    if (part === "heel") across -= facing * 0.05 * size;
    if (part === "nose") across += facing * 0.04 * size;
    points[index] = { x: x + across * aspect, y: at(part), visibility };
  }
  return points;
}

const seen = (how) => look(stand(how), WIDTH, HEIGHT);
const said = (how, brightness = 120) => advise(seen(how), brightness, HEIGHT);

test("a whole person from the side in good light is good", () => assert.equal(said(), "good"));

test("every fault has advice of its own", () => {
  assert.equal(said({}, 20), "dark");
  assert.equal(advise(null, 120, HEIGHT), "nobody");
  assert.equal(said({ top: -0.1, bottom: 1.2 }), "back");
  assert.equal(said({ top: 0.02, bottom: 0.97 }), "back");
  assert.equal(said({ top: -0.05, bottom: 0.6 }), "raise");
  assert.equal(said({ top: 0.45, bottom: 1.1 }), "lower");
  assert.equal(said({ top: 0.45, bottom: 0.75 }), "closer");
  assert.equal(said({ shoulders: 0.16 }), "side");
});

test("legs behind something are told", () => {
  const points = stand();
  points[MARK.right_ankle].visibility = 0.05; // facing right, the right leg is the near one
  assert.equal(advise(look(points, WIDTH, HEIGHT), 120, HEIGHT), "hidden");
  const far = stand();
  far[MARK.left_ankle].visibility = 0.05; // the far leg is often hidden by the near one
  assert.equal(advise(look(far, WIDTH, HEIGHT), 120, HEIGHT), "good");
});

test("darkness comes first, and an unknown brightness is not dark", () => {
  assert.equal(advise(null, 10, HEIGHT), "dark");
  assert.equal(advise(null, null, HEIGHT), "nobody");
});

test("all advice is short and plain", () => {
  for (const { text } of Object.values(ADVICE)) assert.ok(text.split(" ").length <= 14, text);
});

test("advice changes only once it has held, and then at once for good", () => {
  let state = steady(null, "good", 0);
  state = steady(state, "dark", 100);
  state = steady(state, "dark", 800);
  assert.equal(state.shown, "good");
  state = steady(state, "dark", 900);
  assert.equal(state.shown, "dark");
});

test("advice that comes and goes is never shown", () => {
  let state = steady(null, "good", 0);
  for (let time = 0; time < 20_000; time += 100) {
    state = steady(state, (time / 100) % 5 === 0 ? "good" : "side", time);
    assert.equal(state.shown, "good");
  }
});

test("two faults that take turns do not keep either from being seen as new", () => {
  let state = steady(null, "good", 0);
  state = steady(state, "dark", 100);
  state = steady(state, "side", 700);
  state = steady(state, "side", 1000);
  assert.equal(state.shown, "good");
  assert.equal(steady(state, "side", 1500).shown, "side");
});

test("walks across are counted from edge to edge", () => {
  let state = null;
  const counts = [0.5, 0.1, null, 0.2, 0.5, 0.8, 0.9, null, 0.95, 0.5, 0.75, 0.1].map((x) => (state = crossings(state, x)).count);
  assert.deepEqual(counts, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2]);
});

test("a knee bends backward only when the shank does", () => {
  const hip = { x: 0, y: 0 };
  const knee = { x: 0, y: 100 };
  for (const facing of [1, -1]) {
    assert.ok(Math.abs(kneeBend(hip, knee, { x: 0, y: 200 }, facing)) < 1e-9);
    const behind = { x: -facing * 100, y: 200 };
    assert.ok(Math.abs(kneeBend(hip, knee, behind, facing) - 45) < 1e-9);
    const ahead = { x: facing * 10, y: 200 };
    assert.ok(kneeBend(hip, knee, ahead, facing) < 0);
  }
});

test("the near leg is the one on the camera's side", () => {
  assert.equal(seen({ facing: 1 }).near, "right");
  assert.equal(seen({ facing: -1 }).near, "left");
});

test("from the front no knee angle is shown", () => {
  const front = seen({ shoulders: 0.16 });
  assert.equal(front.view, "front");
  assert.deepEqual(front.knees, { left: null, right: null });
});

test("the trunk is told in words, both ways and in both views", () => {
  assert.equal(trunkWords(null), "–");
  assert.equal(trunkWords({ trunk: null, view: "slant" }), "–");
  assert.equal(trunkWords({ trunk: 0.3, view: "side" }), "upright");
  assert.equal(trunkWords({ trunk: 4.2, view: "side" }), "4° forward");
  assert.equal(trunkWords({ trunk: -4.2, view: "side" }), "4° back");
  assert.equal(trunkWords({ trunk: 3, view: "front" }), "3° to your left");
  assert.equal(trunkWords({ trunk: -3, view: "front" }), "3° to your right");
});

test("leaning the shoulders toward the person's left reads as left, facing us or not", () => {
  for (const shoulders of [0.16, -0.16]) {
    const points = stand({ shoulders });
    for (const side of ["left", "right"]) points[MARK[`${side}_shoulder`]].x += Math.sign(shoulders) * 0.02;
    assert.match(trunkWords(look(points, WIDTH, HEIGHT)), /to your left/);
  }
});

test("smoothed visibility is undone", () => {
  const truth = [0.9, 0.2, 0.6, 1.0, 0.0];
  let smooth = null;
  const unsmooth = unsmoother();
  for (const value of truth) {
    smooth = smooth === null ? value : 0.1 * value + 0.9 * smooth;
    assert.ok(Math.abs(unsmooth([{ x: 0, visibility: smooth }])[0].visibility - value) < 1e-9);
  }
});

test("the rate is the middle one", () => {
  assert.equal(rate([0]), 0);
  assert.equal(rate([0, 50, 100, 150, 900]), 20);
});

test("a walk is packed as numbers in order, and nobody as NaN", () => {
  const marks = Array.from({ length: 33 }, (_, i) => ({ x: i, y: i + 0.25, visibility: 0.5 }));
  const world = Array.from({ length: 33 }, (_, i) => ({ x: -i, y: 1, z: 2 }));
  const message = pack([10, 43.5], [row(marks, world), row(null)], { width: 640, height: 480 });
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  assert.deepEqual([...new Float64Array(bytes(message.time_ms))], [10, 43.5]);
  const numbers = new Float32Array(bytes(message.landmarks));
  assert.equal(numbers.length, 2 * 33 * 6);
  assert.deepEqual([...numbers.slice(6, 12)], [1, 1.25, 0.5, -1, 1, 2]);
  assert.ok(numbers.slice(33 * 6).every(Number.isNaN));
  assert.deepEqual([message.frames, message.width, message.height], [2, 640, 480]);
});

test("the longest film that can be recorded fits into the limit twice, and a short one is sharp", () => {
  const limit = 500 * 2 ** 20;
  assert.equal(bitsPerSecond(120, limit), 8_000_000);
  for (const seconds of [5, 90, 120]) {
    for (const most of [limit, limit / 10]) assert.ok((bitsPerSecond(seconds, most) / 8) * seconds * 2 <= most);
  }
});

test("a browser that writes more than it was asked to is stopped before the limit", async () => {
  globalThis.MediaRecorder = class {
    static isTypeSupported = (kind) => kind === "video/webm";
    constructor(stream, options) {
      this.mimeType = options.mimeType;
      globalThis.recorder = this;
    }
    start() {
      this.state = "recording";
    }
    stop() {
      this.state = "inactive";
      this.onstop();
    }
  };
  const { film, runs } = startFilm({}, { seconds: 10, mostBytes: 1000 });
  const piece = (size) => globalThis.recorder.ondataavailable({ data: new Blob([new Uint8Array(size)]) });
  piece(900);
  assert.ok(runs());
  piece(60);
  assert.ok(!runs());
  assert.equal((await film).size, 960);
  delete globalThis.MediaRecorder;
});

test("the knees' labels never cover each other, wherever the legs are and however small the picture", () => {
  for (const picture of [{ width: 328, height: 185 }, { width: 960, height: 540 }]) {
    for (let x = 0; x <= picture.width; x += 8) {
      for (let apart = -60; apart <= 60; apart += 4) {
        for (const [up, way] of [[0, 1], [0, -1], [5, 1], [-40, -1], [200, 1]]) {
          const knees = [{ at: [x, 100], width: 60, way }, { at: [x + apart, 100 + up], width: 48, way: -way }];
          const [a, b] = labelBoxes(knees, 22, 18, picture);
          const covers = a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + 22 && b.top < a.top + 22;
          assert.ok(!covers, JSON.stringify([picture, knees, a, b]));
          for (const box of [a, b]) {
            assert.ok(box.left >= 0 && box.left + box.width <= picture.width);
            assert.ok(box.top >= 0 && box.top + 22 <= picture.height);
          }
        }
      }
    }
  }
});

test("as the legs cross the labels stay where they are", () => {
  const at = (apart) => labelBoxes([{ at: [400 + apart, 300], width: 60, way: 1 }, { at: [400 - apart, 300], width: 60, way: -1 }],
    22, 18, { width: 960, height: 540 });
  for (let apart = -30; apart <= 30; apart += 2) {
    const [ahead, behind] = at(apart);
    assert.ok(ahead.left > 400 && behind.left + behind.width < 400);
  }
});

test("one knee alone has its label", () => {
  assert.equal(labelBoxes([{ at: [100, 100], width: 60, way: 1 }], 22, 18, { width: 960, height: 540 }).length, 1);
  assert.deepEqual(labelBoxes([], 22, 18, { width: 960, height: 540 }), []);
});
