// The picture and the skeleton over it, as in vision/overlay.py: blue left, orange right, letters, the far side dashed.

const COLOR = { left: "#56b4e9", right: "#f0a514", trunk: "#f5f5f5", plate: "rgba(20, 20, 24, 0.82)" };
const CHAINS = [
  { parts: ["shoulder", "elbow", "wrist"], width: 0.5 },
  { parts: ["hip", "knee", "ankle"], width: 1 },
  { parts: ["ankle", "heel", "toe", "ankle"], width: 0.7 },
];
const LINE_PX = 5;
const FONT_PX = 16;
// On a phone held upright the picture is small, and so is whoever walks in it.
const NARROW_PX = 480;
const SMALL_FONT_PX = 12;
const MIN_VISIBILITY = 0.3;

/** Put the picture that the video shows now on the canvas; people look for their mirror image. */
export function drawPicture(canvas, video, mirror) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio].map(Math.round);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  if (mirror) pen.setTransform(-1, 0, 0, 1, width, 0);
  pen.drawImage(video, 0, 0, width, height);
  pen.resetTransform();
}

export function clear(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

/** Draw what geometry.look() returned over a picture that is `videoWidth` wide. */
export function drawSkeleton(canvas, seen, videoWidth, mirror) {
  const pen = canvas.getContext("2d");
  const ratio = window.devicePixelRatio || 1;
  const scale = canvas.width / videoWidth;
  const place = ({ x, y }) => [(mirror ? videoWidth - x : x) * scale, y * scale];
  const line = LINE_PX * ratio;
  pen.lineCap = pen.lineJoin = "round";
  const far = seen.near === "left" ? "right" : seen.near === "right" ? "left" : null;
  for (const side of far === "left" ? ["left", "right"] : ["right", "left"]) {
    drawSide(pen, seen, side, side === far, place, line);
  }
  path(pen, [place(seen.hip), place(seen.shoulder)], COLOR.trunk, line * 0.8, false);
  pen.font = `600 ${fontPx(canvas, ratio)}px system-ui, sans-serif`;
  labels(pen, seen, place, ratio, mirror);
}

function drawSide(pen, seen, side, dashed, place, line) {
  for (const { parts, width } of CHAINS) {
    const marks = parts.map((part) => seen.at[`${side}_${part}`]);
    if (marks.some((mark) => mark.visibility < MIN_VISIBILITY)) continue;
    path(pen, marks.map(place), COLOR[side], line * width * (dashed ? 0.7 : 1), dashed);
  }
}

function path(pen, points, color, width, dashed) {
  for (const [stroke, extra] of [[COLOR.plate, width * 0.7], [color, 0]]) {
    pen.beginPath();
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.setLineDash(dashed ? [width * 2.2, width * 2] : []);
    pen.strokeStyle = stroke;
    pen.lineWidth = width + extra;
    pen.stroke();
  }
  pen.setLineDash([]);
}

/** The knees' labels stay where they are as the legs cross: that of the leg in front of the other in the picture goes
 * ahead of both knees, the other one behind; a line leads to its knee. */
function labels(pen, seen, place, ratio, mirror) {
  const pad = 6 * ratio;
  const height = fontPx(pen.canvas, ratio) + pad;
  const knees = ["left", "right"].map((side) => ({ side, mark: seen.at[`${side}_knee`], text: labelText(seen, side) }))
    .filter(({ mark }) => mark.visibility >= MIN_VISIBILITY)
    .map((knee) => ({ ...knee, at: place(knee.mark), width: pen.measureText(knee.text).width + 2 * pad,
      way: labelWay(seen, knee.side) * (mirror ? -1 : 1) }));
  const boxes = labelBoxes(knees, height, 3 * pad, pen.canvas);
  knees.forEach(({ side, at }, i) => {
    const { left, top, width } = boxes[i];
    const end = [Math.min(Math.max(at[0], left), left + width), top + height / 2];
    path(pen, [at, end], COLOR[side], 1.5 * ratio, false);
  });
  knees.forEach(({ side, text }, i) => {
    const { left, top, width } = boxes[i];
    pen.fillStyle = COLOR.plate;
    pen.beginPath();
    pen.roundRect(left, top, width, height, height / 3);
    pen.fill();
    pen.fillStyle = COLOR[side];
    pen.textBaseline = "middle";
    pen.fillText(text, left + pad, top + height / 2 + ratio);
  });
}

function labelText(seen, side) {
  const letter = side[0].toUpperCase();
  return seen.knees[side] === null ? letter : `${letter} ${Math.round(seen.knees[side])}°`;
}

/** Which way from the knees a label goes, +1 right in the camera's picture: the near leg's ahead of the walker; seen
 * from the front, each to its own side. */
function labelWay(seen, side) {
  if (seen.near) return seen.near === side ? seen.facing : -seen.facing;
  const across = seen.at[`${side}_shoulder`].x - seen.at[`${side === "left" ? "right" : "left"}_shoulder`].x;
  return across >= 0 ? 1 : -1;
}

/** Where labels go: knees are { at: [x, y], width, way }. Inside the picture, and never one on the other. */
export function labelBoxes(knees, height, gap, picture) {
  const xs = knees.map(({ at }) => at[0]);
  const inside = (start, length, room) => Math.max(0, Math.min(start, room - length));
  const boxes = knees.map(({ at: [, y], width, way }) => ({
    left: inside(way > 0 ? Math.max(...xs) + gap : Math.min(...xs) - gap - width, width, picture.width),
    top: inside(y - height / 2, height, picture.height), width,
  }));
  const [a, b] = boxes;
  if (b && a.left < b.left + b.width && b.left < a.left + a.width && Math.abs(a.top - b.top) < height) {
    // At the picture's edge there is no room beside each other: one goes above the other.
    const [upper, lower] = a.top <= b.top ? [a, b] : [b, a];
    upper.top = inside(lower.top - 1.1 * height, height, picture.height);
    lower.top = Math.max(lower.top, upper.top + 1.1 * height);
  }
  return boxes;
}

function fontPx(canvas, ratio) {
  return ratio * (canvas.width < NARROW_PX * ratio ? SMALL_FONT_PX : FONT_PX);
}
