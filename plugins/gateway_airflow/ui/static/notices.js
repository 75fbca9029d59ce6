// The notices page: test a channel, resume it, resend messages.
import { complain, onReady, send, tellNext } from "./core.js";

onReady(() => {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button[data-do]");
    if (!button) return;
    const row = button.closest("tr");
    const { agent, channel, message } = row.dataset;
    const what = button.dataset.do;
    const asked = message ? { ids: [message] } : what === "resend" ? { dead: true, agent, channel } : { agent, channel };
    button.disabled = true;
    try {
      tellNext((await send("POST", `/api/notices/${what}`, asked)).sentence);
      location.reload();
    } catch (wrong) {
      button.disabled = false;
      complain(wrong);
    }
  });
});
