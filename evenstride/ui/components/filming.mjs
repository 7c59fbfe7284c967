// A film of the camera's picture, kept in the browser's memory.

// MP4 can be cut and looked through best; WebM is what is left where a browser can't write it.
const KINDS = ["video/mp4;codecs=avc1.42E01F", "video/mp4", "video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
// Sharp enough at 720p for knees; half a minute has about 30 MB.
const BITS_PER_SECOND = 8_000_000;
const PIECE_MS = 1000;

export const canFilm = () => Boolean(globalThis.MediaRecorder);

/** Start to film; `stop()` ends it, and `film` is a promise of the whole film. */
export function startFilm(stream) {
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: BITS_PER_SECOND });
  const pieces = [];
  recorder.ondataavailable = (event) => event.data.size && pieces.push(event.data);
  const film = new Promise((done, fail) => {
    recorder.onstop = () => done(new Blob(pieces, { type: recorder.mimeType }));
    recorder.onerror = () => fail(new Error("The film could not be recorded."));
  });
  recorder.start(PIECE_MS);
  return { film, stop: () => recorder.state === "recording" && recorder.stop(), runs: () => recorder.state === "recording" };
}
