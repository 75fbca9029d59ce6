// The notices page: test a channel, resume it, resend messages.
import { change, onReady } from "./core.js";

onReady(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-do]");
    if (!button) return;
    const row = button.closest("tr");
    const { agent, channel, message } = row.dataset;
    const what = button.dataset.do;
    const asked = message ? { ids: [message] } : what === "resend" ? { dead: true, agent, channel } : { agent, channel };
    change(`/api/notices/${what}`, asked, button);
  });
});
