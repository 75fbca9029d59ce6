// The desk: ask the candidate, and take what they answered.
import { change, onReady } from "./core.js";

onReady(() => {
  const place = document.getElementById("asked");
  place?.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-ask]");
    if (button) change(`/api/review/${place.dataset.profile}/${button.dataset.ask}`, null, button);
  });
});
