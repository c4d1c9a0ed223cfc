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

async function open(address) {
  panel.hidden = false;
  await htmx.ajax("GET", address, { target: "#form-main", swap: "innerHTML" });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.edit");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link.getAttribute("href"));
});

panel.querySelector(".close").addEventListener("click", () => {
  panel.hidden = true;
  inner.replaceChildren();
});

document.addEventListener("click", (event) => { // from a line of the trace to its step
  const shown = event.target.closest("a.show");
  const box = shown && document.getElementById(shown.getAttribute("href").slice(1));
  if (!box) return;
  event.preventDefault();
  box.scrollIntoView({ block: "center", inline: "center" });
  box.focus();
});

document.querySelector(".palette form").addEventListener("submit", (event) => { // its form opens in place
  event.preventDefault();
  const form = event.target;
  panel.hidden = false;
  htmx.ajax("POST", form.getAttribute("action"), { target: "#form-main", swap: "innerHTML", values: Object.fromEntries(new FormData(form)) });
  form.reset();
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.requestConfig.elt?.id === "ask") document.getElementById("went")?.scrollIntoView({ block: "nearest" });
  if (event.detail.target !== inner) return;
  const first = panel.querySelector(".wrong :is(input, select, textarea)") ?? panel.querySelector(".of");
  first?.focus();
  first?.scrollIntoView({ block: "nearest" });
  if (event.detail.requestConfig.verb === "post") draw();
});

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
  const region = pull.svg.closest(".wide");
  const edge = region.getBoundingClientRect();
  if (event.clientX > edge.right - NEAR) region.scrollLeft += 12;
  if (event.clientX < edge.left + NEAR) region.scrollLeft -= 12;
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

// ways: [words, where to now, its name] of each that may lead there from now on.
function choose(step, ways, to) {
  if (ways.length === 1) return send(step, ways[0][2], to);
  const title = document.getElementById("which-title");
  title.textContent = title.dataset.words.replace("{step}", step).replace("{to}", to);
  which.querySelector(".choices").replaceChildren(...ways.map(([by, now, name]) => {
    const button = document.createElement("button");
    button.className = "second";
    button.append(by);
    if (now) {
      const small = document.createElement("small");
      small.textContent = `→ ${now}`;
      button.append(small);
    }
    button.addEventListener("click", () => { which.close(); send(step, name, to); });
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
  thread.setAttribute("d", `M${pull.grip.dataset.x},${pull.grip.dataset.y} L${point(pull.svg, event).join()}`);
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
  if (moved && box) choose(grip.dataset.step, JSON.parse(grip.dataset.ways), box.dataset.box);
  else if (!moved) open(canvas.querySelector(`[data-box="${CSS.escape(grip.dataset.step)}"]`)?.getAttribute("href") ?? document.querySelector(".top a.edit").href);
});
window.addEventListener("pointercancel", (event) => { if (pull?.id === event.pointerId) end(); });
window.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
