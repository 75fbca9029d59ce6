// The desk: ask the candidate, and take what they answered.
import { complain, onReady, send, tellNext } from "./core.js";

onReady(() => {
  const place = document.getElementById("asked");
  place?.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button[data-ask]");
    if (!button) return;
    button.disabled = true;
    try {
      tellNext((await send("POST", `/api/review/${place.dataset.profile}/${button.dataset.ask}`)).sentence);
      location.reload();
    } catch (wrong) {
      button.disabled = false;
      complain(wrong);
    }
  });
});
