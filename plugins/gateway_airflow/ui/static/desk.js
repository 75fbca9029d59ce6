// The desk by keyboard: edit, check while typing, decide, continue; the next candidate is fetched in advance.
import { complain, onReady, send, tellNext, toast } from "./core.js";
import { offerUndo, recall, remember, takeBack } from "./undo.js";

const CHECK_MS = 200;

onReady(() => {
  const desk = document.getElementById("desk");
  if (!desk) return;
  const { profile, mode, query } = desk.dataset;
  const form = document.getElementById("contact");
  const audit = document.getElementById("audit");
  const said = document.getElementById("said");
  const inputs = form ? [...form.querySelectorAll("input[data-was]")] : [];
  const api = (what) => `/api/review/${profile}/${what}${query ? `?${query}` : ""}`;
  let busy = false;
  let leaving = false;

  // Changed fields, and whether their values would be accepted

  const changed = () => inputs.filter((input) => input.value.trim() !== input.dataset.was);
  const button = (name) => desk.querySelector(`.actions [data-do="${name}"]`);

  function show() {
    for (const input of inputs) input.closest(".edit").classList.toggle("changed", changed().includes(input));
    const some = changed().length > 0;
    const save = button("save");
    if (!save) return;
    save.disabled = !some;
    save.classList.toggle("primary", some);
    button("approve").classList.toggle("primary", !some);
  }

  const waiting = new Map();
  async function check(input) {
    const value = input.value;
    try {
      const answer = await send("POST", "/api/review/check", { profile_id: profile, field: input.name, value });
      if (input.value === value) tell(input, answer);
    } catch (wrong) {
      if (wrong.status === 401 || wrong.status === 403) complain(wrong);
    }
  }

  function tell(input, { ok, says, suggestion }) {
    const line = document.getElementById(`s-${input.name}`);
    line.replaceChildren();
    if (ok) input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
    const words = document.createElement("span");
    words.textContent = says;
    if (!ok) words.dataset.bad = "";
    line.append(words);
    if (!suggestion) return;
    const use = Object.assign(document.createElement("button"), { type: "button", className: "button small", textContent: `Use ${suggestion}` });
    use.addEventListener("click", () => {
      input.value = suggestion;
      input.dispatchEvent(new Event("input"));
      input.focus();
    });
    line.append(use);
  }

  for (const input of inputs) {
    input.addEventListener("input", () => {
      show();
      clearTimeout(waiting.get(input));
      waiting.set(input, setTimeout(check, CHECK_MS, input));
    });
    if (desk.dataset.doubtful.split(" ").includes(input.name) && input.value) check(input); // shows what was probably meant
  }
  form?.addEventListener("submit", (event) => { event.preventDefault(); save(); });

  // Decisions

  async function ask(path, body) {
    if (busy) return;
    busy = true;
    desk.setAttribute("aria-busy", "true");
    try {
      const answer = await send("POST", path, body);
      if (answer.undo) remember({ profile, sentence: answer.sentence });
      else tellNext(answer.sentence);
      go(answer.next ?? document.getElementById("queue-link").href);
    } catch (wrong) {
      busy = false;
      desk.removeAttribute("aria-busy");
      if (wrong.status === 409) lost(wrong);
      else complain(wrong);
      if (wrong.code === "CORRECTION_INVALID") inputs.find((input) => input.hasAttribute("aria-invalid"))?.focus();
    }
  }

  /** Somebody else decided first: says who, and offers the next candidate. */
  function lost(wrong) {
    said.hidden = false;
    said.dataset.tone = "bad";
    said.replaceChildren(`${wrong.sentence} `);
    const way = document.createElement("span");
    way.className = "row";
    const again = Object.assign(document.createElement("a"), { className: "button small", href: location.href, textContent: "Look again" });
    way.append(again);
    const next = document.getElementById("next");
    if (next) {
      const on = Object.assign(document.createElement("a"), { className: "button small primary", href: next.href, textContent: "Next one" });
      way.append(on);
    }
    said.append(way);
    said.scrollIntoView({ block: "nearest" });
    way.lastElementChild.focus();
  }

  const note = () => document.getElementById("note")?.value.trim() || null;
  const seen = () => ({ version: Number(desk.dataset.version), state: desk.dataset.state });
  const decide = (decision, corrections = {}) => ask(api("decide"), { decision, corrections, ...seen(), note: note() });

  function approve() {
    if (changed().length) {
      toast("You have unsaved changes. Ctrl+Enter saves and approves; Esc or a reload discards them.", { tone: "info" });
      return;
    }
    decide("approve");
  }
  function save() {
    const corrections = Object.fromEntries(changed().map((input) => [input.name, input.value.trim() || null]));
    if (Object.keys(corrections).length) decide("correct", corrections);
    else decide("approve");
  }
  async function undo() {
    const target = desk.dataset.undoable ? profile : recall()?.profile;
    if (!target || busy) return;
    busy = true;
    busy = await takeBack(target, query);
    showUndo();
  }
  function edit() {
    const first = desk.dataset.doubtful.split(" ")[0] || "name";
    const input = inputs.find((one) => one.name === first);
    input?.focus();
    input?.select();
  }

  // Same person as another candidate

  const dialog = document.getElementById("same");
  const chosen = () => dialog.querySelector('input[name="of"]:checked')?.value || dialog.querySelector("#other-id").value.trim();
  const taken = () => [...dialog.querySelectorAll("input[data-take]:checked")].filter((box) => box.dataset.take === chosen()).map((box) => box.value);
  function label() {
    const count = taken().length;
    dialog.querySelector("#same-go").textContent = count ? `Merge ${count} field${count === 1 ? "" : "s"}` : "Link as duplicate";
  }
  dialog?.addEventListener("change", (event) => {
    if (event.target.dataset.take) dialog.querySelector(`input[name="of"][value="${CSS.escape(event.target.dataset.take)}"]`).checked = true;
    label();
  });
  dialog?.querySelector("#other-id").addEventListener("input", () => { dialog.querySelector('input[name="of"][value=""]').checked = true; label(); });
  dialog?.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog?.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const of = chosen();
    if (!of) { dialog.querySelector("#other-id").focus(); return; }
    dialog.close();
    ask(api("same"), { of, take: taken(), ...seen(), note: note() });
  });
  const same = () => { dialog?.showModal(); };

  // Audits

  const ticked = () => (audit ? [...audit.querySelectorAll('input[name="wrong"]:checked')].map((box) => box.value) : []);
  audit?.addEventListener("change", () => { button("wrong").disabled = !ticked().length; button("right").disabled = ticked().length > 0; });
  const right = () => { if (!ticked().length) ask(api("audit"), { right: true }); };
  const wrong = () => { if (ticked().length) ask(api("audit"), { right: false, wrong_fields: ticked() }); };

  const doing = { approve, save, edit, same, undo, right, wrong, discard: () => decide("discard") };
  for (const one of desk.querySelectorAll("button[data-do]:not([type=submit])")) one.addEventListener("click", () => doing[one.dataset.do]());

  // Keys

  const help = document.getElementById("keys");
  document.getElementById("help")?.addEventListener("click", () => help.showModal());
  const keys = {
    j: () => go(document.getElementById("next")?.href), k: () => go(document.getElementById("previous")?.href),
    q: () => go(document.getElementById("queue-link").href), u: undo, "?": () => help?.showModal(),
    ...(mode === "held" ? { e: edit, a: approve, d: doing.discard, m: same } : {}),
    ...(mode === "audit" ? { a: right, w: wrong } : {}),
  };
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && mode === "held") {
      event.preventDefault();
      save();
      return;
    }
    const typing = event.target.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const run = keys[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  });

  function go(href) {
    if (!href) return;
    leaving = true;
    location.assign(href);
  }

  function showUndo() {
    const one = button("undo");
    if (one && !desk.dataset.undoable) one.disabled = !recall();
  }

  // Claims: renewed while the page is open, released when it closes

  async function claim() {
    try {
      const found = await send("POST", api("claim"));
      if (!found.mine && said.hidden) {
        said.hidden = false;
        said.textContent = `${found.reviewer} is looking at this candidate now. You can still decide: the first decision counts.`;
      }
    } catch { /* a courtesy: nothing depends on it */ }
  }
  if (mode === "held") {
    claim();
    setInterval(() => { if (!document.hidden) claim(); }, Number(desk.dataset.claimMin) * 30000);
    addEventListener("pagehide", () => {
      if (!busy) send("DELETE", api("claim"), null, { keepalive: true }).catch(() => {});
    });
  }

  // Prefetch of the next candidate: its picture into the browser's cache, its rows into the server's

  const next = document.getElementById("next");
  if (next) {
    setTimeout(async () => {
      try {
        const ahead = await send("GET", `/api/review/next?after=${profile}${query ? `&${query}` : ""}`);
        if (leaving) return;
        if (ahead.picture) new Image().src = ahead.picture;
        else if (ahead.href) await fetch(ahead.href); // a list: its row is read from the file and kept
      } catch { /* it loads when it is opened */ }
    }, 150);
  }
  offerUndo(undo);
  showUndo();
  show();
});
