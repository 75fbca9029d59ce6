// The hooks page: open, change and shut hooks, handle calls again.
import { change, confirmDialog, onReady } from "./core.js";

const asks = {
  rotate: { title: "New address and secret?", text: "Those before stay valid for a week. Give the new ones to the caller.", action: "Make new ones" },
  shut: { title: "Shut this hook?", text: "Calls are refused at once. Opened again, it has another address.", action: "Shut", danger: true },
};

onReady(() => {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button[data-hook]");
    if (!button) return;
    const { agent, kind, call } = button.closest("tr").dataset;
    const what = button.dataset.hook;
    if (what === "replay") return change("/api/inbound/replay", { ids: [call] }, button);
    if (await confirmDialog(asks[what])) change("/api/inbound/hooks", { agent, kind, do: what }, button);
  });
  const form = document.getElementById("open-hook");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = { agent: form.agent.value, kind: form.kind.value, do: "open" };
    change("/api/inbound/hooks", asked, form.querySelector("button"));
  });
});
