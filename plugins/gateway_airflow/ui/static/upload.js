// Uploading: files are sent as soon as they are dropped, three at a time; a button then makes them a batch.
import { complain, confirmDialog, onReady, root, send } from "./core.js";

const AT_ONCE = 3;
const PATIENCE = 5; // automatic retries of a file after the connection broke
const PAUSE_MS = 1000; // before the first retry; doubled before each further one
const SHOWN = 100; // maximum number of rows on the page at once
const NOISE = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);
const KINDS = [
  ["%PDF", "PDF"], ["PK\x03\x04", "ZIP or office file"], ["{\\rtf", "RTF document"], ["\xd0\xcf\x11\xe0", "Old office file"],
  ["\x89PNG", "Picture"], ["\xff\xd8\xff", "Picture"], ["GIF8", "Picture"], ["MZ", "Program"],
];

const area = document.getElementById("upload");
const agent = area.dataset.agent;
const limit = { file: Number(area.dataset.maxFile), files: Number(area.dataset.maxFiles), batch: Number(area.dataset.maxBatch) };
const memory = `gateway-upload-${agent}`;
const part = (id) => document.getElementById(id);

let items = []; // {name, size, type, state: waiting | sending | ready | wrong, sent, said, link, file, fileId, call, row}
let page = 0;
let upload = sessionStorage.getItem(memory);
let beginning = null;
let submitting = false;
let drawing = false;

const megabytes = (size) => (size < 1000 ? `${size} B` : size < 1e6 ? `${Math.round(size / 1e3)} KB` : size < 1e9 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e9).toFixed(1)} GB`);
const count = (state) => items.reduce((sum, item) => sum + (item.state === state), 0);
const total = () => items.reduce((sum, item) => sum + (item.state === "wrong" ? 0 : item.size), 0);

/** The type according to the first bytes; the server checks again, more closely. */
async function kindOf(file) {
  if (file.size === 0) return "Empty file";
  const head = new Uint8Array(await file.slice(0, 1024).arrayBuffer());
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join("");
  for (const [mark, kind] of KINDS) if (text.startsWith(mark)) return kind;
  if (text.includes("%PDF")) return "PDF";
  return text.includes("\0") && !/^(\xff\xfe|\xfe\xff)/.test(text) ? "Other" : "Text";
}

function add(found) {
  let room = limit.files - items.filter((item) => item.state !== "wrong").length;
  let bytes = total();
  for (const { file, name } of found) {
    if (NOISE.has(file.name)) continue;
    const item = { file, name, size: file.size, type: "", state: "waiting", sent: 0, said: "" };
    if (file.size > limit.file) fail(item, `Larger than ${megabytes(limit.file)}, so it was not sent.`, "FILE_TOO_LARGE");
    else if (room <= 0) fail(item, `A batch can have at most ${limit.files.toLocaleString("en")} files. Send this file in another batch.`, "BATCH_TOO_MANY_FILES");
    else if (bytes + file.size > limit.batch) fail(item, `A batch can have at most ${megabytes(limit.batch)}. Send this file in another batch.`, "BATCH_TOO_LARGE");
    else { room -= 1; bytes += file.size; }
    items.push(item);
  }
  tell(`${items.length} files chosen.`);
  draw();
  pump();
}

function fail(item, sentence, code) {
  Object.assign(item, { state: "wrong", said: sentence, link: code ? { href: `${root}/codes/${code}`, text: code } : null });
}

/** The upload's id; requested once, when the first file is sent. */
function begun() {
  if (upload) return Promise.resolve(upload);
  beginning ??= send("POST", "/api/uploads", { agent_id: agent }).then((said) => {
    upload = said.upload_id;
    sessionStorage.setItem(memory, upload);
    return upload;
  }).finally(() => { beginning = null; });
  return beginning;
}

function pump() {
  while (count("sending") < AT_ONCE) {
    const next = items.find((item) => item.state === "waiting");
    if (!next) break;
    Object.assign(next, { state: "sending", said: "" });
    sendOne(next);
  }
}

async function sendOne(item) {
  try {
    item.type = await kindOf(item.file);
    const id = await begun();
    if (items.includes(item)) received(item, await put(id, item));
  } catch (wrong) {
    if (wrong?.name === "NotFoundError" || wrong?.name === "NotReadableError") fail(item, "The browser can no longer read this file. Choose it again.");
    else if (wrong?.code === "UNKNOWN_UPLOAD") { forget(); fail(item, wrong.sentence, wrong.code); }
    else if ((wrong?.broken || wrong?.status === 0) && items.includes(item) && (item.tries ?? 0) < PATIENCE) await later(item);
    else if (wrong?.broken || wrong?.status === 0) giveUp(item);
    else fail(item, wrong?.sentence ?? "The file could not be sent.", wrong?.code);
  }
  draw();
  pump();
  if (!count("waiting") && !count("sending")) tell(summary());
}

/** Queues the file again after a pause. It keeps its slot during the pause, because the other files wait for the server as well. */
async function later(item) {
  item.tries = (item.tries ?? 0) + 1;
  Object.assign(item, { sent: 0, said: "The server does not answer. The file will be sent again automatically." });
  draw();
  await new Promise((go) => setTimeout(go, PAUSE_MS * 2 ** (item.tries - 1)));
  item.state = "waiting";
}

/** The server stays unreachable: fails all waiting files at once, so that one button sends all of them again. */
function giveUp(item) {
  for (const one of items) if (one === item || one.state === "waiting") fail(one, "The server does not answer.");
}

function put(id, item) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest(); // fetch does not report upload progress
    item.call = call;
    call.open("PUT", `${root}/api/uploads/${id}/files`);
    call.setRequestHeader("X-Gateway", "1");
    call.setRequestHeader("X-File-Name", encodeURIComponent(item.name.slice(-300).toWellFormed?.() ?? item.name.slice(-300))); // addresses are logged
    call.responseType = "json";
    call.upload.addEventListener("progress", (event) => { item.sent = event.loaded; draw(); });
    call.addEventListener("load", () => (call.status === 200 ? resolve(call.response) : reject(call.response ?? {})));
    call.addEventListener("error", () => reject({ sentence: "The connection broke.", broken: true }));
    call.addEventListener("abort", () => reject({ sentence: "Stopped." }));
    call.send(item.file);
  });
}

function received(item, said) {
  Object.assign(item, { state: "ready", sent: item.size, fileId: said.file_id, type: said.type, file: null, call: null, link: null });
  item.warn = !said.readable || Boolean(said.seen);
  if (said.seen?.batch_id) {
    item.said = "This file was received before. It will be linked, not read again (a dry run reads it).";
    item.link = { href: `${root}/batches/${said.seen.batch_id}`, text: said.seen.batch_id };
  } else if (said.seen) item.said = `Same file as ${said.seen.path}. It will be read once.`;
  else item.said = said.readable ? "Ready" : item.size ? "This kind of file cannot be read. It will be listed as failed." : "The file is empty. It will be listed as failed.";
}

async function remove(item) {
  item.call?.abort();
  items = items.filter((other) => other !== item);
  draw();
  if (item.fileId && upload) await send("DELETE", `/api/uploads/${upload}/files/${item.fileId}`).catch(complain);
}

async function clear() {
  for (const item of items) item.call?.abort();
  const old = upload;
  forget();
  items = [];
  page = 0;
  draw();
  if (old) await send("DELETE", `/api/uploads/${old}`).catch(() => {});
  part("pick").focus();
}

function forget() {
  upload = null;
  sessionStorage.removeItem(memory);
}

async function submit(mode) {
  if (submitting) return;
  submitting = true;
  draw();
  try {
    while (count("waiting") || count("sending")) await new Promise((go) => setTimeout(go, 200));
    const wrong = count("wrong");
    const ready = count("ready");
    if (!ready) throw { sentence: "No file is ready. Choose at least one." };
    if (wrong && !(await confirmDialog({
      title: `${wrong} of ${items.length} files were not sent`,
      text: "They stay on this computer. Continue with the others?",
      action: `Continue with ${ready}`,
    }))) return;
    const canary = part("canary").value ? Number(part("canary").value) : null;
    const said = await send("POST", `/api/uploads/${upload}/submit`, { mode, canary });
    forget();
    location.assign(said.href);
  } catch (wrong) {
    complain(wrong);
  } finally {
    submitting = false;
    draw();
  }
}

// ---- showing

function summary() {
  const wrong = count("wrong");
  const open = count("waiting") + count("sending");
  const noted = items.filter((item) => item.state === "ready" && item.warn).length; // known already, or of no use
  const said = `${items.length.toLocaleString("en")} ${items.length === 1 ? "file" : "files"}, ${megabytes(total())}`;
  return `${said}: ${(count("ready") - noted).toLocaleString("en")} ready${noted ? `, ${noted.toLocaleString("en")} with a remark` : ""}${open ? `, ${open.toLocaleString("en")} to send` : ""}${wrong ? `, ${wrong.toLocaleString("en")} not sent` : ""}`;
}

function tell(text) { part("said").textContent = text; }

function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; paint(); });
}

function paint() {
  part("batch").hidden = items.length === 0;
  part("summary").textContent = summary();
  const sent = items.reduce((sum, item) => sum + (item.state === "wrong" ? 0 : Math.min(item.sent, item.size) + 1), 0);
  const left = items.filter((item) => item.state === "waiting" || item.state === "sending").length;
  part("whole").value = left ? Math.min(0.99, sent / Math.max(1, total() + items.length)) : 1;
  const pages = Math.max(1, Math.ceil(items.length / SHOWN));
  page = Math.min(page, pages - 1);
  const shown = items.slice(page * SHOWN, (page + 1) * SHOWN);
  const body = part("files");
  shown.forEach((item, at) => {
    item.row ??= rowOf(item);
    fill(item);
    if (body.children[at] !== item.row) body.insertBefore(item.row, body.children[at] ?? null);
  });
  while (body.children.length > shown.length) body.lastElementChild.remove();
  pager(pages);
  const lost = items.filter(again).length;
  part("again").hidden = lost < 2;
  part("again").textContent = `Try ${lost.toLocaleString("en")} again`;
  for (const button of area.querySelectorAll("[data-submit]")) button.disabled = submitting || (!count("ready") && !left);
}

function rowOf(item) {
  const row = document.createElement("tr");
  for (let cell = 0; cell < 5; cell += 1) row.append(document.createElement(cell === 0 ? "th" : "td"));
  row.firstChild.scope = "row";
  row.firstChild.append(Object.assign(document.createElement("bdi"), { textContent: item.name })); // right-to-left names keep their ends
  row.children[1].className = "right";
  row.children[1].textContent = megabytes(item.size);
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button quiet small", textContent: "Remove" });
  button.setAttribute("aria-label", `Remove ${item.name}`);
  button.addEventListener("click", () => remove(item));
  row.children[4].append(button);
  return row;
}

function fill(item) {
  const key = `${item.state}|${item.sent}|${item.said}|${item.type}`;
  if (item.drawn === key) return;
  item.drawn = key;
  item.row.children[2].textContent = item.type;
  const place = item.row.children[3];
  if (item.state === "sending" && !item.said) {
    const bar = Object.assign(document.createElement("progress"), { max: Math.max(1, item.size), value: item.sent });
    bar.setAttribute("aria-label", `Sending ${item.name}`);
    place.replaceChildren(bar);
    return;
  }
  const said = Object.assign(document.createElement("span"), { className: "status", textContent: item.said || "Waiting" });
  said.dataset.tone = item.state === "wrong" ? "bad" : item.warn ? "warn" : item.state === "ready" ? "good" : "muted";
  place.replaceChildren(said);
  if (item.link) place.append(" ", Object.assign(document.createElement("a"), { href: item.link.href, textContent: item.link.text, className: "mono small" }));
  if (again(item)) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button quiet small", textContent: "Try again" });
    button.addEventListener("click", () => resend([item]));
    place.append(" ", button);
  }
}

/** Whether sending the file again can help; refusals because of size or number are final. */
const again = (item) => item.state === "wrong" && Boolean(item.file) && !item.link?.text.endsWith("_LARGE") && item.link?.text !== "BATCH_TOO_MANY_FILES";

function resend(some) {
  for (const item of some) Object.assign(item, { state: "waiting", said: "", link: null, sent: 0, tries: 0 });
  draw();
  pump();
}

function pager(pages) {
  const place = part("files-pages");
  place.hidden = pages < 2;
  if (place.hidden || place.dataset.shown === `${page}/${pages}`) return;
  place.dataset.shown = `${page}/${pages}`;
  const step = (label, to) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button small", textContent: label, disabled: to < 0 || to >= pages });
    button.addEventListener("click", () => { page = to; draw(); });
    return button;
  };
  const at = Object.assign(document.createElement("span"), { className: "muted small", textContent: `Page ${page + 1} of ${pages}` });
  place.replaceChildren(step("Previous", page - 1), at, step("Next", page + 1));
}

// ---- choosing

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, name: file.name }));
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((ok, no) => entry.file(ok, no));
    found.push({ file, name: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) { // a reader gives at most a hundred at a time
    const some = await new Promise((ok, no) => reader.readEntries(ok, no));
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}

async function restore() {
  if (!upload) return;
  try {
    const said = await send("GET", `/api/uploads/${upload}`);
    for (const kept of said.files) {
      const item = { name: kept.path, size: kept.size_bytes, sent: kept.size_bytes };
      received(item, kept);
      items.push(item);
    }
    draw();
  } catch {
    forget(); // the upload was submitted, or is older than a day
  }
}

onReady(() => {
  const drop = part("drop");
  const pick = part("pick");
  pick.addEventListener("change", () => {
    add([...pick.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
    pick.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  drop.addEventListener("dragleave", (event) => { if (!drop.contains(event.relatedTarget)) drop.classList.remove("over"); });
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    add(await dropped(event.dataTransfer).catch((wrong) => { complain(wrong); return []; }));
  });
  // A file dropped outside the area must not replace the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => { if (!drop.contains(event.target)) event.preventDefault(); });
  for (const button of area.querySelectorAll("[data-submit]")) button.addEventListener("click", () => submit(button.dataset.submit));
  part("clear").addEventListener("click", clear);
  part("again").addEventListener("click", () => resend(items.filter(again)));
  restore();
});
