// Shared by all pages: calls, notices, dialogs, polling, links out of the frame, relative times that stay current.

export const root = document.body.dataset.root;

export function onReady(run) {
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", run, { once: true });
  else run();
}

/** One call of our JSON API. body: object (sent as JSON), Blob, or null. Throws {code, sentence, href, status}. */
export async function send(method, path, body = null, options = {}) {
  const headers = { "X-Gateway": "1", Accept: "application/json", ...options.headers };
  if (body !== null && !(body instanceof Blob)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path.startsWith(root) ? path : root + path, {
      method, headers, body, signal: options.signal, keepalive: options.keepalive ?? false,
    });
  } catch (wrong) {
    if (wrong.name === "AbortError") throw wrong;
    throw { code: null, sentence: "The server cannot be reached. Check the connection and try again.", status: 0 };
  }
  const isJson = (answer.headers.get("content-type") ?? "").startsWith("application/json");
  const said = isJson ? await answer.json() : await answer.text();
  if (answer.ok) return said;
  if (answer.status === 401) {
    throw { code: null, sentence: "You are signed out. Sign in to Airflow and try again.", status: 401 };
  }
  throw isJson && said.sentence ? { ...said, status: answer.status }
    : { code: null, sentence: `The server answered ${answer.status}: try again.`, status: answer.status };
}

/** A notice at the edge. tone: good | bad | info; action: {label, run} adds a button. Returns a function that closes it. */
export function toast(text, { tone = "info", action = null, stay = false } = {}) {
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.tone = tone;
  const said = document.createElement("span");
  said.textContent = text;
  box.append(said);
  const close = () => box.remove();
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet";
    button.textContent = action.label;
    button.addEventListener("click", () => { close(); action.run(); });
    box.append(button);
  }
  const shut = document.createElement("button");
  shut.type = "button";
  shut.className = "button quiet";
  shut.setAttribute("aria-label", "Close this notice");
  shut.textContent = "×";
  shut.addEventListener("click", close);
  box.append(shut);
  document.getElementById("toasts").append(box);
  if (!stay) setTimeout(close, tone === "bad" ? 12000 : 7000);
  return close;
}

/** Stores a success notice to be shown on the next page. */
export function tellNext(text) { sessionStorage.setItem("gateway-said", text); }

function told() {
  const said = sessionStorage.getItem("gateway-said");
  sessionStorage.removeItem("gateway-said");
  if (said) toast(said, { tone: "good" });
}

/** What a button changes: calls the API, and tells its answer on the page as it is afterwards. What goes wrong is shown here. */
export async function change(path, asked, button) {
  button.disabled = true;
  try {
    tellNext((await send("POST", path, asked)).sentence);
    location.reload();
  } catch (wrong) {
    button.disabled = false;
    complain(wrong);
  }
}

/** Shows what send() threw. */
export function complain(wrong) {
  if (wrong?.name === "AbortError") return;
  toast(wrong?.sentence ?? "Something went wrong on this page. Reload it.", { tone: "bad" });
  if (!wrong?.sentence) console.error(wrong);
}

/** Asks for confirmation; resolves to true or false. The frame does not allow confirm(). */
export function confirmDialog({ title, text, action = "Continue", danger = false }) {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    const heading = document.createElement("h2");
    heading.textContent = title;
    heading.id = `dialog-${Math.random().toString(36).slice(2)}`;
    dialog.setAttribute("aria-labelledby", heading.id);
    const body = document.createElement("p");
    body.textContent = text;
    const buttons = document.createElement("div");
    buttons.className = "row end";
    const no = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: "Cancel" });
    const yes = Object.assign(document.createElement("button"), {
      type: "button", className: `button ${danger ? "danger" : "primary"}`, textContent: action,
    });
    let answer = false;
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => { answer = true; dialog.close(); });
    dialog.addEventListener("close", () => { dialog.remove(); resolve(answer); });
    buttons.append(no, yes);
    dialog.append(heading, body, buttons);
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}

/** Runs `look` again and again while it returns true; waits min..max ms, longer while nothing changes, not at all when
 *  the page is hidden. `look` returns "changed" | "same" | "stop". */
export function poll(look, { min = 1000, max = 15000 } = {}) {
  let wait = min;
  let stopped = false;
  const visible = () => new Promise((go) => {
    if (!document.hidden) return go();
    const again = () => { if (!document.hidden) { document.removeEventListener("visibilitychange", again); go(); } };
    document.addEventListener("visibilitychange", again);
  });
  (async () => {
    while (!stopped) {
      await new Promise((go) => setTimeout(go, wait));
      await visible();
      if (stopped) return;
      let said = "same";
      try { said = await look(); } catch { said = "same"; }
      if (said === "stop") return;
      wait = said === "changed" ? min : Math.min(max, wait * 1.5);
    }
  })();
  return () => { stopped = true; };
}

const elapsed = (seconds) => {
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  const days = Math.round(seconds / 86400);
  return days === 1 ? "1 day ago" : `${days} days ago`;
};

function refreshTimes() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    time.textContent = elapsed((Date.now() - Date.parse(time.dateTime)) / 1000);
  }
}

// The frame can neither open windows nor navigate its parent; the parent's own document can do both.
function leaveFrame(event) {
  const link = event.target.closest?.("a[data-external], a[data-host]");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (!/^https?:$/.test(link.protocol)) { event.preventDefault(); return; } // the host's document would run it
  const out = link.hasAttribute("data-external");
  let host = null;
  try { host = window.parent === window ? null : window.parent.document; } catch { host = null; }
  if (!host) {
    if (out) { link.target = "_blank"; link.rel = "noopener noreferrer"; }
    return;
  }
  event.preventDefault();
  const stand = host.createElement("a");
  stand.href = link.href;
  if (out || event.ctrlKey || event.metaKey) { stand.target = "_blank"; stand.rel = "noopener noreferrer"; }
  host.body.append(stand);
  stand.click();
  stand.remove();
}

/** Gives the frame the focus, because it gets no key events before. Leaves the focus alone while somebody types in Airflow's own page. */
function listen() {
  try {
    const at = window.parent === window ? null : window.parent.document.activeElement;
    if (at && (at === at.ownerDocument.body || at === window.frameElement)) window.focus();
  } catch { /* a host of another origin: its focus cannot be read */ }
}

onReady(() => {
  listen();
  told();
  refreshTimes();
  setInterval(refreshTimes, 30000);
  document.addEventListener("click", leaveFrame);
});
