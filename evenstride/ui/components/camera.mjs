// The camera, and why there is none, in plain words.

const WHY_NOT = {
  NotAllowedError: "The browser was not allowed to use the camera. Allow it beside the address bar, then try again.",
  NotFoundError: "No camera was found. Plug one in, or use a phone or laptop that has one.",
  NotReadableError: "Another program is using the camera. Close it, then try again.",
  OverconstrainedError: "This camera can't be used. Choose another one.",
};

/** Open a camera, "user" or "environment" unless one is named; throws an Error whose text can be shown. */
export async function openCamera(facing, deviceId) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error("The browser gives the camera only to pages on this computer (localhost) or with https.");
  }
  const wanted = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: { ideal: facing } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { ...wanted, ...which }, audio: false });
  } catch (error) {
    throw new Error(WHY_NOT[error.name] ?? `The camera could not be opened (${error.name}).`);
  }
}

/** Put a stream into a video element and wait until it plays. */
export async function show(video, stream) {
  video.srcObject = stream;
  video.muted = true;
  await video.play();
}

/** Only a camera known to look away from the person is not shown as a mirror. */
export function isMirror(stream) {
  return stream.getVideoTracks()[0].getSettings().facingMode !== "environment";
}

/** Fill a choice of cameras; it stays hidden while there is only one. */
export async function listCameras(select, stream) {
  const all = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  const now = stream.getVideoTracks()[0].getSettings().deviceId;
  select.replaceChildren(...all.map((device, i) => new Option(device.label || `Camera ${i + 1}`, device.deviceId)));
  select.value = now;
  select.closest("label").hidden = all.length < 2;
}

export function stopStream(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}
