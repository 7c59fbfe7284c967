// The live view: camera, pose model, skeleton and advice in the browser; at the end the landmarks go to Python.
import { advise, ADVICE, crossings, steady } from "./advice.mjs";
import { isMirror, listCameras, openCamera, show, stopStream } from "./camera.mjs";
import { beep, countDown, speak } from "./cues.mjs";
import { canFilm, startFilm } from "./filming.mjs";
import { LAST_MS, pack, rate, row, UNFILTERED_STEP_MS, unsmoother } from "./frames.mjs";
import { look, trunkWords } from "./geometry.mjs";
import { clear, drawPicture, drawSkeleton } from "./skeleton.mjs";

const READOUT_EVERY_MS = 250;
const BRIGHTNESS_EVERY_MS = 500;
const RATE_WINDOW = 60;
// A rate that was called slow has to be this much better before it is not.
const RATE_MARGIN = 1.1;
// 30 pictures a second are enough, as for films; a camera that gives 60 is looked at every other time.
const MIN_STEP_MS = 25;
// Advice waits this long before it changes; while walking, turns and leaving the picture are part of it.
const HOLD_MS = 800;
const HOLD_WALKING_MS = 3000;

// A slow device plays the film of the walk at a speed that leaves it this share of its time to spare.
const SPARE = 0.25;
const SLOWEST = 0.1;
const WANTED_FPS = 30;
// The time that a picture takes is averaged over about this many.
const COST_WINDOW = 15;

const BUTTONS = {
  off: ["open"], loading: [], ready: ["start", "close"], counting: ["again"], walking: ["done", "again"],
  studying: ["skip", "again"], sending: ["open"],
};

/** Everything that one live view knows; it outlives the reruns of the page. */
class Live {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.stage = this.find(".stage");
    this.video = this.find("video");
    this.canvas = this.find("canvas");
    for (const button of root.querySelectorAll("button")) button.onclick = () => this[button.dataset.do]();
    this.find("[data-of=camera]").onchange = (event) => this.open(event.target.value);
    this.clock = 0;
    this.enter("off");
    // Whatever the page does with this element: once it is gone, the camera goes off.
    document.addEventListener("visibilitychange", (this.pause = () => this.state === "studying" && this.playOrPause()));
    this.watch = setInterval(() => root.isConnected || this.end(), 1000);
  }

  enter(state) {
    const first = this.state === undefined;
    this.state = this.stage.dataset.state = state;
    for (const button of this.root.querySelectorAll("button")) button.hidden = !BUTTONS[state].includes(button.dataset.do);
    this.find("[data-of=countdown]").closest("label").hidden = state !== "ready";
    if (state !== "ready") this.find("[data-of=camera]").closest("label").hidden = true;
    // Who uses the keyboard goes on where the next step is; opening the page moves nothing.
    if (!first) this.find(`[data-do=${BUTTONS[state][0]}]`)?.focus({ preventScroll: true });
  }

  say(words, good = "") {
    const place = this.find(".advice");
    if (place.textContent !== words) place.textContent = words;
    place.dataset.good = good;
  }

  big(words) {
    this.find(".big").textContent = words;
  }

  async open(deviceId) {
    this.enter("loading");
    this.find(".note").textContent = "";
    const clock = ++this.clock;
    this.endCamera();
    try {
      this.say("Opening the camera. The browser may ask whether it may be used.");
      const stream = await openCamera("user", deviceId);
      if (clock !== this.clock) return stopStream(stream);
      this.stream = stream;
      await show(this.video, this.stream);
      this.say("Loading the pose model from this computer.");
      await this.startModel();
    } catch (error) {
      return this.fail(error);
    }
    if (clock !== this.clock) return;
    this.mirror = isMirror(this.stream);
    this.stage.style.aspectRatio = `${this.video.videoWidth} / ${this.video.videoHeight}`;
    this.stream.getVideoTracks()[0].onended = () => this.fail(new Error("The camera was unplugged or turned off."));
    Object.assign(this, { advice: null, slow: false, brightness: null, times: [], readAt: 0, lightAt: 0 });
    this.enter("ready");
    await listCameras(this.find("[data-of=camera]"), this.stream);
    this.next(clock);
  }

  /** Start the pose model, in place of one whose clock has run out; one after the other, it can't start twice at once. */
  startModel() {
    this.starting = (this.starting ?? Promise.resolve()).catch(() => {}).then(async () => {
      if (this.closed) return;
      const landmarker = await loadLandmarker(this.data.assets);
      this.landmarker?.close();
      Object.assign(this, { landmarker, modelClock: 0, unsmooth: unsmoother() });
      if (this.closed) landmarker.close();
    });
    return this.starting;
  }

  fail(error) {
    this.close();
    this.find(".note").textContent = `${error.message} You can also upload a film or try a sample.`;
  }

  close() {
    this.clock++;
    this.endCamera();
    clear(this.canvas);
    this.big("");
    this.say("");
    this.enter("off");
  }

  /** The camera's light goes off, and a film that was kept is gone. */
  endCamera() {
    this.film?.stop();
    stopStream(this.stream);
    this.film = this.stream = this.video.srcObject = this.video.onended = null;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
    this.video.removeAttribute("src");
  }

  /** Look at the next picture, unless another camera or none runs by then. */
  next(clock) {
    this.video.requestVideoFrameCallback(async (now, picture) => {
      if (clock !== this.clock) return;
      try {
        if (this.modelClock > LAST_MS) await this.startModel();
        this.look(picture.captureTime ?? picture.mediaTime * 1000);
      } catch (error) {
        return this.fail(new Error(`The pose model stopped (${error.message}).`));
      }
      this.next(clock);
    });
  }

  look(timeMs) {
    if (timeMs - this.times.at(-1) < MIN_STEP_MS) return;
    this.times = [...this.times.slice(1 - RATE_WINDOW), timeMs];
    const { landmarks, world, seen } = this.follow();
    this.advise(seen, timeMs, this.video.videoHeight);
    if (timeMs - this.readAt > READOUT_EVERY_MS) this.read(seen, timeMs);
    if (this.state === "walking") this.keep(timeMs, landmarks, world, seen);
  }

  /** Find the joints in the picture that the video shows now, and draw both. */
  follow() {
    // The model takes a while, and the video goes on: skeleton and picture are shown together, of the same moment.
    const start = performance.now();
    drawPicture(this.canvas, this.video, this.mirror);
    this.modelClock += UNFILTERED_STEP_MS;
    const found = this.landmarker.detectForVideo(this.video, this.modelClock);
    const landmarks = found.landmarks.length ? this.unsmooth(found.landmarks[0]) : null;
    const seen = landmarks && look(landmarks, this.video.videoWidth, this.video.videoHeight);
    if (seen) drawSkeleton(this.canvas, seen, this.video.videoWidth, this.mirror);
    const cost = performance.now() - start;
    this.cost = this.cost ? this.cost + (cost - this.cost) / COST_WINDOW : cost;
    return { landmarks, world: found.worldLandmarks[0], seen };
  }

  advise(seen, timeMs, height) {
    if (timeMs - this.lightAt > BRIGHTNESS_EVERY_MS) {
      this.brightness = brightnessOf(this.video);
      this.lightAt = timeMs;
    }
    const code = advise(seen, this.brightness, height);
    this.advice = steady(this.advice, code, timeMs, this.state === "walking" ? HOLD_WALKING_MS : HOLD_MS);
    const { text, good } = ADVICE[this.advice.shown];
    this.say(text, String(good));
  }

  read(seen, timeMs) {
    const write = (name, text) => (this.find(`.readout [data-of=${name}] dd`).textContent = text);
    for (const side of ["left", "right"]) {
      const bend = seen?.knees[side] ?? null;
      write(side, bend === null ? "–" : `${Math.round(bend)}°`);
    }
    write("trunk", trunkWords(seen));
    if (this.times.length >= RATE_WINDOW / 2) this.readRate(rate(this.times), write);
    this.readAt = timeMs;
  }

  readRate(now, write) {
    const slow = now < this.data.min_fps * (this.slow ? RATE_MARGIN : 1);
    write("rate", `${Math.floor(now)}${slow ? " (slow)" : ""}`);
    if (slow === this.slow) return;
    this.slow = slow;
    const pictures = `This device follows only ${Math.floor(now)} pictures a second; comparing your knees takes ` +
      `${Math.ceil(this.data.min_fps)}.`;
    const way = canFilm()
      ? "So the walk is filmed, and looked at once more, slowly, when you are done. The film stays in this browser and is then thrown away."
      : "You still get angles and lean; for the full answer, upload a film instead.";
    this.find(".note").textContent = slow ? `${pictures} ${way}` : "";
  }

  async start() {
    const seconds = Number(this.find("[data-of=countdown]").value);
    this.enter("counting");
    speak(`Go to the edge of the picture. You have ${seconds} seconds.`);
    this.modelClock = Infinity; // a model that starts now lasts for the whole walk
    const clock = this.clock;
    const stopped = () => this.state !== "counting" || clock !== this.clock;
    const go = await countDown(seconds, (left) => this.big(String(left)), stopped);
    if (!go) return;
    Object.assign(this, { rows: [], rowTimes: [], across: null, size: [this.video.videoWidth, this.video.videoHeight] });
    this.film = this.slow && canFilm() ? startFilm(this.stream) : null;
    this.enter("walking");
    this.cue("Walk across");
  }

  cue(words) {
    this.big(words);
    speak(words);
  }

  keep(timeMs, landmarks, world, seen) {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (width !== this.size[0] || height !== this.size[1]) {
      this.again();
      this.find(".note").textContent = "The device was turned during the walk. Leave it as it is and start again.";
      return;
    }
    this.rows.push(row(landmarks, world));
    this.rowTimes.push(timeMs);
    const before = this.across?.count ?? 0;
    this.across = crossings(this.across, seen ? seen.hip.x / width : null);
    const { count } = this.across;
    if (count >= this.data.crossings || timeMs - this.rowTimes[0] > this.data.max_s * 1000) return this.done();
    if (count > before) {
      beep();
      this.cue(`${count} of ${this.data.crossings}: turn back`);
    }
  }

  again() {
    this.big("");
    if (this.state === "studying") return this.open(this.find("[data-of=camera]").value);
    this.film?.stop();
    this.film = null;
    this.enter("ready");
  }

  done() {
    beep(990, 0.4);
    if (this.film) this.study().catch((error) => this.fail(error));
    else this.skip();
  }

  /** Look at the film of the walk, every picture of it, as slowly as this device needs. */
  async study() {
    this.enter("studying");
    const clock = ++this.clock;
    const kept = this.film;
    kept.stop();
    const walkSeconds = (this.rowTimes.at(-1) - this.rowTimes[0]) / 1000;
    const seconds = Math.ceil(walkSeconds / this.speed());
    this.say(`Done. Looking at every picture takes about ${seconds} seconds more.`);
    speak(`Done. You can come back. It takes about ${seconds} seconds more.`);
    const film = await kept.film;
    if (clock !== this.clock) return;
    this.endCamera();
    await this.startModel();
    if (clock !== this.clock) return;
    this.video.src = this.url = URL.createObjectURL(film);
    Object.assign(this, { studied: [], studiedTimes: [] });
    this.video.onended = () => clock === this.clock && this.finish(this.studiedTimes, this.studied);
    this.studyNext(clock, walkSeconds);
    this.video.playbackRate = this.speed();
    await this.playOrPause();
  }

  /** How fast a film may play so that no picture of it is missed. */
  speed() {
    const speed = ((1 - SPARE) * 1000) / WANTED_FPS / this.cost;
    return Math.min(1, Math.max(SLOWEST, Math.round(20 * speed) / 20));
  }

  studyNext(clock, seconds) {
    this.video.requestVideoFrameCallback((now, { mediaTime }) => {
      if (clock !== this.clock) return;
      const { landmarks, world } = this.follow();
      this.size = [this.video.videoWidth, this.video.videoHeight];
      if (!(mediaTime * 1000 <= this.studiedTimes.at(-1))) {
        this.studied.push(row(landmarks, world));
        this.studiedTimes.push(mediaTime * 1000);
      }
      this.big(`Measuring: ${Math.min(99, Math.round((100 * mediaTime) / seconds))} %`);
      if (this.video.playbackRate !== this.speed()) this.video.playbackRate = this.speed();
      this.studyNext(clock, seconds);
    });
  }

  /** Pictures of a page that nobody looks at are not shown, and would be missed. */
  async playOrPause() {
    if (document.hidden) this.video.pause();
    else await this.video.play();
  }

  /** Take what was seen while walking. */
  skip() {
    this.finish(this.rowTimes, this.rows);
  }

  finish(timesMs, rows) {
    const [width, height] = this.size;
    const message = pack(timesMs, rows, { width, height, delegate: this.landmarker.delegate });
    this.close();
    this.enter("sending");
    speak("Thank you.");
    this.say("Measuring your walk.");
    this.send(message);
  }

  end() {
    this.closed = true;
    clearInterval(this.watch);
    document.removeEventListener("visibilitychange", this.pause);
    this.close();
    this.landmarker?.close();
    this.landmarker = null;
  }
}

async function loadLandmarker(address) {
  // This module itself has no address that others could be relative to.
  const assets = new URL(address, document.baseURI).href;
  let vision;
  try {
    vision = await import(`${assets}vision_bundle.mjs`);
  } catch {
    throw new Error("The pose model could not be loaded: the app does not serve it.");
  }
  const files = await vision.FilesetResolver.forVisionTasks(assets.replace(/\/$/, ""));
  for (const delegate of rendersInSoftware() ? ["CPU"] : ["GPU", "CPU"]) {
    try {
      const landmarker = await vision.PoseLandmarker.createFromOptions(files, {
        baseOptions: { modelAssetPath: `${assets}pose_landmarker_full.task`, delegate },
        runningMode: "VIDEO",
        numPoses: 1,
      });
      landmarker.delegate = delegate;
      return landmarker;
    } catch (error) {
      console.warn(`The pose model did not start on the ${delegate}:`, error);
    }
  }
  throw new Error("The pose model could not be started in this browser.");
}

function rendersInSoftware() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  const renderer = gl ? gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER) : "software";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(renderer);
}

function brightnessOf(video) {
  const small = new OffscreenCanvas(32, 18);
  const pen = small.getContext("2d");
  pen.drawImage(video, 0, 0, 32, 18);
  const { data } = pen.getImageData(0, 0, 32, 18);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
  return sum / (data.length / 4);
}

const lives = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  if (!lives.has(parentElement)) lives.set(parentElement, new Live(parentElement));
  Object.assign(lives.get(parentElement), { data, send: (walk) => setTriggerValue("walk", walk) });
  return () => {
    // Streamlit may call this again for the same place; only what has left the page is over.
    if (parentElement.isConnected) return;
    lives.get(parentElement)?.end();
    lives.delete(parentElement);
  };
}
