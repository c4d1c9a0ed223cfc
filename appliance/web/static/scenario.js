// SPDX-License-Identifier: GPL-2.0-or-later
// The scenario constructor: forms opened in place, ways drawn from their dots onto steps. The server does all else.
"use strict";

const canvas = document.getElementById("canvas");
const panel = document.getElementById("form");
const inner = document.getElementById("form-main");
const lead = document.getElementById("lead");
const which = document.getElementById("which");
const NEAR = 36; // px from an edge at which what is scrolled follows the pointer
const MOVED = 6; // px before it is a drag and no press

// The call that is tried, if one was: it is tried anew with every change.
function tried() {
  const ask = document.getElementById("went") && document.getElementById("ask");
  return ask ? Object.fromEntries(new FormData(ask)) : {};
}

function draw() {
  return htmx.ajax("GET", canvas.dataset.at, { target: "#canvas", swap: "innerHTML", values: tried() });
}

let opened = ""; // the address whose form is open

let written = false; // something that is not kept yet
inner.addEventListener("input", () => { written = true; });
window.addEventListener("beforeunload", (event) => { if (written) event.preventDefault(); });

// Whether the form may go: nothing is lost by it, or one wants that.
function leaves() {
  return !written || confirm(panel.dataset.words);
}

async function open(address) {
  if (!leaves()) return;
  panel.hidden = false;
  await htmx.ajax("GET", address, { target: "#form-main", swap: "innerHTML" });
}

function close() {
  if (!leaves()) return;
  written = false;
  panel.hidden = true;
  inner.replaceChildren();
  const box = mark(opened, false);
  opened = "";
  box?.focus();
  box?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// The step whose form is open is seen in the drawing, too.
function mark(address, on = true) {
  for (const box of canvas.querySelectorAll("a.open")) box.classList.remove("open");
  const box = address ? canvas.querySelector(`a[href="${CSS.escape(address)}"]`) : null;
  if (box && on) {
    box.classList.add("open");
    const region = canvas.querySelector(".wide"), edge = region.getBoundingClientRect(), at = box.getBoundingClientRect();
    if (at.left < edge.left || at.right > edge.right) region.scrollLeft += at.left - edge.left - NEAR;
    if (at.top < edge.top || at.bottom > edge.bottom) region.scrollTop += at.top - edge.top - NEAR;
  }
  return box;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.edit");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link.getAttribute("href"));
});

panel.querySelector(".close").addEventListener("click", close);
panel.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

document.addEventListener("click", (event) => { // from a line of the trace to its step
  const shown = event.target.closest("a.show");
  const box = shown && document.getElementById(shown.getAttribute("href").slice(1));
  if (!box) return;
  event.preventDefault();
  box.scrollIntoView({ block: "center", inline: "center" });
  box.focus();
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  const { target, requestConfig, xhr } = event.detail;
  if (requestConfig.elt?.id === "ask") document.getElementById("went")?.scrollIntoView({ block: "nearest" });
  if (target === canvas) scale();
  if (target !== inner) return;
  written = false;
  opened = new URL(xhr.responseURL || location.href).pathname;
  if (requestConfig.path === "/settings/remove" && !opened.includes("/step/")) { // the step is gone, and its form with it
    close();
    draw().then(() => canvas.querySelector(".wide")?.focus({ preventScroll: true }));
    return;
  }
  const first = panel.querySelector(".wrong :is(input:not([type=hidden]), select, textarea)") ?? panel.querySelector(".of");
  first?.focus();
  first?.scrollIntoView({ block: "nearest" });
  if (requestConfig.verb === "post") draw();
  else mark(opened);
});
document.body.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target === canvas) mark(opened); });

// ---- the last change taken back, by its button or by a key

async function undo() {
  const form = canvas.querySelector('form[action="/settings/undo"]');
  if (!form || !leaves()) return;
  written = false;
  await htmx.ajax("POST", "/settings/undo", { source: form, swap: "none", values: Object.fromEntries(new FormData(form)) });
  await draw();
  if (panel.hidden) return;
  if (mark(opened)) open(opened);
  else close();
}

canvas.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") !== "/settings/undo") return;
  event.preventDefault();
  undo();
});
window.addEventListener("keydown", (event) => {
  if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  undo();
});

// ---- smaller and larger

let zoom = 1;

function scale() {
  const svg = canvas.querySelector("svg.scenario");
  if (!svg) return;
  canvas.querySelector(".zoom").hidden = false;
  const { width, height } = svg.viewBox.baseVal;
  svg.setAttribute("width", Math.round(width * zoom));
  svg.setAttribute("height", Math.round(height * zoom));
}

canvas.addEventListener("click", (event) => {
  const by = Number(event.target.closest("[data-zoom]")?.dataset.zoom ?? NaN);
  if (Number.isNaN(by)) return;
  const region = canvas.querySelector(".wide"), { width, height } = canvas.querySelector("svg.scenario").viewBox.baseVal;
  const whole = Math.min(region.clientWidth / width, region.clientHeight / height, 1);
  zoom = by ? Math.min(2, Math.max(0.2, zoom * by)) : whole;
  scale();
});
scale();

// ---- ways, drawn by mouse, pen or finger

let pull = null; // while the pointer is down on a dot: where it began, and what it is over

function point(svg, event) {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return [Math.round(at.x), Math.round(at.y)];
}

function over(event) {
  const box = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-box]");
  return box && canvas.contains(box) ? box : null;
}

function follow(event) {
  const region = canvas.querySelector(".wide");
  if (!region) return;
  const edge = region.getBoundingClientRect();
  if (event.clientX > edge.right - NEAR) region.scrollLeft += 12;
  if (event.clientX < edge.left + NEAR) region.scrollLeft -= 12;
  if (event.clientY > edge.bottom - NEAR) region.scrollTop += 12;
  if (event.clientY < edge.top + NEAR) region.scrollTop -= 12;
  if (event.clientY > window.innerHeight - NEAR) window.scrollBy(0, 12);
  if (event.clientY < NEAR) window.scrollBy(0, -12);
}

function end() {
  pull?.box?.classList.remove("over");
  pull?.svg.classList.remove("pulling");
  pull?.svg.querySelector("#thread")?.setAttribute("hidden", "");
  pull = null;
}

function send(step, way, to) {
  const values = { ...tried(), csrf: lead.elements.csrf.value, step, way, lead: to };
  return htmx.ajax("POST", lead.getAttribute("action"), { target: "#canvas", swap: "innerHTML", values });
}

// The ways of a step, as [what it is called, where it leads now]; to: those alone that lead there.
function waysOf(step, to) {
  const every = Object.entries(JSON.parse(document.getElementById("ways").textContent)[step] ?? {});
  return to === undefined ? every : every.filter((way) => way[1] === to);
}

function said(at) {
  return at.startsWith("key:") ? at.slice(4) : at.replaceAll("_", " ");
}

// Which of the ways of a step leads to something from now on: asked, where there are several.
function choose(step, ways, to, then) {
  if (ways.length === 1) return then(ways[0][0]);
  const title = document.getElementById("which-title");
  title.textContent = title.dataset.words.replace("{step}", step).replace("{to}", to);
  which.querySelector(".choices").replaceChildren(...ways.map(([at, now]) => {
    const button = document.createElement("button");
    button.className = "second";
    button.append(said(at));
    if (now) {
      const small = document.createElement("small");
      small.textContent = `→ ${now}`;
      button.append(small);
    }
    button.addEventListener("click", () => { which.close(); then(at); });
    return button;
  }));
  which.showModal();
}

canvas.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest(".grip");
  if (!grip || event.button !== 0 || pull) return;
  event.preventDefault();
  pull = { grip, svg: grip.closest("svg"), id: event.pointerId, x: event.clientX, y: event.clientY, box: null, moved: false };
  pull.svg.classList.add("pulling");
});

canvas.addEventListener("touchstart", (event) => { // parts of a drawing have no touch-action: a finger would scroll
  if (event.target.closest(".grip")) event.preventDefault();
}, { passive: false });

window.addEventListener("pointermove", (event) => {
  if (!pull || event.pointerId !== pull.id) return;
  pull.moved ||= Math.hypot(event.clientX - pull.x, event.clientY - pull.y) > MOVED;
  if (!pull.moved) return;
  const thread = pull.svg.querySelector("#thread");
  thread.setAttribute("d", `M${pull.grip.getAttribute("x")},${pull.grip.getAttribute("y")} L${point(pull.svg, event).join()}`);
  thread.removeAttribute("hidden");
  const box = over(event);
  if (box !== pull.box) {
    pull.box?.classList.remove("over");
    box?.classList.add("over");
    pull.box = box;
  }
  follow(event);
});

window.addEventListener("pointerup", (event) => {
  if (!pull || event.pointerId !== pull.id) return;
  const { grip, moved } = pull;
  const box = over(event);
  end();
  const { step, to } = grip.dataset;
  if (moved && box) choose(step, waysOf(step, to), box.dataset.box, (at) => send(step, at, box.dataset.box));
  else if (!moved) open(canvas.querySelector(`[data-box="${CSS.escape(step)}"]`)?.getAttribute("href") ?? document.querySelector(".top a.edit").href);
});
window.addEventListener("pointercancel", (event) => { if (pull?.id === event.pointerId) end(); });
window.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
