// What to change about the picture, in plain words. Pure functions: a picture in, a code out.

// How bright a picture is on average, 0 (black) to 255.
const DARK = 45;
// Shares of the picture's height. The pose model wants the body to fill more than half of it.
const SMALL_BODY = 0.4;
const LARGE_BODY = 0.92;
const NO_ROOM = 0.015;
const MUCH_ROOM = 0.2;
// How sure the pose model has to be of a joint; behind furniture it is not.
const MIN_VISIBILITY = 0.3;
// The crown of the head is this much of a torso length above the ears.
const CROWN = 0.3;

export const ADVICE = {
  dark: { text: "Too dark. Turn on a light, or face a window.", good: false },
  nobody: { text: "I can't see anyone. Step into the picture.", good: false },
  back: { text: "Step back, so that I see you from head to feet.", good: false },
  raise: { text: "Raise the camera: your head is cut off.", good: false },
  lower: { text: "Lower the camera: your feet are cut off.", good: false },
  hidden: { text: "Something hides your legs. Clear the way between you and the camera.", good: false },
  closer: { text: "Come closer: you are small in the picture.", good: false },
  side: { text: "Turn side-on, so that you walk across the picture.", good: false },
  good: { text: "Good. I can see all of you, from the side.", good: true },
};

/**
 * Return the code of the most important thing to change.
 * `seen` is what geometry.look() returned, or null; `brightness` 0..255; `height` of the picture in pixels.
 */
export function advise(seen, brightness, height) {
  if (brightness !== null && brightness < DARK) return "dark";
  if (!seen) return "nobody";
  const { top, bottom } = extent(seen, height);
  const body = bottom - top;
  const headCut = top < NO_ROOM;
  const feetCut = bottom > 1 - NO_ROOM;
  if (body > LARGE_BODY || (headCut && feetCut)) return "back";
  if (headCut) return 1 - bottom > MUCH_ROOM ? "raise" : "back";
  if (feetCut) return top > MUCH_ROOM ? "lower" : "back";
  if (legsHidden(seen)) return "hidden";
  if (body < SMALL_BODY) return "closer";
  if (seen.view !== "side") return "side";
  return "good";
}

function extent(seen, height) {
  const { at, torso } = seen;
  const feet = ["left_heel", "right_heel", "left_toe", "right_toe", "left_ankle", "right_ankle"];
  return {
    top: (Math.min(at.left_ear.y, at.right_ear.y, at.nose.y) - CROWN * torso) / height,
    bottom: Math.max(...feet.map((name) => at[name].y)) / height,
  };
}

function legsHidden({ at, near }) {
  const sides = near ? [near] : ["left", "right"];
  return sides.some((side) => ["knee", "ankle"].some((part) => at[`${side}_${part}`].visibility < MIN_VISIBILITY));
}

/** Say something else only once it has held for a while: `state` in, the next state out; `shown` is what to say. */
export function steady(state, code, nowMs, holdMs = 800) {
  if (!state) return { shown: code, next: code, since: nowMs };
  if (code === state.shown) return { ...state, next: code, since: nowMs };
  if (code !== state.next) return { ...state, next: code, since: nowMs };
  return nowMs - state.since >= holdMs ? { shown: code, next: code, since: nowMs } : state;
}

// Where one has to get to, as a share of the picture's width, for a walk across to count.
const EDGE = 0.3;

/** Count walks across the picture: `state` in, the next state out. `x` is the middle of the hips, 0..1, or null. */
export function crossings(state, x) {
  const { count, side } = state ?? { count: 0, side: null };
  const now = x === null ? null : x < EDGE ? "left" : x > 1 - EDGE ? "right" : null;
  if (now === null || now === side) return { count, side };
  return { count: side === null ? 0 : count + 1, side: now };
}
