// Keeps the key of the visitor's workspace in this tab, so that loading the page again loses nothing.

const PLACE = "evenstride-workspace";

export default function ({ data, setTriggerValue }) {
  const kept = sessionStorage.getItem(PLACE);
  if (data.fresh && kept && kept !== data.key) setTriggerValue("key", kept);
  else sessionStorage.setItem(PLACE, data.key);
}
