// Highlights a value together with its box on the page; clicking either shows the other. The page works without it.
import { onReady } from "./core.js";

const POINTS = 72 / 110; // a picture's pixels as points: pages are drawn at 110 dots per inch

/** If the size of a page is unknown, its boxes take it from the picture. */
function measure(paper) {
  const boxes = paper.querySelector("svg.boxes");
  const image = paper.querySelector("img");
  if (!boxes || !image || boxes.hasAttribute("viewBox")) return;
  const set = () => {
    if (image.naturalWidth) boxes.setAttribute("viewBox", `0 0 ${image.naturalWidth * POINTS} ${image.naturalHeight * POINTS}`);
  };
  if (image.complete) set();
  else image.addEventListener("load", set, { once: true });
}

function named(scope, key) {
  return [...scope.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)];
}

/** Scrolls only the pane that contains the element, and only if it is out of sight. */
function reveal(element) {
  const pane = element.closest(".left") ?? document.scrollingElement;
  const box = element.getBoundingClientRect();
  const frame = pane === document.scrollingElement ? { top: 60, bottom: innerHeight } : pane.getBoundingClientRect();
  if (box.top >= frame.top && box.bottom <= frame.bottom) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  pane.scrollBy({ top: box.top - frame.top - (frame.bottom - frame.top) / 3, behavior: calm ? "auto" : "smooth" });
}

function tag(mark, on) {
  const paper = mark.closest(".paper");
  const label = paper?.querySelector(".tag");
  if (!label) return;
  label.hidden = !on;
  if (!on) return;
  const box = mark.querySelector("rect").getBoundingClientRect();
  const frame = paper.getBoundingClientRect();
  label.textContent = mark.dataset.label;
  label.style.left = `${Math.max(2, Math.min(box.left - frame.left, frame.width - label.offsetWidth - 2))}px`;
  const above = box.top - frame.top - label.offsetHeight - 3;
  label.style.top = `${above > 0 ? above : box.bottom - frame.top + 3}px`;
}

export function light(scope, key, on, { show = false } = {}) {
  for (const element of named(scope, key)) {
    element.classList.toggle("lit", on);
    if (element.classList.contains("mark")) {
      tag(element, on);
      if (on && show) reveal(element);
    }
  }
}

export function wire(scope) {
  for (const paper of scope.querySelectorAll(".paper")) measure(paper);
  const keyOf = (event) => event.target.closest?.("[data-key]");
  let lit = null;
  const change = (key, fromPage) => {
    if (key === lit) return;
    if (lit) light(scope, lit, false);
    lit = key;
    if (key) light(scope, key, true, { show: !fromPage });
  };
  scope.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const found = keyOf(event);
    change(found?.dataset.key ?? null, !!found?.classList.contains("mark"));
  });
  scope.addEventListener("focusin", (event) => change(keyOf(event)?.dataset.key ?? null, false));
  scope.addEventListener("click", (event) => {
    const mark = event.target.closest?.(".mark");
    const link = event.target.closest?.('a[href^="#m-"]');
    if (link) {
      const key = link.closest("[data-key]")?.dataset.key;
      const target = key && scope.querySelector(`.mark[data-key="${CSS.escape(key)}"]`);
      if (!target) return;
      event.preventDefault();
      light(scope, key, true);
      reveal(target);
    } else if (mark) {
      event.preventDefault();
      const field = named(scope, mark.dataset.key).find((element) => !element.classList.contains("mark"));
      if (!field) return;
      light(scope, mark.dataset.key, true);
      reveal(field);
      (field.querySelector("input, a, button") ?? field).focus({ preventScroll: true });
    }
  });
}

onReady(() => {
  for (const scope of document.querySelectorAll("[data-evidence-root]")) wire(scope);
});
