// An agent's page: asks whether the target accepts candidates now and what is left to do, without delaying the page.
import { onReady, root, send } from "./core.js";

onReady(async () => {
  const list = document.getElementById("checklist");
  if (!list) return;
  try {
    list.innerHTML = (await send("GET", `/api/agents/${list.dataset.agent}/checklist`)).html;
  } catch {
    // what the target has to say stays "not asked yet"
  }
});

onReady(async () => {
  const place = document.getElementById("preflight");
  if (!place) return;
  place.textContent = "Asking the target …";
  try {
    const said = await send("GET", `/api/agents/${place.dataset.agent}/preflight`);
    const badge = Object.assign(document.createElement("span"), { className: "badge", textContent: said.ready ? "Ready" : "Not ready" });
    badge.dataset.tone = said.ready ? "good" : "warn";
    place.replaceChildren(badge, ` ${said.sentence} `);
    if (said.code) {
      place.append(Object.assign(document.createElement("a"), { className: "code", href: said.href, textContent: said.code }));
    }
  } catch (wrong) {
    place.textContent = wrong.sentence ?? `The target cannot be checked now: ${root} is not reachable.`;
  }
});
