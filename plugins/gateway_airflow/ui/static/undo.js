// Keeps the last decision across the page change, so that it can be undone on the next page.
import { complain, send, toast } from "./core.js";

const LAST = "desk-last";

export function recall() {
  try { return JSON.parse(sessionStorage.getItem(LAST)); } catch { return null; }
}

/** decision: {profile, sentence}; shown on the next page. */
export function remember(decision) {
  sessionStorage.setItem(LAST, JSON.stringify({ ...decision, fresh: true }));
}

/** Undoes a decision and opens its candidate again; returns false if that is no longer possible. */
export async function takeBack(profile, query = "") {
  try {
    const answer = await send("POST", `/api/review/${profile}/decide${query ? `?${query}` : ""}`, { decision: "undo" });
    sessionStorage.removeItem(LAST);
    location.assign(answer.next);
    return true;
  } catch (wrong) {
    if (wrong.code) sessionStorage.removeItem(LAST);
    complain(wrong);
    return false;
  }
}

/** Shows the decision just made, once, with an undo button. */
export function offerUndo(undo) {
  const last = recall();
  if (!last?.fresh) return;
  sessionStorage.setItem(LAST, JSON.stringify({ ...last, fresh: false }));
  toast(last.sentence, { tone: "good", action: { label: "Undo (u)", run: () => undo(last.profile) } });
}
