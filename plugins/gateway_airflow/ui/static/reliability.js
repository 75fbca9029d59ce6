// The reliability page: apply or undo a calibration, close an alarm.
import { complain, onReady, send, tellNext } from "./core.js";

onReady(() => {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button[data-do]");
    if (!button) return;
    const agent = `/api/agents/${button.closest("[data-agent]").dataset.agent}`;
    const { do: what, id, key } = button.dataset;
    button.disabled = true;
    try {
      const answer =
        what === "close" ? await send("POST", `${agent}/alarms/${id}/close`)
        : what === "undo" ? await send("POST", `${agent}/calibration/undo`, { id })
        : await send("POST", `${agent}/calibration`, { key });
      tellNext(answer.sentence);
      location.reload();
    } catch (wrong) {
      button.disabled = false;
      complain(wrong);
    }
  });
});
