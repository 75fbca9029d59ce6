// My notices: save a choice, test it, take it back.
import { change, onReady } from "./core.js";

function chosen(form) {
  const wants = { to: form.to.value.trim(), events: [...form.querySelectorAll("[name=events]:checked")].map((one) => one.value) };
  const zone = form.zone.value.trim() || "UTC";
  if (form.when.value === "digest") return { ...wants, digest_at: Number(form.start.value), timezone: zone };
  if (form.when.value === "quiet") {
    return { ...wants, quiet: { start: Number(form.start.value), end: Number(form.end.value), timezone: zone } };
  }
  return wants;
}

onReady(() => {
  const form = document.getElementById("mine");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change("/api/notices/mine", { agent: form.agent.value, wants: chosen(form) }, form.querySelector("button"));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-mine]");
    if (button) change(`/api/notices/mine/${button.dataset.mine}`, { agent: button.closest("tr").dataset.agent }, button);
  });
});
