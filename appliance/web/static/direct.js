// SPDX-License-Identifier: GPL-2.0-or-later
// Directing calls on the live board: by drag, by key, or in the panel that a call or a person opens.
const hand = document.getElementById("hand"); // the form every deed is sent with
const panel = document.getElementById("panel");
const KEYS = { a: "answer", l: "listen", w: "whisper", b: "barge", p: "park" };
const KEPT = "linekeeper-at"; // at whose telephone this browser's user answers

const here = hand.elements.at;
const kept = localStorage.getItem(KEPT);
if (!here.value && kept && [...here.options].some((one) => one.value === kept)) here.value = kept;
here.addEventListener("change", () => localStorage.setItem(KEPT, here.value));

const may = (one, deed) => one.dataset.can.split(" ").includes(deed);

async function put(into, address, values) {
  const asked = { headers: { "HX-Request": "true" } }; // for the part alone
  if (values) Object.assign(asked, { method: "POST", body: new URLSearchParams(values) });
  const there = document.getElementById(into);
  try {
    const answer = await fetch(address, asked);
    there.innerHTML = await answer.text(); // escaped by the server
  } catch {
    there.textContent = hand.dataset.lost; // the box does not answer
  }
}

function act(call, deed, to = "") {
  hand.elements.call.value = call;
  hand.elements.do.value = deed;
  hand.elements.to.value = to;
  return put("done", "/board/call", new FormData(hand));
}

async function open(address, focus = "") {
  await put("panel-main", address);
  const at = panel.querySelector("#panel-at");
  if (at && here.value) at.value = here.value;
  if (!panel.open) panel.showModal();
  panel.querySelector(focus || "h2")?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.pick");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (event.timeStamp - ended > 50) open(link.getAttribute("href"));
});

panel.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  event.preventDefault();
  const values = new FormData(form, event.submitter);
  panel.close();
  put("done", form.getAttribute("action"), values);
});
panel.addEventListener("keydown", (event) => { // the keys its buttons name; what ends a call wants Enter as well
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const button = panel.querySelector(`button[aria-keyshortcuts="${CSS.escape(letter(event))}"]`);
  if (!button) return;
  event.preventDefault();
  if (button.value === "drop") button.focus();
  else if (button.value === "send") panel.querySelector("#panel-to").focus();
  else button.click();
});
panel.addEventListener("click", (event) => { if (event.target === panel) panel.close(); }); // beside it

function step(link, by) {
  const all = [...document.querySelectorAll(".board a.pick")];
  all[(all.indexOf(link) + by + all.length) % all.length].focus();
}

// The letter at a key: where the layout has none of ours there (a Russian one, say), the one our keyboards have.
const letter = ({ key, code }) => (key > "\x7f" && /^Key[A-Z]$/.test(code) ? code[3] : key).toLowerCase();

document.addEventListener("keydown", (event) => {
  const link = event.target.closest?.("a.pick");
  if (!link || panel.open || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = letter(event);
  if (key === "arrowdown" || key === "arrowup") {
    event.preventDefault();
    return step(link, key === "arrowdown" ? 1 : -1);
  }
  const one = link.closest("[data-call]");
  if (!one) return;
  if (KEYS[key] && may(one, KEYS[key])) act(one.dataset.call, KEYS[key]);
  else if (key === "s" && may(one, "send")) open(link.getAttribute("href"), "#panel-to");
  else if (key === "d" || key === "delete") open(link.getAttribute("href"), "[value=drop]");
  else return;
  event.preventDefault();
});

// ---- drag: by the mouse anywhere on a call, by a finger at its grip (elsewhere a finger scrolls)

const FAR = 8; // px the pointer moves before it is a drag and no click
const NEAR = 64; // px from the upper edge, and from the tray, where the page goes on under what is dragged
const SLOW = 4; // frames for as many px as it is beyond that
const tray = document.getElementById("tray");
let held = null; // {one: the call's element, id, x, y}: pressed, maybe dragged
let at = null; // where the pointer is, as its last event has it
let ghost = null; // what follows the pointer while it is
let ended = -Infinity; // when the last one did: the click that belongs to it is none

const zone = (event) => {
  const found = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-drop]");
  return found && may(held.one, found.dataset.drop) ? found : null;
};
const mark = (found) => {
  for (const one of document.querySelectorAll(".over")) if (one !== found) one.classList.remove("over");
  found?.classList.add("over");
};

function roll() {
  if (!ghost) return;
  const low = tray.getBoundingClientRect().top - NEAR;
  const by = Math.min(0, at.clientY - NEAR) || (at.clientY < low + NEAR ? Math.max(0, at.clientY - low) : 0);
  if (by) {
    scrollBy({ top: by / SLOW, behavior: "instant" });
    mark(zone(at));
  }
  requestAnimationFrame(roll);
}

function lift() {
  ghost = document.createElement("div");
  ghost.id = "ghost";
  ghost.textContent = held.one.querySelector("bdi").textContent;
  document.body.append(ghost);
  document.body.classList.add("dragging");
  for (const one of tray.querySelectorAll("[data-drop]")) one.hidden = !may(held.one, one.dataset.drop);
  roll();
}

function end() {
  held = null;
  ghost?.remove();
  ghost = null;
  mark(null);
  document.dispatchEvent(new Event("dragend")); // live.js shows what came meanwhile
}

document.addEventListener("dragstart", (event) => event.preventDefault()); // the browser's own, of links
document.addEventListener("pointerdown", (event) => {
  const one = event.button === 0 && event.target.closest?.("[data-call]");
  if (!one || panel.open || (event.pointerType === "touch" && !event.target.closest(".grip"))) return;
  held = { one, id: one.dataset.call, x: event.clientX, y: event.clientY };
});
document.addEventListener("pointermove", (event) => {
  if (!held) return;
  if (!ghost && Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR) return;
  at = event;
  if (!ghost) lift();
  event.preventDefault();
  ghost.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 12}px)`;
  mark(zone(event));
});
document.addEventListener("pointerup", (event) => {
  if (!ghost) return void (held = null);
  const found = zone(event), id = held.id;
  end();
  ended = event.timeStamp;
  if (found) act(id, found.dataset.drop, found.dataset.to || "");
});
document.addEventListener("pointercancel", () => { if (held) end(); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && ghost) end(); });
