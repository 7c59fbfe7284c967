// Signs for somebody who walks away from the screen: large words, beeps, and a voice.

let sound = null;

/** A short tone; browsers allow sound once somebody has pressed a button. */
export function beep(hertz = 660, seconds = 0.15) {
  try {
    sound ??= new AudioContext();
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.2, sound.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + seconds);
    tone.connect(volume).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + seconds);
  } catch {
    // Without sound there are still the words on the screen.
  }
}

/** Say something, with a voice of this computer only: others send the words over the internet. */
export function speak(words) {
  const voices = window.speechSynthesis?.getVoices() ?? [];
  const voice = voices.find((one) => one.localService && one.lang.startsWith("en"));
  if (!voice) return;
  const speech = new SpeechSynthesisUtterance(words);
  speech.voice = voice;
  window.speechSynthesis.cancel();
  window.speechSynthesis.speak(speech);
}

/** Count down in seconds; `tell` gets each number. Returns false when `stopped()` said so. */
export async function countDown(seconds, tell, stopped) {
  for (let left = seconds; left > 0; left--) {
    tell(left);
    if (left <= 3) beep();
    await new Promise((done) => setTimeout(done, 1000));
    if (stopped()) return false;
  }
  beep(990, 0.4);
  return true;
}
