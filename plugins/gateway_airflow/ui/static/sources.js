// The sources page: ask a source now; make, replace and revoke keys. A key is shown until the page is left.
import { complain, confirmDialog, onReady, send, tellNext, toast } from "./core.js";

function show(answer) {
  const box = document.getElementById("fresh");
  document.getElementById("key").textContent = answer.key;
  box.hidden = false;
  box.scrollIntoView({ block: "center" });
  toast(answer.sentence, { tone: "good" });
}

async function act(button) {
  const row = button.closest("tr");
  const what = button.dataset.do;
  if (what === "copy") {
    await navigator.clipboard.writeText(document.getElementById("key").textContent);
    toast("Copied.", { tone: "good" });
    return;
  }
  if (what === "pull") {
    const { agent, source } = row.dataset;
    toast((await send("POST", "/api/sources/pull", { agent, source })).sentence, { tone: "good" });
    return;
  }
  const { key, sender } = row.dataset;
  if (what === "revoke") {
    const title = `Revoke the key of ${sender}?`;
    if (!(await confirmDialog({ title, text: "Its programs are refused from now on.", action: "Revoke", danger: true }))) return;
    tellNext((await send("POST", `/api/keys/${key}/revoke`, {})).sentence);
    location.reload();
    return;
  }
  show(await send("POST", `/api/keys/${key}/rotate`, {}));
}

onReady(() => {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button[data-do]");
    if (!button) return;
    button.disabled = true;
    try {
      await act(button);
    } catch (wrong) {
      complain(wrong);
    }
    button.disabled = false;
  });
  document.getElementById("make")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const asked = {
      sender: form.get("sender"),
      agents: form.get("agent") ? [form.get("agent")] : [],
      rights: form.get("rights").split(","),
      rate_per_minute: Number(form.get("rate")),
      days: form.get("days") ? Number(form.get("days")) : null,
    };
    try {
      show(await send("POST", "/api/keys", asked));
    } catch (wrong) {
      complain(wrong);
    }
  });
});
