// Bulk decisions about held candidates: fetches the exact number, shows it, and asks for confirmation.
import { complain, confirmDialog, onReady, send, tellNext } from "./core.js";
import { offerUndo, recall, takeBack } from "./undo.js";

onReady(() => {
  const queue = document.getElementById("queue");
  const bar = document.getElementById("bulk");
  offerUndo((profile) => takeBack(profile));
  addEventListener("keydown", (event) => {
    if (event.target.closest?.("a, button, input, select, textarea, dialog") || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") document.getElementById("start")?.click();
    if (event.key === "u" && recall()) takeBack(recall().profile);
  });
  if (!queue || !bar) return;
  const boxes = [...queue.querySelectorAll('input[name="pick"]')];
  const everyone = document.getElementById("pick-page");
  const all = document.getElementById("all-matching");
  const picked = document.getElementById("picked");
  const buttons = [...bar.querySelectorAll("[data-bulk]")];
  const isAll = () => all?.getAttribute("aria-pressed") === "true";
  for (const box of [...boxes, everyone]) box.hidden = false;
  bar.hidden = false;

  function show() {
    const count = boxes.filter((box) => box.checked).length;
    const total = Number(queue.dataset.total);
    picked.textContent = isAll() ? `All ${total.toLocaleString()} matching selected` : `${count} selected`;
    everyone.checked = count === boxes.length;
    everyone.indeterminate = count > 0 && count < boxes.length;
    for (const button of buttons) button.disabled = !isAll() && !count;
  }
  everyone.addEventListener("change", () => { for (const box of boxes) box.checked = everyone.checked; show(); });
  for (const box of boxes) {
    box.addEventListener("change", () => { all?.setAttribute("aria-pressed", "false"); show(); });
  }
  all?.addEventListener("click", () => {
    all.setAttribute("aria-pressed", String(!isAll()));
    for (const box of boxes) box.checked = isAll();
    show();
  });
  for (const button of buttons) button.addEventListener("click", () => decide(button.dataset.bulk));

  async function decide(decision) {
    const { agent, batch, code } = queue.dataset;
    const asked = {
      decision, agent: agent || null, batch: batch || null, code: code || null,
      profile_ids: isAll() ? null : boxes.filter((box) => box.checked).map((box) => box.value),
    };
    try {
      const preview = await send("POST", "/api/review/bulk/preview", asked);
      const verb = decision === "approve" ? "Approve" : "Discard";
      const yes = await confirmDialog({
        title: `${verb} ${preview.count.toLocaleString()}?`, text: preview.says,
        action: `${verb} ${preview.count.toLocaleString()}`, danger: decision === "discard",
      });
      if (!yes) return;
      for (const one of buttons) one.disabled = true;
      picked.textContent = "Working…";
      const done = await send("POST", "/api/review/bulk/apply", { ...asked, expected: preview.count });
      tellNext(done.sentence);
      location.reload();
    } catch (wrong) {
      complain(wrong);
      show();
    }
  }
  show();
});
