// The reliability page: apply or undo a calibration, close an alarm.
import { change, onReady } from "./core.js";

onReady(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-do]");
    if (!button) return;
    const agent = `/api/agents/${button.closest("[data-agent]").dataset.agent}`;
    const { do: what, id, key } = button.dataset;
    if (what === "close") change(`${agent}/alarms/${id}/close`, null, button);
    else if (what === "undo") change(`${agent}/calibration/undo`, { id }, button);
    else change(`${agent}/calibration`, { key }, button);
  });
});
