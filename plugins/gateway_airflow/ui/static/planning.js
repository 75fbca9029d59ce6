// Planning: give held candidates out, and take them back.
import { complain, onReady, send, tellNext } from "./core.js";

async function change(path, asked, button) {
  button.disabled = true;
  try {
    tellNext((await send("POST", path, asked)).sentence);
    location.reload();
  } catch (wrong) {
    button.disabled = false;
    complain(wrong);
  }
}

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
