// SPDX-License-Identifier: GPL-2.0-or-later
// Shows what /events sends: every event is named after the element whose content it is. Reconnects by itself.
"use strict";

const RETRY = 2000; // ms, and as much again at random
const SILENCE = 25000; // ms; the server speaks every 10 s, so a longer silence is a dead connection
const at = (id) => document.getElementById(id);

let ahead = Number(document.body.dataset.now) - Date.now(); // ms the box's clock is ahead of ours
let heard = Date.now();
let source = null;

function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}:${two(seconds % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

function tick() {
  const now = Date.now() + ahead;
  for (const time of document.querySelectorAll("time[data-since], time[data-until]")) {
    const { since, until } = time.dataset;
    const text = clock(until ? Number(until) - now : now - Number(since));
    if (time.textContent !== text) time.textContent = text;
  }
}

async function lost() {
  source.close();
  at("lost").hidden = false;
  document.body.classList.add("lost");
  setTimeout(listen, RETRY * (1 + Math.random()));
  const answer = await fetch("/?again", { method: "HEAD", redirect: "manual" }).catch(() => null);
  if (answer && (answer.status === 401 || answer.type === "opaqueredirect")) location.reload(); // logged out: to the log-in
}

const shows = {
  now(text) { ahead = Number(text) - Date.now(); },
  switch(text) {
    at("away").hidden = text === "here";
    document.body.classList.toggle("away", text !== "here");
  },
  office(html) { at("office").innerHTML = html; document.title = `${at("office").textContent} – Linekeeper`; },
  said(html) { if (at("said").innerHTML !== html) at("said").innerHTML = html; },
};
const held = new Map(); // what came while something was dragged: it is shown when that is over

function put(part, html) {
  if (document.body.classList.contains("dragging")) return held.set(part, html);
  const had = document.activeElement && at(part).contains(document.activeElement) ? document.activeElement.id : "";
  at(part).innerHTML = html; // escaped by the server
  if (had) (at(had) || at(part)).focus({ preventScroll: true });
}
for (const part of ["calls", "queues", "parked", "people", "phones", "lines"]) shows[part] = (html) => put(part, html);

document.addEventListener("dragend", () => {
  document.body.classList.remove("dragging");
  for (const [part, html] of held) put(part, html);
  held.clear();
});

function listen() {
  source = new EventSource("/events?again");
  heard = Date.now();
  for (const [name, show] of Object.entries(shows)) {
    source.addEventListener(name, (event) => { heard = Date.now(); show(event.data); tick(); });
  }
  source.onopen = () => { at("lost").hidden = true; document.body.classList.remove("lost"); };
  source.onerror = lost;
}

setInterval(() => {
  tick();
  if (source && source.readyState !== EventSource.CLOSED && Date.now() - heard > SILENCE) lost();
}, 1000);
requestAnimationFrame(() => setTimeout(listen)); // what was sent with the page is painted first
