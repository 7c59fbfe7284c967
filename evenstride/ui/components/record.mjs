// The recorder: films for some seconds in the browser and hands the film to the page's own upload field.
import { isMirror, listCameras, openCamera, show, stopStream } from "./camera.mjs";
import { countDown, speak } from "./cues.mjs";
import { canFilm, startFilm } from "./filming.mjs";

const BUTTONS = {
  off: ["open"], opening: [], ready: ["start", "close"], counting: ["again"], recording: ["stop"], film: ["use", "again"],
};

class Recorder {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.stage = this.find(".stage");
    this.video = this.find("video");
    for (const button of root.querySelectorAll("button")) button.onclick = () => this[button.dataset.do]();
    this.find("[data-of=camera]").onchange = (event) => this.open(event.target.value);
    const length = this.find("[data-of=seconds]");
    length.oninput = () => (this.find("output").textContent = `${length.value} seconds`);
    this.turn = 0;
    this.enter("off");
    // Whatever the page does with this element: once it is gone, the camera goes off.
    this.watch = setInterval(() => root.isConnected || this.end(), 1000);
  }

  enter(state) {
    const first = this.state === undefined;
    this.state = this.stage.dataset.state = state;
    for (const button of this.root.querySelectorAll("button")) button.hidden = !BUTTONS[state].includes(button.dataset.do);
    for (const name of ["seconds", "countdown"]) this.find(`[data-of=${name}]`).closest("label").hidden = state !== "ready";
    this.find("progress").hidden = state !== "recording";
    if (state !== "ready") this.find("[data-of=camera]").closest("label").hidden = true;
    // Who uses the keyboard goes on where the next step is; opening the page moves nothing.
    if (!first) this.find(`[data-do=${BUTTONS[state][0]}]`)?.focus({ preventScroll: true });
  }

  say(words, good = "") {
    this.find(".advice").textContent = words;
    this.find(".advice").dataset.good = good;
  }

  big(words) {
    this.find(".big").textContent = words;
  }

  async open(deviceId) {
    const turn = ++this.turn;
    this.enter("opening");
    this.find(".note").textContent = "";
    this.say("Opening the camera. The browser may ask whether it may be used.");
    stopStream(this.stream);
    try {
      if (!canFilm()) throw new Error("This browser can't record films.");
      const stream = await openCamera("environment", deviceId);
      if (turn !== this.turn) return stopStream(stream);
      this.stream = stream;
      await this.preview();
      await listCameras(this.find("[data-of=camera]"), stream);
    } catch (error) {
      this.close();
      this.find(".note").textContent = `${error.message} You can also upload a film or try a sample.`;
    }
  }

  async preview() {
    this.forget();
    this.video.controls = false;
    await show(this.video, this.stream);
    this.video.style.transform = isMirror(this.stream) ? "scaleX(-1)" : "";
    this.stage.style.aspectRatio = `${this.video.videoWidth} / ${this.video.videoHeight}`;
    this.say("Stand where you will walk and look whether all of you is in the picture, from the side.");
    this.enter("ready");
  }

  async start() {
    const turn = this.turn;
    this.enter("counting");
    const seconds = Number(this.find("[data-of=countdown]").value);
    speak(`Recording starts in ${seconds} seconds.`);
    this.say("Go to the edge of the picture.");
    const stopped = () => turn !== this.turn || this.state !== "counting";
    if (await countDown(seconds, (left) => this.big(String(left)), stopped)) this.record();
  }

  record() {
    const seconds = Number(this.find("[data-of=seconds]").value);
    const recorder = startFilm(this.stream, { seconds, mostBytes: this.data.most_bytes });
    this.recorder = recorder;
    recorder.film.then((film) => this.finish(film), () => this.close());
    this.enter("recording");
    this.say("Recording. Walk across the picture, turn, and come back, again and again.");
    speak("Walk across the picture, turn, and come back, again and again.");
    this.countPictures();
    const began = performance.now();
    const tick = () => {
      if (!recorder.runs()) return;
      const gone = (performance.now() - began) / 1000;
      this.go(gone, seconds);
      if (gone >= seconds) this.stop();
      else setTimeout(tick, 200);
    };
    tick();
  }

  /** Show how much of the time is over. */
  go(gone, seconds) {
    this.big(`Recording ${clock(Math.min(gone, seconds))} of ${clock(seconds)}`);
    this.find("progress").value = gone / seconds;
  }

  /** Count the pictures that the camera gives; its own word for the rate is a wish. */
  countPictures() {
    const times = [];
    this.rate = () => (times.length > 1 ? (1000 * (times.at(-1)[1] - times[0][1])) / (times.at(-1)[0] - times[0][0]) : 0);
    const next = () => this.video.requestVideoFrameCallback?.((now, { presentedFrames }) => {
      if (this.state !== "recording") return;
      times.push([now, presentedFrames]);
      next();
    });
    next();
  }

  stop() {
    this.recorder?.stop();
  }

  async finish(film) {
    if (this.state !== "recording") return;
    const rate = this.rate();
    this.big("");
    speak("Done.");
    stopStream(this.stream);
    this.film = film;
    this.url = URL.createObjectURL(film);
    this.video.srcObject = null;
    this.video.style.transform = "";
    this.video.src = this.url;
    this.video.controls = true;
    this.enter("film");
    const size = `${(film.size / 1e6).toFixed(1)} MB`;
    const slow = rate && rate < this.data.min_fps;
    this.say(
      `Your film: ${rate ? `${Math.floor(rate)} pictures a second, ` : ""}${size}. Look at it, then use it.` +
        (slow ? ` Comparing the knees takes ${Math.ceil(this.data.min_fps)} a second: more light helps.` : ""),
      String(!slow),
    );
  }

  /** Put the film into the page's upload field, as if somebody had chosen the file. */
  use() {
    const field = document.querySelector(`.st-key-${CSS.escape(this.data.uploader)} input[type=file]`);
    if (!field) {
      this.find(".note").textContent = "The page has no place for the film. Load the page again.";
      return;
    }
    const time = new Date().toISOString().slice(0, 19).replace(/\D/g, "-");
    const ending = this.film.type.includes("mp4") ? "mp4" : "webm";
    const files = new DataTransfer();
    files.items.add(new File([this.film], `walk-${time}.${ending}`, { type: this.film.type.split(";")[0] }));
    field.files = files.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    this.close();
    this.say("The film is on its way.", "true");
  }

  again() {
    this.turn++;
    this.big("");
    if (this.state === "counting") this.preview();
    else this.open(this.find("[data-of=camera]").value);
  }

  close() {
    this.turn++;
    this.enter("off");
    this.stop();
    this.forget();
    stopStream(this.stream);
    this.stream = this.video.srcObject = null;
    this.big("");
    this.say("");
  }

  forget() {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = this.film = null;
    this.video.removeAttribute("src");
  }

  end() {
    clearInterval(this.watch);
    this.close();
  }
}

/** Seconds as 1:05. */
function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

const recorders = new WeakMap();

export default function ({ parentElement, data }) {
  if (!recorders.has(parentElement)) recorders.set(parentElement, new Recorder(parentElement));
  recorders.get(parentElement).data = data;
  return () => {
    // Streamlit may call this again for the same place; only what has left the page is over.
    if (parentElement.isConnected) return;
    recorders.get(parentElement)?.end();
    recorders.delete(parentElement);
  };
}
