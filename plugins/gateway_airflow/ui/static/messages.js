// Messages to candidates: send the one shown to oneself.
import { complain, onReady, send, toast } from "./core.js";

onReady(() => {
  const form = document.getElementById("test");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const shown = new URLSearchParams(location.search);
    const button = form.querySelector("button");
    const asked = {
      kind: shown.get("kind") || "invitation",
      to: form.to.value.trim(),
      profile: shown.get("profile") || null,
      language: shown.get("language") || null,
    };
    button.disabled = true;
    try {
      toast((await send("POST", `/api/agents/${form.dataset.agent}/messages/test`, asked)).sentence, { tone: "good" });
    } catch (wrong) {
      complain(wrong);
    }
    button.disabled = false;
  });
});
