// A batch's page: stays current while the batch runs, shows candidates when a document is opened, retries failed documents.
import { complain, confirmDialog, onReady, poll, root, send, toast } from "./core.js";

const list = document.getElementById("documents");
const top_ = document.getElementById("top");
const batch = top_.dataset.batch;

async function show(body, part = 1) {
  const focused = body.contains(document.activeElement);
  try {
    body.innerHTML = await send("GET", `${body.dataset.candidates}?part=${part}`); // our own template, escaped there
    body.dataset.loaded = "";
    if (focused || part > 1) body.closest("details").querySelector("summary").focus();
  } catch (wrong) {
    complain(wrong);
  }
}

function opened(event) {
  const body = event.target.open && event.target.querySelector(":scope > .doc-body");
  if (body && !("loaded" in body.dataset)) show(body);
}

async function retry(which, asResume) {
  const all = which === "all";
  const sure = !all || (await confirmDialog({
    title: "Read the failed documents again?",
    text: "This helps if time or memory ran out, or if the reader has changed. A damaged or locked file fails again. Documents that were read are not read again, and nobody is sent twice.",
    action: "Retry",
  }));
  if (!sure) return;
  await send("POST", `/api/batches/${batch}/retry`, { documents: all ? null : [which], as_resume: asResume });
  location.reload();
}

async function start() {
  const said = await send("POST", `/api/batches/${batch}/start`);
  if (!said.started) throw { sentence: said.sentence };
  location.reload();
}

/** Releases candidates who only wait for an approval: fetches the exact number, shows it, and asks for confirmation. */
async function release(code) {
  const asked = { decision: "approve", batch, code };
  const preview = await send("POST", "/api/review/bulk/preview", asked);
  const yes = await confirmDialog({ title: `Release ${preview.count.toLocaleString("en")}?`, text: preview.says, action: `Release ${preview.count.toLocaleString("en")}` });
  if (!yes) return;
  const done = await send("POST", "/api/review/bulk/apply", { ...asked, expected: preview.count });
  toast(done.sentence, { tone: "good" });
  await look().catch(() => {});
}

async function clicked(event) {
  const part = event.target.closest?.("a[data-part]");
  if (part) {
    event.preventDefault();
    await show(part.closest(".doc-body"), Number(part.dataset.part));
    return;
  }
  const button = event.target.closest?.("button[data-retry], button[data-start], button[data-release]");
  if (!button) return;
  button.disabled = true;
  try {
    const { release: waits } = button.dataset;
    await (waits ? release(waits) : button.dataset.retry ? retry(button.dataset.retry, "asResume" in button.dataset) : start());
  } catch (wrong) {
    complain(wrong);
  } finally {
    button.disabled = false;
  }
}

const SAY_MS = 10000; // screen readers announce changing numbers at most this often
let etag = null;
let spoken = 0;

async function look() {
  const query = new URLSearchParams(location.search);
  query.delete("open");
  query.delete("part");
  query.set("seen", [...list.children].map((row) => row.dataset.seen).join("."));
  const answer = await fetch(`${root}/api/batches/${batch}/live?${query}`, { headers: etag ? { "If-None-Match": etag } : {} });
  if (answer.status === 304) return "same";
  if (!answer.ok) return [401, 403, 404].includes(answer.status) ? "stop" : "same";
  const said = await answer.json();
  etag = answer.headers.get("etag");
  put(said);
  return said.settled ? "stop" : "changed";
}

function put(said) {
  top_.toggleAttribute("data-rest", said.settled);
  if (said.settled || performance.now() - spoken > SAY_MS) {
    spoken = performance.now();
    document.getElementById("said").textContent = said.sentence;
  }
  if (top_.innerHTML.trim() !== said.top.trim()) top_.innerHTML = said.top;
  const rows = new Map([...list.children].map((row) => [row.id.slice("document-".length), row]));
  for (const [id, html] of Object.entries(said.rows)) {
    const made = document.createElement("template");
    made.innerHTML = html; // our own template, escaped there
    const fresh = made.content.firstElementChild;
    const old = rows.get(id);
    rows.set(id, fresh);
    if (old) old.replaceWith(fresh);
    if (old?.querySelector("details").open) fresh.querySelector("details").open = true;
  }
  said.order.forEach((id, at) => {
    const row = rows.get(id);
    if (row && list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
    rows.delete(id);
  });
  for (const gone of rows.values()) gone.remove();
  list.hidden = said.order.length === 0;
  document.getElementById("no-documents").hidden = said.order.length > 0;
  const pages = document.getElementById("pages");
  if (pages.innerHTML.trim() !== said.pages.trim()) pages.innerHTML = said.pages;
}

onReady(() => {
  list.addEventListener("toggle", opened, true);
  document.addEventListener("click", clicked);
  for (const one of list.querySelectorAll("details[open]")) opened({ target: one });
  if (!("rest" in top_.dataset)) poll(look, { min: 1000, max: 10000 });
});
