// What leaves the browser: landmarks as numbers, never a picture.

const POINTS = 33;
const VALUES = 6; // x, y, visibility, and the world position x, y, z

// MediaPipe's video mode smooths over time, which mixes up legs that pass each other; of pictures that claim to be this
// far apart it passes 99.4 % of the new one (vision/landmarker.py has the formula, and can afford larger steps). In a
// browser the clock ends at 2^31 ms, after 4294 pictures: 143 s at 30 a second. Then the model has to be started anew.
export const UNFILTERED_STEP_MS = 500_000;
export const LAST_MS = 2 ** 31 - 1 - UNFILTERED_STEP_MS;
// Visibility is always smoothed: new = 0.1 seen + 0.9 old.
const VISIBILITY_SHARE = 0.1;

/** Undo the smoothing of visibility: returns a function of each picture's landmarks, in order. */
export function unsmoother() {
  let before = null;
  return (landmarks) => {
    const smooth = landmarks.map((mark) => mark.visibility);
    const seen = before
      ? smooth.map((value, i) => (value - (1 - VISIBILITY_SHARE) * before[i]) / VISIBILITY_SHARE)
      : smooth;
    before = smooth;
    return landmarks.map((mark, i) => ({ ...mark, visibility: Math.min(1, Math.max(0, seen[i])) }));
  };
}

/** One picture's numbers; NaN where nobody was seen. */
export function row(landmarks, world) {
  const numbers = new Float32Array(POINTS * VALUES).fill(NaN);
  landmarks?.forEach((mark, i) => {
    const at = world[i];
    numbers.set([mark.x, mark.y, mark.visibility, at.x, at.y, at.z], i * VALUES);
  });
  return numbers;
}

/** The middle rate of pictures a second; 0 with fewer than two. */
export function rate(timesMs) {
  const steps = timesMs.slice(1).map((time, i) => time - timesMs[i]).sort((a, b) => a - b);
  return steps.length ? 1000 / steps[Math.floor(steps.length / 2)] : 0;
}

/** The message for Python (evenstride/ui/live_message.py reads it). */
export function pack(timesMs, rows, about) {
  const all = new Float32Array(rows.length * POINTS * VALUES);
  rows.forEach((numbers, i) => all.set(numbers, i * POINTS * VALUES));
  return { ...about, frames: rows.length, time_ms: base64(new Float64Array(timesMs)), landmarks: base64(all) };
}

function base64(numbers) {
  const bytes = new Uint8Array(numbers.buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
