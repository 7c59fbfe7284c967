// A film of the camera's picture, kept in the browser's memory.

// MP4 can be cut and looked through best; WebM is what is left where a browser can't write it.
const KINDS = ["video/mp4;codecs=avc1.42E01F", "video/mp4", "video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
// Sharp enough at 720p for knees; half a minute has about 30 MB, two minutes 120 MB.
const BITS_PER_SECOND = 8_000_000;
// Browsers only roughly keep to a rate: a film that may have so many bytes is planned for this share of them, and
// ends when it has nearly all of them.
const PLANNED_SHARE = 0.5;
const FULL_SHARE = 0.95;
const PIECE_MS = 1000;

export const canFilm = () => Boolean(globalThis.MediaRecorder);

/** The bits a second to ask for, so that a film of some seconds has no more than so many bytes. */
export function bitsPerSecond(seconds, mostBytes) {
  return Math.min(BITS_PER_SECOND, Math.floor((8 * PLANNED_SHARE * mostBytes) / seconds));
}

/** Start to film; `stop()` ends it, and `film` is a promise of the whole film. With the most bytes that it may have and
 * the seconds that it is planned for, it fits into them: a browser that writes more is stopped early. */
export function startFilm(stream, { seconds = 1, mostBytes = Infinity } = {}) {
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: bitsPerSecond(seconds, mostBytes) });
  const stop = () => recorder.state === "recording" && recorder.stop();
  const pieces = [];
  let bytes = 0;
  recorder.ondataavailable = ({ data }) => {
    if (data.size) pieces.push(data);
    bytes += data.size;
    if (bytes > FULL_SHARE * mostBytes) stop();
  };
  const film = new Promise((done, fail) => {
    recorder.onstop = () => done(new Blob(pieces, { type: recorder.mimeType }));
    recorder.onerror = () => fail(new Error("The film could not be recorded."));
  });
  recorder.start(PIECE_MS);
  return { film, stop, runs: () => recorder.state === "recording" };
}
