// SPDX-License-Identifier: GPL-2.0-or-later
// The palette of steps: added by a click, walked through by arrows, dragged onto the drawing by mouse, pen or finger.
"use strict";

const palette = document.getElementById("palette");
const kinds = [...palette.querySelectorAll(".kind")];
const REACH = 20; // px of the drawing within which a way is meant
const STEP = 14; // px between the points of a way that are looked at

function add(kind, where) {
  if (!leaves()) return;
  const values = { csrf: palette.elements.csrf.value, kind, where };
  panel.hidden = false;
  htmx.ajax("POST", palette.getAttribute("action"), { target: "#form-main", swap: "innerHTML", values });
}

palette.addEventListener("submit", (event) => { // its form opens in place
  event.preventDefault();
  add(event.submitter?.value ?? kinds[0].value, document.getElementById("where").value);
});

// ---- by keyboard: one stop for Tab, arrows within

function middle(one) {
  const box = one.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
}

// The nearest above (-1) or below (1).
function beyond(from, way) {
  const [x, y] = middle(from), rows = kinds.map((one) => [one, ...middle(one)]).filter(([, , at]) => (at - y) * way > 8);
  const near = rows.sort((a, b) => Math.abs(a[2] - y) - Math.abs(b[2] - y) || Math.abs(a[1] - x) - Math.abs(b[1] - x));
  return near[0]?.[0];
}

function stop(at) {
  for (const one of kinds) one.tabIndex = one === at ? 0 : -1;
}

palette.addEventListener("keydown", (event) => {
  const here = kinds.indexOf(event.target.closest(".kind"));
  if (here < 0) return;
  const to = {
    ArrowRight: () => kinds[here + 1], ArrowLeft: () => kinds[here - 1], Home: () => kinds[0], End: () => kinds.at(-1),
    ArrowDown: () => beyond(kinds[here], 1), ArrowUp: () => beyond(kinds[here], -1),
  }[event.key]?.();
  if (!to) return;
  event.preventDefault();
  to.focus();
});
palette.addEventListener("focusin", (event) => { if (event.target.matches(".kind")) stop(event.target); });
stop(kinds[0]);

// ---- dragged: `carried` while the pointer is down on a kind

let carried = null;
let down = [0, 0]; // where the pointer went down last

// Where a step would be put: the part of the drawing that is meant, and the ways that would lead to it.
function under(event) {
  const seen = document.elementFromPoint(event.clientX, event.clientY);
  if (!seen || !canvas.contains(seen)) return null;
  const grip = seen.closest(".grip:not(.more)"), box = seen.closest("a[data-box], .grip.more");
  if (grip) return { mark: grip, step: grip.dataset.step, ways: waysOf(grip.dataset.step, grip.dataset.to), asks: true };
  if (box) {
    const step = box.dataset.box ?? box.dataset.step;
    return { mark: canvas.querySelector(`[data-box="${CSS.escape(step)}"]`), step, ways: waysOf(step), asks: true };
  }
  const line = nearest(event);
  if (line) return { mark: line, step: line.dataset.step, ways: waysOf(line.dataset.step, line.dataset.to), asks: false };
  return { mark: canvas.querySelector(".drawing"), step: "", ways: [], asks: false };
}

// The way that goes by within REACH.
function nearest(event) {
  const svg = canvas.querySelector("svg.scenario");
  if (!svg) return null;
  const [x, y] = point(svg, event);
  let found = null, least = REACH;
  for (const line of svg.querySelectorAll("path.line[data-step]")) {
    const length = line.getTotalLength();
    for (let at = 0; at < length; at += STEP) {
      const on = line.getPointAtLength(at), far = Math.hypot(on.x - x, on.y - y);
      if (far < least) [found, least] = [line, far];
    }
  }
  return found;
}

function aim(there) {
  if (carried.there?.mark !== there?.mark) {
    carried.there?.mark?.classList.remove("over");
    there?.mark?.classList.add("over");
  }
  carried.there = there;
}

function drop() {
  if (!carried) return;
  carried.there?.mark?.classList.remove("over");
  carried.ghost?.remove();
  document.body.classList.remove("carrying");
  carried = null;
}

palette.addEventListener("pointerdown", (event) => {
  const button = event.target.closest(".kind");
  if (!button || event.button !== 0 || carried) return;
  down = [event.clientX, event.clientY];
  carried = { button, id: event.pointerId, x: event.clientX, y: event.clientY, ghost: null, there: null };
});

window.addEventListener("pointermove", (event) => {
  if (carried?.id !== event.pointerId) return;
  if (!carried.ghost) {
    const x = Math.abs(event.clientX - carried.x), y = Math.abs(event.clientY - carried.y);
    if (Math.hypot(x, y) <= MOVED || (event.pointerType === "touch" && x > y)) return; // sideways a finger scrolls
    carried.ghost = carried.button.cloneNode(true);
    carried.ghost.classList.add("ghost");
    carried.ghost.setAttribute("aria-hidden", "true");
    document.body.append(carried.ghost);
    document.body.classList.add("carrying");
  }
  carried.ghost.style.transform = `translate(${event.clientX}px, ${event.clientY}px) translate(-50%, -120%)`;
  aim(under(event));
  if (carried.there) follow(event);
});

window.addEventListener("pointerup", (event) => {
  if (carried?.id !== event.pointerId) return;
  const { button, there } = carried;
  drop();
  if (!there) return; // a click, which adds it, or nowhere
  const put = (ats) => add(button.value, ats.map((at) => `${there.step}/${at}`));
  const ways = there.ways.map(([at]) => at);
  if (there.asks && ways.length > 1) choose(there.step, there.ways, button.querySelector("span").textContent, (at) => put([at]));
  else put(ways);
});
window.addEventListener("pointercancel", (event) => { if (carried?.id === event.pointerId) drop(); });
window.addEventListener("keydown", (event) => { if (event.key === "Escape") drop(); });
palette.addEventListener("click", (event) => { // dragged and brought back: nothing is added
  if (event.detail && Math.hypot(event.clientX - down[0], event.clientY - down[1]) > MOVED) event.preventDefault();
});
palette.addEventListener("dragstart", (event) => event.preventDefault());
