// Says once that this place on the page is drawn.

const told = new WeakSet();

export default function ({ parentElement, setTriggerValue }) {
  if (told.has(parentElement)) return;
  told.add(parentElement);
  setTriggerValue("drawn", true);
}
