// Angles from landmarks in pixels (x right, y down), as in analysis/angles.py: 0 = straight or upright, degrees.
// Left and right are always the person's own.

export const MARK = {
  nose: 0, left_ear: 7, right_ear: 8, left_shoulder: 11, right_shoulder: 12, left_elbow: 13, right_elbow: 14,
  left_wrist: 15, right_wrist: 16, left_hip: 23, right_hip: 24, left_knee: 25, right_knee: 26, left_ankle: 27,
  right_ankle: 28, left_heel: 29, right_heel: 30, left_toe: 31, right_toe: 32,
};

// Shoulder distance over torso length, seen from the front (analysis/config.py: shoulder_width).
const SHOULDER_WIDTH = 0.65;
// Farther than this off square, angles of a side view are refused (analysis/config.py: side_max_yaw_deg).
const SIDE_MAX_YAW_DEG = 30;
// Trunk rotation in walking swings the shoulders this much more; a still picture needs no such allowance.
const SWING_ALLOWANCE_DEG = 10;
const FRONT_MIN_YAW_DEG = 55;

const degrees = (radians) => (radians * 180) / Math.PI;
const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

/** Angle of a segment from vertical, + when its lower end swings forward. */
export function inclination(upper, lower, facing) {
  return degrees(Math.atan2(facing * (lower.x - upper.x), lower.y - upper.y));
}

/** Knee bend, 0 = straight. */
export function kneeBend(hip, knee, ankle, facing) {
  const bend = inclination(hip, knee, facing) - inclination(knee, ankle, facing);
  return ((bend + 540) % 360) - 180;
}

/** Trunk from vertical, + in the direction of `toward` (+1 right in the picture, -1 left). */
export function trunkLean(hip, shoulder, toward) {
  return degrees(Math.atan2(toward * (shoulder.x - hip.x), hip.y - shoulder.y));
}

/** What a picture shows of a person: points in pixels by name, which way they face, and the angles of that view. */
export function look(landmarks, width, height) {
  const at = {};
  for (const [name, index] of Object.entries(MARK)) {
    const mark = landmarks[index];
    at[name] = { x: mark.x * width, y: mark.y * height, visibility: mark.visibility };
  }
  const hip = middle(at.left_hip, at.right_hip);
  const shoulder = middle(at.left_shoulder, at.right_shoulder);
  const torso = Math.hypot(shoulder.x - hip.x, shoulder.y - hip.y) || 1;
  const across = Math.abs(at.left_shoulder.x - at.right_shoulder.x) / torso;
  const yaw = degrees(Math.asin(Math.min(1, across / SHOULDER_WIDTH)));
  const view = yaw <= SIDE_MAX_YAW_DEG + SWING_ALLOWANCE_DEG ? "side" : yaw >= FRONT_MIN_YAW_DEG ? "front" : "slant";
  const toes = at.left_toe.x - at.left_heel.x + at.right_toe.x - at.right_heel.x;
  const face = at.nose.x - middle(at.left_ear, at.right_ear).x;
  const facing = toes + face >= 0 ? 1 : -1;
  const side = view === "side";
  return {
    at, hip, shoulder, torso, view, facing,
    near: side ? (facing > 0 ? "right" : "left") : null,
    knees: {
      left: side ? kneeBend(at.left_hip, at.left_knee, at.left_ankle, facing) : null,
      right: side ? kneeBend(at.right_hip, at.right_knee, at.right_ankle, facing) : null,
    },
    // From the front, + is toward the person's own left, on whichever side of the picture that is.
    trunk: side
      ? trunkLean(hip, shoulder, facing)
      : view === "front" ? trunkLean(hip, shoulder, at.left_shoulder.x >= at.right_shoulder.x ? 1 : -1) : null,
  };
}

/** "leans 4° forward" and the like; a dash where the view does not show it. */
export function trunkWords(seen) {
  if (!seen || seen.trunk === null) return "–";
  const lean = Math.round(seen.trunk);
  if (lean === 0) return "upright";
  const way = seen.view === "side" ? (lean > 0 ? "forward" : "back") : lean > 0 ? "to your left" : "to your right";
  return `${Math.abs(lean)}° ${way}`;
}
