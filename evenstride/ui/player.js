// A chart that follows the page's video: the curves move past a line that stands for now. Draw first, then bind.

const WINDOW_S = 4;       // how much of the film the chart shows at once
const BOTTOM = 46;        // room for the two rows of steps
const TOP = 14;
const LEFT = 34;          // room for the degrees
const INSIDE_S = 0.004;   // a seek goes this far behind a picture's start, so that rounding can't show the one before
const NAMES = { left: "Left", right: "Right" };
const WORDS = { heel_strike: "foot lands", toe_off: "foot lifts off" };

const players = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  let player = players.get(parentElement);
  if (!player) {
    player = new Player(parentElement);
    players.set(parentElement, player);
  }
  player.show(data);
  // Streamlit may call this again, or clean up, while the page still shows the chart.
  return () => {
    if (!parentElement.isConnected) player.stop();
  };
}

class Player {
  constructor(root) {
    this.root = root;
    this.plot = root.querySelector(".plot");
    this.whole = root.querySelector(".whole");
    this.now = root.querySelector(".now");
    this.ends = new AbortController();
    const signal = this.ends.signal;
    this.plot.addEventListener("click", (e) => this.seek(this.timeAt(e)), { signal });
    this.whole.addEventListener("click", (e) => this.seek(this.shareOf(e) * this.data.end_s), { signal });
    this.plot.addEventListener("keydown", (e) => this.key(e), { signal });
    for (const button of root.querySelectorAll("button")) {
      button.addEventListener("click", () => this.act(button.dataset.do), { signal });
    }
    root.querySelector("select").addEventListener("change", (e) => {
      if (this.video) this.video.playbackRate = Number(e.target.value);
    }, { signal });
    this.resized = new ResizeObserver(() => this.data && this.draw());
    this.resized.observe(this.plot);
    this.search = setInterval(() => this.bind(), 400);
  }

  stop() {
    this.ends.abort();
    this.resized.disconnect();
    clearInterval(this.search);
  }

  show(data) {
    this.data = data;
    for (const name of ["play", "speed"]) this.root.querySelector(`[data-do="${name}"]`).hidden = !data.video;
    this.root.querySelector("label").hidden = !data.video;
    this.draw();
    this.bind();
  }

  // The page may replace its video element at any time.
  bind() {
    if (!this.data.video) return;
    const found = document.querySelector(`.st-key-${CSS.escape(this.data.video)} video`);
    if (!found || found === this.video) return;
    this.video = found;
    const signal = this.ends.signal;
    found.addEventListener("loadedmetadata", () => this.begin(found), { signal });
    if (found.readyState > 0) this.begin(found);
    this.bare(found, signal);
    for (const event of ["seeked", "timeupdate", "loadeddata"]) {
      found.addEventListener(event, () => this.move(found.currentTime), { signal });
    }
    for (const event of ["play", "pause", "ended"]) found.addEventListener(event, () => this.state(), { signal });
    const follow = (_, frame) => {
      if (this.video !== found || signal.aborted) return;
      this.move(frame.mediaTime);
      found.requestVideoFrameCallback(follow);
    };
    if (found.requestVideoFrameCallback) found.requestVideoFrameCallback(follow);
    this.state();
    this.move(found.currentTime);
  }

  // Put a film that has not been moved yet to where it starts: an empty room says nothing.
  begin(video) {
    if (video.currentTime < INSIDE_S) video.currentTime = this.data.start_s + INSIDE_S;
  }

  // The browser's own controls lie dark over the legs: they are there only for who points at the film or touches it.
  // The buttons below do the same, for the keyboard too.
  bare(video, signal) {
    video.controls = false;
    for (const event of ["pointerenter", "pointerdown"]) {
      video.addEventListener(event, () => (video.controls = true), { signal });
    }
    video.addEventListener("pointerleave", (e) => e.pointerType === "mouse" && (video.controls = false), { signal });
  }

  state() {
    const playing = this.video && !this.video.paused && !this.video.ended;
    this.root.querySelector('[data-do="play"]').textContent = playing ? "Pause" : "Play";
    if (!playing) this.say();
  }

  act(what) {
    if (!this.video && this.data.video) return;
    if (what === "play" && !this.video) return;
    if (what === "play") return void (this.video.paused ? this.video.play() : this.video.pause());
    this.video?.pause();
    const steps = this.data.events.map((e) => e.time_s);
    const times = what === "before" || what === "next" ? steps : this.data.time_s;
    this.seek(what === "back" || what === "before" ? last(times, this.time - 0.008) : first(times, this.time + 0.008));
  }

  key(e) {
    const what = { ArrowLeft: e.shiftKey ? "before" : "back", ArrowRight: e.shiftKey ? "next" : "on", " ": "play" }[e.key];
    if (!what) return;
    e.preventDefault();
    this.act(what);
  }

  // Times here are real seconds; a slowed-down film plays later by its factor.
  seek(time) {
    if (time === undefined) return;
    const at = Math.max(0, Math.min(time, this.data.end_s)) * this.data.slow_motion;
    if (this.video) this.video.currentTime = at + INSIDE_S;
    else if (!this.data.video) this.move(at);
  }

  timeAt(e) {
    return this.from + (e.clientX - this.plot.getBoundingClientRect().left - LEFT) / this.perSecond;
  }

  shareOf(e) {
    const box = this.whole.getBoundingClientRect();
    return Math.min(1, Math.max(0, (e.clientX - box.left) / box.width));
  }

  draw() {
    const { curves, events, end_s, time_s, gaps, range_deg } = this.data;
    const width = this.plot.clientWidth, height = this.plot.clientHeight;
    if (!width) return;
    const values = range_deg ?? curves.flatMap((c) => c.values).filter((v) => v !== null);
    const low = Math.min(0, 10 * Math.floor(Math.min(...values, 0) / 10)), high = Math.max(70, 10 * Math.ceil(Math.max(...values, 0) / 10));
    this.span = Math.min(WINDOW_S, Math.max(end_s, 1));
    this.perSecond = (width - LEFT) / this.span;
    this.y = (v) => TOP + (height - BOTTOM - TOP) * (1 - (v - low) / (high - low));
    const x = (t) => t * this.perSecond;

    const inner = element("svg", { x: LEFT, y: 0, width: width - LEFT, height, style: "overflow:hidden" });
    const moving = element("g", {});
    for (const [start, stop] of gaps) {
      moving.append(element("rect", { class: "gap", x: x(start), y: TOP, width: Math.max(x(stop - start), 2), height: height - BOTTOM - TOP }));
      if (x(stop - start) > 90) moving.append(text("not measured", (x(start) + x(stop)) / 2, height / 2 - 20, { "text-anchor": "middle" }));
    }
    const fixed = element("g", {});
    for (let v = 20 * Math.ceil(low / 20); v <= high; v += 20) {
      fixed.append(element("line", { class: "grid", x1: LEFT, x2: width, y1: this.y(v), y2: this.y(v) }));
      fixed.append(text(`${v}°`.replace("-", "−"), LEFT - 5, this.y(v) + 4, { "text-anchor": "end" }));
    }
    // The first one would lose its number to the edge if it stood in the middle of its place.
    for (let t = 0; t <= end_s; t++) moving.append(text(`${t} s`, x(t), height - 2, { "text-anchor": t ? "middle" : "start" }));
    for (const curve of curves) {
      for (const near of [false, true]) {
        const path = pathOf(time_s, curve.values, curve.near, near, x, this.y);
        if (path) moving.append(element("path", { class: `line ${curve.side}${near ? "" : " far"}`, d: path }));
      }
    }
    ["left", "right"].forEach((side, row) => {
      const y = height - BOTTOM + 12 + 14 * row;
      fixed.append(text(NAMES[side][0], LEFT - 8, y + 4, { class: `letter ${side}`, "text-anchor": "end" }));
      for (const event of events.filter((e) => e.side === side)) {
        const down = event.type === "heel_strike";
        const shape = down ? "M-5 -5L5 -5L0 5Z" : "M-4.5 4.5L4.5 4.5L0 -4.5Z";
        const mark = element("path", { class: `event ${side} ${event.type}`, d: shape, transform: `translate(${x(event.time_s)} ${y})` });
        mark.append(titled(`${NAMES[side]} ${WORDS[event.type]}, ${event.time_s.toFixed(2)} s`));
        moving.append(mark);
      }
    });
    inner.append(moving);
    this.moving = moving;
    this.headLine = element("line", { class: "head", y1: TOP - 8, y2: height - 16 });
    this.dots = curves.map((c) => [element("circle", { class: `dot ${c.side}`, r: 6 }), text(NAMES[c.side][0], 0, 0, { class: `letter ${c.side}` })]);
    this.plot.replaceChildren(fixed, inner, this.headLine, ...this.dots.flat());
    this.plot.setAttribute("aria-label", this.data.alt);
    this.drawWhole(low, high);
    this.drawKey();
    this.move(this.video?.currentTime ?? (this.time ?? 0) * this.data.slow_motion);
  }

  drawWhole(low, high) {
    const { curves, end_s, time_s } = this.data;
    const box = element("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", width: "100%", height: "100%" });
    for (const curve of curves) {
      const path = pathOf(time_s, curve.values, null, null, (t) => 1000 * t / end_s, (v) => 100 - 100 * (v - low) / (high - low));
      box.append(element("path", { class: `line ${curve.side}`, d: path }));
    }
    this.window = element("rect", { class: "window", y: 0, height: "100%", width: `${100 * this.span / end_s}%` });
    this.wholeHead = element("line", { class: "head", y1: 0, y2: "100%" });
    this.whole.replaceChildren(box, this.window, this.wholeHead);
  }

  drawKey() {
    const parts = this.data.curves.map((c) => `<b class="${c.side}">${NAMES[c.side][0]} ${c.side} knee</b>`);
    if (this.data.curves.some((c) => c.near.includes(0))) parts.push("<span>dashed: the leg farther from the camera</span>");
    if (this.data.events.length) parts.push("<span>▼ lands</span>", "<span>△ lifts off</span>");
    this.root.querySelector(".key").innerHTML = parts.join("");
  }

  move(videoTime) {
    if (!this.moving) return;
    const { end_s, slow_motion, time_s, curves } = this.data;
    this.time = Math.min(videoTime / slow_motion, end_s);
    this.from = Math.max(0, Math.min(this.time - this.span / 2, end_s - this.span));
    this.moving.setAttribute("transform", `translate(${-this.from * this.perSecond} 0)`);
    const x = LEFT + (this.time - this.from) * this.perSecond;
    set(this.headLine, { x1: x, x2: x });
    set(this.window, { x: `${100 * this.from / end_s}%` });
    set(this.wholeHead, { x1: `${100 * this.time / end_s}%`, x2: `${100 * this.time / end_s}%` });
    this.index = nearest(time_s, this.time);
    this.dots.forEach(([dot, letter], k) => {
      const value = curves[k].values[this.index];
      const shown = value === null ? "none" : "";
      set(dot, { cx: x, cy: value === null ? 0 : this.y(value), display: shown });
      set(letter, { x: x + (k ? 9 : -19), y: value === null ? 0 : this.y(value) - 5, display: shown });
    });
    this.plot.dataset.time = this.time.toFixed(3);
    if (!this.video || this.video.paused) this.say();
  }

  say() {
    if (this.index === undefined) return;
    const parts = [`${this.time.toFixed(2)} s`];
    for (const curve of this.data.curves) {
      const value = curve.values[this.index];
      parts.push(`${curve.side} knee ${value === null ? "not measured" : `${Math.round(value)}°`.replace("-", "−")}`);
    }
    for (const event of this.data.events) {
      if (Math.abs(event.time_s - this.time) < 0.04) parts.push(`${event.side} ${WORDS[event.type]}`);
    }
    const said = parts.join(" · ");
    if (this.now.textContent !== said) this.now.textContent = said;
  }
}

// The path of one curve, with a break where there is no value; `wanted` picks the near or the far stretches.
function pathOf(times, values, near, wanted, x, y) {
  let path = "", down = false;
  values.forEach((value, k) => {
    const here = value !== null && (near === null || Boolean(near[k]) === wanted);
    if (here) path += `${down ? "L" : "M"}${x(times[k]).toFixed(1)} ${y(value).toFixed(1)}`;
    down = here;
  });
  return path;
}

function element(name, attributes) {
  return set(document.createElementNS("http://www.w3.org/2000/svg", name), attributes);
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function text(content, x, y, attributes = {}) {
  const node = element("text", { x, y, ...attributes });
  node.textContent = content;
  return node;
}

function titled(content) {
  const node = element("title", {});
  node.textContent = content;
  return node;
}

function nearest(times, time) {
  let low = 0, high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1; else high = middle;
  }
  return low > 0 && time - times[low - 1] < times[low] - time ? low - 1 : low;
}

function first(times, after) {
  return times.find((t) => t > after);
}

function last(times, before) {
  return times.findLast((t) => t < before);
}
