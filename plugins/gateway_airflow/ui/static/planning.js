// Planning: give held candidates out, and take them back.
import { change, onReady } from "./core.js";

onReady(() => {
  const form = document.getElementById("share");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reviewers = form.reviewers.value.split(",").map((name) => name.trim()).filter(Boolean);
    const asked = { reviewers, number: Number(form.number.value), agent: form.agent.value };
    change("/api/planning/share", asked, form.querySelector("button"));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-back]");
    if (button) change("/api/planning/back", { reviewer: button.closest("tr").dataset.reviewer }, button);
  });
});
