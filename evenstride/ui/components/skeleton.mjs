// The picture and the skeleton over it, as in vision/overlay.py: blue left, orange right, letters, the far side dashed.

const COLOR = { left: "#56b4e9", right: "#f0a514", trunk: "#f5f5f5", plate: "rgba(20, 20, 24, 0.82)" };
const CHAINS = [
  { parts: ["shoulder", "elbow", "wrist"], width: 0.5 },
  { parts: ["hip", "knee", "ankle"], width: 1 },
  { parts: ["ankle", "heel", "toe", "ankle"], width: 0.7 },
];
const LINE_PX = 5;
const FONT_PX = 16;
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
  pen.font = `600 ${FONT_PX * ratio}px system-ui, sans-serif`;
  for (const side of ["left", "right"]) label(pen, seen, side, place, ratio);
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

function label(pen, seen, side, place, ratio) {
  const knee = seen.at[`${side}_knee`];
  if (knee.visibility < MIN_VISIBILITY) return;
  const [x, y] = place(knee);
  const [otherX] = place(seen.at[side === "left" ? "right_knee" : "left_knee"]);
  const bend = seen.knees[side];
  const text = bend === null ? side[0].toUpperCase() : `${side[0].toUpperCase()} ${Math.round(bend)}°`;
  const pad = 6 * ratio;
  const width = pen.measureText(text).width + 2 * pad;
  const height = FONT_PX * ratio + pad;
  const [after, before] = [x + 3 * pad, x - 3 * pad - width];
  // Outside the knees, where no other leg runs across it, unless the picture ends there.
  const left = (x >= otherX || before < 0) && after + width <= pen.canvas.width ? after : before;
  pen.fillStyle = COLOR.plate;
  pen.beginPath();
  pen.roundRect(left, y - height / 2, width, height, height / 3);
  pen.fill();
  pen.fillStyle = COLOR[side];
  pen.textBaseline = "middle";
  pen.fillText(text, left + pad, y + ratio);
}
